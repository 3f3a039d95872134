"""Sending one task of a run: every step is journaled, so that another process can go on after any of them."""

from collections import Counter
from collections.abc import Sequence

from ...cvat import CreationFailed, NotFound, Task
from ...labels.vocabulary import Vocabulary
from ..dataset.media import Frame
from ..errors import NoImageLeft, SendFailed, sentence
from ..runs.base import TaskBase
from .context import SendContext
from .encode import Place
from .job_writer import JobWriter
from .journal import NO_TASK, TaskStep
from .make_once import make_once
from .plan import Segment, TaskPlan, foresee_segments
from .prefetch import Prefetch
from .task_images import Ready, TaskImages
from .task_labels import TaskLabels, places_of
from .task_marks import find_made
from .task_video import TaskVideo

CREATIONS = 2
"""Times that a task is made whose frames CVAT fails to make, if it names no file that is to blame."""


class TaskSender:
    """Sends one task.

    Args:
        context: what all tasks of the run share
        plan: the task
        mark: by which the task is found in CVAT
        doubtful: whether an earlier process may have done something that is not in the journal
    """

    def __init__(self, context: SendContext, plan: TaskPlan, mark: str, *, doubtful: bool) -> None:
        self._context = context
        self._number = plan.number
        self._name = plan.name
        self._mark = mark
        self._doubtful = doubtful
        is_video = any(frame.video for frame in plan.frames)
        self._images = TaskVideo(context, plan) if is_video else TaskImages(context, plan)
        self._labels = TaskLabels(context, plan)

    def send(self) -> TaskStep:
        """Sends the task, or goes on with it.

        Raises:
            SendFailed: if CVAT can't make its frames
            CvatError: if CVAT can't be reached or refuses
        """
        failures = 0
        while True:
            try:
                return self._go_on()
            except CreationFailed as error:
                self._clear()
                try:
                    failures += not self._images.leave_out(error)
                except NoImageLeft:
                    return self._do_without()
                if failures == CREATIONS:
                    raise SendFailed(f"{sentence(error)} The task was deleted again.") from error
            except NoImageLeft:
                self._clear()
                return self._do_without()
            except NotFound:
                step = self._context.journal.step(self._number)
                failures += 1
                if step is None or failures == CREATIONS or self._task_is_there(step.task_id):
                    raise
                self._forget()  # somebody deleted the task before it was complete

    def _go_on(self) -> TaskStep:
        with self._context.gate.turn(self._number):  # so that CVAT lists the tasks in order
            step = self._context.journal.step(self._number)
            if not self._images.plan.frames and (step is None or step.is_made):
                raise NoImageLeft(f"None of the images of '{self._name}' can be sent.")
            step = step or self._make()
        if step.stage == "written":
            self._images.count_as_sent()
            self._context.progress.add(labels=step.label_count)
            return step
        if step.stage == "ready":
            words = Vocabulary.load(self._context.schema, step.vocabulary)
            base = self._context.base.task(step.task_id)
            assert base is not None, "the frames are kept before the step that says so"
            self._images.count_as_sent()
            drawing = self._labels.drawing(words, step.task_id, base, step.segments)
            return self._write(step, self._labels.resumed(drawing, step.segments))
        return self._write(*self._make_ready(step))

    def _make(self) -> TaskStep:
        self._context.check()
        self._context.progress.say(f"Making the task '{self._name}'")
        task = find_made(self._context.client, self._mark) if self._doubtful else None
        if task is None:
            task = self._create()
        return self._keep(_first_step(task, self._name, len(self._images.plan.frames)))

    def _create(self) -> Task:
        """Makes the task. If the answer is lost, CVAT is asked for it before it is made a second time."""
        client = self._context.client
        task, lost = make_once(self._ask_for_task, lambda: find_made(client, self._mark), self._context.check)
        if lost:
            self._context.in_doubt(task.id)
        return task

    def _ask_for_task(self) -> Task:
        context = self._context
        return context.client.create_task(
            self._name,
            labels=None if context.project_id else context.specs,
            project_id=context.project_id,
            segment_size=context.request.segment_size,
            overlap=context.request.overlap,
            bug_tracker=self._mark,
            assignee_id=context.assignee_id,
            subset=context.request.subset or None,
        )

    def _make_ready(self, step: TaskStep) -> tuple[TaskStep, list[JobWriter]]:
        """Brings the images, and draws labels meanwhile; the step with the jobs, and their writers."""
        if self._doubtful:  # what was drawn has not been sent, as the jobs were not there yet
            self._context.outbox.forget(self._number)
        planned = self._images.plan.frames
        with Prefetch(lambda: self._labels.foresee(step.task_id, planned)) as ahead:
            if step.stage == "made":
                rq_id = self._images.bring(step.task_id, doubtful=self._doubtful)
                step = self._keep(step.model_copy(update={"stage": "uploaded", "rq_id": rq_id}))
            ready = self._images.wait(step.task_id, step.rq_id)
        words, writers = ahead.result()
        kept = TaskBase(
            frames=ready.frames,
            vocabulary=words.dump(),
            created_date=step.created_date,
            video=ready.video,
            sequence=self._images.plan.sequence,
        )
        fits = writers and self._fits(ready, planned, len(writers))
        if not fits:
            self._context.outbox.forget(self._number)
        self._context.base.save_task(step.task_id, kept)
        found = {"stage": "ready", "segments": ready.segments, "frames": kept.count, "vocabulary": words.dump()}
        step = self._keep(step.model_copy(update=found))
        if not fits:
            drawing = self._labels.drawing(words, step.task_id, kept, ready.segments)
            writers = self._labels.writers(drawing, ready.segments)
        return step, writers

    def _fits(self, ready: Ready, planned: Sequence[Frame], writers: int) -> bool:
        """Whether what was drawn ahead is what the jobs have."""
        request = self._context.request
        foreseen = foresee_segments(len(ready.frames), request.segment_size, request.overlap)
        places = [Place(number, frame.sample_id, frame.size) for number, frame in enumerate(ready.frames)]
        spans = _spans(ready.segments)
        return spans == _spans(foreseen) and places == places_of(planned) and writers == len(spans)

    def _write(self, step: TaskStep, writers: Sequence[JobWriter]) -> TaskStep:
        self._context.progress.say(f"Writing the labels of '{self._name}'")
        self._labels.write(step.segments, writers)
        # The mark goes: its link leads nowhere, and a backup of a complete task would carry it to a copy
        self._context.client.update_task(step.task_id, bug_tracker=self._context.request.issue_tracker or "")
        left_out = sum((writer.left_out for writer in writers), Counter[str]())
        labels = tuple(dict(writer.labels) for writer in writers)
        done = {"stage": "written", "labels": labels, "left_out": dict(left_out), **self._labels.facts()}
        return self._keep(step.model_copy(update=done))

    def _do_without(self) -> TaskStep:
        """Leaves the task out: none of its images can be sent."""
        return self._keep(TaskStep(task_id=NO_TASK, name=self._name, frames=0, stage="written"))

    def _clear(self) -> None:
        """Deletes a task whose frames CVAT could not make: it can't be used again."""
        step = self._context.journal.step(self._number)
        if step is not None and step.is_made:
            self._context.client.delete_task(step.task_id)
        self._forget()
        self._context.check()

    def _forget(self) -> None:
        self._context.journal.forget_task(self._number)
        self._context.forgotten(self._number)
        self._doubtful = True

    def _task_is_there(self, task_id: int) -> bool:
        try:
            self._context.client.task(task_id)
        except NotFound:
            return False
        return True

    def _keep(self, step: TaskStep) -> TaskStep:
        self._context.journal.save_step(self._number, step)
        self._context.on_step(self._number, step)
        self._context.check()
        return step


def _first_step(task: Task, name: str, frames: int) -> TaskStep:
    return TaskStep(task_id=task.id, name=name, frames=frames, created_date=task.created_date)


def _spans(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    return [(segment.start, segment.stop) for segment in segments]
