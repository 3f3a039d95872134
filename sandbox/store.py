"""The state of one sandbox: every object by id, the id counters, one lock."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .annotations.rows import Rows
from .clock import Clock
from .models import (
    AccessToken,
    BackgroundRequest,
    CloudStorage,
    Comment,
    Issue,
    Job,
    Label,
    Membership,
    Organization,
    Project,
    Task,
    Upload,
    User,
    Webhook,
)
from .responses import detail, missing

T = TypeVar("T")


@dataclass(frozen=True)
class Account:
    """An account to start with."""

    username: str
    password: str
    superuser: bool = False


DEFAULT_ACCOUNTS = (
    Account("admin", "admin", superuser=True),
    Account("annotator1", "annotator1"),
    Account("annotator2", "annotator2"),
)


class Store:
    """Everything the server knows.

    Handlers run one at a time under `lock`; the records refer to each other directly, the
    dictionaries here find them by id.
    """

    def __init__(self, accounts: tuple[Account, ...] = DEFAULT_ACCOUNTS) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self._counters: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
        self.users: dict[int, User] = {}
        self.api_keys: dict[int, str] = {}
        self.sessions: dict[str, User] = {}
        self.link_key = secrets.token_urlsafe(16)
        self.access_tokens: dict[int, AccessToken] = {}
        self.organizations: dict[int, Organization] = {}
        self.memberships: dict[int, Membership] = {}
        self.projects: dict[int, Project] = {}
        self.tasks: dict[int, Task] = {}
        self.jobs: dict[int, Job] = {}
        self.labels: dict[int, Label] = {}
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, Comment] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.background_requests: dict[str, BackgroundRequest] = {}
        self.uploads: dict[str, Upload] = {}
        self.share: Path | None = None
        self.cloud_storages: dict[int, CloudStorage] = {}
        self.tag_rows = Rows("engine_labeledimage_pkey")
        self.shape_rows = Rows("engine_labeledshape_pkey")
        self.track_rows = Rows("engine_labeledtrack_pkey")
        self.keyframe_rows = Rows("engine_trackedshape_pkey")
        for account in accounts:
            self.add_user(account)

    def next_id(self, kind: str) -> int:
        """The next id of this kind of object."""
        return next(self._counters[kind])

    def now(self) -> str:
        """The present moment, as dates are written."""
        return self.clock.now()

    def add_user(self, account: Account) -> User:
        """Make an account; its address is `<name>@example.com`."""
        user = User(
            id=self.next_id("user"),
            username=account.username,
            password=account.password,
            email=f"{account.username}@example.com",
            is_superuser=account.superuser,
            date_joined=self.now(),
        )
        self.users[user.id] = user
        return user

    def find_login(self, name: str | None, password: str | None) -> User | None:
        """The user with this name or address and password."""
        for user in self.users.values():
            if name and name in (user.username, user.email) and password == user.password:
                return user
        return None

    def api_key(self, user: User) -> str:
        """The one API key of a user; made on demand, the same until a logout."""
        return self.api_keys.setdefault(user.id, secrets.token_hex(20))

    def find(self, kind: str, table: dict[int, T], ident: str) -> T:
        """The object with the id in a path.

        Raises:
            Refusal: 404, in other words for what is not a number.
        """
        try:
            number = int(ident)
        except ValueError:
            raise detail(404, "Not found.") from None
        if number not in table:
            raise missing(kind)
        return table[number]

    def user(self, ident: str) -> User:
        return self.find("User", self.users, ident)

    def project(self, ident: str) -> Project:
        return self.find("Project", self.projects, ident)

    def task(self, ident: str) -> Task:
        return self.find("Task", self.tasks, ident)

    def job(self, ident: str) -> Job:
        return self.find("Job", self.jobs, ident)

    def cloud_storage(self, ident: str) -> CloudStorage:
        return self.find("CloudStorage", self.cloud_storages, ident)

    def touch(self, *things: Job | Task | Project | None) -> None:
        """Move `updated_date` of each thing, to moments of their own."""
        for thing in things:
            if thing is not None:
                thing.updated_date = self.now()

    def drop_job(self, job: Job) -> None:
        """Forget a job with its annotations and issues."""
        self.jobs.pop(job.id, None)
        job.task.jobs.pop(job.id, None)
        for rows in (self.tag_rows, self.shape_rows, self.track_rows, self.keyframe_rows):
            rows.forget(job)
        for issue in list(job.issues.values()):
            self.drop_issue(issue)

    def drop_issue(self, issue: Issue) -> None:
        """Forget an issue with its comments."""
        self.issues.pop(issue.id, None)
        issue.job.issues.pop(issue.id, None)
        for comment in issue.comments.values():
            self.comments.pop(comment.id, None)

    def drop_task(self, task: Task) -> None:
        """Forget a task with its jobs, labels and unfinished uploads. Its requests stay."""
        self.tasks.pop(task.id, None)
        if task.project:
            task.project.tasks.pop(task.id, None)
        for job in list(task.jobs.values()):
            self.drop_job(job)
        self.drop_labels(task.labels)
        for upload in [upload for upload in self.uploads.values() if upload.task is task]:
            del self.uploads[upload.id]

    def drop_labels(self, labels: dict[int, Label]) -> None:
        """Forget labels and their sublabels."""
        for label in labels.values():
            self.labels.pop(label.id, None)
            for sublabel in label.sublabels:
                self.labels.pop(sublabel.id, None)

    def drop_project(self, project: Project) -> None:
        """Forget a project with its tasks, labels and webhooks."""
        self.projects.pop(project.id, None)
        for task in list(project.tasks.values()):
            self.drop_task(task)
        self.drop_labels(project.labels)
        for hook in [hook for hook in self.webhooks.values() if hook.project is project]:
            del self.webhooks[hook.id]
