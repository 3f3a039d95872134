"""What a process is told to do, and what it tells."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults_points import Death, Point

KEY = "run"
PATIENCE = 60.0
"""Seconds that a process may take: none hangs."""


@dataclass(frozen=True)
class Work:
    """What a process is to do.

    Args:
        acts: names of ``faults_process.ACTS``, one after the other
        dataset: its name
        url: the server
        request: the parameters of the send
        death: where the process is killed
    """

    acts: tuple[str, ...]
    dataset: str
    url: str
    request: Mapping[str, Any]
    death: Death | None = None


@dataclass
class Told:
    """What a process tells when it was not killed.

    Args:
        answers: what its acts returned, by name
        error: the sentence with which it ended early
        unexpected: the traceback, if that was no error which the plugin foresees
        points: its calls and writes
    """

    answers: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    unexpected: str = ""
    points: list[Point] = field(default_factory=list)


class Processes:
    """Makes processes, each forked from one that has imported everything, which spares seconds.

    Args:
        paths: where modules are found
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["faults_process"])
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(map(str, paths))
        first = self._context.Process()  # the process that others are forked from is started with it
        first.start()
        first.join()
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before

    def run(self, work: Work) -> Told | None:
        """Lets a process work to its end; what it told, or ``None`` if it was killed."""
        here, there = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_live, args=(work, there), daemon=True)
        process.start()
        there.close()
        if not here.poll(PATIENCE):
            process.kill()
            raise AssertionError(f"{work} hangs")
        try:
            told: Told | None = here.recv()
        except EOFError:
            told = None
        process.join()
        assert told is not None or process.exitcode == -signal.SIGKILL, f"{work} ended with {process.exitcode}"
        return told


def _live(work: Work, pipe: Any) -> None:
    from faults_process import run  # only here: it gives up the connection to the database

    pipe.send(run(work))
