"""Sending one task of a run: every step is journaled, so that another process can go on after any of them."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..cvat import AmbiguousOutcome, CreationFailed, DeadlinePassed, FrameMeta, NotFound, Task, UploadFile
from ..labels.figures import Size
from ..labels.fitting import fit_project
from ..labels.vocabulary import Vocabulary
from .ahead import Ahead
from .base import FrameRecord, TaskBase
from .checks import match_frames
from .draw import Place, draw, identities, last_group
from .errors import SendFailed, sentence
from .journal import TaskStep
from .making import delete_made, find_made
from .media import BadFile, Frame, frames_named
from .plan import Segment, TaskPlan, foresee_segments
from .setting import Setting
from .write import JobPlace, JobWriter, settle_doubts

WAIT_BASE, WAIT_PER_FRAME = 600.0, 2.0
"""Seconds to wait for CVAT to make a task, and more for each of its frames."""
JOBS_AT_ONCE = 4
"""Jobs of one task that are written at the same time; each to itself is written in order."""
CREATIONS = 2
"""Times that a task is made whose frames CVAT fails to make, if it names no file that is to blame."""


class TaskSender:
    """Sends one task.

    Args:
        setting: what all tasks of the run share
        plan: the task
        mark: by which the task is found in CVAT
        doubtful: whether an earlier process, or a lost answer, may have done something that is not in the journal
    """

    def __init__(self, setting: Setting, plan: TaskPlan, mark: str, *, doubtful: bool) -> None:
        self._set = setting
        self._plan = plan
        self._mark = mark
        self._doubtful = doubtful
        self._lost: Counter[str] = Counter()

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
                failures += not self._without(error)
                if failures == CREATIONS:
                    raise SendFailed(f"{sentence(error)} The task was deleted again.") from error
            except NotFound:
                step = self._set.journal.step(self._plan.number)
                failures += 1
                if step is None or failures == CREATIONS or self._task_is_there(step.task_id):
                    raise
                self._forget()  # somebody deleted the task before it was complete

    def _go_on(self) -> TaskStep:
        with self._set.turns.turn(self._plan.number):  # so that CVAT lists the tasks in order
            step = self._set.journal.step(self._plan.number) or self._make()
        if step.stage == "written":
            self._count_all(step)
            return step
        if step.stage == "ready":
            words = Vocabulary.load(self._set.schema, step.vocabulary)
            return self._write(step, self._writers(words, step.segments, self._kept_sizes(step)))
        planned = self._plan.frames
        with Ahead(lambda: self._foresee(step.task_id)) as ahead:
            if step.stage == "made":
                step = self._bring_images(step)
            frames, segments = self._await_frames(step)
        words, writers = ahead.result()
        fits = [(s.start, s.stop) for s in segments] == [(s.start, s.stop) for s in self._foreseen(len(frames))]
        fits = fits and [frame.size for frame in frames] == _guessed(planned)
        if not fits:  # nothing of what was drawn has been sent, as the jobs were not there yet
            self._set.outbox.forget(self._plan.number)
            self._lost.clear()
        self._set.base.save_task(step.task_id, TaskBase(frames=frames, vocabulary=words.dump()))
        found = {"stage": "ready", "segments": segments, "frames": len(frames), "vocabulary": words.dump()}
        step = self._keep(step.model_copy(update=found))
        return self._write(step, writers if fits else self._writers(words, segments, [f.size for f in frames]))

    # Making the task

    def _make(self) -> TaskStep:
        self._set.check()
        self._set.tally.say(f"Making the task '{self._plan.name}'")
        task = find_made(self._set.client, self._mark) if self._doubtful else None
        if task is None:
            task = self._create()
        return self._keep(TaskStep(task_id=task.id, name=self._plan.name, frames=len(self._plan.frames)))

    def _create(self) -> Task:
        """Makes the task. If the answer is lost, CVAT is asked for it before it is made a second time."""
        client, request = self._set.client, self._set.request
        lost = False
        while True:
            try:
                task = client.create_task(
                    self._plan.name,
                    labels=None if self._set.project_id else self._set.specs,
                    project_id=self._set.project_id,
                    segment_size=request.segment_size,
                    overlap=0,
                    bug_tracker=self._mark,
                    assignee_id=self._set.assignee_id,
                )
            except AmbiguousOutcome:
                found = find_made(client, self._mark, patiently=True)
                if found is not None:
                    return found
                if lost:
                    raise
                lost = True
            else:
                if lost:
                    delete_made(client, self._mark, but=task.id)
                return task

    # Its images

    def _bring_images(self, step: TaskStep) -> TaskStep:
        request, client = self._set.request, self._set.client
        first = self._plan.frames[0]
        if first.server_path is not None:
            rq_id = client.attach(
                step.task_id,
                [frame.server_path or "" for frame in self._plan.frames],
                storage_id=first.storage_id,
                image_quality=request.image_quality,
                resume=self._doubtful,
            )
        else:
            notes = self._set.journal.uploads(self._plan.number)
            rq_id = client.upload(
                step.task_id,
                [UploadFile(frame.name, Path(frame.path), frame.size) for frame in self._plan.frames],
                image_quality=request.image_quality,
                resume=self._doubtful,
                checkpoint=notes.read() if self._doubtful else notes,
                progress=lambda size, files: self._set.tally.keep(self._plan.number, images=files, bytes=size),
                cancelled=self._is_stopped,
            )
        return self._keep(step.model_copy(update={"stage": "uploaded", "rq_id": rq_id}))

    def _await_frames(self, step: TaskStep) -> tuple[tuple[FrameRecord, ...], tuple[Segment, ...]]:
        """Waits until CVAT has made the frames; these, and the jobs."""
        self._set.tally.keep(self._plan.number, images=len(self._plan.frames), bytes=self._plan.bytes)
        self._set.tally.say(f"CVAT is preparing '{self._plan.name}'")
        deadline = WAIT_BASE + WAIT_PER_FRAME * len(self._plan.frames)
        try:
            self._set.client.wait_for_creation(step.task_id, step.rq_id, deadline=deadline, cancelled=self._is_stopped)
        except DeadlinePassed as error:
            raise SendFailed(
                f"CVAT did not finish preparing '{self._plan.name}' within {deadline / 60:,.0f} min; it still may."
            ) from error
        with ThreadPoolExecutor(1) as pool:
            jobs = pool.submit(self._set.client.jobs, step.task_id)
            frames = self._matched(self._set.client.task_meta(step.task_id).frames)
        ours = [job for job in jobs.result() if job.type == "annotation"]
        return frames, tuple(Segment(n, job.start_frame, job.stop_frame, job.id) for n, job in enumerate(ours))

    def _matched(self, got: Sequence[FrameMeta]) -> tuple[FrameRecord, ...]:
        lenient = self._set.request.bad_files == "leave_out"
        frames, dropped = match_frames(self._plan.frames, got, lenient=lenient)
        if dropped:
            self._drop(dropped, "was left out by CVAT, which may not know its format")
        return frames

    # Its labels

    def _foresee(self, task_id: int) -> tuple[Vocabulary, list[JobWriter]]:
        """What the labels mean, and writers that can draw before CVAT made the jobs.

        There are none if the files did not say how large the images are.
        """
        labels = self._set.project_labels or self._set.client.labels(task_id=task_id)
        names = fit_project(self._set.schema, labels).names if self._set.project_id else None
        words = Vocabulary.bind(self._set.schema, labels, names)
        if self._doubtful:
            self._set.outbox.forget(self._plan.number)
        sizes = _guessed(self._plan.frames)
        drawable = all(size.width for size in sizes)
        return words, self._writers(words, self._foreseen(len(sizes)), sizes) if drawable else []

    def _foreseen(self, frames: int) -> tuple[Segment, ...]:
        return foresee_segments(frames, self._set.request.segment_size)

    def _writers(self, words: Vocabulary, segments: Sequence[Segment], sizes: Sequence[Size]) -> list[JobWriter]:
        return [self._writer(words, segment, sizes) for segment in segments]

    def _writer(self, words: Vocabulary, segment: Segment, sizes: Sequence[Size]) -> JobWriter:
        number, frames = self._plan.number, self._plan.frames
        earlier = list(self._set.outbox.portions(number, segment.number)) if self._doubtful and segment.job_id else []
        if earlier:
            earlier = settle_doubts(self._set.client, segment.job_id, earlier)
            for kept in earlier:
                if kept.saved is not None:
                    self._set.outbox.save(number, segment.number, kept.number, kept.saved)
        portions = [kept.portion for kept in earlier]
        labels = self._set.reader.read([Place(n, frames[n].sample_id, sizes[n]) for n in segment.frames])
        drawn = draw(labels, words, identities(portions), last_group(portions), self._lose)
        return JobWriter(self._set.client, self._set.outbox, JobPlace(number, segment.number), drawn, earlier)

    def _write(self, step: TaskStep, writers: Sequence[JobWriter]) -> TaskStep:
        self._set.tally.say(f"Writing the labels of '{self._plan.name}'")
        pairs = list(zip(step.segments, writers, strict=True))
        with ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix="cvat-jobs") as pool:
            list(pool.map(lambda pair: self._write_job(*pair), pairs))
        left_out = Counter(self._lost)
        for writer in writers:
            left_out.update(writer.left_out)
        if self._set.request.issue_tracker:
            self._set.client.update_task(step.task_id, bug_tracker=self._set.request.issue_tracker)
        labels = tuple(dict(writer.labels) for writer in writers)
        done = {"stage": "written", "labels": labels, "left_out": dict(left_out)}
        return self._keep(step.model_copy(update=done))

    def _write_job(self, segment: Segment, writer: JobWriter) -> None:
        self._set.tally.add(labels=sum(writer.labels.values()))
        for count in writer.write(segment.job_id):
            self._set.tally.add(labels=count)
            self._set.check()
        self._set.base.point_to_sent(segment.job_id, self._plan.number, segment.number)

    def _lose(self, reason: str) -> None:
        self._lost[reason] += 1

    # What can happen to a task on its way

    def _clear(self) -> None:
        """Deletes a task whose frames CVAT could not make: it can't be used again."""
        step = self._set.journal.step(self._plan.number)
        if step is not None:
            self._set.client.delete_task(step.task_id)
        self._forget()

    def _forget(self) -> None:
        self._set.journal.forget_task(self._plan.number)
        self._lost.clear()
        self._doubtful = True

    def _without(self, error: CreationFailed) -> bool:
        """Leaves out the file that CVAT names, if that is what the person wants; whether it did."""
        bad = frames_named(self._plan.frames, error.file)
        if not bad:
            return False
        if len(bad) > 1:
            named = ", ".join(f"'{frame.path}'" for frame in bad[:5])
            raise SendFailed(
                f"CVAT can't read one of the {len(bad)} images of the same name ({error.message}): {named}. Put that "
                "file right, or send without it."
            ) from error
        if self._set.request.bad_files != "leave_out" or len(bad) == len(self._plan.frames):
            raise SendFailed(
                f"CVAT can't read '{bad[0].path}' ({error.message}). Put the file right, or set `bad_files` to "
                "'leave_out' to send without it."
            ) from error
        self._drop(bad, "can't be read by CVAT")
        self._set.check()
        return True

    def _drop(self, frames: Sequence[Frame], reason: str) -> None:
        names = {frame.name for frame in frames}
        kept = tuple(frame for frame in self._plan.frames if frame.name not in names)
        self._plan = TaskPlan(self._plan.number, self._plan.name, kept)
        # In this order: should it end between the two, CVAT refuses the files again, and they are left out again
        self._set.leave_out([BadFile(frame.sample_id, frame.path, reason) for frame in frames])
        self._set.journal.save_task(self._plan)

    def _task_is_there(self, task_id: int) -> bool:
        try:
            self._set.client.task(task_id)
        except NotFound:
            return False
        return True

    def _kept_sizes(self, step: TaskStep) -> list[Size]:
        base = self._set.base.task(step.task_id)
        assert base is not None, "the frames are kept before the step that says so"
        return [frame.size for frame in base.frames]

    def _keep(self, step: TaskStep) -> TaskStep:
        self._set.journal.save_step(self._plan.number, step)
        self._set.told(self._plan.number, step)
        self._set.check()
        return step

    def _count_all(self, step: TaskStep) -> None:
        self._set.tally.keep(self._plan.number, images=len(self._plan.frames), bytes=self._plan.bytes)
        self._set.tally.add(labels=step.label_count)

    def _is_stopped(self) -> bool:
        try:
            self._set.check()
        except Exception:
            return True
        return False


def _guessed(frames: Sequence[Frame]) -> list[Size]:
    """The sizes that the files themselves tell."""
    return [Size(frame.width, frame.height) for frame in frames]
