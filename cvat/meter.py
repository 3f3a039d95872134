"""Adding up what an upload has sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from .bodies import UploadFile
from .errors import Cancelled

Progress = Callable[[int, int], None]
"""Called with the bytes and the files sent so far, from several threads, one at a time."""


class Meter:
    """Adds up what several threads send, and stops them when the caller says so."""

    def __init__(self, progress: Progress | None, cancelled: Callable[[], bool] | None, total: int) -> None:
        """
        Args:
            progress: Called with what was sent so far.
            cancelled: Called before each piece; True stops the upload.
            total: Files.
        """
        self._lock = threading.Lock()
        self._progress = progress
        self._cancelled = cancelled
        self._total = total
        self._stopped = False
        self._sent: dict[str, int] = {}
        self._bytes = 0
        self._done: set[str] = set()
        self._shown = (0, 0)

    def stop(self) -> None:
        """Lets every thread fail at its next step."""
        self._stopped = True

    def wants_stop(self) -> bool:
        """Whether the upload is to end."""
        return self._stopped or (self._cancelled is not None and self._cancelled())

    def check(self) -> None:
        """Raises ``Cancelled`` if the upload is to end."""
        if self.wants_stop():
            raise Cancelled(f"The upload was stopped when {len(self._done)} of {self._total} files were sent")

    def watch(self, group: Sequence[UploadFile]) -> Callable[[int], None]:
        """Follows one body; a repetition begins at 0 again without the total going back."""
        key = group[0].name

        def report(done: int) -> None:
            self.check()
            with self._lock:
                self._set(key, done)
                self._show()

        return report

    def finish(self, group: Sequence[UploadFile]) -> None:
        """Counts a group as sent."""
        if not group:
            return
        with self._lock:
            self._set(group[0].name, sum(file.size for file in group))
            self._done.update(file.name for file in group)
            self._show()

    def _set(self, key: str, done: int) -> None:
        self._bytes += done - self._sent.get(key, 0)
        self._sent[key] = done

    def _show(self) -> None:
        now = max(self._shown[0], self._bytes), len(self._done)
        if self._progress is not None and now != self._shown:
            self._progress(*now)
        self._shown = now
