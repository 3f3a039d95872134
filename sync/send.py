"""Send: from a selection of samples to tasks in CVAT."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..cvat import AmbiguousOutcome, Client, CvatError, DeadlinePassed, Project, ServerFault, Task, UploadFile, User
from ..cvat import Cancelled as CvatCancelled
from ..labels.fitting import fit_project
from ..labels.schema import LabelSchema
from ..labels.types import LABEL_TYPES
from ..labels.vocabulary import Vocabulary, label_specs
from . import record as records
from .base import BaseStore, FrameRecord, JobMark, TaskBase, count_fields
from .checks import (
    check_files,
    check_frames,
    check_target,
    find_people,
    left_out_early,
    read_paths,
    task_name,
)
from .errors import Cancelled, RoundtripError, SendFailed, sentence, telling
from .heap import set_aside
from .media import Frame, find_frames
from .plan import TaskPlan, deal, plan_tasks
from .progress import Progress, Watch
from .project import plan_project
from .record import RunRecord, TaskRecord
from .request import SendRequest
from .samples import FieldPlace, read_samples
from .schema import resolve_schema
from .store import RunStore
from .write import write_job

WAIT_BASE, WAIT_PER_FRAME = 600.0, 2.0
"""Seconds to wait for CVAT to make a task, and more for each of its frames."""
PAUSES_OF_DELETION = (0.5, 1.0, 2.0)

Made = TypeVar("Made", Task, Project)


def send(target: Any, request: SendRequest, client: Client, watch: Watch | None = None) -> dict[str, Any]:
    """Sends samples and their labels to CVAT.

    Args:
        target: the dataset or view to send
        request: what to send, and how
        client: the CVAT server
        watch: who waits

    Returns:
        the run as a plain dict: ``anno_key``, ``tasks`` (``id``, ``name``, ``url``, ``frames``, ``jobs``), ``samples``,
        ``labels``, ``labels_by_field``, ``left_out`` (``what``, ``count``), ``server`` and ``project``

    Raises:
        Refused: if the request can't be carried out; nothing was sent
        SendFailed: if something went wrong on the way; the message says what is left in CVAT
        CvatError: if CVAT can't be reached or refuses the login; nothing was sent
    """
    watch = watch or Watch()
    collection = check_target(target)
    dataset = collection._root_dataset
    records.check_key(dataset, request.anno_key)
    watch.step("Looking at the labels")
    schema, seen = resolve_schema(collection, request)
    watch.step("Looking at the images")
    frames, bad = find_frames(read_paths(collection, request.media_field))
    check_files(frames, bad, request.bad_files)
    watch.step("Connecting to CVAT")
    with telling(lambda: "Nothing was sent."):
        server = client.check()
        people = find_people(client, request)
        plan = plan_project(client, request, schema)
    project, schema = plan.project, plan.schema
    record = RunRecord(
        run_id=uuid.uuid4().hex,
        server=client.url,
        organization=server.organization,
        project_id=project.id if project else None,
        project_name=request.project_name,
        created_by=server.user.username,
        media_field=request.media_field,
        label_schema=schema.as_annotate(),
        samples=len(frames),
        left_out=dict(left_out_early(request, schema, seen, bad) + plan.left_out),
        created_at=records.now(),
    )
    records.register(collection, request.anno_key, record)
    run = _Run(collection, request, client, watch, schema, people, project, record)
    try:
        plan.extend(client)
        with set_aside():
            return run.carry_out(plan_tasks(frames, task_name(dataset, request), request.task_size))
    except BaseException as error:
        failure = run.clean_up(error)
        if failure is error:
            raise
        raise failure from error


class _Run:
    """One send on its way."""

    def __init__(
        self,
        collection: Any,
        request: SendRequest,
        client: Client,
        watch: Watch,
        schema: LabelSchema,
        people: dict[str, User],
        project: Project | None,
        record: RunRecord,
    ) -> None:
        self.collection = collection
        self.dataset = collection._root_dataset
        self.request = request
        self.client = client
        self.watch = watch
        self.schema = schema
        self.people = people
        self.project = project
        self.made_project: Project | None = None
        self.record = record
        self.base = BaseStore(RunStore(self.dataset, record.run_id))
        self.labels: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter(record.left_out)
        self.marks: dict[int, JobMark] = {}
        self.doubt = ""  # what may be left in CVAT without anybody knowing

    def carry_out(self, plans: Sequence[TaskPlan]) -> dict[str, Any]:
        """Makes the tasks; the run's summary."""
        if self.request.project_name and self.project is None:
            self.project = self.made_project = self._make_project(self.request.project_name)
            self._note(project_id=self.project.id)
        for number, plan in enumerate(plans):
            self._send_task(plan, number / len(plans), 1 / len(plans))
        users = [self.people[name].id for name in self.request.job_assignees]
        for job_id, user_id in deal(users, list(self.marks)):
            self.client.update_job(job_id, assignee=user_id)
        self.base.save_marks(self.marks)
        self._note(status="sent", labels=dict(self.labels), left_out=dict(self.left_out))
        return self.record.summary(self.request.anno_key)

    def _make_project(self, name: str) -> Project:
        try:
            return self.client.create_project(name, label_specs(self.schema))
        except AmbiguousOutcome as lost:
            return self._found_again(lost, f"project '{name}'", lambda: self.client.find_projects(name))

    def _found_again(self, lost: AmbiguousOutcome, what: str, find: Callable[[], list[Made]]) -> Made:
        """What was made although CVAT's answer was lost: looked for, never made a second time.

        Raises:
            SendFailed: if it is not there, or can't be told from another one
        """
        try:
            mine = [item for item in find() if item.owner and item.owner.username == self.record.created_by]
        except CvatError:
            mine = []
        if len(mine) == 1:
            return mine[0]
        self.doubt = f" Should CVAT show a {what} without images after all, it comes from this send: delete it."
        raise SendFailed(sentence(lost)) from lost

    def _note(self, **changes: Any) -> None:
        self.record = self.record.model_copy(update=changes)
        records.update(self.dataset, self.request.anno_key, self.record)

    def _send_task(self, plan: TaskPlan, start: float, share: float) -> None:
        made = self._make_task(plan)
        frames = self._upload(made.id, plan, start, share)
        self.watch.step(f"Writing the labels of '{plan.name}'", start + share * 0.8)
        project_id = self.project.id if self.project else None
        labels = self.client.labels(project_id=project_id) if project_id else self.client.labels(task_id=made.id)
        names = fit_project(self.schema, labels).names if project_id else None
        vocabulary = Vocabulary.bind(self.schema, labels, names)
        jobs = [job for job in self.client.jobs(made.id) if job.type == "annotation"]
        documents = self._documents(plan.frames)
        for job in jobs:
            span = range(job.start_frame, job.stop_frame + 1)
            base, left_out = write_job(self.client, job.id, span, frames, documents, vocabulary)
            self.base.save_labels(job.id, base)
            self.marks[job.id] = JobMark(labels=count_fields(base))
            self.labels.update(count_fields(base))
            self.left_out.update(left_out)
        self.base.save_task(made.id, TaskBase(frames=frames, vocabulary=vocabulary.dump()))
        done = made.model_copy(update={"jobs": tuple(job.id for job in jobs)})
        self._note(tasks=(*self.record.tasks[:-1], done))

    def _make_task(self, plan: TaskPlan) -> TaskRecord:
        self.watch.step(f"Making the task '{plan.name}'")
        assignee = self.request.task_assignee
        try:
            task = self.client.create_task(
                plan.name,
                labels=None if self.project else label_specs(self.schema),
                project_id=self.project.id if self.project else None,
                segment_size=self.request.segment_size,
                overlap=0,
                bug_tracker=self.request.issue_tracker,
                assignee_id=self.people[assignee].id if assignee else None,
            )
        except AmbiguousOutcome as lost:
            empty = partial(self.client.tasks, name=plan.name)
            task = self._found_again(lost, f"task '{plan.name}'", lambda: [item for item in empty() if not item.size])
        made = TaskRecord(id=task.id, name=plan.name, url=self.client.task_url(task.id), frames=len(plan.frames))
        self._note(tasks=(*self.record.tasks, made))
        return made

    def _upload(self, task_id: int, plan: TaskPlan, start: float, share: float) -> tuple[FrameRecord, ...]:
        total = sum(frame.size for frame in plan.frames) or 1

        def uploaded(size: int, files: int) -> None:
            text = f"Uploading {files:,} of {len(plan.frames):,} images, {size / 1e6:,.1f} of {total / 1e6:,.1f} MB"
            self.watch.tell(Progress(text, start + share * 0.6 * size / total))

        files = [UploadFile(frame.name, Path(frame.path), frame.size) for frame in plan.frames]
        stopped = self.watch.stop.is_set
        quality = self.request.image_quality
        rq_id = self.client.upload(task_id, files, image_quality=quality, progress=uploaded, cancelled=stopped)
        self.watch.step(f"CVAT is preparing '{plan.name}'", start + share * 0.6)
        deadline = WAIT_BASE + WAIT_PER_FRAME * len(files)
        try:
            self.client.wait_for_creation(task_id, rq_id, deadline=deadline, cancelled=stopped)
        except DeadlinePassed as error:
            raise SendFailed(f"CVAT did not finish preparing '{plan.name}' within {deadline / 60:,.0f} min.") from error
        return check_frames(plan.frames, self.client.task_meta(task_id).frames)

    def _documents(self, frames: Sequence[Frame]) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """The labels of some samples: by field, then sample."""
        places = {name: FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in self.schema.fields.items()}
        present = [place for place in places.values() if self.schema.fields[place.name].existing_field]
        found: dict[str, dict[str, list[dict[str, Any]]]] = {name: {} for name in places}
        if present:
            selected = self.collection.select([frame.sample_id for frame in frames])
            for sample in read_samples(selected, [place.name for place in present]):
                for place in present:
                    found[place.name][str(sample["_id"])] = place.labels(sample)
        return found

    def clean_up(self, error: BaseException) -> BaseException:
        """Removes what a failed send made; the error to raise, which says what is left."""
        try:
            for task in self.record.tasks:
                self._delete_task(task.id)
            if self.made_project:
                self.client.delete_project(self.made_project.id)
        except CvatError:
            return self._left_behind(error)
        records.forget(self.dataset, self.request.anno_key, self.record.run_id)
        if not isinstance(error, (CvatError, RoundtripError)):
            return error
        undone = "Nothing was made in CVAT; the" if not self.doubt else "The"
        if self.record.tasks or self.made_project:
            undone = "What this send had made in CVAT was deleted again; the"
        return _failure(error, f"{undone} dataset is as it was, and you can send again.{self.doubt}")

    def _delete_task(self, task_id: int) -> None:
        """Deletes a task; while CVAT is making its frames, it may not let it go at once."""
        for pause in PAUSES_OF_DELETION:
            try:
                self.client.delete_task(task_id)
            except ServerFault:
                time.sleep(pause)
            else:
                return
        self.client.delete_task(task_id)

    def _left_behind(self, error: BaseException) -> BaseException:
        self._note(status="failed", problem=sentence(error), labels=dict(self.labels))
        if not isinstance(error, (CvatError, RoundtripError)):
            return error
        left = [f"task {task.id}" for task in self.record.tasks]
        left += [f"project '{self.made_project.name}'"] if self.made_project else []
        return _failure(
            error,
            f"What this send had made in CVAT ({', '.join(left)}) could not be deleted now. The dataset's labels are "
            f"as they were. When CVAT answers again, delete the run '{self.request.anno_key}' with its tasks, and send "
            f"again.{self.doubt}",
        )


def _failure(error: BaseException, outcome: str) -> RoundtripError:
    if isinstance(error, (Cancelled, CvatCancelled)):
        return Cancelled(f"Stopped. {outcome}")
    return SendFailed(f"{sentence(error)} {outcome}")
