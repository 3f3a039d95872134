"""Writing into a job, and what both sides then agree on."""

from collections.abc import Callable

from ...cvat import Client, Job, NotFound
from ...labels.base import BaseLabel
from ..errors import Cancelled
from ..load.label_tracks import track_of_label
from ..progress import ProgressReporter
from ..runs.base import BaseStore, count_fields
from ..runs.marks import JobMark
from ..runs.outbox import TrackLabels
from ..runs.refreshes import JobWrites, LabelWrite, RefreshLog, TrackWrite, key_of
from ..runs.store import Store
from .execute import JobExecutor, Outcome
from .report import JOB_GONE


def whatever_state(job: Job) -> None:
    """No reason to leave a job out: what an earlier process may have written in part is written whole."""


def carry_out(
    client: Client,
    store: Store,
    log: RefreshLog,
    base: BaseStore,
    job_id: int,
    reporter: ProgressReporter,
    number: int | None,
    why_not: Callable[[Job], str | None] = whatever_state,
) -> Outcome:
    """Does what is planned for a job; each step can be done twice, so a killed process is gone on from by the same.

    Args:
        client: the CVAT server
        store: the run's store
        log: the run's refreshes
        base: what both sides agreed on
        job_id: the job
        reporter: takes the progress, and carries the wish to stop
        number: of the refresh, which can be taken back; ``None`` if it is being taken back
        why_not: why nothing is written into a job that is in such a state; by default no state counts
    """

    def check() -> None:
        if reporter.stop.is_set():
            raise Cancelled("Stopped.")

    plan = log.plan(job_id)
    assert plan is not None, "what is carried out was planned"
    try:
        outcome = JobExecutor(client, store, plan, check, reporter.step, why_not).run()
    except NotFound:
        if not is_gone(client, plan):
            raise
        log.forget_plan(job_id)
        return Outcome(left=[(label, JOB_GONE) for kind, label in plan.changes if kind != "agreed"])
    if outcome.why_not is not None:
        log.forget_plan(job_id)
        return outcome
    _agree(base, plan, outcome)
    if number is not None:
        _remember(log, number, plan, outcome)
        log.forget_plan(job_id)
    return outcome


def is_gone(client: Client, plan: JobWrites) -> bool:
    """Whether a job that was not found was deleted, and with it what was written; an organization that was not found
    says nothing of it."""
    return all(job.id != plan.job_id for job in client.jobs(task_ids=[plan.task_id]))


def _agree(base: BaseStore, plan: JobWrites, outcome: Outcome) -> None:
    """The base advances with what CVAT has now; a job in which nothing else happened need not be read by a load."""
    marks = base.marks()
    mark = marks.get(plan.job_id, JobMark())
    labels, tracks = base.known_entries(plan.job_id, mark)
    now = rebased(labels, outcome.written)
    for track in outcome.tracks:
        now, tracks = with_track(now, tracks, track)
    base.save_labels(plan.job_id, now, tracks)
    is_known = plan.settled and outcome.quiet and not outcome.left
    date = outcome.date if is_known else mark.updated_date
    counts = count_fields((*now, *tracks), plan.shared)
    marks.save({plan.job_id: mark.model_copy(update={"updated_date": date, "labels": counts})})


def rebased(labels: tuple[BaseLabel, ...], writes: list[LabelWrite]) -> tuple[BaseLabel, ...]:
    """A base with what was written."""
    new = {write.key: write.after for write in writes}
    kept = [new.pop((label.field, label.sample_id, label.label_id), label) for label in labels]
    return tuple(label for label in (*kept, *new.values()) if label is not None)


def with_track(
    labels: tuple[BaseLabel, ...], tracks: tuple[TrackLabels, ...], write: TrackWrite
) -> tuple[tuple[BaseLabel, ...], tuple[TrackLabels, ...]]:
    """A base with what was written of a track.

    Labels that the base had apart are known by themselves: a track that is made again has another id than they say.
    """
    waited = {key_of(label) for label in write.waited}
    apart = [label for label in labels if key_of(label) not in waited]
    apart = [label for label in apart if (on := track_of_label(label)) is None or on != write.id]
    others = [item for item in tracks if item.track.id != write.id]
    return (*apart, *write.waiting), (*others, *([write.after] if write.after is not None else []))


def _remember(log: RefreshLog, number: int, plan: JobWrites, outcome: Outcome) -> None:
    """Keeps what was written, so that it can be taken back."""
    writes = {write.key: write for write in outcome.written if write.kind != "agreed"}
    tracks = {write.id: write for write in outcome.tracks}
    done = log.done(number, plan.job_id)
    for earlier in done.writes if done else ():
        later = writes.pop(earlier.key, None)
        if (joint := earlier if later is None else joined(earlier, later)) is not None:
            writes[earlier.key] = joint
    for before in done.tracks if done else ():
        then = tracks.pop(before.id, None)
        if (both := before if then is None else joined_tracks(before, then)) is not None:
            tracks[before.id] = both
    kept = {"writes": tuple(writes.values()), "tracks": tuple(tracks.values())}
    log.save_done(number, plan.model_copy(update=kept))


def joined(one: LabelWrite, other: LabelWrite) -> LabelWrite | None:
    """Two writes of a label, one after the other, as one; ``None`` if nothing is left of them."""
    if one.before is None and other.after is None:
        return None
    if one == other or (one.kind, one.after) == (other.kind, other.after):
        return one
    kind = "created" if one.before is None else "deleted" if other.after is None else "changed"
    facts = {"kind": kind, "before": one.before, "after": other.after, "objects": one.objects}
    return one.model_copy(update=facts)


def joined_tracks(one: TrackWrite, other: TrackWrite) -> TrackWrite | None:
    """Two writes of a track, one after the other, as one; ``None`` if nothing is left of them."""
    if one.there is None and other.track is None:
        return None
    kind = "created" if one.there is None else "deleted" if other.track is None else "changed"
    touched = tuple(dict.fromkeys((*one.touched, *other.touched)))
    facts = {"kind": kind, "track": other.track, "after": other.after, "waiting": other.waiting, "touched": touched}
    return one.model_copy(update=facts)
