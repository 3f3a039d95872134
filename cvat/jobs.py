"""Jobs, their annotations and issues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from .calls import UNCHANGED, Calls, Unchanged
from .errors import AmbiguousOutcome, Conflict, Refused, UnsupportedServer
from .limits import LARGE_ANSWER
from .lists import one_of, portions
from .models import Annotations, Comment, DataMeta, Issue, Job, ReadAnnotations, SavedObjects
from .objects import EncodedObjects, encode
from .responses import Response

Saved: TypeAlias = list[dict[str, Any]]
"""Objects of one kind as CVAT's JSON, with their ids."""

AS_JSON = {"Content-Type": "application/json"}

WRITE_TIMEOUT = 300.0
"""Seconds. A server answers only after it has stored thousands of objects; giving up early would leave it at it."""

WRITES_THAT_MEET = 3
"""Times that a write is sent when the server says that it met another one."""


class Jobs(Calls):
    """Jobs and what is in them."""

    def jobs(
        self,
        task_id: int | None = None,
        *,
        project_id: int | None = None,
        task_ids: Sequence[int] | None = None,
    ) -> list[Job]:
        """Lists jobs of a task, a project or several tasks, ordered by id.

        All types are listed; only those of type ``annotation`` belong to annotators. Parents that do not
        exist have no jobs.
        """
        if sum(given is not None for given in (task_id, project_id, task_ids)) > 1:
            raise ValueError("give one of task_id, project_id and task_ids")
        if task_ids is not None:
            return self._jobs_of(sorted(set(task_ids)))
        given = {"task_id": task_id, "project_id": project_id}
        return self.session.read_all(
            Job, "/api/jobs", {key: value for key, value in given.items() if value is not None}
        )

    def job(self, job_id: int) -> Job:
        """Reads a job."""
        return self.session.read(Job, f"/api/jobs/{job_id}")

    def update_job(
        self,
        job_id: int,
        *,
        assignee: int | Unchanged | None = UNCHANGED,
        stage: str | None = None,
        state: str | None = None,
    ) -> Job:
        """Changes a job. Its ``updated_date`` moves in any case.

        Args:
            job_id: The job.
            assignee: A user's id, None for nobody. An unknown id makes CVAT fail with 500.
            stage: ``annotation``, ``validation`` or ``acceptance``; resets the state to ``new`` unless one is
                given.
            state: ``new``, ``in progress``, ``completed`` or ``rejected``.
        """
        body: dict[str, object] = {}
        if assignee is not UNCHANGED:
            body["assignee"] = assignee
        if stage is not None:
            body["stage"] = stage
        if state is not None:
            body["state"] = state
        return self.session.parse(Job, self.session.request("PATCH", f"/api/jobs/{job_id}", json=body, repeatable=True))

    def job_meta(self, job_id: int) -> DataMeta:
        """Reads the frames of a job, in the numbering of the source."""
        return self.session.read(DataMeta, f"/api/jobs/{job_id}/data/meta", limit=LARGE_ANSWER)

    def annotations(self, job_id: int) -> Annotations:
        """Reads the annotations of a job. Inside a frame their order means nothing."""
        return self.session.read(ReadAnnotations, f"/api/jobs/{job_id}/annotations", limit=LARGE_ANSWER)

    def stable_annotations(self, job_id: int, *, before: str | None = None, tries: int = 5) -> tuple[str, Annotations]:
        """Reads annotations at a moment when no write to the job was under way.

        The browser saves in up to three steps, so a single read can see half of a save.

        Args:
            job_id: The job.
            before: The job's ``updated_date`` if it was just read, which saves a request.
            tries: Reads before giving up.

        Returns:
            The job's ``updated_date`` and the annotations of that moment.

        Raises:
            Conflict: The job changed during every read.
        """
        job, annotations = self.stable_job(job_id, before=before, tries=tries)
        return job.updated_date, annotations

    def stable_job(self, job_id: int, *, before: str | None = None, tries: int = 5) -> tuple[Job, Annotations]:
        """Reads annotations as ``stable_annotations`` does, with the job as it was read last, after them."""
        if before is None:
            before = self.job(job_id).updated_date
        for _ in range(tries):
            annotations = self.annotations(job_id)
            job = self.job(job_id)
            if job.updated_date == before:
                return job, annotations
            before = job.updated_date
        raise Conflict(
            f"Job {job_id} was being changed during {tries} reads in a row; try again in a moment",
            method="GET",
            path=f"/api/jobs/{job_id}/annotations",
        )

    def create_annotations(self, job_id: int, annotations: Annotations) -> Annotations:
        """Adds objects to a job.

        Returns:
            The saved objects with their ids, in the order given. Attributes that were not given are absent
            there, but have their defaults when they are read.

        Raises:
            ValueError: An object would harm the job; nothing was sent.
            Refused: An object is wrong; nothing was written.
            AmbiguousOutcome: The answer was lost, or is not about what was sent. Read the job before adding
                them again.
        """
        if not annotations.count:
            return annotations
        saved = self._saved("create", job_id, annotations.for_create(), repeatable=False)
        kinds = ("tags", "shapes", "tracks")
        if any(len(getattr(saved, kind)) != len(getattr(annotations, kind)) for kind in kinds):
            raise _other_count(job_id, annotations.count, saved.count)
        return saved

    def create_objects(self, job_id: int, objects: EncodedObjects) -> tuple[Saved, Saved, Saved]:
        """Adds objects in CVAT's own JSON to a job: ``create_annotations`` for tens of thousands.

        Args:
            job_id: The job.
            objects: What ``encode_objects`` made of them.

        Returns:
            The saved tags, shapes and tracks as CVAT's JSON, with their ids, in the order given.

        Raises:
            Refused: An object is wrong; nothing was written.
            TooLarge: Nothing was written; send fewer at a time.
            AmbiguousOutcome: The answer was lost, or is not about what was sent. Read the job before adding
                them again.
        """
        if not objects.count:
            return [], [], []
        response = self._write("create", job_id, objects.body, repeatable=False)
        try:
            saved = self.session.parse(SavedObjects, response, limit=LARGE_ANSWER)
        except UnsupportedServer as error:
            raise error.recast(
                AmbiguousOutcome, f"{error}. Read job {job_id} before adding the objects again"
            ) from None
        tags: Saved = [*saved.tags]  # type: ignore[list-item]
        shapes: Saved = [*saved.shapes]  # type: ignore[list-item]
        tracks: Saved = [*saved.tracks]  # type: ignore[list-item]
        for items, given in ((tags, objects.tags), (shapes, objects.shapes), (tracks, objects.tracks)):
            if len({item["id"] for item in items}) != given or len(items) != given:
                raise _other_count(job_id, objects.count, len(tags) + len(shapes) + len(tracks))
        return tags, shapes, tracks

    def update_annotations(self, job_id: int, annotations: Annotations) -> Annotations:
        """Replaces objects by their ids, completely: attributes that are not given fall back to defaults.

        An id that does not exist any more is created again by CVAT: be sure that it does.

        Returns:
            The saved objects in the order given.

        Raises:
            ValueError: An object has no id, or would harm the job; nothing was sent.
        """
        if not annotations.count:
            return annotations
        return self._saved("update", job_id, annotations.for_update(), repeatable=True)

    def delete_annotations(self, job_id: int, annotations: Annotations) -> None:
        """Deletes objects by their ids. Ids that do not exist do no harm.

        Raises:
            ValueError: An object has no id; nothing was sent.
        """
        if annotations.count:
            self._write("delete", job_id, encode(annotations.for_update()), repeatable=True)

    def issues(self, job_id: int) -> list[Issue]:
        """Lists what reviewers remarked in a job."""
        return self.session.read_all(Issue, "/api/issues", {"job_id": job_id})

    def comments(self, issue_id: int) -> list[Comment]:
        """Lists the messages of an issue, the first one first."""
        return self.session.read_all(Comment, "/api/comments", {"issue_id": issue_id})

    def job_url(self, task_id: int, job_id: int) -> str:
        """Where a person opens a job."""
        return f"{self.session.url}/tasks/{task_id}/jobs/{job_id}"

    def _jobs_of(self, task_ids: Sequence[int]) -> list[Job]:
        """Asks for many tasks at once; what the answer lacks, or a server that knows no such filter, task by
        task."""
        found: list[Job] = []
        for ids in portions(task_ids):
            try:
                jobs = self.session.read_all(Job, "/api/jobs", one_of("task_id", ids)) if len(ids) > 1 else []
            except Refused:
                jobs = []
            jobs = [job for job in jobs if job.task_id in set(ids)]
            answered = {job.task_id for job in jobs}
            found += jobs
            for task_id in ids:
                if task_id not in answered:
                    found += self.jobs(task_id)
        return sorted(found, key=lambda job: job.id)

    def _saved(self, action: str, job_id: int, body: object, *, repeatable: bool) -> Annotations:
        response = self._write(action, job_id, encode(body), repeatable=repeatable)
        return self.session.parse(Annotations, response, limit=LARGE_ANSWER)

    def _write(self, action: str, job_id: int, body: bytes, *, repeatable: bool) -> Response:
        """Sends objects as JSON, again if the server says that nothing was written because two writes met."""
        path = f"/api/jobs/{job_id}/annotations"
        for attempt in range(1, WRITES_THAT_MEET + 1):
            try:
                return self.session.request(
                    "PATCH",
                    path,
                    params={"action": action},
                    data=body,
                    headers=AS_JSON,
                    repeatable=repeatable,
                    timeout=WRITE_TIMEOUT,
                    limit=LARGE_ANSWER,
                )
            except Refused as refusal:
                # Two writes met, or an id was taken ahead of the server's count: nothing was written.
                if "duplicate key" not in refusal.detail or attempt == WRITES_THAT_MEET:
                    raise
        raise AssertionError("the last attempt returns or raises")


def _other_count(job_id: int, given: int, saved: int) -> AmbiguousOutcome:
    return AmbiguousOutcome(
        f"CVAT was given {given} objects for job {job_id} and saved {saved}; read the job before adding them again",
        method="PATCH",
        path=f"/api/jobs/{job_id}/annotations",
    )
