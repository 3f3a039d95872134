"""The video of one task: bringing it to CVAT, and comparing the frames that CVAT finds in it with FiftyOne's."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import shorten

from ...cvat import CreationFailed, DataMeta, DataOptions, UploadFile
from ..dataset.frames import frame_total
from ..dataset.media import BadFile, Frame
from ..dataset.videos import video_again
from ..errors import NoImageLeft, SendFailed
from ..request import SendRequest
from ..runs.base import FrameRecord
from ..runs.video import VideoSpan
from .checks import segments_of
from .context import SendContext
from .plan import TaskPlan
from .task_images import Ready, wait_for_frames

REASON = 200
"""Characters of CVAT's reason."""


class TaskVideo:
    """The video of a task.

    Args:
        context: what all tasks of the run share
        plan: the task, whose one frame stands for the video
    """

    def __init__(self, context: SendContext, plan: TaskPlan) -> None:
        self._context = context
        self.plan = plan
        (self._video,) = plan.frames
        self._asked = asked_of(self._video, context.request)

    def bring(self, task_id: int, *, doubtful: bool) -> str:
        """Uploads the video, or tells CVAT where it sees it; the id of the request that makes the frames.

        Args:
            task_id: the task
            doubtful: whether some of this may have been done
        """
        client, video, options = self._context.client, self._video, options_of(self._asked)
        if video.server_path is not None:
            storage = video.storage_id
            return client.attach(task_id, [video.server_path], storage_id=storage, options=options, resume=doubtful)
        notes = self._context.journal.uploads(self.plan.number)
        if doubtful and not notes.read().is_stored(video.name):
            try:
                video = video_again(video)
            except ValueError as error:
                raise self._given_up(str(error)) from error
        return client.upload(
            task_id,
            [UploadFile(video.name, Path(video.path), video.size)],
            options=options,
            resume=doubtful,
            checkpoint=notes,
            progress=lambda size, files: self._context.progress.keep(self.plan.number, images=files, bytes=size),
            cancelled=self._context.is_stopped,
        )

    def wait(self, task_id: int, rq_id: str) -> Ready:
        """Waits until CVAT has made the frames; these, and the jobs.

        Raises:
            CreationFailed: if CVAT can't make them
            SendFailed: if it takes too long, or they are not those that FiftyOne knows
        """
        self.count_as_sent()
        total = frame_total(self._context.reader.dataset, self._video.sample_id)
        wait_for_frames(self._context, self.plan.name, task_id, rq_id, frames=total or 1)
        with ThreadPoolExecutor(1) as pool:
            jobs = pool.submit(self._context.client.jobs, task_id)
            meta = self._context.client.task_meta(task_id)
        span = span_of(self._video, meta.start_frame, meta.step, meta.size)
        if problem := count_problem(self._asked, meta, total):
            raise self._given_up(problem)
        frame = FrameRecord(
            sample_id=self._video.sample_id,
            name=meta.frames[0].name,
            width=meta.frames[0].width,
            height=meta.frames[0].height,
        )
        return Ready((frame,), segments_of(jobs.result(), meta.size), span)

    def count_as_sent(self) -> None:
        """Tells that the video is in CVAT."""
        self._context.progress.keep(self.plan.number, images=1, bytes=self.plan.bytes)

    def leave_out(self, error: CreationFailed) -> bool:
        """Leaves out the video, as CVAT can't make frames of it.

        Raises:
            NoImageLeft: always, as nothing is left of the task
            SendFailed: if the person does not want that
        """
        raise self._given_up(f"can't be read by CVAT ({shorten(error.message, REASON)})") from error

    def _given_up(self, reason: str) -> NoImageLeft | SendFailed:
        """What to raise if the video can't be sent; it is left out, if the person wants that."""
        if self._context.request.bad_files != "leave_out":
            return SendFailed(
                f"The video '{self._video.path}' {reason}. Put that right, or set `bad_files` to 'leave_out' to send "
                "without it."
            )
        # In this order: should it end between the two, the video is found bad again, and left out again
        self._context.leave_out([bad_video(self._video, reason)])
        self.plan = TaskPlan(self.plan.number, self.plan.name, ())
        self._context.journal.save_task(self.plan)
        return NoImageLeft(f"The video '{self._video.path}' {reason}.")


def asked_of(video: Frame, request: SendRequest) -> SendRequest:
    """The request as it is for one video: a clip says its frames itself."""
    if video.clip is None:
        return request
    return request.model_copy(update={"frame_start": video.clip.first - 1, "frame_stop": video.clip.last - 1})


def span_of(video: Frame, start: int, step: int, count: int) -> VideoSpan:
    """The frames that a task has of a video; see :class:`sync.runs.video.VideoSpan`."""
    span = VideoSpan(start=start, step=step, count=count)
    if video.clip is None:
        return span
    shared = len(range(video.clip.first, video.clip.shared + 1, step))
    return span.model_copy(update={"shared": min(shared, count), "leads": video.clip.leads})


def bad_video(video: Frame, reason: str) -> BadFile:
    """A video, or a clip of one, that can't be sent."""
    which = f"({video.clip.title}) " if video.clip else ""
    return BadFile(video.sample_id, video.path, which + reason, video.clip)


def options_of(request: SendRequest) -> DataOptions:
    """How CVAT is to make frames of a video."""
    return DataOptions(
        image_quality=request.image_quality,
        start_frame=request.frame_start,
        stop_frame=request.frame_stop,
        step=request.frame_step,
    )


def expected_frames(request: SendRequest, total: int) -> int:
    """How many frames a task gets of a video.

    Args:
        request: which of them are asked for
        total: how many the video has
    """
    end = total if request.frame_stop is None else min(total, request.frame_stop + 1)
    return len(range(request.frame_start, end, request.frame_step))


def count_problem(request: SendRequest, meta: DataMeta, total: int | None) -> str:
    """What is wrong with the frames that CVAT found in a video, to be put after its name; empty if nothing is.

    Args:
        request: which frames were asked for
        meta: what CVAT made
        total: how many frames the video has for FiftyOne; ``None`` if nobody looked
    """
    if not meta.frames or not meta.size:
        return "has no frame for CVAT"
    if (meta.start_frame, meta.step) != (request.frame_start, request.frame_step):
        return f"was cut by CVAT to each {meta.step} frames from frame {meta.start_frame} on, which was not asked for"
    if total is None or meta.size == (expected := expected_frames(request, total)):
        return ""
    asked = f" ({expected:,} of the {total:,} frames in all)" if expected != total else ""
    return (
        f"has {meta.size:,} frames for CVAT but {expected:,} by its metadata in FiftyOne{asked}, so that labels might "
        "come to wrong frames; if CVAT is right, compute the metadata anew or remove it"
    )
