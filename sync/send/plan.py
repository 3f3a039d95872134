"""What a send will do, before it does anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ..dataset.clips import Clips
from ..dataset.media import BadFile, Frame
from ..dataset.sequences import ImageSequence

NAME_LIMIT = 256  # of a task in CVAT
TASK_IMAGES = 10_000
"""Images in a task, unless the person says how many: CVAT makes large ones slowly, and one bad file fails all of it."""
TASK_BYTES = 20 << 30
"""Bytes of images in a task."""
NUMBERS = 24
"""Characters that the number of a task may take in its name."""


@dataclass(frozen=True)
class TaskPlan:
    """One task to make.

    Args:
        number: its place in the run, from 0
        name: its name in CVAT
        frames: its frames in order; all from one cloud storage, if from any
        sequence: the image sequence that they are, or are a part of
    """

    number: int
    name: str
    frames: tuple[Frame, ...]
    sequence: ImageSequence | None = None

    @property
    def bytes(self) -> int:
        """What there is to upload."""
        return sum(frame.size for frame in self.frames)


def plan_tasks(
    frames: Sequence[Frame], name: str, task_size: int | None, task_bytes: int = TASK_BYTES
) -> list[TaskPlan]:
    """Deals the frames of a run to tasks, in order.

    Args:
        frames: all frames of the run
        name: what the tasks are called; their number is added if there are several
        task_size: the most images in a task; ``None`` for what suits CVAT
        task_bytes: the most bytes in a task
    """
    parts = [
        part
        for _, of_one_storage in groupby(frames, lambda frame: frame.storage_id)
        for part in _cut(list(of_one_storage), task_size or TASK_IMAGES, task_bytes)
    ]
    if len(parts) == 1:
        return [TaskPlan(0, name[:NAME_LIMIT], parts[0])]
    tails = [f" ({number} of {len(parts)})" for number in range(1, len(parts) + 1)]
    return [
        TaskPlan(number, name[: NAME_LIMIT - len(tail)] + tail, part)
        for number, (tail, part) in enumerate(zip(tails, parts, strict=True))
    ]


def plan_videos(videos: Sequence[Frame], name: str) -> list[TaskPlan]:
    """A task for each video, or clip of one, of a run, in order.

    Args:
        videos: each as one frame that stands for it
        name: what the task of a single one is called; of several, the video's own name is added
    """
    if len(videos) == 1:
        return [TaskPlan(0, name[:NAME_LIMIT], (videos[0],))]
    clips = [f", {video.clip.title}" if video.clip else "" for video in videos]
    tails = [f": {video.name[: NAME_LIMIT // 2]}{clip}" for video, clip in zip(videos, clips, strict=True)]
    return [
        TaskPlan(number, name[: NAME_LIMIT - len(tail)] + tail, (video,))
        for number, (tail, video) in enumerate(zip(tails, videos, strict=True))
    ]


def plan_sequences(
    frames: Sequence[Frame], sequences: Mapping[str, ImageSequence], name: str, task_size: int | None
) -> list[TaskPlan]:
    """A task for each image sequence of a run, in order, or several for one that is too large.

    Args:
        frames: all frames of the run; those of one sequence and storage in their order
        sequences: the sequence of each sample, by its id
        name: what the task of a single one is called; of several, the name of the sequence is added
        task_size: the most images in a task; ``None`` for what suits CVAT
    """
    parts: dict[ImageSequence, list[Frame]] = {}
    for frame in frames:  # a sequence may be in several cloud storages, whose frames come one after the other
        parts.setdefault(sequences[frame.sample_id], []).append(frame)
    plans: list[TaskPlan] = []
    for sequence, own in parts.items():
        tail = f": {sequence.name[: NAME_LIMIT // 2]}" if len(parts) > 1 else ""
        for part in plan_tasks(own, name[: NAME_LIMIT - NUMBERS - len(tail)] + tail, task_size):
            plans.append(replace(part, number=len(plans), sequence=sequence))
    return plans


def plan_more(tasks: Sequence[TaskPlan], name: str, first: int) -> list[TaskPlan]:
    """The tasks of samples that are added to a run: numbered, and named, after those that it has.

    Args:
        tasks: the tasks
        name: what the tasks of the run are called
        first: the number of the first of them
    """
    more = []
    for number, task in enumerate(tasks, first):
        is_video = any(frame.video for frame in task.frames)
        own = task.frames[0].name if is_video else task.sequence.name if task.sequence else ""
        what = f": {own[: NAME_LIMIT // 2]}" if own else ""
        tail = what if is_video else f"{what} (task {number + 1})"
        more.append(replace(task, number=number, name=name[: NAME_LIMIT - len(tail)] + tail))
    return more


def into_clips(videos: Sequence[Frame], clips: Clips | None) -> list[Frame]:
    """The clips of videos, each as one frame that stands for it; the videos, if there are no clips."""
    if clips is None:
        return list(videos)
    return [video.model_copy(update={"clip": clip}) for video in videos for clip in clips[video.sample_id]]


def bad_clips(bad: Sequence[BadFile], clips: Clips | None) -> list[BadFile]:
    """The clips of videos that can't be sent; the videos, if there are no clips."""
    if clips is None:
        return list(bad)
    return [file._replace(clip=clip) for file in bad for clip in clips[file.sample_id]]


def _cut(frames: Sequence[Frame], most_images: int, most_bytes: int) -> Iterator[tuple[Frame, ...]]:
    part: list[Frame] = []
    size = 0
    for frame in frames:
        if part and (len(part) == most_images or size + frame.size > most_bytes):
            yield tuple(part)
            part, size = [], 0
        part.append(frame)
        size += frame.size
    if part:
        yield tuple(part)


@dataclass(frozen=True)
class Segment:
    """The frames of one job, before and after CVAT made it.

    Args:
        number: its place in the task, from 0
        start, stop: its first and its last frame
        job_id: the job; 0 as long as it is not made
    """

    number: int
    start: int
    stop: int
    job_id: int = 0

    @property
    def frames(self) -> range:
        """The numbers of its frames."""
        return range(self.start, self.stop + 1)


def foresee_segments(frames: int, segment_size: int | None, overlap: int = 0) -> tuple[Segment, ...]:
    """The jobs that CVAT will make of a task: equal parts, the last one with what is left.

    Args:
        frames: of the task
        segment_size: frames of a job
        overlap: frames that a job shares with the one before it
    """
    size = segment_size or frames
    starts = range(0, max(1, frames - overlap) if frames else 0, max(1, size - overlap))
    return tuple(Segment(number, start, min(start + size, frames) - 1) for number, start in enumerate(starts))


def shared_frames(segments: Sequence[Segment], segment: Segment, elsewhere: int = 0) -> range:
    """The frames of a job that an earlier one has, too: that one counts their labels.

    Args:
        segments: the jobs of the task
        segment: the job
        elsewhere: how many frames of the task, from its first one on, an earlier task has
    """
    before = max((elsewhere, *(other.stop + 1 for other in segments[: segment.number])))
    return range(segment.start, min(max(segment.start, before), segment.stop + 1))


def deal(names: Sequence[int], jobs: Sequence[int]) -> list[tuple[int, int]]:
    """Gives jobs to people in turn: pairs of job and user id."""
    return [(job, names[number % len(names)]) for number, job in enumerate(jobs)] if names else []
