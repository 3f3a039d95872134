"""Looking at tasks that FiftyOne did not make: their frames, labels, and what kinds of objects were drawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from ...cvat import Client, DataMeta, FrameMeta, Job, Label, NotFound, Task
from ..dataset.sequences import ImageSequence
from ..errors import Refused
from ..load.read_ahead import in_order
from ..progress import ProgressReporter
from ..readable import readable
from ..runs.video import VideoSpan
from .copies import Copies
from .linking import NamedFrame, parts_of

LONGEST = 100
"""Characters of a video's name in that of its sequence."""


@dataclass(frozen=True)
class FoundTask:
    """A task in CVAT.

    Args:
        task, meta, labels: what CVAT says of it
        jobs: its jobs for annotators
        drawn: the types of the objects that were drawn, by the id of their label; ``"tag"`` for tags
        objects: how many there are; one that is in two jobs counts once
        sequence: of a video whose frames become images, the sequence that these are
    """

    task: Task
    meta: DataMeta
    labels: tuple[Label, ...]
    jobs: tuple[Job, ...]
    drawn: Mapping[int, frozenset[str]]
    objects: int
    sequence: ImageSequence | None = None

    @property
    def is_video(self) -> bool:
        """Whether its frames are those of a video."""
        return self.task.mode == "interpolation"

    @property
    def span(self) -> VideoSpan:
        """The frames that it has of its video."""
        return VideoSpan(start=self.meta.start_frame, step=self.meta.step, count=self.meta.size)

    def image_of(self, frame: int) -> FrameMeta:
        """What CVAT says of a frame; of a video it says it once."""
        return self.meta.frames[0 if self.is_video else frame]

    @property
    def frames(self) -> list[NamedFrame]:
        """What is linked to samples: its images, its video, or the images that the frames of its video become."""
        if self.sequence is None:
            return [NamedFrame(self.task.id, number, frame.name) for number, frame in enumerate(self.meta.frames)]
        video, span = self.meta.frames[0].name, self.span
        return [
            NamedFrame(self.task.id, number, f"{video}/frame_{span.number_of(number):06d}.png", of_video=True)
            for number in range(span.count)
        ]


def survey(
    client: Client,
    task_ids: Sequence[int],
    reporter: ProgressReporter,
    video: bool = False,
    left: list[str] | None = None,
    sequence_field: str | None = None,
) -> tuple[FoundTask, ...]:
    """Looks at tasks.

    Args:
        client: the CVAT server
        task_ids: the tasks
        reporter: takes the progress
        video: whether the samples are videos
        left: takes sentences about tasks that can't be a run, which are then left out; by default one ends it
        sequence_field: the field that says of which sequence a sample is, if frames of videos become images

    Raises:
        Refused: if one is not there, or can't be a run: it has no frames, or other frames than the samples, or is 3D
    """
    found: list[FoundTask] = []
    look = _Look(client, task_ids, video, sequence_field)
    for number, one in enumerate(in_order(look.at, task_ids), 1):
        reporter.step(f"Looking at tasks, {number:,} of {len(task_ids):,}", number / len(task_ids))
        if isinstance(one, FoundTask):
            found.append(one)
        elif left is None:
            raise one
        else:
            left.append(f"Left out: {str(one).removesuffix(' Nothing was changed.')}")
    return tuple(found)


