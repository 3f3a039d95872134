"""Jobs that are read before it is their turn: several requests at a time, while others are compared."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from ...cvat import Annotations, Client, Job

AT_ONCE = 4
"""Requests that are under way at the same time."""

LABELS_AHEAD = 40_000
"""Jobs with more labels together wait for their turn: what is read is in memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def several_at_once(call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Calls for each item, some at the same time; the results in order.

    Raises:
        Exception: what a call raised, of the first that did
    """
    return list(in_order(call, items))


def in_order(call: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Calls as :func:`several_at_once` does, and gives each result when it is there and those before it were given."""
    todo = list(items)
    if len(todo) < 2:
        yield from map(call, todo)
        return
    pool = ThreadPoolExecutor(min(AT_ONCE, len(todo)), thread_name_prefix="cvat-read")
    try:
        yield from pool.map(call, todo)
    finally:
        pool.shutdown(cancel_futures=True)


class ReadAhead:
    """Reads jobs in order, until the end of its ``with`` block.

    Args:
        client: the CVAT server
        jobs: in the order in which they will be asked for, and how many labels each had; some may be left out
    """

    def __init__(self, client: Client, jobs: Iterable[tuple[Job, int]]) -> None:
        self._client = client
        self._jobs = list(jobs)
        self._places = {job.id: place for place, (job, _) in enumerate(self._jobs)} if len(self._jobs) > 1 else {}
        self._begun = 0
        self._ahead: dict[int, Future[tuple[str, Annotations]]] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="cvat-read")

    def __enter__(self) -> "ReadAhead":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take(self, job: Job) -> tuple[str, Annotations]:
        """The date and the annotations of a job, at a moment when nothing was written to it.

        Raises:
            CvatError: if it can't be read
        """
        place = self._places.get(job.id)
        if place is None:
            return self._read(job)
        for earlier in [other for other in self._ahead if other < place]:  # nobody asked for them
            self._ahead.pop(earlier).cancel()
        self._begun = max(self._begun, place)
        self._go_on()
        future = self._ahead.pop(place, None)
        self._go_on()
        return self._read(job) if future is None else future.result()

    def _read(self, job: Job) -> tuple[str, Annotations]:
        return self._client.stable_annotations(job.id, before=job.updated_date)

    def _go_on(self) -> None:
        """Begins to read as many jobs as there is room for."""
        while self._begun < len(self._jobs) and len(self._ahead) < AT_ONCE:
            job, labels = self._jobs[self._begun]
            if self._ahead and labels + sum(self._jobs[place][1] for place in self._ahead) > LABELS_AHEAD:
                return
            self._ahead[self._begun] = self._pool.submit(self._read, job)
            self._begun += 1
