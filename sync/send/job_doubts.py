"""What is in a job that nobody has an answer about: looked for, taken over, and what is there twice deleted."""

import time
from collections.abc import Callable

from ...cvat import Client
from ..runs.outbox import Batch, BatchAnswer, JobPlace, Outbox, StoredBatch
from .attempts import Attempt, Attempts
from .batch import Key, ids_of, wire
from .find_written import Found, find_twins, find_written
from .patience import Wait, life_of

MOST_CHANGES = 5
"""Times that a job may change while it is expected to be quiet: after that it is annotators who change it."""


def look_for(client: Client, job_id: int, batch: Batch, known: set[Key], wait: Wait) -> Found:
    """Looks for a batch in a job until all of it is there, or nothing of it can come any more.

    Args:
        client: the CVAT server
        job_id: the job
        batch: what was sent
        known: the objects that belong to other batches
        wait: how long
    """
    sheet = wire(batch)
    date: str | None = None
    found = Found(Batch(), BatchAnswer(), batch)
    for _ in wait.looks():
        now = client.job(job_id).updated_date
        if now != date:
            date, found = now, find_written(batch, sheet, client.annotations(job_id), known)
        if not found.missing.labels:
            break
    return found


def wait_for_quiet(client: Client, job_id: int, until: float, check: Callable[[], None]) -> None:
    """Waits until a moment, and then until a job has not changed for as long as a request may live.

    Args:
        client: the CVAT server
        job_id: the job
        until: on :func:`time.monotonic`'s clock
        check: raises if nobody is to wait any longer
    """
    date: str | None = None
    for _ in range(MOST_CHANGES):
        if (now := client.job(job_id).updated_date) == date:
            return
        date = now
        for _ in Wait(max(until, time.monotonic() + life_of(0, 0.0)), check).looks():
            pass


def settle(
    client: Client, job_id: int, place: JobPlace, outbox: Outbox, attempts: Attempts, check: Callable[[], None]
) -> list[StoredBatch]:
    """Finds out what an earlier process wrote into a job: of one request it did not live to keep the answer.

    What is in the job is kept as written. All else is forgotten, so that it is drawn as it is now.

    Returns:
        the batches, of which only what is in the job is left
    """
    batches = list(outbox.batches(place))
    settled = [kept for kept in batches if kept.saved is not None]
    for kept in batches:
        if kept.saved is not None:
            continue
        known = ids_of(item.saved for item in settled if item.saved)
        attempt = attempts.of(place, kept.number)
        found = look_for(client, job_id, kept.batch, known, _rest_of_life(kept.batch, attempt, check))
        if found.missing.labels and attempt is not None:
            attempts.give_up(place, found.missing)
        outbox.draw(place, kept.number, found.written)
        outbox.save(place, kept.number, found.answer)
        settled.append(StoredBatch(kept.number, found.written, found.answer))
    return settled


def _rest_of_life(batch: Batch, attempt: Attempt | None, check: Callable[[], None]) -> Wait:
    """How long a request of an earlier process may live yet."""
    if attempt is None or attempt.over:
        return Wait.of(0.0, check)
    objects = sum(len(label.objects) for label in batch.labels)
    return Wait.of(life_of(objects, attempt.lasted) - max(0.0, time.time() - attempt.at), check)


def drop_twins(client: Client, job_id: int, outbox: Outbox, attempts: Attempts, place: JobPlace) -> None:
    """Deletes what a late request wrote a second time into a job."""
    kept = [item for item in outbox.batches(place) if item.saved is not None]
    late = [wire(batch) for batch in attempts.given_up(place)]
    known = ids_of(item.saved for item in kept if item.saved)
    twins = find_twins([wire(item.batch) for item in kept], late, client.annotations(job_id), known)
    client.delete_annotations(job_id, twins)