class _Look:
    """A look at tasks, several at a time: what one request tells of many of them is asked for at its beginning."""

    def __init__(self, client: Client, task_ids: Sequence[int], video: bool, sequence_field: str | None) -> None:
        self._client, self._video, self._sequence_field = client, video, sequence_field
        self._tasks = client.listed_tasks(task_ids)
        self._jobs: dict[int, list[Job]] = {}
        for job in client.jobs(task_ids=task_ids):
            if job.type == "annotation":
                self._jobs.setdefault(job.task_id, []).append(job)
        self._labels = _Labels(client)

    def at(self, task_id: int) -> FoundTask | Refused:
        """What there is of a task, or why it can't be a run."""
        try:
            return self._found(task_id)
        except Refused as refusal:
            return refusal

    def _found(self, task_id: int) -> FoundTask:
        client, jobs = self._client, self._jobs.get(task_id, [])
        try:
            task = self._tasks.get(task_id) or client.task(task_id)
        except NotFound:
            raise Refused(f"CVAT has no task {task_id}. Nothing was changed.") from None
        if why := _no_images(task) or (_elsewhere(client, task) if not jobs else ""):
            raise _refusal(task, why)
        try:
            meta = client.task_meta(task_id)
        except NotFound:
            raise Refused(f"CVAT has no task {task_id}. Nothing was changed.") from None
        if why := _fault(task, meta, self._video, self._sequence_field is not None):
            raise _refusal(task, why)
        kinds, objects = self._drawn(jobs)
        field = self._sequence_field if task.mode == "interpolation" else None
        sequence = _sequence(task, meta, field) if field else None
        return FoundTask(task, meta, self._labels.of(task), tuple(jobs), kinds, objects, sequence)

    def _drawn(self, jobs: Sequence[Job]) -> tuple[dict[int, frozenset[str]], int]:
        """The types of the objects in the jobs of a task, by label, and how many objects there are."""
        drawn: dict[int, set[str]] = {}
        objects, copies = 0, Copies(jobs)
        for job in jobs:
            annotations = self._client.annotations(job.id)
            for tag in annotations.tags:
                drawn.setdefault(tag.label_id, set()).add("tag")
            for shape in annotations.shapes:
                drawn.setdefault(shape.label_id, set()).add(shape.type)
            for track in annotations.tracks:
                drawn.setdefault(track.label_id, set()).update(shape.type for shape in track.shapes)
            objects += annotations.count - copies.count(job, annotations)
        return {label_id: frozenset(figures) for label_id, figures in drawn.items()}, objects


class _Labels:
    """The labels of tasks; those of a project are asked for once, as all its tasks have the same."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asking = Lock()
        self._of_projects: dict[int, tuple[Label, ...]] = {}

    def of(self, task: Task) -> tuple[Label, ...]:
        if task.project_id is None:
            return tuple(self._client.labels(task_id=task.id))
        with self._asking:
            if task.project_id not in self._of_projects:
                self._of_projects[task.project_id] = tuple(self._client.labels(task_id=task.id))
            return self._of_projects[task.project_id]


def _elsewhere(client: Client, task: Task) -> str:
    """Why a task has no jobs: CVAT shows a task of any workspace by its number, but lists nothing of it in another."""
    own = {item.id: item.slug for item in client.within(None).organizations()}
    slug = own.get(task.organization) if task.organization is not None else ""
    if slug is None:
        return "is in an organization of which this user is no member, so that CVAT lists nothing of it"
    if slug == (client.session.credentials.organization or ""):
        return "has no jobs that this user may see"
    where = f"in the organization '{slug}'" if slug else "in the personal workspace"
    return f"is {where}, and CVAT lists nothing of it elsewhere; set `organization` to '{slug}'"


def _no_images(task: Task) -> str:
    """Why a task can't be a run whatever its frames are; empty if it can."""
    if task.dimension == "3d":
        return "is about point clouds, which can't be imported"
    if task.media_type == "audio":
        return "is a recording of sound, which can't be imported"
    return "" if task.size else "has no frames"


def _fault(task: Task, meta: DataMeta, video: bool, any_media: bool) -> str:
    """Why a task can't be a run; empty if it can."""
    is_video = task.mode == "interpolation"
    if len(meta.frames) != (1 if is_video else task.size):
        return f"says that it has {task.size:,} frames, but names {len(meta.frames):,}"
    if is_video and not (video or any_media):
        return "is a video, but the samples are images"
    if video and not is_video:
        return "has images, but the samples are videos"
    if twice := [name for name, count in Counter(frame.name for frame in meta.frames).items() if count > 1]:
        return (
            f"has honeypots: '{twice[0]}' is more than one of its frames, as copies of a validation pool are by which "
            "annotators are checked; such a task can't be imported"
        )
    return ""


def _sequence(task: Task, meta: DataMeta, field: str) -> ImageSequence:
    """The image sequence that the frames of a video become: no two tasks are one."""
    name = readable(parts[-1] if (parts := parts_of(meta.frames[0].name)) else "video", LONGEST)
    return ImageSequence(fields=(field,), values=(f"{name} #{task.id}",))


def _refusal(task: Task, why: str) -> Refused:
    return Refused(f"Task {task.id} ('{task.name}') {why}. Nothing was changed.")
