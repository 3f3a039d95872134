"""The creation of a task's frames and jobs from its files, in a background thread."""

from __future__ import annotations

import random
from typing import Any

from .background import Background
from .events import Events, UpdateEvents
from .media import (
    MediaError,
    kind_of,
    natural_key,
    read_images,
    read_video,
    unpack,
)
from .models import BackgroundRequest, ClientFile, Data, Frame, Job, Task, User
from .storages import read_server_files
from .store import Store
from .views import Views

_MANIFEST = (
    "FileNotFoundError: Can't find upload manifest file 'manifest.jsonl' in the uploaded files. When the "
    "'predefined' sorting method is used, this file is required in the input files. Read more: "
    "https://docs.cvat.ai/docs/manual/advanced/dataset_manifest/"
)


class Creator:
    """Makes the frames and jobs of tasks.

    Args:
        store: the state.
        background: runs the creations.
        events: where created jobs are announced.

    Attributes:
        base: scheme and host of the server.
    """

    def __init__(self, store: Store, background: Background, events: Events) -> None:
        self.store = store
        self.background = background
        self.events = events
        self.base = ""

    def start(self, task: Task, owner: User, options: dict[str, Any]) -> BackgroundRequest:
        """Queue the creation of a task's data."""
        entry = BackgroundRequest(request_id(task), "create:task", owner, self.store.now(), task)
        return self.background.start(entry, lambda request: self._create(request, task, options))

    def pending(self, task: Task) -> BackgroundRequest | None:
        """The creation of a task that is not over yet."""
        creation = self.store.background_requests.get(request_id(task))
        return creation if creation and creation.status in ("queued", "started") else None

    def is_running(self, task: Task) -> bool:
        creation = self.pending(task)
        return creation is not None and creation.status == "started"

    def _create(self, request: BackgroundRequest, task: Task, options: dict[str, Any]) -> None:
        assert task.data is not None
        try:
            frames, video = self._read(task.data, options)
            with self.store.lock:
                if task.id not in self.store.tasks:
                    raise MediaError("cvat.apps.engine.models.Task.DoesNotExist: Task matching query does not exist.")
                self._commit(request, task, options, frames, video)
        except Exception:
            task.data.failed = True
            raise

    def _read(self, data: Data, options: dict[str, Any]) -> tuple[list[Frame], bytes | None]:
        """The frames of a task, from uploaded files or the server's own."""
        if data.failed:
            raise MediaError("IndexError: Invalid index number: 1, Maximum allowed index is 0")
        if options["server_files"]:
            return read_media(data, read_server_files(self.store, options), options)
        return read_media(data, list(data.files.values()), options)

    def _commit(
        self,
        request: BackgroundRequest,
        task: Task,
        options: dict[str, Any],
        frames: list[Frame],
        video: bytes | None,
    ) -> None:
        store, data = self.store, task.data
        assert data is not None
        with UpdateEvents(self.events, request.owner, task=task):
            data.frames, data.video, data.size = frames, video, len(frames)
            data.stop_frame = data.start_frame + (len(frames) - 1) * data.step
            data.chunk_size = _chunk_size(frames, video is not None and not options["use_zip_chunks"])
            data.original_chunk_type = "imageset" if video is None else "video"
            data.compressed_chunk_type = "imageset" if video is None or options["use_zip_chunks"] else "video"
            task.mode = "annotation" if video is None else "interpolation"
            for start, stop in _segments(task, options):
                job = add_job(store, task, start, stop)
                view = Views(self.base).job(job)
                self.events.send("create:job", "job", view, request.owner, task.project, task.organization)
            store.touch(task)
        with UpdateEvents(self.events, request.owner, task=task):
            store.touch(task)


def add_job(store: Store, task: Task, start: int, stop: int) -> Job:
    """A new job of a task over the frames from `start` to `stop`."""
    chunks, created = store.now(), store.now()
    job = Job(store.next_id("job"), task, "annotation", start, stop, created, store.now(), chunks)
    store.jobs[job.id] = task.jobs[job.id] = job
    assert task.data is not None
    task.data.chunks_updated_date = chunks
    return job


