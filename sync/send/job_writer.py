"""Writing the labels of one job, each once, and learning the ids that CVAT gives them."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from ...cvat import AmbiguousOutcome, Annotations, Client, EncodedObjects, TooLarge, encode_objects
from ..runs.outbox import Batch, BatchAnswer, Outbox, StoredBatch
from .batch import Wire, answer_of, find_written, ids_of, split, wire
from .encode import count_labels

LOOKS = (0.0, 0.5, 1.5)
"""Seconds before each look for what was written although the answer was lost: CVAT may still be at it."""

Sheet = tuple[list[Wire], list[Wire]]
"""Tags and shapes."""


class Prepared(NamedTuple):
    """A batch that is journaled and can be sent: as objects, and as the body of the request."""

    number: int
    batch: Batch
    sheet: Sheet
    encoded: EncodedObjects


@dataclass(frozen=True)
class JobPlace:
    """Where a job's batches are kept: the task's and the job's places in the run."""

    task: int
    segment: int


class JobWriter:
    """Writes the labels of one job.

    Args:
        client: the CVAT server
        outbox: where batches are journaled
        place: where this job's are
        batches: its labels, drawn when they are asked for
        lost: where the drawing counts labels that can't be carried
        earlier: what an earlier process drew, after :func:`settle_doubts`

    Attributes:
        count: how many batches there are
        labels: how many labels were written, by field
    """

    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        place: JobPlace,
        batches: Iterator[Batch],
        lost: Counter[str],
        earlier: Sequence[StoredBatch] = (),
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._place = place
        self._portions = batches
        self._lost = lost
        self._saved = [kept.saved for kept in earlier if kept.saved is not None]
        self._ahead = [_prepared(kept.number, kept.batch) for kept in earlier if not kept.saved]
        self._job_id = 0
        self.count = max((kept.number + 1 for kept in earlier), default=0)
        self.labels: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        for kept in earlier:
            if kept.saved is not None:
                self.labels.update(count_labels(kept.batch.labels))
                self._left_out.update(kept.batch.left_out)

    @property
    def left_out(self) -> Counter[str]:
        """What CVAT can't hold, of the labels that were written and in whole, counted by sentence."""
        return self._left_out + self._lost

    def draw_ahead(self) -> bool:
        """Draws and journals one batch before the job is there; whether there was one."""
        batch = next(self._portions, None)
        if batch is not None:
            self._ahead.append(self._prepare(batch))
        return batch is not None

    def write(self, job_id: int) -> Iterator[int]:
        """Writes everything into the job.

        Yields:
            how many labels each request wrote
        """
        self._job_id = job_id
        drawn = chain(self._ahead, map(self._prepare, self._portions))
        # One sender: parallel writes to a job would meet. While it waits for CVAT, the answer before is looked at,
        # and the next batch is drawn
        with ThreadPoolExecutor(1, thread_name_prefix="cvat-write") as sender:
            under_way: tuple[Prepared, Future[Sheet]] | None = None
            for prepared in chain(drawn, (None,)):
                before, under_way = under_way, None
                doubt = before[1].exception() if before else None
                if before and doubt:
                    yield self._recover(before[0], doubt)
                if prepared:
                    under_way = prepared, sender.submit(self._create, prepared)
                if before and not doubt:
                    yield self._keep(before[0], answer_of(before[0].sheet, before[1].result()))

    def _create(self, prepared: Prepared) -> Sheet:
        return self._client.create_objects(self._job_id, prepared.encoded)

    def _prepare(self, batch: Batch, number: int | None = None) -> Prepared:
        if number is None:
            number = self.count
            self.count += 1
        self._outbox.draw(self._place.task, self._place.segment, number, batch)
        return _prepared(number, batch)

    def _keep(self, prepared: Prepared, saved: BatchAnswer) -> int:
        """Journals CVAT's answer; how many labels it is about."""
        self._outbox.save(self._place.task, self._place.segment, prepared.number, saved)
        self._saved.append(saved)
        self.labels.update(count_labels(prepared.batch.labels))
        self._left_out.update(prepared.batch.left_out)
        return len(prepared.batch.labels)

    def _recover(self, prepared: Prepared, error: BaseException) -> int:
        """Writes a batch after all: looked for in the job, sent again, and at last in halves."""
        if isinstance(error, AmbiguousOutcome):
            if found := self._look_for(prepared.sheet):
                return self._keep(prepared, found)
            try:
                saved = answer_of(prepared.sheet, self._create(prepared))
            except TooLarge as refusal:
                error = refusal
            except AmbiguousOutcome as again:
                if found := self._look_for(prepared.sheet):
                    return self._keep(prepared, found)
                error = again
            else:
                self._drop_twins(prepared.sheet, saved)
                return self._keep(prepared, saved)
        halves = split(prepared.batch) if isinstance(error, (AmbiguousOutcome, TooLarge)) else None
        if halves is None:
            raise error
        return self._write_now(halves[0], prepared.number) + self._write_now(halves[1])

    def _write_now(self, batch: Batch, number: int | None = None) -> int:
        prepared = self._prepare(batch, number)
        try:
            return self._keep(prepared, answer_of(prepared.sheet, self._create(prepared)))
        except (AmbiguousOutcome, TooLarge) as error:
            return self._recover(prepared, error)

    def _look_for(self, sheet: Sheet) -> BatchAnswer | None:
        for pause in LOOKS:
            time.sleep(pause)
            found = find_written(sheet, self._client.annotations(self._job_id), ids_of(self._saved))
            if found is not None:
                return found
        return None

    def _drop_twins(self, sheet: Sheet, saved: BatchAnswer) -> None:
        """Deletes what the first try wrote after all, after it had been looked for in vain."""
        there = self._client.annotations(self._job_id)
        twin = find_written(sheet, there, ids_of([*self._saved, saved]))
        if twin is None:
            return
        ids = ids_of([twin])
        doubled = Annotations(
            tags=tuple(tag for tag in there.tags if ("tag", tag.id) in ids),
            shapes=tuple(shape for shape in there.shapes if ("shape", shape.id) in ids),
        )
        self._client.delete_annotations(self._job_id, doubled)


def _prepared(number: int, batch: Batch) -> Prepared:
    sheet = wire(batch)
    return Prepared(number, batch, sheet, encode_objects(*sheet))


def settle_doubts(client: Client, job_id: int, found: Sequence[StoredBatch]) -> list[StoredBatch]:
    """Finds out which batches of an earlier process are in a job: of some it did not live to keep the answer.

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
        if kept.saved is None and (saved := find_written(wire(kept.batch), there, known)):
            kept = kept._replace(saved=saved)
            known |= ids_of([saved])
        settled.append(kept)
    return settled
