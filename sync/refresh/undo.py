"""Taking a refresh back: what it wrote into CVAT is there as it was before, where nobody touched it since."""

from collections.abc import Sequence
from typing import Any

from ...cvat import Client, Shape
from ...cvat.models import Track
from ...labels.base import BaseLabel
from ...labels.objects import Object
from ...labels.tracks.compare import same_track
from ..errors import Refused, database_context, error_context
from ..progress import ProgressReporter
from ..request import UndoRefreshRequest
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.lease import Lease
from ..runs.refreshes import JobWrites, LabelKey, LabelWrite, RefreshLog, RefreshRecord, Tally, TrackWrite, key_of
from ..runs.same_server import check_server
from ..runs.store import RunStore, Store
from .execute import Outcome
from .settle import carry_out, whatever_state

NAMED = 10
"""Jobs that are named in a sentence."""


@database_context("Take it back again when the database is back: it goes on from there.")
def undo_refresh(
    dataset: Any, request: UndoRefreshRequest, client: Client, reporter: ProgressReporter | None = None
) -> dict[str, Any]:
    """Takes back the last refresh of a run that was not taken back yet. The dataset's labels stay as they are.

    Args:
        dataset: the dataset, or any view of it
        request: which run, and which jobs
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        ``refresh`` (its number), ``at``, ``taken_back`` and ``left`` (how many labels), ``jobs_left`` (the jobs that
        were left out, and why), and a ``text``

    Raises:
        RunMissing: if there is no such run
        Refused: if there is nothing to take back
        CvatError: if CVAT can't be reached or refuses; calling it again goes on
    """
    reporter = reporter or ProgressReporter()
    client = client.stopping_when(reporter.stop.is_set)
    dataset, key = dataset._root_dataset, request.anno_key
    record = records.find(dataset, key)
    store = RunStore(dataset, record.run_id)
    check_server(record, client, key)
    with Lease(store, key, "refreshed") as lease:
        return take_back(store, request, client.within(record.organization), lease.through(reporter))


def take_back(store: Store, request: UndoRefreshRequest, client: Client, reporter: ProgressReporter) -> dict[str, Any]:
    """Takes back the last refresh; see :func:`undo_refresh`."""
    log, base = RefreshLog(store), BaseStore(store)
    last = _last(log, request.anno_key)
    back: set[LabelKey] = set()
    stay: set[LabelKey] = set()
    refused = 0
    with error_context(lambda: "Take it back again when that is mended: it goes on from there."):
        if last.status == "applying":  # what of it is in CVAT is not known before it is complete
            for job_id in log.planned():
                carry_out(client, store, log, base, job_id, reporter, last.number)
        jobs_left = _jobs_left(log, last, request, client)
        others = [job_id for job_id in last.jobs if job_id not in {job["job_id"] for job in jobs_left}]
        if last.status != "undoing":
            log.save(last.model_copy(update={"status": "undoing"}))
        for job_id in others:
            reporter.step(f"Taking back what was written into job {job_id}")
            outcome, plan = _take_back_job(store, log, base, last, job_id, client, reporter, request)
            if outcome.why_not is not None:
                facts = {"job_id": job_id, "task_id": plan.task_id, "why": outcome.why_not}
                jobs_left.append({**facts, "labels": sum(1 for _ in Tally().new(plan))})
                continue
            back |= {key_of(label) for _, label in outcome.of(plan).changes}
            stay |= {key_of(label) for label, _ in outcome.left}
            refused += outcome.refused.total()
    taken_back, left = len(back - stay), len(stay) + refused  # a label on a frame that jobs share is one
    # What waits in jobs that were left out can still be taken back
    log.save(last.model_copy(update={"status": "applied" if jobs_left else "undone"}))
    log.prune()
    return {
        "anno_key": request.anno_key,
        "refresh": last.number,
        "at": last.at,
        "taken_back": taken_back,
        "left": left,
        "jobs_left": jobs_left,
        "text": _text(last, taken_back, left, jobs_left),
    }


def _last(log: RefreshLog, key: str) -> RefreshRecord:
    """The refresh that is taken back.

    Raises:
        Refused: if there is none
    """
    done = [record for record in log.records() if record.status != "undone"]
    if not done:
        raise Refused(f"There is no refresh of the run '{key}' to take back.")
    last = done[-1]
    if last.status == "applied" and all(log.done(last.number, job_id) is None for job_id in last.jobs):
        raise Refused(f"The refresh of {last.at} is too old to be taken back: what it wrote is not kept any more.")
    return last


