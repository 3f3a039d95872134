"""Samples on their way into a run that is there: what it had stays as it is, whatever becomes of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...cvat import Label, LabelSpec
from ...labels.fitting import fit_project
from ...labels.vocabulary import Vocabulary
from ..runs import record as records
from ..runs.run_record import RunRecord, TaskRecord
from ..runs.sent_views import SentBatch, SentViews
from .checks import count_files
from .found_labels import labels_of_tasks
from .journal import Before
from .plan import TaskPlan
from .project import ProjectPlan
from .send_run import SendRun
from .words import found_words


class GrowRun(SendRun):
    """A send whose tasks are added to those that a run has."""

    earlier: RunRecord | None = None
    """The record as it was; of a resume ``None``."""

    def begin_growing(self, tasks: Sequence[TaskPlan], earlier: RunRecord) -> None:
        """Keeps what is going to be done, and then that it is being done.

        Args:
            tasks: to make
            earlier: the record as it was
        """
        self.earlier = earlier
        try:
            self.journal.save_plan(self.plan, tasks)
            records.update(self.dataset, self.request.anno_key, self.record)
        except BaseException:
            self.journal.finish()
            raise

    def _prepare_project(self, planned: ProjectPlan | None) -> None:
        """The tasks that the run had get the classes that were added to their project, too."""
        super()._prepare_project(planned)
        if not self.request.add_classes or self.record.project_id is None:
            return
        schema, labels = self.record.schema_, self.client.labels(project_id=self.record.project_id)
        names = fit_project(schema, labels).names
        for task in self.before.tasks:
            if (known := self.base.task(task.id)) is not None:
                words = known.words(schema).with_classes(names, labels).dump()
                if words != known.vocabulary:
                    self.base.save_task(task.id, known.model_copy(update={"vocabulary": words}))

    def _specs(self) -> tuple[LabelSpec, ...]:
        if not self.record.imported:
            return super()._specs()
        labels = labels_of_tasks(self.client, self.base, self.record.schema_, self.before.tasks)
        return tuple(label.spec() for label in labels)

    def _bind(self, labels: Sequence[Label]) -> Vocabulary:
        return found_words(self.record.schema_, labels) if self.record.imported else super()._bind(labels)

    @property
    def before(self) -> Before:
        """What the run had."""
        assert self.plan.before is not None, "such a send has a run to which it adds"
        return self.plan.before

    def summary(self) -> dict[str, Any]:
        """The run, and what was ``added``: ``samples``, ``labels``, ``tasks`` (their ids), and ``already``: how many
        samples it had."""
        added = {
            "samples": self.plan.images,
            "labels": sum(self.record.labels.values()) - sum(self.before.labels.values()),
            "tasks": [task.id for task in super()._task_records()],
            "already": self.before.already,
        }
        return {**super().summary(), "added": added}

    def _task_records(self) -> tuple[TaskRecord, ...]:
        return (*self.before.tasks, *super()._task_records())

    def _left_out_so_far(self) -> dict[str, int]:
        own = {**self.plan.left_out, **count_files(self.plan.bad, self.record.media_type)}
        return dict(Counter(self.before.left_out) + Counter(own))

    @property
    def _samples(self) -> int:
        return self.before.samples + self.plan.images

    def _labels_before(self) -> Counter[str]:
        return Counter(self.before.labels)

    def _settle(self) -> None:
        """Makes the run's view one of all its samples; what each view hid is kept."""
        then = self.dataset.load_annotation_view(self.request.anno_key)
        stages, had = records.stages_of(then), tuple(task.id for task in self.before.tasks)
        new = tuple(task.id for task in super()._task_records())
        SentViews(self.store).add(
            SentBatch(stages=stages, at=self.record.created_at, tasks=had),
            SentBatch(stages=self.before.stages, at=self.before.at, tasks=new),
        )
        if records.stages_of(then):
            records.update_view(self.dataset, self.request.anno_key, self._all_samples())

    def _all_samples(self) -> Any:
        steps = super()._task_records()
        tasks = [self.base.task(task.id) for task in (*self.before.tasks, *steps)]
        ids = dict.fromkeys(frame.sample_id for task in tasks if task for frame in task.frames)
        return self.dataset.select(list(ids))

    def _take_back(self) -> None:
        if self.earlier is not None:
            records.update(self.dataset, self.request.anno_key, self.earlier)
        self.journal.finish()

    def _how_to_go_on(self) -> str:
        key, complete = self.request.anno_key, sum(step.stage == "written" for step in self.steps.values())
        tasks = f"{complete} of the {self.plan.tasks} new tasks" if self.plan.tasks > 1 else "The new task"
        done = ("is" if complete == 1 else "are") if self.plan.tasks > 1 else "is not"
        return (
            f"{tasks} {done} complete in CVAT; what was sent is kept. What the run '{key}' had before is as it was, "
            "and can be loaded. Resume the run to add the rest."
        )

    def _how_to_begin_again(self) -> str:
        added = " Its project keeps what was added to its labels." if self.extended else ""
        return f"Nothing was added: the run '{self.request.anno_key}' is as it was, and you can try again.{added}"
