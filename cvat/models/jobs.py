"""Jobs and what reviewers say about them."""

from __future__ import annotations

from .accounts import User
from .base import Count, Many, Resource, Text


class IssuesSummary(Resource):
    """How many issues a job has."""

    count: Count = 0


class Job(Resource):
    """A part of a task, given to one person.

    Attributes:
        type: ``annotation``, ``ground_truth`` or ``consensus_replica``.
        stage: ``annotation``, ``validation`` or ``acceptance``.
        state: ``new``, ``in progress``, ``completed`` or ``rejected``.
        start_frame: First task frame number.
        stop_frame: Last task frame number, inclusive.
        updated_date: Moves with every write to the job, also an equal one. Compare for inequality only.
    """

    id: int
    task_id: int
    project_id: int | None = None
    type: str = "annotation"
    stage: Text = "annotation"
    state: Text = "new"
    status: Text = ""
    mode: Text = ""
    dimension: Text = ""
    assignee: User | None = None
    start_frame: int = 0
    stop_frame: int = 0
    frame_count: Count = 0
    parent_job_id: int | None = None
    organization: int | None = None
    created_date: Text = ""
    updated_date: Text = ""
    issues: IssuesSummary = IssuesSummary()


class CommentsSummary(Resource):
    """How many comments an issue has."""

    count: Count = 0


class Issue(Resource):
    """A reviewer's remark at a place in a frame.

    Attributes:
        frame: Task frame number; not checked by the server.
        position: x and y in pixels, pairs.
        comments: How many there are, which tells of a new one.
    """

    id: int
    job: int | None = None
    frame: int
    position: Many[float] = ()
    owner: User | None = None
    assignee: User | None = None
    resolved: bool = False
    created_date: Text = ""
    updated_date: Text = ""
    comments: CommentsSummary = CommentsSummary()


class Comment(Resource):
    """A message in an issue; the first one is what the reviewer wrote."""

    id: int
    issue: int | None = None
    owner: User | None = None
    message: Text = ""
    created_date: Text = ""
    updated_date: Text = ""
