"""Helper processes that never outlive us: not after Ctrl-C, not after a crash, not after a kill.

Each runs under a guard, which is this file run as a program: it ends the helper as soon as our end of its input
closes, which the system does for us whatever happens.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence

SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h

HELD: list[int] = []
"""Ends of pipes that every helper holds as long as it lives, so that who reads them knows when all have ended."""


class Guarded:
    """A helper process that ends with this one at the latest.

    Args:
        command: the program and its arguments.
        **environment: further variables for it, for what others on the machine may not see.
    """

    def __init__(self, command: Sequence[str], **environment: str) -> None:
        self._guard = subprocess.Popen(
            [sys.executable, __file__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=HELD,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C is for the program; what it leans on goes last
        )
        atexit.register(self.stop)

    def lines(self) -> Iterator[str]:
        """What the helper prints, until it ends."""
        assert self._guard.stdout is not None
        for line in self._guard.stdout:  # noqa: UP028 - "yield from" closes the stream together with its reader
            yield line

    def ignore_rest(self) -> None:
        """Read and forget all further output, so that the helper never waits for a reader."""
        rest = self.lines()
        threading.Thread(target=lambda: deque(rest, maxlen=0), daemon=True).start()

    def stop(self) -> None:
        """End the helper and wait until it is gone. May be called twice."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()


def _end_with_guard() -> None:
    """Have the system end the helper if even the guard is killed, where the system knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def guard(command: Sequence[str]) -> int:
    """Run the command until it ends by itself or our input closes; returns its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The helper holds what we hold, so that its folder is not removed while it still writes there.
    helper = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_guard, close_fds=False)

    def end_with_parent() -> None:
        sys.stdin.read()
        helper.terminate()

    threading.Thread(target=end_with_parent, daemon=True).start()
    return helper.wait()


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
