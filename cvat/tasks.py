"""Tasks: their life, their files and their frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import background, creation
from .bodies import UploadFile
from .calls import UNCHANGED, Calls, Unchanged
from .checkpoint import Checkpoint
from .errors import NotFound, PermissionDenied, Refused, ServerFault, UnsupportedServer
from .limits import LARGE_ANSWER
from .lists import one_of, portions
from .meter import Meter, Progress
from .models import DataMeta, LabelSpec, RequestStatus, Task
from .options import DataOptions
from .uploads import Upload

GROUP_BYTES = 32 << 20
GROUP_FILES = 100


class Tasks(Calls):
    """Tasks, the upload of their files, and the wait for their frames."""

    def create_task(
        self,
        name: str,
        *,
        labels: Sequence[LabelSpec] | None = None,
        project_id: int | None = None,
        segment_size: int | None = None,
        overlap: int | None = None,
        bug_tracker: str | None = None,
        assignee_id: int | None = None,
        subset: str | None = None,
    ) -> Task:
        """Creates a task without frames. Either it has labels of its own, or those of a project.

        Args:
            name: Up to 256 characters, not unique.
            labels: Its label schema.
            project_id: The project it belongs to.
            segment_size: Frames in a job; one job if None.
            overlap: Frames that neighbouring jobs share.
            bug_tracker: Any text up to 2000 characters, by which ``tasks(tracker_link=...)`` finds the task
                again.
            assignee_id: The user it is for. An unknown one makes CVAT fail with 500.
            subset: A name such as ``Train``, up to 64 characters.

        Raises:
            AmbiguousOutcome: The answer was lost; search by ``tracker_link`` before creating it again.
        """
        if labels is not None and project_id is not None:
            raise ValueError("give labels or project_id, not both")
        body = {
            "name": name,
            "labels": None if labels is None else [label.dump() for label in labels],
            "project_id": project_id,
            "segment_size": segment_size,
            "overlap": overlap,
            "bug_tracker": bug_tracker,
            "assignee_id": assignee_id,
            "subset": subset,
        }
        body = {key: value for key, value in body.items() if value is not None}
        return self.session.parse(Task, self.session.request("POST", "/api/tasks", json=body))

    def task(self, task_id: int) -> Task:
        """Reads a task.

        Raises:
            NotFound: There is none.
            PermissionDenied: The user may not see it; the assignee of one of its jobs may not.
        """
        return self.session.read(Task, f"/api/tasks/{task_id}")

    def tasks(
        self,
        *,
        name: str | None = None,
        search: str | None = None,
        project_id: int | None = None,
        tracker_link: str | None = None,
    ) -> list[Task]:
        """Lists tasks.

        Args:
            name: The exact name.
            search: A part of a name or a tracker link, in any case.
            project_id: The project they belong to.
            tracker_link: The exact text of ``bug_tracker``, as it was given to ``create_task``.
        """
        given = {"name": name, "search": search, "project_id": project_id, "tracker_link": tracker_link}
        params = {key: value for key, value in given.items() if value is not None}
        return self.session.read_all(Task, "/api/tasks", params)

    find_tasks = tasks

    def listed_tasks(self, task_ids: Sequence[int]) -> dict[int, Task]:
        """Reads many tasks with few requests.

        Args:
            task_ids: The tasks.

        Returns:
            Those that CVAT lists, by id. One that is missing may be there nevertheless, in another workspace, or on a
            server that knows no such filter: ``task`` says it.
        """
        found: dict[int, Task] = {}
        for ids in portions(sorted(set(task_ids))):
            try:
                tasks = self.session.read_all(Task, "/api/tasks", one_of("id", ids)) if len(ids) > 1 else []
            except (Refused, PermissionDenied, ServerFault, UnsupportedServer):
                tasks = []
            found.update({task.id: task for task in tasks if task.id in ids})
        return found

    def update_task(
        self,
        task_id: int,
        *,
        name: str | None = None,
        subset: str | None = None,
        bug_tracker: str | None = None,
        assignee_id: int | Unchanged | None = UNCHANGED,
    ) -> Task:
        """Changes a task; what is not given stays, an ``assignee_id`` of None removes the assignee."""
        given = {"name": name, "subset": subset, "bug_tracker": bug_tracker}
        body: dict[str, object] = {key: value for key, value in given.items() if value is not None}
        if assignee_id is not UNCHANGED:
            body["assignee_id"] = assignee_id
        response = self.session.request("PATCH", f"/api/tasks/{task_id}", json=body, repeatable=True)
        return self.session.parse(Task, response)

    def delete_task(self, task_id: int) -> bool:
        """Deletes a task with its jobs and annotations.

        Returns:
            Whether it existed.

        Raises:
            ServerFault: It is just being created and survived; try again when it is ready.
        """
        try:
            self.session.request("DELETE", f"/api/tasks/{task_id}", repeatable=True)
        except NotFound:
            return False
        return True

    def upload(
        self,
        task_id: int,
        files: Sequence[UploadFile],
        *,
        options: DataOptions = DataOptions(),  # noqa: B008 - frozen
        group_bytes: int = GROUP_BYTES,
        group_files: int = GROUP_FILES,
        connections: int | None = None,
        resume: bool = False,
        checkpoint: Checkpoint | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> str:
        """Uploads the files of a task, images or one video, and asks CVAT to make frames out of them.

        Files that fit into one group go in a single request; others in groups over a few connections, and
        files larger than a group in chunks. Groups and chunks that prove too large become smaller. Memory stays
        constant. Lost answers are resolved by asking the server.

        Args:
            task_id: A task without frames.
            files: Their names on the server must be flat and unique. CVAT silently ignores files whose
                extension it does not know: compare the frames afterwards.
            options: How CVAT makes frames and keeps them. Sorted as ``predefined`` they keep the order of ``files``.
            group_bytes: Bytes in a request at most.
            group_files: Files in a request at most.
            connections: Requests of this upload at the same time at most; None: as many as the client has.
            resume: Whether an interrupted upload into this task is to be taken up again, with the same files
                and group sizes. It sends nothing if the creation was begun, and else what ``checkpoint`` does
                not know as stored; without a checkpoint the server is asked file by file.
            checkpoint: What is remembered of this upload outside of the process. Give it the first time, too.
            progress: Called with the bytes and files sent so far, from several threads.
            cancelled: Called several times a second; True stops the upload. Neither may use this client.

        Returns:
            The id to give to ``wait_for_creation``.

        Raises:
            Cancelled: ``cancelled`` said so.
            UnreadableFile: A file is missing or has changed.
            CvatError: The server refused, failed or was lost.
        """
        upload = Upload(
            self.session,
            task_id,
            files,
            options,
            group_bytes=group_bytes,
            group_files=group_files,
            connections=connections or self.session.connections,
            meter=Meter(progress, cancelled, len(files)),
            checkpoint=checkpoint,
        )
        return upload.resume() if resume else upload.run()

    def creation(self, task_id: int, rq_id: str) -> RequestStatus | None:
        """Reads how far the creation of a task is, without waiting.

        Returns:
            None if the request is gone: finished ones expire after some minutes. The task itself knows then.
        """
        return background.creation_status(self.session, rq_id) or background.listed_creation(self.session, task_id)

    def wait_for_creation(
        self,
        task_id: int,
        rq_id: str,
        *,
        deadline: float = 3600.0,
        progress: Callable[[RequestStatus], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Task:
        """Waits until CVAT has made the frames of a task.

        Args:
            task_id: The task.
            rq_id: What ``upload`` returned.
            deadline: Seconds to wait at most. Lost connections are tolerated until then.
            progress: Called with every state that was read.
            cancelled: Called several times a second; True stops the waiting, not the creation.

        Returns:
            The task, with frames.

        Raises:
            CreationFailed: CVAT could not; ``file`` says which file, if CVAT did. Delete such a task.
            DeadlinePassed: It is not ready yet.
            Cancelled: ``cancelled`` said so.
            NotFound: The task was deleted meanwhile.
        """
        return creation.wait_for_creation(
            self.session, task_id, rq_id, deadline=deadline, progress=progress, cancelled=cancelled
        )

    def task_meta(self, task_id: int) -> DataMeta:
        """Reads the frames of a task.

        Raises:
            ServerFault: The task never had data.
        """
        return self.session.read(DataMeta, f"/api/tasks/{task_id}/data/meta", limit=LARGE_ANSWER)

    def task_url(self, task_id: int) -> str:
        """Where a person opens a task."""
        return f"{self.session.url}/tasks/{task_id}"
