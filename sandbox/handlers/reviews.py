"""Issues and their comments."""

from __future__ import annotations

from typing import Any

from ..access import in_workspace, require, sees_issue, sees_job
from ..fields import Boolean, Field, Float, Form, Integer, Items, Text
from ..lists import Listing
from ..models import Comment, Issue
from ..request import Request
from ..responses import Response, empty, invalid, server_error
from ..routes import route
from ..views import Views

_ISSUES = Listing[Issue](
    terms={
        "id": lambda issue: issue.id,
        "job_id": lambda issue: issue.job.id,
        "task_id": lambda issue: issue.job.task.id,
        "frame_id": lambda issue: issue.frame,
        "resolved": lambda issue: issue.resolved,
        "owner": lambda issue: issue.owner.username,
        "assignee": lambda issue: issue.assignee.username if issue.assignee else None,
    },
    simple=("job_id", "task_id", "frame_id", "resolved", "owner", "assignee"),
    search=("owner", "assignee"),
)
_COMMENTS = Listing[Comment](
    terms={
        "id": lambda comment: comment.id,
        "owner": lambda comment: comment.owner.username,
        "issue_id": lambda comment: comment.issue.id,
        "job_id": lambda comment: comment.issue.job.id,
        "frame_id": lambda comment: comment.issue.frame,
    },
    simple=("owner", "issue_id", "job_id", "frame_id"),
    search=("owner",),
)
_POSITION = Items(Float(), empty=False)
_NEW_ISSUE = Form(
    {
        "frame": Integer(0, required=True),
        "position": Items(Float(), empty=False, required=True),
        "message": Text(required=True),
        "assignee": Field(null=True, default=None),
        "resolved": Boolean(default=False),
    }
)
_ISSUE_CHANGE = Form({"position": _POSITION, "resolved": Boolean(), "assignee": Field(null=True)})
_MESSAGE = Form({"message": Text(required=True)})


@route("GET", "/api/issues")
def list_issues(request: Request) -> Any:
    return _ISSUES.answer(request, _visible(request), Views(request.base).issue)


@route("POST", "/api/issues")
def create_issue(request: Request) -> Response:
    """An issue; its message is its first comment. The frame is not checked."""
    store = request.store
    job = store.jobs.get(request.json.get("job", 0))
    if job is None:
        raise invalid(["Job matching query does not exist."])
    require(sees_job(request, job))
    values = _NEW_ISSUE.accept(request.json)
    now = store.now()
    issue = Issue(store.next_id("issue"), job, values["frame"], values["position"], request.user, now, store.now())
    issue.resolved = values["resolved"]
    _assign(request, issue, values["assignee"])
    store.issues[issue.id] = job.issues[issue.id] = issue
    _announce(request, "create", issue)
    _add_comment(request, issue, values["message"])
    return Response(Views(request.base).issue(issue), 201)


@route("GET", "/api/issues/{ident}")
def get_issue(request: Request, ident: str) -> Any:
    return Views(request.base).issue(_find(request, ident))


@route("PATCH", "/api/issues/{ident}")
def patch_issue(request: Request, ident: str) -> Any:
    """Change an issue; its frame stays what it is."""
    issue = _find(request, ident)
    values = _ISSUE_CHANGE.accept(request.json, partial=True)
    before = Views(request.services.events.base).issue(issue)
    if "assignee" in values:
        _assign(request, issue, values["assignee"])
    issue.position = values.get("position", issue.position)
    issue.resolved = values.get("resolved", issue.resolved)
    issue.updated_date = request.store.now()
    _announce(request, "update", issue, before)
    return Views(request.base).issue(issue)


@route("DELETE", "/api/issues/{ident}")
def delete_issue(request: Request, ident: str) -> Response:
    issue = _find(request, ident)
    _announce(request, "delete", issue)
    request.store.drop_issue(issue)
    return empty(204)


@route("GET", "/api/comments")
def list_comments(request: Request) -> Any:
    visible = (comment for issue in _visible(request) for comment in issue.comments.values())
    return _COMMENTS.answer(request, visible, Views(request.base).comment)


@route("POST", "/api/comments")
def create_comment(request: Request) -> Response:
    issue = request.store.issues.get(request.json.get("issue", 0))
    if issue is None:
        raise invalid(["Issue matching query does not exist."])
    require(sees_issue(request, issue))
    comment = _add_comment(request, issue, _MESSAGE.accept(request.json)["message"])
    return Response(Views(request.base).comment(comment), 201)


@route("GET", "/api/comments/{ident}")
def get_comment(request: Request, ident: str) -> Any:
    return Views(request.base).comment(_find_comment(request, ident))


@route("PATCH", "/api/comments/{ident}")
def patch_comment(request: Request, ident: str) -> Any:
    comment = _find_comment(request, ident)
    comment.message = _MESSAGE.accept(request.json)["message"]
    comment.updated_date = request.store.now()
    return Views(request.base).comment(comment)


@route("DELETE", "/api/comments/{ident}")
def delete_comment(request: Request, ident: str) -> Response:
    comment = _find_comment(request, ident)
    del request.store.comments[comment.id], comment.issue.comments[comment.id]
    return empty(204)


def _add_comment(request: Request, issue: Issue, message: str) -> Comment:
    store = request.store
    now = store.now()
    comment = Comment(store.next_id("comment"), issue, request.user, message, now, store.now())
    store.comments[comment.id] = issue.comments[comment.id] = comment
    task = issue.job.task
    view = Views(request.services.events.base).comment(comment)
    request.services.events.send("create:comment", "comment", view, request.user, task.project, task.organization)
    return comment


def _assign(request: Request, issue: Issue, ident: Any) -> None:
    issue.assignee = None if ident is None else request.store.users.get(ident)
    if ident is not None and issue.assignee is None:
        raise server_error()


def _announce(request: Request, verb: str, issue: Issue, before: dict[str, Any] | None = None) -> None:
    events, task = request.services.events, issue.job.task
    view = Views(events.base).issue(issue)
    changed = before and {key: before[key] for key in view if before[key] != view[key]}
    events.send(f"{verb}:issue", "issue", view, request.user, task.project, task.organization, changed)


def _visible(request: Request) -> list[Issue]:
    return [
        issue
        for issue in request.store.issues.values()
        if sees_issue(request, issue) and in_workspace(request, issue.job.task.organization)
    ]


def _find(request: Request, ident: str) -> Issue:
    issue = request.store.find("Issue", request.store.issues, ident)
    require(sees_issue(request, issue))
    return issue


def _find_comment(request: Request, ident: str) -> Comment:
    comment = request.store.find("Comment", request.store.comments, ident)
    require(sees_issue(request, comment.issue))
    return comment
