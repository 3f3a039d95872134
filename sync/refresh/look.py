"""Looking at the jobs of one task: what changed of their labels in FiftyOne, and what is therefore written."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...cvat import Client, Job
from ...cvat.models import Label
from ...labels.drawing import drawing_words
from ...labels.tracks.mutability import mutable_specs
from ...labels.vocabulary import Vocabulary
from ..dataset.samples import FRAMES
from ..errors import StateUnreadable, sentence
from ..load.diff import diff_job
from ..load.fetch import OF_ONE, TaskState, fetch_labels
from ..load.shared_jobs import JobSpans
from ..load.track_diff import VideoJob
from ..load.video_diff import diff_video
from ..load.video_frames import Entries, TrackFrames, frames_of, placed_entries
from ..request import RefreshRequest
from ..runs.base import BaseStore, FrameRecord, TaskBase
from ..runs.marks import JobMark
from ..runs.outbox import each_label
from ..runs.refreshes import JobWrites, LabelKey, key_of
from ..runs.run_record import RunRecord
from ..send.encode import Place
from .find import plan_job, plan_video_job
from .job_now import JobNow
from .local_changes import Candidate, LocalChanges, Places
from .report import BOTH, WAITS, RefreshReport
from .track_changes import TrackOwners
from .track_plan import TrackSettings


@dataclass
class Work:
    """What is to be written, found out before anything is.

    Args:
        plans: what is written into each job
        jobs: these jobs, as CVAT listed them
        labels: how many labels the run has
    """

    plans: list[JobWrites] = field(default_factory=list)
    jobs: dict[int, Job] = field(default_factory=dict)
    labels: int = 0


@dataclass(frozen=True)
class Looked:
    """What is the same for all tasks.

    Args:
        client: the CVAT server
        record: the run
        request: what was asked for
        base: what both sides agreed on
        known: what is kept of each task
        marks: where the load stands with each job
        changes: finds what changed here
        report: counts
        work: gets what is to be written
        tolerance: how many pixels CVAT may show the coordinates of tracks off between keyframes
    """

    client: Client
    record: RunRecord
    request: RefreshRequest
    base: BaseStore
    known: Mapping[int, TaskBase]
    marks: Mapping[int, JobMark]
    changes: LocalChanges
    report: RefreshReport
    work: Work
    tolerance: float

    @cached_property
    def of_videos(self) -> frozenset[tuple[str, str]]:
        """The labels of whole videos that jobs have, by field and id: they may be on any frame of any job."""
        fields = {name for name in self.record.schema_.fields if not name.startswith(FRAMES)}
        jobs = [job for task in self.record.tasks for job in task.jobs] if fields else []
        labels = (label for job in jobs for label in self.base.labels(job) or ())
        return frozenset((label.field, label.label_id) for label in labels if label.field in fields)

    @cached_property
    def most_shared(self) -> int:
        """So many frames of a video at most are in two tasks: the last ones of one are the first ones of another."""
        return max((task.video.shared for task in self.known.values() if task.video), default=0)


class TaskLooker:
    """Looks at the jobs of one task.

    Args:
        all_: what is the same for all tasks
        state: the task in CVAT
    """

    def __init__(self, all_: Looked, state: TaskState) -> None:
        self._all, self._state = all_, state
        self._known = all_.known[state.task.id]
        self._jobs = {job.id: job for job in state.jobs}
        self._touched: dict[int, Mapping[LabelKey, str]] = {}

    @cached_property
    def _frames(self) -> Sequence[FrameRecord]:
        return frames_of(self._known, self._all.changes.labels)

    @cached_property
    def _labels(self) -> list[Label]:
        return fetch_labels(self._all.client, self._all.record, self._state)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return self._known.words(self._all.record.schema_).refreshed(self._labels)

    @cached_property
    def _drawing(self) -> Vocabulary:
        return drawing_words(self._vocabulary, self._labels)

    def look_at(self, job: Job) -> None:
        """Plans what is written into a job; of one that is left out, counts what waits for it."""
        why_not = self._all.request.why_not(job)
        trial = RefreshReport(anno_key="") if why_not else self._all.report
        try:
            self._look_at(job, why_not, trial)
        except (*OF_ONE, StateUnreadable) as error:
            self._all.report.note([f"Job {job.id} could not be read: {sentence(error)} Nothing is written into it."])

    def _look_at(self, job: Job, why_not: str | None, report: RefreshReport) -> None:
        mark = self._all.marks.get(job.id, JobMark())
        entries = self._entries(job, mark)
        shared, told = self._shared(job, self._state.spans), self._shared(job, self._asked)
        base, tracks, _ = entries
        owners = TrackOwners(base, tracks, self._all.record.schema_)
        span = self._span(job)
        places, elsewhere = self._places(span)
        labels = [*base, *each_label(tracks)]
        changes = self._all.changes.find(
            places, labels, report, told, self._ahead(job), elsewhere, owners.is_reidentified
        )
        found = list(changes)
        if not why_not and found:
            self._plan(job, span, found, entries, owners, mark, shared, told)
        elif why_not and why_not != "not asked for":
            waiting = sum(item.label.frame not in shared for item in found)
            facts = {"job_id": job.id, "task_id": job.task_id, "why": why_not, "labels": waiting}
            self._all.report.jobs_left += [facts] if waiting else []

    def _entries(self, job: Job, mark: JobMark) -> Entries:
        opened = self._all.base.open(job.id) if mark.open else ()
        return placed_entries(self._frames, (*self._all.base.known_entries(job.id, mark), opened))

    def _span(self, job: Job) -> range:
        return range(max(0, job.start_frame), min(job.stop_frame + 1, len(self._frames)))

    @cached_property
    def _asked(self) -> JobSpans:
        return JobSpans(job for job in self._state.jobs if self._all.request.why_not(job) is None)

    def _shared(self, job: Job, jobs: JobSpans) -> frozenset[int]:
        """The frames of a job that an earlier one of some jobs, or an earlier task, has, too."""
        elsewhere = range(self._known.video.shared) if self._known.video else ()
        return jobs.shared_with_earlier(job) | frozenset(elsewhere)

    def _ahead(self, job: Job) -> Container[int]:
        """The frames of a job that a later one, or a later task, may have, too."""
        neighbors = self._state.spans.neighbors_of(job)
        later = frozenset(frame for one in neighbors if not one.is_earlier for frame in one.frames)
        return later | frozenset(self._span(job)[-most:] if (most := self._all.most_shared) else ())

    def _places(self, span: range) -> tuple[Places, Container[tuple[str, str]]]:
        """Where the labels of a job are, and those that are no news there."""
        changes, frames, video = self._all.changes, self._frames, self._known.video
        if not isinstance(frames, TrackFrames):
            return changes.places(self._known, span), ()
        if video is not None and not changes.is_wanted(self._known.frames[0].sample_id):
            return {}, ()
        places: dict[str, list[Place]] = {}
        for name in changes.fields:
            on_frames = video is None or name.startswith(FRAMES)
            numbers = span if on_frames else span[:1]
            own = [Place(frame, frames.holder(name, frame), frames.size_of(frame)) for frame in numbers]
            places[name] = [place for place in own if video is not None or changes.is_wanted(place.sample_id)]
        if video is None:
            return places, ()
        leads = video.leads and 0 in span
        return places, self._all.of_videos if leads else _OfVideos()

    def _plan(
        self,
        job: Job,
        span: range,
        found: list[Candidate],
        entries: Entries,
        owners: TrackOwners,
        mark: JobMark,
        shared: frozenset[int],
        told: frozenset[int],
    ) -> None:
        """Decides what is written into a job."""
        date, annotations = self._all.client.stable_annotations(job.id, before=job.updated_date)
        words, elsewhere = (self._vocabulary, self._drawing), self._touched_elsewhere(job, found)
        now = JobNow(job, date, annotations, self._state.removed, *words, shared, told, elsewhere)
        base, _, opened = entries
        if isinstance(self._frames, TrackFrames):
            settings = TrackSettings(self._frames, span, mutable_specs(self._labels), self._all.tolerance)
            plan = plan_video_job(found, now, owners, base, mark, opened, settings, self._all.report)
        else:
            plan = plan_job(found, now, self._known, base, mark, opened, self._all.report)
        if not plan.is_empty:
            self._all.work.plans.append(plan)
            self._all.work.jobs[job.id] = job

    def _touched_elsewhere(self, job: Job, found: Sequence[Candidate]) -> Mapping[LabelKey, str]:
        """Labels on shared frames that an annotator touched in the other job: why nothing is written of them."""
        touched: dict[LabelKey, str] = {}
        for other in self._state.spans.neighbors_of(job):
            if any(candidate.label.frame in other.frames for candidate in found):
                if other.job_id not in self._touched:
                    self._touched[other.job_id] = self._find_touched(self._jobs[other.job_id])
                touched |= self._touched[other.job_id]
        return touched

    def _find_touched(self, job: Job) -> Mapping[LabelKey, str]:
        """The labels of a job that changed in CVAT, or wait for a decision."""
        base, tracks, opened = self._entries(job, self._all.marks.get(job.id, JobMark()))
        _, annotations = self._all.client.stable_annotations(job.id, before=job.updated_date)
        span, removed = self._span(job), self._state.removed
        if isinstance(self._frames, TrackFrames):
            owners = TrackOwners(base, tracks, self._all.record.schema_)
            known = list(owners.entries.values())
            diff = diff_video(VideoJob(base, known, annotations, self._frames, span, removed, (), ""), self._vocabulary)
        else:
            diff = diff_job(base, annotations, self._known.frames, removed, self._vocabulary, span)
        touched = [*(edited.base for edited in diff.edited), *diff.deleted]
        return {**{key_of(label): BOTH for label in touched}, **{key_of(item.base): WAITS for item in opened}}


class _OfVideos(Container[tuple[str, str]]):
    """The labels that are no news in a job without the first frame of its video: all that are of the whole video."""

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and not str(key[0]).startswith(FRAMES)
