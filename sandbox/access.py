"""Who may do what: superusers everything, owners and assignees their part, others nothing."""

from __future__ import annotations

from .models import CloudStorage, Issue, Job, Organization, Project, Task, User
from .request import Request
from .responses import forbidden

_RUNS_ORGANIZATION = ("owner", "maintainer")


def role(request: Request, organization: Organization | None) -> str | None:
    """The caller's role in an organization, None when not a member."""
    for entry in request.store.memberships.values():
        if entry.user is request.user and entry.organization is organization:
            return entry.role
    return None


def administers(request: Request, organization: Organization | None) -> bool:
    """Whether the caller sees everything: a superuser, or one who runs the organization."""
    if request.user.is_superuser:
        return True
    return organization is not None and role(request, organization) in _RUNS_ORGANIZATION


def owns_project(request: Request, project: Project) -> bool:
    """Owner of the project or above."""
    return administers(request, project.organization) or request.user is project.owner


def sees_project(request: Request, project: Project) -> bool:
    return owns_project(request, project) or request.user is project.assignee


def owns_task(request: Request, task: Task) -> bool:
    """Owner of the task or of its project, or above."""
    return (
        administers(request, task.organization)
        or request.user is task.owner
        or (task.project is not None and sees_project(request, task.project))
    )


def sees_task(request: Request, task: Task) -> bool:
    return owns_task(request, task) or request.user is task.assignee


def sees_job(request: Request, job: Job) -> bool:
    return sees_task(request, job.task) or request.user is job.assignee


def sees_issue(request: Request, issue: Issue) -> bool:
    return sees_job(request, issue.job)


def sees_storage(request: Request, storage: CloudStorage) -> bool:
    """Its owner or above."""
    return administers(request, storage.organization) or request.user is storage.owner


def sees_user(request: Request, user: User) -> bool:
    return request.user.is_superuser or request.user is user


def require(allowed: bool) -> None:
    """Raises a 403 `Refusal` unless allowed."""
    if not allowed:
        raise forbidden()


def in_workspace(request: Request, organization: Organization | None) -> bool:
    """Whether a list in the named organization (or workspace) includes such an object."""
    if request.personal:
        return organization is None
    return request.organization is None or organization is request.organization
