"""The CVAT project of a run: found by name, and held against the run's schema."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...cvat import Client, Label, NotFound, PermissionDenied, Project
from ...labels.fitting import Fit, fit_project, without
from ...labels.schema import LabelSchema
from ...labels.vocabulary import label_specs
from ..errors import Refused
from ..request import SendRequest
from ..runs.run_record import RunRecord
from .make_once import make_once

Colors = Mapping[tuple[str, str], str]
"""The colour of each (field, class) as ``#rrggbb``."""

SAY_WHAT = "Set `project_labels` to 'extend' to add them to the project, or to 'leave_out' to send without them."
"""What to do about labels that a project lacks."""


@dataclass(frozen=True)
class ProjectPlan:
    """What to do about a run's project.

    Args:
        project: the one that is there; ``None`` if there is none, or none was asked for
        schema: the run's schema, without what the project lacks if that is to be left out
        fit: what to add to the project; ``None`` for nothing
        left_out: what the project can't hold, counted by sentence
        labels: those that the project has
    """

    project: Project | None
    schema: LabelSchema
    fit: Fit | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    labels: tuple[Label, ...] = ()

    def extend(self, client: Client) -> None:
        """Adds to the project what was asked for. Labels and attributes that are there stay as they are."""
        if self.project is None or self.fit is None:
            return
        for label, addition in self.fit.lacking:
            client.add_attributes(self.project.id, label.id, addition.attributes)
        if self.fit.missing:
            client.add_labels(list(self.fit.missing.values()), project_id=self.project.id)


@dataclass(frozen=True)
class FoundProject:
    """The project that a request names, as CVAT has it.

    Args:
        project: the project; ``None`` if there is none, or none was asked for
        labels: its labels
    """

    project: Project | None = None
    labels: tuple[Label, ...] = ()


def find_project(client: Client, request: SendRequest) -> FoundProject:
    """Finds a request's project, by its id or by its name in the workspace of the request.

    Raises:
        Refused: if there is no project of that id; if several have that name; or if the only ones are in another
            workspace, where these tasks can't be
    """
    if request.project_id is not None:
        return _with_labels(client, project_by_id(client, request.project_id, request.project_name))
    if request.project_name:
        return _with_labels(client, _project_by_name(client, request.project_name))
    return FoundProject()


def _with_labels(client: Client, project: Project | None) -> FoundProject:
    return FoundProject(project, tuple(client.labels(project_id=project.id)) if project else ())


def project_by_id(client: Client, project_id: int, name: str | None = None) -> Project:
    """A project of the client's workspace.

    Args:
        client: the CVAT server
        project_id: its id
        name: what it was called when somebody chose it, if that is known

    Raises:
        Refused: if there is none of that id; it has another name; or it is in another workspace, where these tasks
            can't be
    """
    project = visible_project(client, project_id, name)
    if name and project.name != name:
        raise Refused(
            f"The project {project_id}, which was chosen as '{name}', is called '{project.name}' in CVAT now. Nothing "
            "was sent. Choose the project again, as it may be another one."
        )
    _check_workspace(client, project)
    return project


def visible_project(client: Client, project_id: int, name: str | None = None) -> Project:
    """A project, wherever it is.

    Raises:
        Refused: if the user sees none of that id
    """
    try:
        return client.project(project_id)
    except (NotFound, PermissionDenied):
        pass
    if name:
        raise Refused(
            f"The project '{name}' ({project_id}) was chosen, but CVAT does not show it to this user any more: it was "
            "deleted, or nobody lets you in. Nothing was sent, and it was not made anew. Choose another project."
        )
    raise Refused(
        f"CVAT shows no project {project_id} to this user: it may have been deleted, or its owner has to let you in. "
        "Nothing was sent."
    )


def _project_by_name(client: Client, name: str) -> Project | None:
    found = client.find_projects(name)
    workspace = client.session.credentials.organization
    if len(found) > 1:
        named = ", ".join(f"{project.id} {_where(client, project.organization)}" for project in found)
        raise Refused(f"CVAT has {len(found)} projects named '{name}': {named}. Say which by its `project_id`.")
    if found:
        if not workspace:  # without one, CVAT lists the projects of all workspaces
            _check_workspace(client, found[0])
        return found[0]
    elsewhere = client.within(None).find_projects(name) if workspace is not None else []
    if elsewhere:
        raise Refused(
            f"There is no project named '{name}' {_workspace(workspace)}, but there is one "
            f"{_where(client, elsewhere[0].organization)} ({elsewhere[0].id}). Set `organization` to send there, or "
            "choose another name. Nothing was sent."
        )
    return None


