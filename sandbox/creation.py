"""The creation of a task's frames and jobs from its files, in a background thread."""

from __future__ import annotations

import queue
import random
import threading
import time
from typing import Any

from . import clock
from .events import Events, UpdateEvents
from .media import (
    MediaError,
    kind_of,
    natural_key,
    read_images,
    read_video,
    unpack,
)
from .models import ClientFile, Creation, Data, Frame, Job, Task, User
from .settings import Settings
from .storages import read_server_files
from .store import Store
from .views import Views

_YEAR = {"days": 365.0}
_TRACE = (
    'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.10/site-packages/rq/worker.py", '
    "line 1431, in perform_job\n    rv = job.perform()\n"
)
_MANIFEST = (
    "FileNotFoundError: Can't find upload manifest file 'manifest.jsonl' in the uploaded files. When the "
    "'predefined' sorting method is used, this file is required in the input files. Read more: "
    "https://docs.cvat.ai/docs/manual/advanced/dataset_manifest/"
)


class Creator:
    """Runs creations one after the other.

    Args:
        store: the state.
        settings: delays and lifetimes.
        events: where created jobs are told.

    Attributes:
        base: scheme and host of the server.
        crashes: errors that nobody expected.
    """

    def __init__(self, store: Store, settings: Settings, events: Events) -> None:
        self.store = store
        self.settings = settings
        self.events = events
        self.base = ""
        self.crashes: list[Exception] = []
        self._queue: queue.SimpleQueue[tuple[float, Creation] | None] = queue.SimpleQueue()
        self._gates = {"queued": threading.Event(), "started": threading.Event()}
        self.release()
        self._closing = threading.Event()
        self._count = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End after the present creation."""
        self._closing.set()
        self.release()
        self._queue.put(None)
        self._thread.join()

    def hold(self, status: str) -> None:
        """Let creations get as far as `status` ("queued" or "started"), until `release`."""
        self._gates[status].clear()

    def release(self, status: str | None = None) -> None:
        """Let creations go on from this status, or from both."""
        for name, gate in self._gates.items():
            if status in (None, name):
                gate.set()

    def start(self, task: Task, owner: User, options: dict[str, Any]) -> Creation:
        """Queue the creation of a task's data."""
        self._count += 1
        creation = Creation(
            id=request_id(task),
            task=task,
            owner=owner,
            created_date=self.store.now(),
            options=options,
            unsettled=self.settings.unsettled_replies and self._count % 2 == 0,
        )
        self.store.creations.pop(creation.id, None)
        self.store.creations[creation.id] = creation
        self._queue.put((time.monotonic(), creation))
        return creation

    @property
    def holding(self) -> bool:
        """Whether creations are held somewhere."""
        return not all(gate.is_set() for gate in self._gates.values())

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or running."""
        with self.store.lock:
            return all(entry.status in ("failed", "finished") for entry in self.store.creations.values())

    def pending(self, task: Task) -> Creation | None:
        """The creation of a task that is not over yet."""
        creation = self.store.creations.get(request_id(task))
        return creation if creation and creation.status in ("queued", "started") else None

    def is_running(self, task: Task) -> bool:
        creation = self.pending(task)
        return creation is not None and creation.status == "started"

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            since, creation = item
            self._wait(since + self.settings.creation_delay - time.monotonic())
            self._gates["queued"].wait()
            if not self._closing.is_set():
                self._create(creation)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._closing.wait(seconds)

    def _create(self, creation: Creation) -> None:
        store, task = self.store, creation.task
        with store.lock:
            if store.creations.get(creation.id) is not creation:
                return  # cancelled
            creation.status = "started"
            creation.started_date = store.now()
        self._wait(self.settings.creation_delay)
        self._gates["started"].wait()
        try:
            assert task.data is not None
            frames, video = self._read(task.data, creation.options)
            with store.lock:
                if task.id not in store.tasks:
                    raise MediaError("cvat.apps.engine.models.Task.DoesNotExist: Task matching query does not exist.")
                self._commit(creation, frames, video)
                self._finish(creation, "finished", "", {"seconds": self.settings.request_lifetime})
        except MediaError as error:
            self._fail(creation, str(error))
        except Exception as error:
            self.crashes.append(error)
            self._fail(creation, f"{type(error).__name__}: {error}")

    def _read(self, data: Data, options: dict[str, Any]) -> tuple[list[Frame], bytes | None]:
        """The frames of a task, from uploaded files or the server's own."""
        if data.failed:
            raise MediaError("IndexError: Invalid index number: 1, Maximum allowed index is 0")
        if options["server_files"]:
            return read_media(data, read_server_files(self.store, options), options)
        return read_media(data, list(data.files.values()), options)

    def _fail(self, creation: Creation, message: str) -> None:
        with self.store.lock:
            if creation.task.data:
                creation.task.data.failed = True
            self._finish(creation, "failed", f"{message}\n", _YEAR)

    def _finish(self, creation: Creation, status: str, message: str, life: dict[str, float]) -> None:
        creation.message = message
        creation.trace = _TRACE + message if message else ""
        creation.finished_date = self.store.now()
        creation.expiry_date = clock.later(creation.finished_date, **life)
        creation.status = status

    def _commit(self, creation: Creation, frames: list[Frame], video: bytes | None) -> None:
        store, task, options = self.store, creation.task, creation.options
        data = task.data
        assert data is not None
        with UpdateEvents(self.events, creation.owner, task=task):
            data.frames, data.video, data.size = frames, video, len(frames)
            data.stop_frame = data.start_frame + (len(frames) - 1) * data.step
            data.chunk_size = _chunk_size(frames, video is not None and not options["use_zip_chunks"])
            data.original_chunk_type = "imageset" if video is None else "video"
            data.compressed_chunk_type = "imageset" if video is None or options["use_zip_chunks"] else "video"
            task.mode = "annotation" if video is None else "interpolation"
            for start, stop in _segments(task, options):
                job = self._add_job(task, start, stop)
                view = Views(self.base).job(job)
                self.events.send("create:job", "job", view, creation.owner, task.project, task.organization)
            store.touch(task)
        with UpdateEvents(self.events, creation.owner, task=task):
            store.touch(task)

    def _add_job(self, task: Task, start: int, stop: int) -> Job:
        store = self.store
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
