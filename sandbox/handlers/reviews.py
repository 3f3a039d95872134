"""Issues and their comments."""

from __future__ import annotations

from typing import Any

from ..access import in_context, require, sees_issue, sees_job
from ..call import Call
from ..fields import Boolean, Field, Float, Form, Integer, Items, Text
from ..lists import Listing
from ..models import Comment, Issue
from ..reply import Reply, crash, empty, invalid
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
def list_issues(call: Call) -> Any:
    return _ISSUES.answer(call, _visible(call), Views(call.base).issue)


@route("POST", "/api/issues")
def create_issue(call: Call) -> Reply:
    """An issue; its message is its first comment. The frame is not checked."""
    store = call.store
    job = store.jobs.get(call.json.get("job", 0))
    if job is None:
        raise invalid(["Job matching query does not exist."])
    require(sees_job(call, job))
    values = _NEW_ISSUE.accept(call.json)
    now = store.now()
    issue = Issue(store.next_id("issue"), job, values["frame"], values["position"], call.user, now, store.now())
    issue.resolved = values["resolved"]
    _assign(call, issue, values["assignee"])
    store.issues[issue.id] = job.issues[issue.id] = issue
    _announce(call, "create", issue)
    _add_comment(call, issue, values["message"])
    return Reply(Views(call.base).issue(issue), 201)


@route("GET", "/api/issues/{ident}")
def get_issue(call: Call, ident: str) -> Any:
    return Views(call.base).issue(_find(call, ident))


@route("PATCH", "/api/issues/{ident}")
def patch_issue(call: Call, ident: str) -> Any:
    """Change an issue; its frame stays what it is."""
    issue = _find(call, ident)
    values = _ISSUE_CHANGE.accept(call.json, partial=True)
    before = Views(call.services.events.base).issue(issue)
    if "assignee" in values:
        _assign(call, issue, values["assignee"])
    issue.position = values.get("position", issue.position)
    issue.resolved = values.get("resolved", issue.resolved)
    issue.updated_date = call.store.now()
    _announce(call, "update", issue, before)
    return Views(call.base).issue(issue)


@route("DELETE", "/api/issues/{ident}")
def delete_issue(call: Call, ident: str) -> Reply:
    issue = _find(call, ident)
    _announce(call, "delete", issue)
    call.store.drop_issue(issue)
    return empty(204)


@route("GET", "/api/comments")
def list_comments(call: Call) -> Any:
    visible = (comment for issue in _visible(call) for comment in issue.comments.values())
    return _COMMENTS.answer(call, visible, Views(call.base).comment)


@route("POST", "/api/comments")
def create_comment(call: Call) -> Reply:
    issue = call.store.issues.get(call.json.get("issue", 0))
    if issue is None:
        raise invalid(["Issue matching query does not exist."])
    require(sees_issue(call, issue))
    comment = _add_comment(call, issue, _MESSAGE.accept(call.json)["message"])
    return Reply(Views(call.base).comment(comment), 201)


@route("GET", "/api/comments/{ident}")
def get_comment(call: Call, ident: str) -> Any:
    return Views(call.base).comment(_find_comment(call, ident))


@route("PATCH", "/api/comments/{ident}")
def patch_comment(call: Call, ident: str) -> Any:
    comment = _find_comment(call, ident)
    comment.message = _MESSAGE.accept(call.json)["message"]
    comment.updated_date = call.store.now()
    return Views(call.base).comment(comment)


@route("DELETE", "/api/comments/{ident}")
def delete_comment(call: Call, ident: str) -> Reply:
    comment = _find_comment(call, ident)
    del call.store.comments[comment.id], comment.issue.comments[comment.id]
    return empty(204)


def _add_comment(call: Call, issue: Issue, message: str) -> Comment:
    store = call.store
    now = store.now()
    comment = Comment(store.next_id("comment"), issue, call.user, message, now, store.now())
    store.comments[comment.id] = issue.comments[comment.id] = comment
    task = issue.job.task
    view = Views(call.services.events.base).comment(comment)
    call.services.events.send("create:comment", "comment", view, call.user, task.project, task.organization)
    return comment


def _assign(call: Call, issue: Issue, ident: Any) -> None:
    issue.assignee = None if ident is None else call.store.users.get(ident)
    if ident is not None and issue.assignee is None:
        raise crash()


def _announce(call: Call, verb: str, issue: Issue, before: dict[str, Any] | None = None) -> None:
    events, task = call.services.events, issue.job.task
    view = Views(events.base).issue(issue)
    changed = before and {key: before[key] for key in view if before[key] != view[key]}
    events.send(f"{verb}:issue", "issue", view, call.user, task.project, task.organization, changed)


def _visible(call: Call) -> list[Issue]:
    return [
        issue
        for issue in call.store.issues.values()
        if sees_issue(call, issue) and in_context(call, issue.job.task.organization)
    ]


def _find(call: Call, ident: str) -> Issue:
    issue = call.store.find("Issue", call.store.issues, ident)
    require(sees_issue(call, issue))
    return issue


def _find_comment(call: Call, ident: str) -> Comment:
    comment = call.store.find("Comment", call.store.comments, ident)
    require(sees_issue(call, comment.issue))
    return comment
