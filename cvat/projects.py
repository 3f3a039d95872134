"""Projects and label schemas."""

from __future__ import annotations

from collections.abc import Sequence

from .calls import Calls
from .errors import NotFound
from .models import AttributeSpec, Label, LabelSpec, Project, nest


class Projects(Calls):
    """Projects and the labels of projects, tasks and jobs."""

    def projects(self, search: str | None = None) -> list[Project]:
        """Lists projects.

        Args:
            search: A part of a name, in any case.
        """
        return self.session.read_all(Project, "/api/projects", {"search": search} if search else None)

    def find_projects(self, name: str) -> list[Project]:
        """Finds projects by their exact name, which need not be unique.

        Those of the client's workspace are found; ``client.within(None)`` looks in all that the user may see, and a
        project's ``organization`` says where it is.
        """
        return self.session.read_all(Project, "/api/projects", {"name": name})

    def project(self, project_id: int) -> Project:
        """Reads a project, in whichever workspace it is.

        Raises:
            NotFound: There is none.
            PermissionDenied: The user may not see it.
        """
        return self.session.read(Project, f"/api/projects/{project_id}")

    def create_project(self, name: str, labels: Sequence[LabelSpec] = ()) -> Project:
        """Creates a project with its label schema.

        Raises:
            Refused: CVAT does not like the labels.
            AmbiguousOutcome: The answer was lost; ``find_projects`` shows whether it was created.
        """
        body = {"name": name, "labels": [label.dump() for label in labels]}
        return self.session.parse(Project, self.session.request("POST", "/api/projects", json=body))

    def delete_project(self, project_id: int) -> bool:
        """Deletes a project with all its tasks.

        Returns:
            Whether it existed.
        """
        try:
            self.session.request("DELETE", f"/api/projects/{project_id}", repeatable=True)
        except NotFound:
            return False
        return True

    def labels(
        self, *, task_id: int | None = None, project_id: int | None = None, job_id: int | None = None
    ) -> list[Label]:
        """Lists the labels of one task, project or job; points of skeletons are in ``sublabels``.

        The assignee of a job may read its labels by ``job_id`` only. For a task in a project these are the
        project's.

        Raises:
            ServerFault: The task or project does not exist: CVAT answers that with an internal error.
        """
        given = {"task_id": task_id, "project_id": project_id, "job_id": job_id}
        params = {key: value for key, value in given.items() if value is not None}
        if len(params) != 1:
            raise ValueError("give exactly one of task_id, project_id and job_id")
        return nest(self.session.read_all(Label, "/api/labels", params))

    def add_labels(
        self, labels: Sequence[LabelSpec], *, project_id: int | None = None, task_id: int | None = None
    ) -> list[Label]:
        """Adds labels to a project or a task and keeps the others.

        Returns:
            All labels after that.

        Raises:
            Refused: A label of that name is there already.
        """
        if (project_id is None) == (task_id is None):
            raise ValueError("give exactly one of project_id and task_id")
        path = f"/api/tasks/{task_id}" if project_id is None else f"/api/projects/{project_id}"
        self.session.request("PATCH", path, json={"labels": [label.dump() for label in labels]})
        return self.labels(task_id=task_id, project_id=project_id)

    def add_attributes(self, project_id: int, label_id: int, attributes: Sequence[AttributeSpec]) -> None:
        """Adds attributes to a label of a project and keeps those it has."""
        label = {"id": label_id, "attributes": [attribute.dump() for attribute in attributes]}
        self.session.request("PATCH", f"/api/projects/{project_id}", json={"labels": [label]})
