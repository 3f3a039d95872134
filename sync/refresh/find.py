"""What is to be written into a job of the labels that changed in FiftyOne since both sides last agreed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ...labels.base import BaseLabel
from ...labels.objects import Key, Object, key_of
from ...labels.tracks.compare import same_track
from ..load.diff import JobDiff, diff_job
from ..load.track_diff import VideoJob
from ..load.video_diff import diff_video
from ..runs.base import OpenConflict, TaskBase
from ..runs.marks import JobMark
from ..runs.refreshes import JobWrites, LabelKey, LabelWrite
from ..send.encode import draw
from ..send.refusals import unstorable
from .draw import in_order, in_place
from .execute import current
from .fates import Fate, Remote, fate_of
from .job_now import JobNow
from .local_changes import Candidate
from .report import BOTH, ON_TRACK, REMOVED, RENAMED, WAITS, RefreshReport
from .track_changes import TrackOwners
from .track_plan import TrackPlanner, TrackSettings, is_object


def plan_job(
    candidates: Sequence[Candidate],
    now: JobNow,
    known: TaskBase,
    base: Sequence[BaseLabel],
    mark: JobMark,
    was_open: Sequence[OpenConflict],
    report: RefreshReport,
) -> JobWrites:
    """Decides what is written into a job.

    Args:
        candidates: the labels that changed in FiftyOne
        now: the job
        known: what is kept of its task
        base: its labels when both sides last agreed
        mark: where the load stands with it
        was_open: its conflicts that wait for a decision
        report: counts what is left
    """
    job, words = now.job, now.vocabulary
    span = range(max(0, job.start_frame), min(job.stop_frame + 1, len(known.frames)))
    diff = diff_job(base, now.annotations, known.frames, now.removed, words, span)
    planner = _Planner(now, diff, {item.base.key for item in was_open}, report)
    writes = planner.writes(candidates)
    return _planned(now, diff, writes, mark)


def plan_video_job(
    candidates: Sequence[Candidate],
    now: JobNow,
    owners: TrackOwners,
    base: Sequence[BaseLabel],
    mark: JobMark,
    was_open: Sequence[OpenConflict],
    settings: TrackSettings,
    report: RefreshReport,
) -> JobWrites:
    """Decides what is written into a job of a video, or of an image sequence; see :func:`plan_job`.

    Args:
        owners: its tracks when both sides last agreed
        base: its other labels, and those of tracks that the base has apart
        settings: how tracks are written
    """
    tracks = list(owners.entries.values())
    job = VideoJob(base, tracks, now.annotations, settings.frames, settings.span, now.removed, (), "")
    diff = diff_video(job, now.vocabulary)
    waiting = {item.base.key for item in was_open}
    fields = now.vocabulary.schema.fields
    on_tracks: list[Candidate] = []
    others: list[Candidate] = []
    for candidate in candidates:
        has_track = candidate.key in owners.of
        if candidate.base is None and candidate.document is not None:
            has_track = is_object(fields[candidate.field].type, candidate.document)
        (on_tracks if has_track else others).append(candidate)
    written, alone = TrackPlanner(now, owners, diff, waiting, settings, report).plan(on_tracks)
    writes = [*_Planner(now, diff, waiting, report).writes(others), *alone]
    plan = _planned(now, diff, writes, mark)
    there = {item.track.id: item.track for item in diff.tracks}
    same = there.keys() == owners.entries.keys() and all(
        same_track(item.track, there[track_id]) for track_id, item in owners.entries.items()
    )
    return plan.model_copy(update={"tracks": tuple(written), "settled": plan.settled and same})


def _planned(now: JobNow, diff: JobDiff, writes: Sequence[LabelWrite], mark: JobMark) -> JobWrites:
    """What is written of labels that are no tracks."""
    agreed = {write.key for write in writes if write.kind == "agreed"}
    waiting = [*(edited.base for edited in diff.edited), *diff.deleted]
    left = diff.objects.left if diff.objects else {}
    settled = all(_key(label) in agreed for label in waiting) and not diff.new
    settled = settled and (mark.updated_date == now.date or not left)
    return JobWrites(
        job_id=now.job.id,
        task_id=now.job.task_id,
        date=now.date,
        writes=tuple(writes),
        shared=tuple(sorted(now.shared)),
        told=tuple(sorted(now.told)),
        settled=settled,
    )


class _Planner:
    """Decides about the labels of one job."""

    def __init__(self, now: JobNow, diff: JobDiff, was_open: set[tuple[str, int, str]], report: RefreshReport) -> None:
        self._now, self._was_open, self._report = now, was_open, report
        self._there: dict[Key, Object] = current(now.annotations)
        self._kept = {_key(label): label for label in diff.kept}
        self._edited = {_key(edited.base): edited for edited in (edit.read() for edit in diff.edited)}
        words = now.vocabulary
        self._unsure = diff.incomplete or bool(words.renamed or words.renumbered)

    def writes(self, candidates: Sequence[Candidate]) -> list[LabelWrite]:
        """What is written of labels that changed here; all else is counted."""
        found: list[LabelWrite] = []
        to_draw: list[tuple[Candidate, tuple[Object, ...]]] = []
        for candidate in candidates:
            fate, objects, reason = self._fate(candidate)
            if reason:
                self._leave(reason, candidate)
            elif fate == "agreed":
                found.append(self._agreed(candidate))
            elif fate == "delete":
                found.append(LabelWrite(kind="deleted", before=candidate.base, objects=objects))
            elif fate in ("create", "update"):
                to_draw.append((candidate, objects))
        return [*found, *self._drawn(to_draw)]

    def _fate(self, candidate: Candidate) -> tuple[Fate, tuple[Object, ...], str]:
        """What becomes of a label; its objects in CVAT; and why nothing is written, if so."""
        label, remote, parts = candidate.base, "kept", None
        objects: tuple[Object, ...] = ()
        if self._unsure:
            return "unchanged", (), RENAMED
        if candidate.place.frame in self._now.removed:
            return "unchanged", (), REMOVED
        if label is not None:
            if label.key in self._was_open:
                return "unchanged", (), WAITS
            if reason := self._now.touched_elsewhere.get(candidate.key):
                return "unchanged", (), reason
            kept, edited = self._kept.get(candidate.key), self._edited.get(candidate.key)
            held = kept.objects if kept else edited.objects if edited else ()
            if any(key_of(item) not in self._there for item in held):
                return "unchanged", (), ON_TRACK
            objects = tuple(self._there[key_of(item)] for item in held)
            remote = "kept" if kept else "edited" if edited else "deleted"
            parts = edited.reading.parts if edited and edited.to is None else None
        fate = fate_of(label.parts if label else None, candidate.local, _as_remote(remote), parts)
        return fate, objects, BOTH if fate == "both" else ""

    def _agreed(self, candidate: Candidate) -> LabelWrite:
        """A label that both sides changed in the same way, or deleted."""
        edited = self._edited.get(candidate.key)
        after = None
        if edited is not None:
            parts = {**edited.base.parts, **edited.reading.parts}
            after = edited.base.model_copy(update={"parts": parts, "objects": edited.objects})
        return LabelWrite(kind="agreed", before=candidate.base, after=after)

    def _drawn(self, wanted: Sequence[tuple[Candidate, tuple[Object, ...]]]) -> Iterator[LabelWrite]:
        """Labels that are created or changed, as they are drawn."""
        by_key = {candidate.key: (candidate, objects) for candidate, objects in wanted}
        lost = Counter[str]()
        for twice in (True, False):
            some = [c for c, _ in wanted if c.told == twice]
            labels = ((c.place, c.field, c.document) for c in some)
            counter = Counter[str]() if twice else lost  # the earlier job counts that
            groups = [item.group or 0 for item in self._there.values()]
            for batch in draw(labels, self._now.drawing, (), groups, counter):
                if not twice:
                    lost.update(batch.left_out)
                for label in batch.labels:
                    assert isinstance(label, BaseLabel), "no track is drawn of images"
                    yield from self._write(label, *by_key[_key(label)])
        self._report.leave_all(lost)

    def _write(self, drawn: BaseLabel, candidate: Candidate, objects: tuple[Object, ...]) -> Iterator[LabelWrite]:
        base, schema = candidate.base, self._now.vocabulary.schema.fields[candidate.field]
        if refusals := unstorable(drawn):
            self._leave(refusals[0].sentence, candidate)
            return
        if base is None:
            yield LabelWrite(kind="created", after=drawn)
            return
        parts = {**base.parts, **drawn.parts}
        after = in_place(drawn, objects, schema).model_copy(update={"parts": parts, "wrote": ()})
        kind = "agreed" if tuple(map(in_order, after.objects)) == objects else "changed"
        yield LabelWrite.model_validate({"kind": kind, "before": base, "after": after, "objects": objects})

    def _leave(self, reason: str, candidate: Candidate) -> None:
        if not candidate.told:
            self._report.leave(reason, candidate.label)


def _as_remote(name: str) -> Remote:
    return "edited" if name == "edited" else "deleted" if name == "deleted" else "kept"


def _key(label: BaseLabel) -> LabelKey:
    return label.field, label.sample_id, label.label_id
