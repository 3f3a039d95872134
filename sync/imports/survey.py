"""Looking at tasks that FiftyOne did not make: their frames, labels, and what kinds of objects were drawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...cvat import Client, DataMeta, Job, Label, NotFound, Task
from ..errors import Refused
from ..progress import ProgressReporter


@dataclass(frozen=True)
class FoundTask:
    """A task in CVAT.

    Args:
        task, meta, labels: what CVAT says of it
        jobs: its jobs for annotators
        drawn: the types of the objects that were drawn, by the id of their label; ``"tag"`` for tags
        objects: how many there are
    """

    task: Task
    meta: DataMeta
    labels: tuple[Label, ...]
    jobs: tuple[Job, ...]
    drawn: Mapping[int, frozenset[str]]
    objects: int

    @property
    def is_video(self) -> bool:
        """Whether its frames are those of a video."""
        return self.task.mode == "interpolation"


def survey(
    client: Client,
    task_ids: Sequence[int],
    reporter: ProgressReporter,
    video: bool = False,
    left: list[str] | None = None,
) -> tuple[FoundTask, ...]:
    """Looks at tasks.

    Args:
        client: the CVAT server
        task_ids: the tasks
        reporter: takes the progress
        video: whether the samples are videos
        left: takes sentences about tasks that can't be a run, which are then left out; by default one ends it

    Raises:
        Refused: if one is not there, or can't be a run: it has no frames, or other frames than the samples, 3D, or
            overlapping jobs
    """
    jobs: dict[int, list[Job]] = {}
    for job in client.jobs(task_ids=task_ids):
        if job.type == "annotation":
            jobs.setdefault(job.task_id, []).append(job)
    found = []
    for number, task_id in enumerate(task_ids):
        reporter.step(f"Looking at task {task_id}", number / len(task_ids))
        try:
            found.append(_look(client, task_id, jobs.get(task_id, []), reporter, video))
        except Refused as refusal:
            if left is None:
                raise
            left.append(f"Left out: {str(refusal).removesuffix(' Nothing was changed.')}")
    return tuple(found)


def _look(client: Client, task_id: int, jobs: Sequence[Job], reporter: ProgressReporter, video: bool) -> FoundTask:
    try:
        task = client.task(task_id)
    except NotFound:
        raise Refused(f"CVAT has no task {task_id}. Nothing was changed.") from None
    if not task.size:
        raise _refusal(task, "has no frames")
    if task.dimension == "3d":
        raise _refusal(task, "is about point clouds, which can't be imported")
    meta = client.task_meta(task_id)
    if not video and (task.mode == "interpolation" or len(meta.frames) != task.size):
        raise _refusal(task, "is a video, but the samples are images")
    if video and (task.mode != "interpolation" or len(meta.frames) != 1):
        raise _refusal(task, "has images, but the samples are videos")
    if twice := [name for name, count in Counter(frame.name for frame in meta.frames).items() if count > 1]:
        raise _refusal(
            task,
            f"has honeypots: '{twice[0]}' is more than one of its frames, as copies of a validation pool are by which "
            "annotators are checked; such a task can't be imported",
        )
    if shared := overlap(jobs):
        raise _refusal(task, f"has frames in two jobs, such as frame {shared[0]}: its labels would be there twice")
    drawn: dict[int, set[str]] = {}
    objects = 0
    for job in jobs:
        reporter.step(f"Looking at job {job.id}")
        annotations = client.annotations(job.id)
        for tag in annotations.tags:
            drawn.setdefault(tag.label_id, set()).add("tag")
        for shape in annotations.shapes:
            drawn.setdefault(shape.label_id, set()).add(shape.type)
        for track in annotations.tracks:
            drawn.setdefault(track.label_id, set()).update(shape.type for shape in track.shapes)
        objects += annotations.count
    kinds = {label_id: frozenset(figures) for label_id, figures in drawn.items()}
    return FoundTask(task, meta, tuple(client.labels(task_id=task_id)), tuple(jobs), kinds, objects)


def overlap(jobs: Sequence[Job]) -> list[int]:
    """The frames that two jobs have, in order."""
    seen: set[int] = set()
    twice: set[int] = set()
    for job in jobs:
        frames = set(range(job.start_frame, job.stop_frame + 1))
        twice |= seen & frames
        seen |= frames
    return sorted(twice)


def _refusal(task: Task, why: str) -> Refused:
    return Refused(f"Task {task.id} ('{task.name}') {why}. Nothing was changed.")
