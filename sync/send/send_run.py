"""One send on its way: its project, its tasks at the same time, its end, and what is left if it is interrupted."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pymongo.errors import PyMongoError

from ...cvat import Client, Conflict, CvatError, Label, LabelSpec, NotFound, PermissionDenied, User
from ...cvat import Refused as CvatRefused
from ...labels.vocabulary import Vocabulary, label_specs
from ..dataset.colors import class_colors
from ..dataset.media import BadFile
from ..errors import Cancelled, RunMissing, SendFailed
from ..progress import Progress, ProgressReporter
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.lease import Lease
from ..runs.marks import JobMark, Marks
from ..runs.outbox import Outbox
from ..runs.run_record import RunRecord, TaskRecord
from ..runs.store import RunStore
from . import after_failure
from .attempts import Attempts
from .checks import count_files, summed_up
from .context import SendContext
from .encode import reader_of
from .forecast import labels_of_files
from .job_doubts import drop_twins
from .journal import Journal, SendPlan, TaskStep
from .ordered_gate import OrderedGate
from .plan import TaskPlan, deal
from .project import ProjectPlan, delete_twin_projects, extend_project, find_own_project, make_project
from .send_progress import SendProgress
from .task_failures import STOPS, explained, failures_explained
from .task_marks import mark_of, tasks_of_run, tidy_up
from .task_pool import TaskPool
from .task_sender import TaskSender
from .video_forecast import object_notes
from .words import bind_words

JOBS_AT_ONCE = 4
"""Jobs that are given to people at the same time."""
LEFT_OUT_TAG = "not_sent_to_cvat"
"""The tag of samples whose file was left out."""


class SendRun:
    """One send on its way."""

    def __init__(
        self,
        collection: Any,
        record: RunRecord,
        plan: SendPlan,
        people: Any,
        client: Client,
        reporter: ProgressReporter,
        *,
        resumed: bool,
    ) -> None:
        self.collection = collection
        self.dataset = collection._root_dataset
        self.record = record
        self.plan = plan
        self.request = plan.request
        self.people: dict[str, User] = people
        self.client = client
        self.resumed = resumed
        self.colors = class_colors(self.dataset, record.schema_)
        self.store = RunStore(self.dataset, record.run_id)
        self.journal = Journal(self.store)
        self.base = BaseStore(self.store)
        self._marks: Marks | None = None
        self.lease = Lease(self.store, self.request.anno_key)
        self.reporter = ProgressReporter(report=self._tell, stop=reporter.stop)
        self._outer = reporter
        self.extended = False  # whether labels were added to a project that was there
        self.halted = threading.Event()
        self.lock = threading.Lock()
        self.steps: dict[int, TaskStep] = {}
        self.deleted: set[int] = set()
        self.tasks = TaskPool(self.halted)
        self.project_in_doubt = resumed and not plan.project_found and bool(plan.request.project_name)
        self.in_doubt: set[int] = set()  # tasks of which a second one may be made late

    def begin(self, tasks: Sequence[TaskPlan]) -> None:
        """Keeps what is going to be done, and then the record: a run that can be seen can be resumed."""
        try:
            self.journal.save_plan(self.plan, tasks)
            records.register(self.collection, self.request.anno_key, self.record)
        except BaseException:
            self.store.drop()
            raise

    def carry_out(self, project: ProjectPlan | None) -> dict[str, Any]:
        """Makes the tasks; the run's summary."""
        try:
            self._tell_left_out()
            self._prepare_project(project)
            self._send_tasks()
            return self._finish()
        except BaseException as error:
            failure = self._failed(error)
            if failure is error:
                raise
            raise failure from error

    # The project

    def _prepare_project(self, planned: ProjectPlan | None) -> None:
        """Makes or extends the project, if that is not done."""
        if planned is not None:
            self.extended = planned.fit is not None
            planned.extend(self.client)
        elif self.record.project_id is not None and self.request.project_labels == "extend":
            extend_project(self.client, self.record.project_id, self.record.schema_, self.colors)
        if self.request.project_name and self.record.project_id is None:
            self.reporter.step(f"Making the project '{self.request.project_name}'")
            project_id, self.project_in_doubt = make_project(
                self.client, self.record, self.colors, self._check, doubtful=self.resumed
            )
            self._note(project_id=project_id, project_made=True)

    # The tasks

    def _send_tasks(self) -> None:
        context = self._send_context()
        self.tasks.run(self.plan.tasks, lambda number: self._send_task(context, self.plan.first + number))

    def _send_task(self, context: SendContext, number: int) -> None:
        self._check()
        mark = mark_of(self.record.run_id, self.dataset.name, self.request.anno_key, number)
        try:
            step = TaskSender(context, self.journal.task(number), mark, doubtful=self.resumed).send()
        finally:
            context.gate.pass_by(number)
        self._complete(number, step)

    def _complete(self, number: int, step: TaskStep) -> None:
        """Notes a task that is complete: it can be loaded, whatever becomes of the others."""
        with self.lock:
            self.steps[number] = step
            if self._marks is None:
                self._marks = self.base.marks()  # nobody else writes them while this sends
            self._marks.save({job_id: mark for job_id, mark in marks_of(step).items() if job_id not in self._marks})
            self._note(tasks=self._task_records())

    def _send_context(self) -> SendContext:
        project_id = self.record.project_id
        assignee = self.request.task_assignee
        return SendContext(
            client=self.client,
            journal=self.journal,
            outbox=Outbox(self.store),
            attempts=Attempts(self.store),
            base=self.base,
            request=self.request,
            schema=self.record.schema_,
            bind=self._bind,
            specs=() if project_id else self._specs(),
            project_id=project_id,
            project_labels=tuple(self.client.labels(project_id=project_id)) if project_id else (),
            assignee_id=self.people[assignee].id if assignee else None,
            reader=reader_of(self.collection, self.record.schema_, of_frames=self.record.of_frames),
            progress=self._progress(),
            gate=OrderedGate(self._check, self.plan.first),
            check=self._check,
            leave_out=self._leave_out,
            on_step=self._on_step,
            forgotten=self._forgotten,
            in_doubt=self.in_doubt.add,
        )

    def _specs(self) -> tuple[LabelSpec, ...]:
        """The labels of a task that has its own."""
        return tuple(label_specs(self.record.schema_, self.colors))

    def _bind(self, labels: Sequence[Label]) -> Vocabulary:
        """What the labels of a task, or of its project, mean."""
        return bind_words(self.record.schema_, labels, in_project=self.record.project_id is not None)

    def _progress(self) -> SendProgress:
        noun = f"{self.record.media_type}s"
        return SendProgress(self.reporter, self.plan.images, self.plan.bytes, self.plan.labels, noun=noun)

    def _on_step(self, number: int, step: TaskStep) -> None:
        """Shows a task in the run's record as soon as it is there."""
        with self.lock:
            self.deleted.discard(number)
            new = number not in self.steps or self.steps[number].task_id != step.task_id
            self.steps[number] = step
            if new:
                self._note(tasks=self._task_records())

    def _forgotten(self, number: int) -> None:
        """Notes that a task is not in CVAT any more, as long as it is not made anew."""
        with self.lock:
            self.deleted.add(number)

    def _task_records(self) -> tuple[TaskRecord, ...]:
        return tuple(
            TaskRecord(
                id=step.task_id,
                name=step.name,
                url=self.client.task_url(step.task_id),
                frames=step.frames,
                jobs=tuple(segment.job_id for segment in step.segments),
                complete=step.stage == "written",
            )
            for _, step in sorted(self.steps.items())
            if step.is_made
        )

    def _leave_out(self, files: Sequence[BadFile]) -> None:
        """Leaves out files that CVAT could not take after all; once, also if an earlier process ended amid this."""
        with self.lock:
            new = tuple(file for file in files if file not in self.plan.bad)
            less = {"bad": (*self.plan.bad, *new), "images": self.plan.images - len(new)}
            self.plan = self.plan.model_copy(update=less)
            self.journal.save_plan(self.plan, ())
            self._tell_left_out()

    def _tell_left_out(self) -> None:
        """Makes the record and the samples' tags say what the journal says."""
        left_out, samples = self._left_out_so_far(), self._samples
        if (left_out, samples) != (self.record.left_out, self.record.samples):
            self._note(left_out=left_out, samples=samples)
        self._tag(self.plan.bad)

    def _left_out_so_far(self) -> dict[str, int]:
        """What is known to stay behind, but for labels."""
        return {**self.record.left_out, **count_files(self.plan.bad, self.record.media_type)}

    @property
    def _samples(self) -> int:
        """How many samples the run has in the end, as far as is known."""
        return self.plan.images

    # The end

    def _finish(self) -> dict[str, Any]:
        steps = [self.steps[number] for number in self.plan.numbers]
        if not any(step.is_made for step in steps):
            raise SendFailed("None of the images can be sent.")
        self._compare_again(steps)
        jobs = [segment.job_id for step in steps for segment in step.segments]
        users = [self.people[name].id for name in self.request.job_assignees]
        with ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix="cvat-deal") as pool:
            refusals = list(pool.map(self._assign, deal(users, jobs)))
        self._add_notes(filter(None, refusals))
        labels = self._labels_before()
        left_out = Counter(self.record.left_out)
        left_out.update(labels_of_files(self.collection, self.record.schema_, self.plan.bad, self.record.media_type))
        for step in steps:
            left_out.update(step.left_out)
            for counts in step.labels:
                labels.update(counts)
        notices: Counter[str] = Counter()
        for step in steps:
            notices.update(step.notices)
        tracked, keyframes = sum(step.tracked for step in steps), sum(step.keyframes for step in steps)
        self._add_notes(object_notes(notices, tracked, keyframes))
        done = {"labels": dict(labels), "left_out": summed_up(left_out), "problem": ""}
        self._settle()
        self._note(status="sent", tasks=self._task_records(), **done)
        self.journal.finish()
        return self.summary()

    def _labels_before(self) -> Counter[str]:
        """The labels by field that the run had before."""
        return Counter()

    def _settle(self) -> None:
        """What is kept when all tasks are complete, before the record says so."""
        self.journal.keep_request(self.request)

    def summary(self) -> dict[str, Any]:
        """The run as a plain dict."""
        return self.record.summary(self.request.anno_key)

    def _compare_again(self, steps: Sequence[TaskStep]) -> None:
        """Deletes what requests without an answer made late after all. Copies of tasks are only reported."""
        outbox, attempts = Outbox(self.store), Attempts(self.store)
        for place in attempts.places_given_up():
            job_id = self.steps[place.task].segments[place.segment].job_id
            with contextlib.suppress(NotFound):  # somebody deleted the task
                drop_twins(self.client, job_id, outbox, attempts, place)
        if self.resumed or self.in_doubt:
            known = {*(step.task_id for step in steps), *(task.id for task in self.record.tasks)}
            copies = tidy_up(self.client, self.record.run_id, known)
            self._add_notes(map(after_failure.about_copy, copies))
        if self.project_in_doubt:
            delete_twin_projects(self.client, self.record)

    def _assign(self, pair: tuple[int, int]) -> str:
        """Gives a job to somebody; why CVAT refuses that, which is no reason to hold the run back."""
        self._check()
        try:
            self.client.update_job(pair[0], assignee=pair[1])
        except (PermissionDenied, NotFound, Conflict, CvatRefused) as error:
            return f"Job {pair[0]} could not be assigned: {explained(error)}"
        return ""

    def _failed(self, error: BaseException) -> BaseException:
        """What to raise: with what is left, and how to go on. A send that made nothing leaves nothing."""
        self.halted.set()
        if self.lease.is_lost:
            return error
        outcome = self._what_is_left() if isinstance(error, RunMissing) else self._how_to_go_on()
        # The first error is the one to report; the journal has all that counts
        with contextlib.suppress(PyMongoError, RunMissing):
            if not self.resumed and self._made_nothing():
                self._untag()
                self._take_back()
                outcome = self._how_to_begin_again()
            else:
                self._note(problem="Stopped." if isinstance(error, STOPS) else str(SendFailed(self._why(error))))
        if isinstance(error, KeyboardInterrupt):  # a program, or a notebook, shows what it says
            return KeyboardInterrupt(f"Stopped. {outcome}")
        if isinstance(error, STOPS):
            return Cancelled(f"Stopped. {outcome}")
        if isinstance(error, Exception):
            return SendFailed(f"{self._why(error)} {outcome}")
        return error

    def _why(self, error: BaseException) -> str:
        """What went wrong, with the tasks that failed."""
        if any(failure.error is error for failure in self.tasks.failures):
            return failures_explained(self.tasks.failures, self.plan.tasks)
        return explained(error)

    def _how_to_go_on(self) -> str:
        if self.deleted and self.deleted == self.steps.keys():
            return after_failure.all_deleted(self.request.anno_key)
        complete = sum(step.stage == "written" for step in self.steps.values())
        return after_failure.go_on(self.request.anno_key, complete, self.plan.tasks)

    def _what_is_left(self) -> str:
        return after_failure.without_dataset([step.task_id for _, step in sorted(self.steps.items())])

    def _how_to_begin_again(self) -> str:
        request = self.request
        project = f"'{request.project_name}'" if request.project_name else f"{request.project_id}"
        return after_failure.begin_again(project if self.extended else None)

    def _take_back(self) -> None:
        """Forgets a send that made nothing."""
        records.forget(self.dataset, self.request.anno_key, self.record.run_id)

    def _made_nothing(self) -> bool:
        """Whether CVAT surely has nothing of this run."""
        if self.steps:
            return False
        try:
            own_project = not self.plan.project_found and find_own_project(self.client, self.record)
            return not own_project and not tasks_of_run(self.client, self.record.run_id)
        except CvatError:
            return False

    # Small things

    def _check(self) -> None:
        """Ends a step here if the person cancelled, another task failed, or another process took over."""
        self.lease.check()
        if self.halted.is_set():
            raise Cancelled("Stopped.")
        if self.reporter.stop.is_set():
            raise Cancelled("Stopped.")

    def _tell(self, progress: Progress) -> None:
        self.lease.report(progress)
        self._outer.report(progress)

    def _note(self, **changes: Any) -> None:
        self.record = self.record.model_copy(update=changes)
        records.update(self.dataset, self.request.anno_key, self.record)

    def _add_notes(self, notes: Iterable[str]) -> None:
        if new := tuple(note for note in notes if note not in self.record.notes):
            self._note(notes=(*self.record.notes, *new))

    def _tag(self, files: Sequence[BadFile]) -> None:
        if files:
            self.dataset.select([file.sample_id for file in files]).tag_samples(LEFT_OUT_TAG)

    def _untag(self) -> None:
        if self.plan.bad:
            self.dataset.select([file.sample_id for file in self.plan.bad]).untag_samples(LEFT_OUT_TAG)


def marks_of(step: TaskStep) -> dict[int, JobMark]:
    """Where a load stands with the jobs of a task that was just sent."""
    return {job.job_id: JobMark(labels=counts) for job, counts in zip(step.segments, step.labels, strict=True)}
