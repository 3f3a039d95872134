"""What the server holds: plain records without behaviour. Relations are object references."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .video import Video


@dataclass(eq=False)
class User:
    id: int
    username: str
    password: str
    email: str
    is_superuser: bool
    date_joined: str
    first_name: str = ""
    last_name: str = ""
    last_login: str | None = None


@dataclass(eq=False)
class AccessToken:
    id: int
    owner: User
    name: str
    value: str
    read_only: bool
    created_date: str
    updated_date: str
    expiry_date: str | None = None
    last_used_date: str | None = None


@dataclass(eq=False)
class Organization:
    id: int
    slug: str
    name: str
    description: str
    owner: User
    created_date: str
    updated_date: str


@dataclass(eq=False)
class Membership:
    id: int
    user: User
    organization: Organization
    role: str
    joined_date: str
    invitation: str | None = None


@dataclass(eq=False)
class Attribute:
    id: int
    name: str
    mutable: bool
    input_type: str
    default_value: str
    values: list[str]


@dataclass(eq=False)
class Label:
    id: int
    name: str
    color: str
    type: str
    owner: Project | Task
    attributes: list[Attribute] = field(default_factory=list)
    sublabels: list[Label] = field(default_factory=list)
    parent: Label | None = None
    svg: str | None = None


@dataclass(eq=False)
class Project:
    id: int
    name: str
    owner: User
    organization: Organization | None
    created_date: str
    updated_date: str
    assignee: User | None = None
    assignee_updated_date: str | None = None
    bug_tracker: str = ""
    labels: dict[int, Label] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)


@dataclass(eq=False)
class CloudStorage:
    """A folder that stands for a bucket. `prefix` is what keys must begin with to be seen."""

    id: int
    display_name: str
    resource: str
    folder: Path
    owner: User
    organization: Organization | None
    created_date: str
    prefix: str = ""
    provider_type: str = "AWS_S3_BUCKET"


@dataclass(eq=False)
class Frame:
    """One frame of a task; `source` is its number in the uploaded data, `path` a file that has to stay there."""

    name: str
    width: int
    height: int
    source: int
    data: bytes = b""
    path: Path | None = None
    related: list[ClientFile] = field(default_factory=list)


@dataclass(eq=False)
class ClientFile:
    """An uploaded file, or one of the server's own (with a `path`), with the images that belong to it.

    `data` is None when its bytes never arrived where they are looked for.
    """

    name: str
    data: bytes | None
    path: Path | None = None
    related: list[ClientFile] = field(default_factory=list)


@dataclass(eq=False)
class Data:
    """The media of a task, from the first upload request on. Once a creation failed, all do."""

    id: int
    files: dict[str, ClientFile] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    deleted_frames: set[int] = field(default_factory=set)
    video: Video | None = None
    size: int = 0
    image_quality: int = 50
    start_frame: int = 0
    stop_frame: int = 0
    frame_filter: str = ""
    chunk_size: int | None = None
    original_chunk_type: str = "imageset"
    compressed_chunk_type: str = "imageset"
    chunks_updated_date: str | None = None
    storage: str = "local"
    cloud_storage_id: int | None = None
    failed: bool = False

    @property
    def step(self) -> int:
        return int(self.frame_filter.split("=")[1]) if self.frame_filter else 1


@dataclass(eq=False)
class Validation:
    """How the annotators of a task are checked.

    `frames` are those of the ground truth; `honeypots` are copies of them among the frames of the other jobs, by
    their number.
    """

    mode: str
    frames: list[int]
    frames_per_job: int | None = None
    disabled: set[int] = field(default_factory=set)
    honeypots: dict[int, int] = field(default_factory=dict)


@dataclass(eq=False)
class Task:
    id: int
    name: str
    owner: User
    organization: Organization | None
    created_date: str
    updated_date: str
    project: Project | None = None
    assignee: User | None = None
    assignee_updated_date: str | None = None
    bug_tracker: str = ""
    subset: str = ""
    mode: str = ""
    overlap: int | None = None
    segment_size: int = 0
    status: str = "annotation"
    consensus_replicas: int = 0
    validation: Validation | None = None
    data: Data | None = None
    labels: dict[int, Label] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)

    @property
    def used_labels(self) -> dict[int, Label]:
        """Its own labels, or those of its project."""
        return self.project.labels if self.project else self.labels


@dataclass(eq=False)
class Job:
    id: int
    task: Task
    type: str
    start_frame: int
    stop_frame: int
    created_date: str
    updated_date: str
    chunks_updated_date: str
    assignee: User | None = None
    assignee_updated_date: str | None = None
    stage: str = "annotation"
    state: str = "new"
    included_frames: list[int] | None = None
    parent: Job | None = None
    tags: dict[int, dict[str, Any]] = field(default_factory=dict)
    shapes: dict[int, dict[str, Any]] = field(default_factory=dict)
    tracks: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    status: str = "annotation"
    revision: int = 0

    @property
    def progress(self) -> str:
        """The status that follows from stage and state; `status` is it, except after a restore."""
        if self.stage == "acceptance":
            return "completed" if self.state == "completed" else "validation"
        return self.stage


@dataclass(eq=False)
class Issue:
    id: int
    job: Job
    frame: int
    position: list[float]
    owner: User
    created_date: str
    updated_date: str
    assignee: User | None = None
    resolved: bool = False
    comments: dict[int, Comment] = field(default_factory=dict)


@dataclass(eq=False)
class Comment:
    id: int
    issue: Issue
    owner: User
    message: str
    created_date: str
    updated_date: str


@dataclass(eq=False)
class BackgroundRequest:
    """What the server does after its answer, such as making frames and jobs of uploaded files.

    `unsettled` is whether the first look at it shows it half written.
    """

    id: str
    operation: str
    owner: User
    created_date: str
    task: Task | None = None
    status: str = "queued"
    message: str = ""
    trace: str = ""
    started_date: str | None = None
    finished_date: str | None = None
    expiry_date: str | None = None
    job: Job | None = None
    result_id: int | None = None
    result_path: str | None = None
    unsettled: bool = False


@dataclass(eq=False)
class Upload:
    """A resumable (TUS) upload that is not complete yet."""

    id: str
    task: Task
    name: str
    length: int
    offset: int = 0
    content: bytearray = field(default_factory=bytearray)


@dataclass(eq=False)
class Webhook:
    id: int
    target_url: str
    description: str
    type: str
    content_type: str
    secret: str
    is_active: bool
    enable_ssl: bool
    events: list[str]
    owner: User
    project: Project | None
    organization: Organization | None
    created_date: str
    updated_date: str
    last_status: int | None = None
    last_delivery_date: str | None = None
    deliveries: dict[int, Delivery] = field(default_factory=dict)


@dataclass(eq=False)
class Delivery:
    id: int
    webhook: Webhook
    event: str
    request: dict[str, Any]
    changed_fields: str
    redelivery: bool
    created_date: str
    updated_date: str
    status_code: int | None = None
    response: str = ""