def _jobs_left(
    log: RefreshLog, last: RefreshRecord, request: UndoRefreshRequest, client: Client
) -> list[dict[str, Any]]:
    """The jobs that are left out, and how many labels wait there; none of those in which it has begun."""
    planned = log.planned()
    waiting = {
        job_id: done
        for job_id in last.jobs
        if job_id not in planned and (done := log.done(last.number, job_id)) and not done.is_empty
    }
    there = client.jobs(task_ids=sorted({done.task_id for done in waiting.values()})) if waiting else []
    tally = Tally()
    return [
        {"job_id": job.id, "task_id": job.task_id, "why": why, "labels": sum(1 for _ in tally.new(waiting[job.id]))}
        for job in there
        if job.id in waiting and (why := request.why_not(job))
    ]


def _text(last: RefreshRecord, taken_back: int, left: int, jobs_left: Sequence[dict[str, Any]]) -> str:
    back = "1 label is in CVAT what it was" if taken_back == 1 else f"{taken_back:,} labels are in CVAT what they were"
    text = f"The refresh of {last.at} is taken back: {back} before it."
    if jobs_left:
        text = f"Of the refresh of {last.at}, {back} before it."
    if left:
        text += (
            f" {left:,} {'was changed there since, and stays' if left == 1 else 'were changed there since, and stay'}."
        )
    if jobs_left:
        labels = sum(job["labels"] for job in jobs_left)
        named = ", ".join(f"{job['job_id']} ({job['why']})" for job in jobs_left[:NAMED])
        more = f" and {len(jobs_left) - NAMED:,} more" if len(jobs_left) > NAMED else ""
        text += (
            f" {labels:,} {'waits' if labels == 1 else 'wait'} in jobs that are left out: {named}{more}. Take it back "
            "again with `completed=True`, or `in_progress=True`, to write into these, too."
        )
    return f"{text} The dataset's labels are as they were."


def _take_back_job(
    store: Store,
    log: RefreshLog,
    base: BaseStore,
    last: RefreshRecord,
    job_id: int,
    client: Client,
    reporter: ProgressReporter,
    request: UndoRefreshRequest,
) -> tuple[Outcome, JobWrites]:
    """Takes back what was written into a job, if that is not in another state by now; what came of it, and what was to
    be written for that."""
    plan = log.plan(job_id)
    is_new = plan is None
    if plan is None:
        done = log.done(last.number, job_id)
        if done is None or done.is_empty:
            return Outcome(), JobWrites(job_id=job_id, task_id=done.task_id if done else 0)
        back = {"writes": tuple(map(inverse, done.writes)), "tracks": tuple(map(inverse_track, done.tracks))}
        plan = done.model_copy(update={**back, "settled": False})
        log.save_plan(plan)
    why_not = request.why_not if is_new else whatever_state
    outcome = carry_out(client, store, log, base, job_id, reporter, None, why_not)
    if outcome.why_not is not None:
        return outcome, plan
    log.save_done(last.number, plan.model_copy(update={"writes": (), "tracks": ()}))
    log.forget_plan(job_id)
    return outcome, plan


def inverse(write: LabelWrite) -> LabelWrite:
    """What takes a write back."""
    objects = write.after.objects if write.after else ()
    if write.kind == "created" or write.before is None:
        return LabelWrite(kind="deleted", before=write.after, objects=objects)
    same = [item.id for item in objects] == [item.id for item in write.objects] and write.after is not None
    there = write.objects if same else tuple(map(_anew, write.objects))
    after: BaseLabel = write.before.model_copy(update={"objects": there})
    if write.after is None:
        return LabelWrite(kind="created", after=after)
    return LabelWrite(kind="changed", before=write.after, after=after, objects=objects)


def inverse_track(write: TrackWrite) -> TrackWrite:
    """What takes the write of a track back."""
    kind = "deleted" if write.there is None else "created" if write.track is None else "changed"
    same = write.before is not None and write.there is not None and same_track(write.before.track, write.there)
    track = write.there
    if track is not None and write.track is not None:
        track = _with_known_ids(track, write.track)
    facts = {"there": write.track, "track": track, "before": write.after, "after": write.before, "as_written": same}
    return write.model_copy(update={**facts, "kind": kind, "waited": write.waiting, "waiting": write.waited})


def _with_known_ids(track: Track, there: Track) -> Track:
    """A track as it was; its keyframes that are gone since are new ones."""
    ids = {shape.id for shape in there.shapes}
    shapes = tuple(s if s.id in ids else s.model_copy(update={"id": None}) for s in track.shapes)
    parts = {part.label_id: part for part in there.elements}
    elements = tuple(
        _with_known_ids(part.model_copy(update={"id": parts[part.label_id].id}), parts[part.label_id])
        if part.label_id in parts
        else _with_known_ids(part.model_copy(update={"id": None}), part.model_copy(update={"shapes": ()}))
        for part in track.elements
    )
    return track.model_copy(update={"shapes": shapes, "elements": elements})


def _anew(item: Object) -> Object:
    """An object that is to be created."""
    if isinstance(item, Shape):
        elements: Sequence[Shape] = [element.model_copy(update={"id": None}) for element in item.elements]
        return item.model_copy(update={"id": None, "elements": tuple(elements)})
    return item.model_copy(update={"id": None})
