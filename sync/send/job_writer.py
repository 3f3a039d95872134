"""Writing the labels of one job, each once, and learning the ids that CVAT gives them."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from ...cvat import AmbiguousOutcome, Client, CvatError, EncodedObjects, encode_objects
from ..runs.base import count_fields
from ..runs.outbox import Batch, BatchAnswer, JobPlace, Outbox, StoredBatch
from .attempts import Attempt, Attempts, Refusal
from .batch import Sheet, answer_of, ids_of, split, wire
from .job_doubts import drop_twins, look_for, wait_for_quiet
from .patience import Wait, life_of
from .refusals import Sizes, is_about_labels, refusals_of, unstorable

TRIES = 3
"""Times that labels are sent whose answers are lost and that are not to be found; the last time in halves."""
STRANGE = 200
"""Labels that CVAT may refuse one after the other; more are no matter of the labels."""


class Prepared(NamedTuple):
    """A batch that is journaled and can be sent: as objects, and as the body of the request."""

    number: int
    batch: Batch
    sheet: Sheet
    encoded: EncodedObjects


@dataclass(frozen=True)
class WriterContext:
    """What the writers of all jobs share.

    Args:
        client: the CVAT server
        outbox: where batches are journaled
        attempts: what is remembered of requests that went wrong
        check: raises if the send is to end
        say: reports what is being done
    """

    client: Client
    outbox: Outbox
    attempts: Attempts
    check: Callable[[], None]
    say: Callable[[str], None]


class JobWriter:
    """Writes the labels of one job.

    Args:
        context: what the writers of all jobs share
        place: where what is kept of this job is found
        batches: its labels, drawn when they are asked for
        lost: where the drawing counts labels that can't be carried
        earlier: what an earlier process wrote, see :func:`sync.send.job_doubts.settle`
        shared: frames whose labels an earlier job of the task counts

    Attributes:
        count: how many batches there are
        labels: how many labels were written, by field
    """

    def __init__(
        self,
        context: WriterContext,
        place: JobPlace,
        batches: Iterator[Batch],
        lost: Counter[str],
        earlier: Sequence[StoredBatch] = (),
        shared: Collection[int] = (),
    ) -> None:
        self._context = context
        self._place = place
        self._batches = batches
        self._lost = lost
        self._shared = shared
        self._saved = [kept.saved for kept in earlier if kept.saved is not None]
        self._ahead: list[Prepared] = []
        self._job_id = 0
        self._sizes = Sizes()
        self._refused = len(context.attempts.refusals(place)) if earlier else 0
        self._in_a_row = 0
        self._lives_until = 0.0
        self.count = max((kept.number + 1 for kept in earlier), default=0)
        self.labels: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        for kept in earlier:
            self.labels.update(count_fields(kept.batch.labels, shared))
            self._left_out.update(kept.batch.left_out)

    @property
    def left_out(self) -> Counter[str]:
        """What CVAT can't hold, of the labels that were written and in whole, counted by sentence."""
        return self._left_out + self._lost

    def draw_ahead(self) -> bool:
        """Draws and journals one batch before the job is there; whether there was one."""
        batch = next(self._batches, None)
        if batch is not None:
            self._ahead.append(self._prepare(batch))
        return batch is not None

    def write(self, job_id: int) -> Iterator[int]:
        """Writes everything into the job.

        Yields:
            how many labels each request wrote
        """
        self._job_id = job_id
        drawn = chain(self._ahead, map(self._prepare, self._batches))
        # One sender: parallel writes to a job would meet. While it waits for CVAT, the answer before is looked at,
        # and the next batch is drawn
        with ThreadPoolExecutor(1, thread_name_prefix="cvat-write") as sender:
            under_way: tuple[Prepared, Future[Sheet]] | None = None
            for prepared in chain(drawn, (None,)):
                before, under_way = under_way, None
                error = before[1].exception() if before else None
                if before and error:
                    yield self._recover(before[0], error, TRIES)
                if prepared:
                    under_way = prepared, sender.submit(self._create, prepared)
                if before and not error:
                    yield self._keep(before[0], answer_of(before[0].sheet, before[1].result()))
        self._compare()

    def _prepare(self, batch: Batch, number: int | None = None) -> Prepared:
        if number is None:
            number = self.count
            self.count += 1
        try:
            sheet = wire(batch)
            encoded = encode_objects(*sheet)
        except ValueError:
            return self._prepare(self._storable(batch), number)
        self._context.outbox.draw(self._place, number, batch)
        return Prepared(number, batch, sheet, encoded)

    def _storable(self, batch: Batch) -> Batch:
        """The labels of a batch that would not harm the job; the others are left out."""
        refusals = [unstorable(label) for label in batch.labels]
        for refused in refusals:
            self._leave_out(refused)
        return batch.part([place for place, refused in enumerate(refusals) if not refused])

    def _create(self, prepared: Prepared) -> Sheet:
        """Sends a batch. If nobody knows what it did, how long it lasted is noted."""
        size = len(prepared.encoded.body)
        self._sizes.check(size)
        attempt, began = Attempt(at=time.time()), time.monotonic()
        self._context.attempts.note(self._place, prepared.number, attempt)
        try:
            written = self._context.client.create_objects(self._job_id, prepared.encoded)
        except CvatError as error:
            self._sizes.learn(size, error)
            lost = isinstance(error, AmbiguousOutcome)
            ended = attempt.model_copy(update={"lasted": time.monotonic() - began, "over": not lost})
            self._context.attempts.note(self._place, prepared.number, ended)
            raise
        self._sizes.learn(size)
        return Sheet(*written)

    def _keep(self, prepared: Prepared, saved: BatchAnswer) -> int:
        """Journals CVAT's answer; how many labels it is about."""
        self._context.outbox.save(self._place, prepared.number, saved)
        self._saved.append(saved)
        self._in_a_row = 0
        counts = count_fields(prepared.batch.labels, self._shared)
        self.labels.update(counts)
        self._left_out.update(prepared.batch.left_out)
        return sum(counts.values())

    # When something goes wrong

    def _recover(self, prepared: Prepared, error: BaseException, tries: int) -> int:
        """Writes what of a batch is not in the job, in halves if need be; what CVAT does not take is left out."""
        if isinstance(error, AmbiguousOutcome):
            return self._recover_lost(prepared, error, tries)
        if not isinstance(error, CvatError) or not is_about_labels(error):
            if isinstance(error, CvatError) and not error.may_be_done:
                self._context.outbox.withdraw(self._place, prepared.number)
            raise error
        halves = split(prepared.batch)
        if halves is None:
            self._refuse(prepared, error)
            return 0
        return self._write_now(halves[0], prepared.number) + self._write_now(halves[1])

    def _recover_lost(self, prepared: Prepared, error: AmbiguousOutcome, tries: int) -> int:
        """Looks for what a request wrote as long as it may live, and writes the rest."""
        attempt = self._context.attempts.of(self._place, prepared.number) or Attempt()
        self._context.say("An answer of CVAT was lost; looking for what it did")
        wait = Wait.of(life_of(_objects(prepared.sheet), attempt.lasted) - attempt.lasted, self._context.check)
        self._lives_until = max(self._lives_until, wait.until)
        found = look_for(self._context.client, self._job_id, prepared.batch, ids_of(self._saved), wait)
        if found.missing.labels:
            if tries <= 1:
                raise error
            self._context.attempts.give_up(self._place, found.missing)
        count = self._replace(prepared, found.written, found.answer)
        left = found.missing
        halves = split(left) if tries < TRIES else None
        for part in halves or ((left,) if left.labels else ()):
            count += self._write_now(part, tries=tries - 1)
        return count

    def _replace(self, prepared: Prepared, written: Batch, answer: BatchAnswer) -> int:
        """Keeps only what of a batch is there."""
        if len(written.labels) < len(prepared.batch.labels):
            self._context.outbox.draw(self._place, prepared.number, written)
        return self._keep(prepared._replace(batch=written), answer)

    def _write_now(self, batch: Batch, number: int | None = None, tries: int = TRIES) -> int:
        prepared = self._prepare(batch, number)
        try:
            return self._keep(prepared, answer_of(prepared.sheet, self._create(prepared)))
        except CvatError as error:
            return self._recover(prepared, error, tries)

    def _refuse(self, prepared: Prepared, error: CvatError) -> None:
        """Leaves a label out that CVAT does not take."""
        self._in_a_row += 1
        if self._in_a_row > STRANGE:
            raise error
        self._leave_out(refusals_of(prepared.batch.labels[0], len(prepared.encoded.body), error, self._sizes))
        self._context.outbox.withdraw(self._place, prepared.number)

    def _leave_out(self, refusals: Sequence[Refusal]) -> None:
        """Counts labels that CVAT does not take, and notes them for a resume."""
        for refusal in refusals:
            self._context.attempts.refuse(self._place, self._refused, refusal)
            self._refused += 1
            self._lost[refusal.sentence] += 1

    def _compare(self) -> None:
        """Compares the job with what was sent, if something may have been written twice, once the job is quiet."""
        context = self._context
        if not context.attempts.given_up(self._place):
            return
        context.say("Comparing what is in CVAT with what was sent")
        wait_for_quiet(context.client, self._job_id, self._lives_until, context.check)
        drop_twins(context.client, self._job_id, context.outbox, context.attempts, self._place)


def _objects(sheet: Sheet) -> int:
    return sum(map(len, sheet))