def request_id(task: Task) -> str:
    """The id of the request that creates a task's data."""
    return f"action=create&target=task&target_id={task.id}"


def read_media(data: Data, files: list[ClientFile], options: dict[str, Any]) -> tuple[list[Frame], bytes | None]:
    """The selected frames of files, and the video they are from if any.

    Raises:
        MediaError: with the message of the failed request.
    """
    by_kind: dict[str, list[ClientFile]] = {"image": [], "video": [], "archive": []}
    for file in files:
        kind = kind_of(file.name)
        if kind:
            by_kind[kind].append(file)
    _check_mix(by_kind)
    video: bytes | None = None
    if by_kind["video"]:
        frames = read_video(data, by_kind["video"][0])
        video = by_kind["video"][0].data
    else:
        files = by_kind["image"]
        if by_kind["archive"]:
            if options["sorting_method"] == "predefined":
                raise MediaError(_MANIFEST)
            files = unpack(by_kind["archive"][0].data or b"")
        frames = read_images(data, _sorted(files, options))
    return _select(frames, data, options), video


def _check_mix(by_kind: dict[str, list[ClientFile]]) -> None:
    images, videos, archives = (len(by_kind[kind]) for kind in ("image", "video", "archive"))
    if not images + videos + archives:
        raise MediaError("ValueError: No media data found")
    if videos + archives > 1 or (videos + archives and images):
        raise MediaError(
            "ValueError: Only one video, archive, pdf, zip or many image, directory can be used "
            f"simultaneously,             but {images} image(s), {videos} video(s), 0 archive(s), "
            f"0 directory(s), 0 pdf(s), {archives} zip(s) found."
        )


def _sorted(files: list[ClientFile], options: dict[str, Any]) -> list[ClientFile]:
    method = options["sorting_method"]
    if options["job_file_mapping"]:
        by_name = {file.name: file for file in files}
        names = [name for group in options["job_file_mapping"] for name in group]
        if sorted(names) != sorted(by_name):
            raise MediaError("ValueError: Job mapping file names do not match the uploaded files")
        return [by_name[name] for name in names]
    if method == "predefined":
        by_name = {file.name: file for file in files}
        order = options["upload_file_order"]
        return [by_name[name] for name in order if name in by_name] if order else files
    if method == "natural":
        return sorted(files, key=lambda file: natural_key(file.name))
    if method == "random":
        return random.sample(files, len(files))
    return sorted(files, key=lambda file: file.name)


def _select(frames: list[Frame], data: Data, options: dict[str, Any]) -> list[Frame]:
    last = len(frames) - 1
    stop = last if options["stop_frame"] is None else min(options["stop_frame"], last)
    chosen = frames[data.start_frame : stop + 1 : data.step]
    if not chosen:
        raise MediaError("AssertionError")
    return chosen


def _segments(task: Task, options: dict[str, Any]) -> list[tuple[int, int]]:
    """First and last frame of each job; also fixes the task's segment size and overlap."""
    assert task.data is not None
    size = task.data.size
    mapping = options["job_file_mapping"]
    if mapping:
        task.segment_size, task.overlap = 0, 0
        ends = [sum(len(group) for group in mapping[: number + 1]) for number in range(len(mapping))]
        return [(end - len(group), end - 1) for group, end in zip(mapping, ends, strict=True)]
    segment = min(task.segment_size, size) or size
    default = 5 if task.mode == "interpolation" else 0
    overlap = min(default if task.overlap is None else task.overlap, segment // 2)
    task.segment_size, task.overlap = segment, overlap
    starts = range(0, max(1, size - overlap), max(1, segment - overlap))
    return [(start, min(start + segment, size) - 1) for start in starts]


def _chunk_size(frames: list[Frame], as_video: bool) -> int:
    if as_video:
        return 36
    area = max(1, frames[0].width * frames[0].height)
    return max(2, min(72, 36 * 1920 * 1080 // area))
