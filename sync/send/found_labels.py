"""Adding samples to an imported run: its labels are those that CVAT has, and mean what a load takes them for."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ...cvat import Client, Label, NotFound, PermissionDenied, Project, ServerFault
from ...labels.schema import LabelSchema
from ...labels.vocabulary import Vocabulary
from ..errors import Refused
from ..request import SendRequest
from ..runs.base import BaseStore
from ..runs.run_record import RunRecord, TaskRecord
from .project import ProjectPlan, project_by_id, visible_project
from .task_pool import TASKS_AT_ONCE
from .words import found_words, words_to_draw


@dataclass(frozen=True)
class FoundLabels:
    """The labels that new tasks of an imported run get.

    Args:
        organization: the workspace of the run; ``None`` for whatever the user may see
        project: the run's project, whose labels they are; ``None`` if its tasks have labels of their own
        words: what they mean
    """

    organization: str | None
    project: Project | None
    words: Vocabulary

    @property
    def schema(self) -> LabelSchema:
        """The run's schema with all that can be drawn."""
        return words_to_draw(self.words).schema

    def plan(self, schema: LabelSchema) -> ProjectPlan:
        """What is to be done about the project: nothing."""
        return ProjectPlan(self.project, schema, labels=self.words.added if self.project else ())


def find_labels(client: Client, request: SendRequest, record: RunRecord, base: BaseStore) -> FoundLabels:
    """The labels that new tasks of an imported run get: those of its project, else those that its tasks have.

    Raises:
        Refused: if the project is gone, or classes are to be added
    """
    if request.add_classes or request.project_labels != "stop":
        raise Refused(
            f"The labels of the run '{request.anno_key}' are those that CVAT has, as it was imported. Add the class "
            "there, load the run, then add samples without `add_classes` and `project_labels`."
        )
    workspace = workspace_of(client, record)
    client = client.within(workspace)
    if record.project_id is None:
        labels = labels_of_tasks(client, base, record.schema_, record.tasks)
        return FoundLabels(workspace, None, found_words(record.schema_, labels))
    project = project_by_id(client, record.project_id)
    labels = tuple(client.labels(project_id=project.id))
    return FoundLabels(workspace, project, found_words(record.schema_, labels))


def labels_of_tasks(
    client: Client, base: BaseStore, schema: LabelSchema, tasks: Sequence[TaskRecord]
) -> tuple[Label, ...]:
    """The labels that tasks have now; those with one name are one, with the attributes of all.

    What somebody deleted in all of them is not made again. Of a task that can't be read, they are what the last load
    saw.
    """

    def labels_of(task: TaskRecord) -> Sequence[Label]:
        try:
            return client.labels(task_id=task.id)
        except (NotFound, PermissionDenied, ServerFault):  # a task that was deleted is answered by any of these
            known = base.task(task.id)
            return known.words(schema).added if known else ()

    found: dict[str, Label] = {}
    with ThreadPoolExecutor(TASKS_AT_ONCE, thread_name_prefix="cvat-labels") as pool:
        for labels in pool.map(labels_of, tasks):
            for label in labels:
                found[label.name] = _joint(found[label.name], label) if label.name in found else label
    return tuple(found.values())


def _joint(one: Label, other: Label) -> Label:
    """One label for what two tasks draw with labels of one name."""
    has = {attribute.name for attribute in one.attributes}
    more = tuple(attribute for attribute in other.attributes if attribute.name not in has)
    is_same = other.type == one.type or "skeleton" in (one.type, other.type)
    return one.model_copy(update={"attributes": (*one.attributes, *more), "type": one.type if is_same else "any"})


def workspace_of(client: Client, record: RunRecord) -> str | None:
    """The workspace of an imported run: an import that named none may be of tasks of an organization.

    Returns:
        the slug of the organization, if all its tasks are there; else what the record says
    """
    if record.organization is not None or not record.tasks:
        return record.organization
    project_id = record.project_id
    one = client.task(record.tasks[0].id) if project_id is None else visible_project(client, project_id)
    if one.organization is None:
        return None
    slug = next((item.slug for item in client.organizations() if item.id == one.organization), None)
    if slug is None or project_id is not None:
        return slug
    ids = {task.id for task in record.tasks}
    return slug if {job.task_id for job in client.within(slug).jobs(task_ids=sorted(ids))} == ids else None
