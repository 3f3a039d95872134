"""The images of one task: bringing them to CVAT, waiting for its frames, and leaving out what it can't read."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ...cvat import CreationFailed, DataOptions, DeadlinePassed, UnreadableFile, UploadFile
from ..dataset.media import BadFile, Frame, bad_file, decoding_fault, frames_named, refreshed
from ..errors import NoImageLeft, SendFailed
from ..runs.base import FrameRecord
from ..runs.video import VideoSpan
from .checks import check_files, match_frames, segments_of
from .context import SendContext
from .journal import UploadNotes
from .plan import Segment, TaskPlan

LOOKS_AT_FILES = 3
"""Times that files are looked at which change while they are sent."""
READERS = 4
"""Images that are read at the same time to see which of them are faulty."""
WAIT_BASE, WAIT_PER_FRAME = 600.0, 2.0
"""Seconds to wait for CVAT to make a task, and more for each of its frames."""


class Ready(NamedTuple):
    """A task whose frames are there.

    Args:
        frames: its frames; of a video one that stands for all
        segments: its jobs
        video: the frames that it has of a video
    """

    frames: tuple[FrameRecord, ...]
    segments: tuple[Segment, ...]
    video: VideoSpan | None = None


class TaskImages:
    """The images of a task.

    Args:
        context: what all tasks of the run share
        plan: the task

    Attributes:
        plan: the task, without the files that turned out to be bad
    """

    def __init__(self, context: SendContext, plan: TaskPlan) -> None:
        self._context = context
        self.plan = plan

    def bring(self, task_id: int, *, doubtful: bool) -> str:
        """Uploads the images, or tells CVAT where it sees them; the id of the request that makes the frames.

        Args:
            task_id: the task
            doubtful: whether some of this may have been done
        """
        client, options = self._context.client, DataOptions(image_quality=self._context.request.image_quality)
        first = self.plan.frames[0]
        if first.server_path is not None:
            paths = [frame.server_path or "" for frame in self.plan.frames]
            return client.attach(task_id, paths, storage_id=first.storage_id, options=options, resume=doubtful)
        notes = self._context.journal.uploads(self.plan.number)
        for left in reversed(range(LOOKS_AT_FILES)):
            if doubtful:
                self._look_again(notes.read())
            try:
                return self._upload(task_id, notes, options, resume=doubtful)
            except UnreadableFile:
                if not left:
                    raise
                doubtful = True
        raise AssertionError("the last look returns or raises")

    def _upload(self, task_id: int, notes: UploadNotes, options: DataOptions, *, resume: bool) -> str:
        return self._context.client.upload(
            task_id,
            [UploadFile(frame.name, Path(frame.path), frame.size) for frame in self.plan.frames],
            options=options,
            resume=resume,
            checkpoint=notes,
            progress=lambda size, files: self._context.progress.keep(self.plan.number, images=files, bytes=size),
            cancelled=self._context.is_stopped,
        )

    def _look_again(self, notes: UploadNotes) -> None:
        """Looks at the files that are not in CVAT yet: they may have changed since the send was planned."""
        frames, gone = [], []
        for frame in self.plan.frames:
            try:
                frames.append(frame if notes.is_stored(frame.name) else refreshed(frame))
            except ValueError as error:
                gone.append(bad_file(frame, str(error)))
        if frames or not self._is_lenient:
            check_files(frames, gone, self._context.request.bad_files)
        if frames != list(self.plan.frames):
            self._replace(frames, gone)

    def wait(self, task_id: int, rq_id: str) -> Ready:
        """Waits until CVAT has made the frames; these, and the jobs.

        Raises:
            CreationFailed: if CVAT can't make them
            SendFailed: if it takes too long, or they are not what was sent
        """
        self.count_as_sent()
        wait_for_frames(self._context, self.plan.name, task_id, rq_id, frames=len(self.plan.frames))
        with ThreadPoolExecutor(1) as pool:
            jobs = pool.submit(self._context.client.jobs, task_id)
            got = self._context.client.task_meta(task_id).frames
        frames, dropped = match_frames(self.plan.frames, got, lenient=self._is_lenient)
        if dropped:
            self._drop(dropped, "was left out by CVAT, which may not know its format")
        return Ready(frames, segments_of(jobs.result(), len(frames)))

    def count_as_sent(self) -> None:
        """Reports that all images of the task are in CVAT."""
        self._context.progress.keep(self.plan.number, images=len(self.plan.frames), bytes=self.plan.bytes)

    def leave_out(self, error: CreationFailed) -> bool:
        """Leaves out the files that CVAT can't read; whether there are such.

        CVAT names one at most. So that the task is not made anew for each, all others that are here are read, too.

        Raises:
            NoImageLeft: if no other image is left
            SendFailed: if the person does not want that
        """
        named = frames_named(self.plan.frames, error.file)
        if not self._is_lenient:
            if not named:
                return False
            raise SendFailed(_unreadable(named, error)) from error
        faults = self._faults()
        if not any(frame in faults for frame in named):  # of several of one name it may be any
            doubt = "may be the one that CVAT can't read, of several of this name"
            faults.update(dict.fromkeys(named, doubt if len(named) > 1 else "can't be read by CVAT"))
        for reason in dict.fromkeys(faults.values()):
            self._drop([frame for frame, fault in faults.items() if fault == reason], reason)
        return bool(faults)

    def _faults(self) -> dict[Frame, str]:
        """What is wrong with images, as far as they are here."""
        with ThreadPoolExecutor(READERS, thread_name_prefix="cvat-look") as pool:
            reasons = pool.map(self._fault_of, self.plan.frames)
            return {frame: reason for frame, reason in zip(self.plan.frames, reasons, strict=True) if reason}

    def _fault_of(self, frame: Frame) -> str:
        self._context.check()
        return decoding_fault(frame.path)

    @property
    def _is_lenient(self) -> bool:
        return self._context.request.bad_files == "leave_out"

    def _drop(self, frames: Sequence[Frame], reason: str) -> None:
        names = {frame.name for frame in frames}
        kept = [frame for frame in self.plan.frames if frame.name not in names]
        self._replace(kept, [bad_file(frame, reason) for frame in frames])

    def _replace(self, frames: Sequence[Frame], gone: Sequence[BadFile]) -> None:
        # In this order: should it end between the two, the files are found bad again, and left out again
        self._context.leave_out(gone)
        self.plan = replace(self.plan, frames=tuple(frames))
        self._context.journal.save_task(self.plan)
        if not frames:
            raise NoImageLeft(f"None of the images of '{self.plan.name}' can be sent.")


def _unreadable(frames: Sequence[Frame], error: CreationFailed) -> str:
    """Which file CVAT can't read, or which ones it may be."""
    if len(frames) == 1:
        return (
            f"CVAT can't read '{frames[0].path}' ({error.message}). Put the file right, or set `bad_files` to "
            "'leave_out' to send without it."
        )
    named = ", ".join(f"'{frame.path}'" for frame in frames[:5])
    return (
        f"CVAT can't read one of the {len(frames)} images of the same name ({error.message}): {named}. Put that file "
        "right, or send without it."
    )


def wait_for_frames(context: SendContext, name: str, task_id: int, rq_id: str, *, frames: int) -> None:
    """Waits until CVAT has made the frames of a task.

    Args:
        context: what all tasks of the run share
        name: of the task
        task_id: the task
        rq_id: of the request that makes the frames
        frames: how many there will be, roughly

    Raises:
        CreationFailed: if CVAT can't make them
        SendFailed: if it takes too long
    """
    context.progress.say(f"CVAT is preparing '{name}'")
    deadline = WAIT_BASE + WAIT_PER_FRAME * frames
    try:
        context.client.wait_for_creation(task_id, rq_id, deadline=deadline, cancelled=context.is_stopped)
    except DeadlinePassed as error:
        raise SendFailed(
            f"CVAT did not finish preparing '{name}' within {deadline / 60:,.0f} min; it still may."
        ) from error
