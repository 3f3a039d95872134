"""The CVAT project of a run: found by name, and held against the run's schema."""

from collections import Counter
from dataclasses import dataclass, field

from ...cvat import AmbiguousOutcome, Client, Project
from ...labels.fitting import Fit, fit_project, without
from ...labels.schema import LabelSchema
from ...labels.vocabulary import label_specs
from ..errors import Refused, SendFailed, sentence
from ..request import SendRequest
from ..runs.record import RunRecord


@dataclass(frozen=True)
class ProjectPlan:
    """What to do about a run's project.

    Args:
        project: the one that is there; ``None`` if there is none, or none was asked for
        schema: the run's schema, without what the project lacks if that is to be left out
        fit: what to add to the project; ``None`` for nothing
        left_out: what the project can't hold, counted by sentence
    """

    project: Project | None
    schema: LabelSchema
    fit: Fit | None = None
    left_out: Counter[str] = field(default_factory=Counter)

    def extend(self, client: Client) -> None:
        """Adds to the project what was asked for. Labels and attributes that are there stay as they are."""
        if self.project is None or self.fit is None:
            return
        for label, addition in self.fit.lacking:
            client.add_attributes(self.project.id, label.id, addition.attributes)
        if self.fit.missing:
            client.add_labels(list(self.fit.missing.values()), project_id=self.project.id)


def plan_project(client: Client, request: SendRequest, schema: LabelSchema) -> ProjectPlan:
    """Finds a request's project and what of the schema it lacks.

    Raises:
        Refused: if several have that name; or if it lacks something and the person did not say what to do
    """
    if not request.project_name:
        return ProjectPlan(None, schema)
    found = client.find_projects(request.project_name)
    if len(found) > 1:
        ids = ", ".join(str(project.id) for project in found)
        raise Refused(f"CVAT has {len(found)} projects named '{request.project_name}' ({ids}); rename one of them.")
    if not found:
        return ProjectPlan(None, schema)
    fit = fit_project(schema, client.labels(project_id=found[0].id))
    if fit.complete:
        return ProjectPlan(found[0], schema)
    if request.project_labels == "extend":
        return ProjectPlan(found[0], schema, fit)
    if request.project_labels == "leave_out":
        rest = without(schema, list(fit.missing))
        if rest is None:
            raise Refused(f"The project '{request.project_name}' has none of the run's labels; nothing was sent.")
        return ProjectPlan(found[0], rest, None, Counter(f"not in the project: {what}" for what in _sentences(fit)))
    raise Refused(
        f"The labels of the project '{request.project_name}' don't fit: it lacks {'; '.join(_sentences(fit))}. Nothing "
        "was sent. Set `project_labels` to 'extend' to add them to the project, or to 'leave_out' to send without them."
    )


def extend_project(client: Client, project_id: int, schema: LabelSchema) -> None:
    """Adds to a project what it still lacks, after an earlier process may have added some of it."""
    fit = fit_project(schema, client.labels(project_id=project_id))
    ProjectPlan(client.project(project_id), schema, fit).extend(client)


def make_project(client: Client, record: RunRecord, *, doubtful: bool) -> int:
    """Makes a run's project; its id.

    Args:
        client: the CVAT server
        record: the run
        doubtful: whether an earlier process may have made it, so that CVAT is asked first

    Raises:
        SendFailed: if CVAT's answer was lost, and it is not there
    """
    if doubtful and (found := find_own_project(client, record)):
        return found
    try:
        return client.create_project(record.project_name or "", label_specs(record.schema_)).id
    except AmbiguousOutcome as lost:
        if found := find_own_project(client, record):
            return found
        raise SendFailed(sentence(lost)) from lost


def find_own_project(client: Client, record: RunRecord) -> int | None:
    """The project of a run's name that belongs to whoever sent it; ``None`` if there is none, or none was asked for."""
    for project in client.find_projects(record.project_name) if record.project_name else ():
        if project.owner is not None and project.owner.username == record.created_by:
            return project.id
    return None


def _sentences(fit: Fit) -> list[str]:
    labels = [f"the label '{spec.name}' ({spec.type})" for spec in fit.missing.values()]
    attributes = [
        f"the attribute '{attribute.name}' of '{label.name}'"
        for label, addition in fit.lacking
        for attribute in addition.attributes
    ]
    return labels + attributes
