"""Writing the labels of one job, each once, and learning the ids that CVAT gives them."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from ..cvat import AmbiguousOutcome, Annotations, Client, TooLarge
from .draw import count_labels
from .journal import Kept, Outbox, Portion, Saved
from .portion import Wire, answer_of, find_written, ids_of, split, wire

AHEAD = 8
"""Portions that are drawn before their job is there."""
LOOKS = (0.0, 0.5, 1.5)
"""Seconds before each look for what was written although the answer was lost: CVAT may still be at it."""
TRIES = 2
"""Times that a portion is sent before smaller ones are tried."""

Body = tuple[list[Wire], list[Wire]]


class Prepared(NamedTuple):
    """A portion that is journaled and can be sent."""

    number: int
    portion: Portion
    body: Body


@dataclass(frozen=True)
class JobPlace:
    """Where a job's portions are kept: the task's and the job's places in the run."""

    task: int
    segment: int


class _Smaller(Exception):
    """A portion that has to be sent in smaller ones."""


class JobWriter:
    """Writes the labels of one job.

    Args:
        client: the CVAT server
        outbox: where portions are journaled
        place: where this job's are
        portions: its labels, drawn when they are asked for
        earlier: what an earlier process drew, after :func:`settle_doubts`

    Attributes:
        count: how many portions there are
        labels: how many labels were written, by field
        left_out: what of them CVAT can't hold, counted by sentence
    """

    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        place: JobPlace,
        portions: Iterator[Portion],
        earlier: Sequence[Kept] = (),
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._place = place
        self._portions = portions
        self._saved = [kept.saved for kept in earlier if kept.saved is not None]
        self._ahead = [Prepared(kept.number, kept.portion, wire(kept.portion)) for kept in earlier if not kept.saved]
        self._job_id = 0
        self.count = max((kept.number + 1 for kept in earlier), default=0)
        self.labels: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        for kept in earlier:
            if kept.saved is not None:
                self._add_up(kept.portion)

    def draw_ahead(self) -> bool:
        """Draws and journals one portion before the job is there; whether there was one."""
        portion = next(self._portions, None)
        if portion is not None:
            self._ahead.append(self._prepare(portion))
        return portion is not None

    def write(self, job_id: int) -> Iterator[int]:
        """Writes everything into the job.

        Yields:
            how many labels each request wrote
        """
        self._job_id = job_id
        drawn = chain(self._ahead, map(self._prepare, self._portions))
        # One sender: parallel writes to a job would meet. While it waits for CVAT, the next portion is drawn
        with ThreadPoolExecutor(1, thread_name_prefix="cvat-write") as sender:
            under_way: tuple[Prepared, Future[Saved]] | None = None
            for prepared in drawn:
                if under_way is not None:
                    yield self._settle(*under_way)
                under_way = prepared, sender.submit(self._send, prepared)
            if under_way is not None:
                yield self._settle(*under_way)

    def _prepare(self, portion: Portion, number: int | None = None) -> Prepared:
        if number is None:
            number = self.count
            self.count += 1
        self._outbox.draw(self._place.task, self._place.segment, number, portion)
        return Prepared(number, portion, wire(portion))

    def _settle(self, prepared: Prepared, sending: "Future[Saved]") -> int:
        try:
            saved = sending.result()
        except _Smaller as reason:
            return self._in_halves(prepared, reason)
        self._outbox.save(self._place.task, self._place.segment, prepared.number, saved)
        self._saved.append(saved)
        self._add_up(prepared.portion)
        return len(prepared.portion.labels)

    def _in_halves(self, prepared: Prepared, reason: _Smaller) -> int:
        halves = split(prepared.portion)
        if halves is None:
            assert reason.__cause__ is not None
            raise reason.__cause__
        written = 0
        for half, number in zip(halves, (prepared.number, None), strict=True):
            smaller = self._prepare(half, number)
            done: Future[Saved] = Future()
            try:
                done.set_result(self._send(smaller))
            except _Smaller as error:
                done.set_exception(error)
            written += self._settle(smaller, done)
        return written

    def _send(self, prepared: Prepared) -> Saved:
        """Sends a portion; a lost answer is looked for in the job before it is sent again."""
        tags, shapes = prepared.body
        for attempt in range(1, TRIES + 1):
            try:
                saved = answer_of(prepared.body, self._client.create_objects(self._job_id, tags=tags, shapes=shapes))
            except TooLarge as error:
                raise _Smaller from error
            except AmbiguousOutcome as error:
                found = self._look_for(prepared.body)
                if found is not None:
                    return found
                if attempt == TRIES:
                    raise _Smaller from error
                continue
            if attempt > 1:
                self._drop_twins(prepared.body, saved)
            return saved
        raise AssertionError("a try returns or raises")

    def _look_for(self, body: Body) -> Saved | None:
        for pause in LOOKS:
            time.sleep(pause)
            found = find_written(body, self._client.annotations(self._job_id), ids_of(self._saved))
            if found is not None:
                return found
        return None

    def _drop_twins(self, body: Body, saved: Saved) -> None:
        """Deletes what the first try wrote after all, after it had been looked for in vain."""
        there = self._client.annotations(self._job_id)
        twin = find_written(body, there, ids_of([*self._saved, saved]))
        if twin is None:
            return
        ids = ids_of([twin])
        doubled = Annotations(
            tags=tuple(tag for tag in there.tags if ("tag", tag.id) in ids),
            shapes=tuple(shape for shape in there.shapes if ("shape", shape.id) in ids),
        )
        self._client.delete_annotations(self._job_id, doubled)

    def _add_up(self, portion: Portion) -> None:
        self.labels.update(count_labels(portion.labels))
        self.left_out.update(portion.left_out)


def settle_doubts(client: Client, job_id: int, found: Sequence[Kept]) -> list[Kept]:
    """Finds out which portions of an earlier process are in a job: of some it did not live to keep the answer.

    Args:
        client: the CVAT server
        job_id: the job
        found: what that process drew

    Returns:
        the same with all answers; without one is what is not in the job
    """
    if all(kept.saved for kept in found):
        return list(found)
    there = client.annotations(job_id)
    known = ids_of(kept.saved for kept in found if kept.saved)
    settled = []
    for kept in found:
        if kept.saved is None and (saved := find_written(wire(kept.portion), there, known)):
            kept = kept._replace(saved=saved)
            known |= ids_of([saved])
        settled.append(kept)
    return settled