def _check_workspace(client: Client, project: Project) -> None:
    """Refuses a project of another workspace than that of the tasks: CVAT would refuse each of them.

    Without a workspace, CVAT shows the projects of all, and makes tasks in the personal one.
    """
    workspace = client.session.credentials.organization
    slug = _slug(client, project.organization)
    if (workspace or "") != slug:
        raise Refused(
            f"The project '{project.name}' ({project.id}) is {_workspace(slug)}, and the tasks would be made "
            f"{_workspace(workspace)}. Set `organization` to '{slug}'. Nothing was sent."
        )


def _slug(client: Client, organization_id: int | None) -> str:
    """The short name of an organization, as far as the user may know it; empty for the personal workspace."""
    if organization_id is None:
        return ""
    return next((item.slug for item in client.organizations() if item.id == organization_id), str(organization_id))


def _where(client: Client, organization_id: int | None) -> str:
    return _workspace(_slug(client, organization_id))


def _workspace(slug: str | None) -> str:
    return f"in the organization '{slug}'" if slug else "in the personal workspace"


def plan_project(found: FoundProject, request: SendRequest, schema: LabelSchema, colors: Colors) -> ProjectPlan:
    """What of the schema a request's project lacks, and what to do about it.

    Raises:
        Refused: if it lacks something and the person did not say what to do
    """
    project = found.project
    if project is None:
        return ProjectPlan(None, schema)
    fit = fit_project(schema, found.labels, colors)
    unlike = Counter(f"values that the project does not take: {what}" for what in fit.unlike)
    if fit.complete:
        return ProjectPlan(project, schema, None, unlike, found.labels)
    if request.project_labels == "extend":
        return ProjectPlan(project, schema, fit, unlike, found.labels)
    if request.project_labels == "leave_out":
        rest = without(schema, list(fit.missing))
        if rest is None:
            raise Refused(f"The project '{project.name}' has none of the run's labels; nothing was sent.")
        lacking = Counter(f"not in the project: {what}" for what in lacks(fit))
        return ProjectPlan(project, rest, None, lacking + unlike, found.labels)
    raise Refused(
        f"The labels of the project '{project.name}' don't fit: it lacks {'; '.join(lacks(fit))}. Nothing was sent. "
        f"{SAY_WHAT}"
    )


def extend_project(client: Client, project_id: int, schema: LabelSchema, colors: Colors) -> None:
    """Adds to a project what it still lacks, after an earlier process may have added some of it."""
    fit = fit_project(schema, client.labels(project_id=project_id), colors)
    ProjectPlan(client.project(project_id), schema, fit).extend(client)


def make_project(
    client: Client, record: RunRecord, colors: Colors, check: Callable[[], None], *, doubtful: bool
) -> tuple[int, bool]:
    """Makes a run's project; its id, and whether there may be a second one.

    Args:
        client: the CVAT server
        record: the run
        colors: the colours of its labels
        check: raises if the send is to end
        doubtful: whether an earlier process may have made it, so that CVAT is asked first

    Raises:
        AmbiguousOutcome: if CVAT's answers were lost, and it is not there
    """
    if doubtful and (found := find_own_project(client, record)):
        return found, True
    name, specs = record.project_name or "", label_specs(record.schema_, colors)
    return make_once(lambda: client.create_project(name, specs).id, lambda: find_own_project(client, record), check)


def find_own_project(client: Client, record: RunRecord) -> int | None:
    """The project of a run's name that belongs to whoever sent it; ``None`` if there is none, or none was asked for."""
    return next(iter(_own_projects(client, record)), None)


def delete_twin_projects(client: Client, record: RunRecord) -> None:
    """Deletes what requests made whose answers were lost: projects of the run's name and labels, without tasks."""
    names = {spec.name.strip() for spec in label_specs(record.schema_)}
    for project_id in _own_projects(client, record):
        if project_id == record.project_id or client.tasks(project_id=project_id):
            continue
        if {label.name for label in client.labels(project_id=project_id)} == names:
            client.delete_project(project_id)


def _own_projects(client: Client, record: RunRecord) -> list[int]:
    found = client.find_projects(record.project_name) if record.project_name else []
    return [item.id for item in found if item.owner is not None and item.owner.username == record.created_by]


def lacking_attributes(fit: Fit) -> dict[str, list[str]]:
    """The attributes that a project lacks, by the label that it has."""
    return {
        label.name: [item.name for item in addition.attributes]
        for label, addition in fit.lacking
        if addition.attributes
    }


def lacks(fit: Fit) -> list[str]:
    """What a project lacks, in words."""
    labels = [f"the label '{spec.name}' ({spec.type})" for spec in fit.missing.values()]
    attributes = [
        f"the attribute '{attribute.name}' of '{label.name}'"
        for label, addition in fit.lacking
        for attribute in addition.attributes
    ]
    return labels + attributes
