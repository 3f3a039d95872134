"""Who may do what: superusers everything, owners and assignees their part, others nothing."""

from __future__ import annotations

from .call import Call
from .models import CloudStorage, Issue, Job, Organization, Project, Task, User
from .reply import forbidden

_RUNS_ORGANIZATION = ("owner", "maintainer")


def role(call: Call, organization: Organization | None) -> str | None:
    """The caller's role in an organization, None when not a member."""
    for entry in call.store.memberships.values():
        if entry.user is call.user and entry.organization is organization:
            return entry.role
    return None


def runs(call: Call, organization: Organization | None) -> bool:
    """Whether the caller sees everything: a superuser, or one who runs the organization."""
    if call.user.is_superuser:
        return True
    return organization is not None and role(call, organization) in _RUNS_ORGANIZATION


def owns_project(call: Call, project: Project) -> bool:
    """Owner of the project or above."""
    return runs(call, project.organization) or call.user is project.owner


def sees_project(call: Call, project: Project) -> bool:
    return owns_project(call, project) or call.user is project.assignee


def owns_task(call: Call, task: Task) -> bool:
    """Owner of the task or of its project, or above."""
    return (
        runs(call, task.organization)
        or call.user is task.owner
        or (task.project is not None and sees_project(call, task.project))
    )


def sees_task(call: Call, task: Task) -> bool:
    return owns_task(call, task) or call.user is task.assignee


def sees_job(call: Call, job: Job) -> bool:
    return sees_task(call, job.task) or call.user is job.assignee


def sees_issue(call: Call, issue: Issue) -> bool:
    return sees_job(call, issue.job)


def sees_storage(call: Call, storage: CloudStorage) -> bool:
    """Its owner or above."""
    return runs(call, storage.organization) or call.user is storage.owner


def sees_user(call: Call, user: User) -> bool:
    return call.user.is_superuser or call.user is user


def require(allowed: bool) -> None:
    """Raises a 403 `Refusal` unless allowed."""
    if not allowed:
        raise forbidden()


def in_context(call: Call, organization: Organization | None) -> bool:
    """Whether a list in the named organization (or workspace) includes such an object."""
    if call.personal:
        return organization is None
    return call.organization is None or organization is call.organization
