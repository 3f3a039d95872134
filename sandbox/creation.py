"""The creation of a task's frames and jobs from its files, in a background thread."""

from __future__ import annotations

from typing import Any

from .background import Background
from .events import Events, UpdateEvents
from .frames import chunk_size, read_media
from .media import MediaError
from .models import BackgroundRequest, Data, Frame, Task, User
from .segments import add_jobs
from .storages import read_server_files
from .store import Store
from .video import Video
from .views import Views


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

    def _read(self, data: Data, options: dict[str, Any]) -> tuple[list[Frame], Video | None]:
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
        video: Video | None,
    ) -> None:
        store, data = self.store, task.data
        assert data is not None
        with UpdateEvents(self.events, request.owner, task=task):
            as_video = video is not None and not options["use_zip_chunks"]
            data.frames, data.video, data.size = frames, video, len(frames)
            task.mode = "annotation" if video is None else "interpolation"
            data.chunk_size = options["chunk_size"] or chunk_size(frames, as_video)
            data.original_chunk_type = "imageset" if video is None else "video"
            data.compressed_chunk_type = "video" if as_video else "imageset"
            for job in add_jobs(store, task, options):
                view = Views(self.base).job(job)
                self.events.send("create:job", "job", view, request.owner, task.project, task.organization)
            data.size = len(data.frames)
            data.stop_frame = data.start_frame + (data.size - 1) * data.step
            store.touch(task)
        with UpdateEvents(self.events, request.owner, task=task):
            store.touch(task)


def request_id(task: Task) -> str:
    """The id of the request that creates a task's data."""
    return f"action=create&target=task&target_id={task.id}"
