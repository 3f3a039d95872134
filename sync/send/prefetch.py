"""Drawing labels in a thread while CVAT prepares the images."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from ...labels.vocabulary import Vocabulary
from .job_writer import JobWriter

PORTIONS = 8
"""Batches of a task that are drawn before its jobs are there; all of them are in memory."""

Foreseen = tuple[Vocabulary, list[JobWriter]]


class Prefetch:
    """Draws until the end of its ``with`` block.

    Args:
        foresee: finds out what the labels mean, and makes the writers
    """

    def __init__(self, foresee: Callable[[], Foreseen]) -> None:
        self._foresee = foresee
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="cvat-draw")
        self._future: Future[Foreseen]

    def __enter__(self) -> "Prefetch":
        self._future = self._pool.submit(self._draw)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pool.shutdown()

    def result(self) -> Foreseen:
        """What the labels mean, and the writers with what was drawn.

        Raises:
            Exception: what went wrong in the thread
        """
        return self._future.result()

    def _draw(self) -> Foreseen:
        words, writers = self._foresee()
        left = PORTIONS
        for writer in writers:
            while left and not self._ended.is_set() and writer.draw_ahead():
                left -= 1
        return words, writers
