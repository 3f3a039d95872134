"""Projects, tasks, their frames and the requests that make them. Dates are kept as the text the server
sent."""

from __future__ import annotations

import re

from pydantic import AliasChoices, Field

from .accounts import User
from .base import Count, Many, Resource, Text


class Project(Resource):
    """A project: a label schema and the tasks that share it."""

    id: int
    name: str
    url: Text = ""
    owner: User | None = None
    assignee: User | None = None
    status: Text = ""
    bug_tracker: Text = ""
    created_date: Text = ""
    updated_date: Text = ""
    organization: int | None = Field(None, validation_alias=AliasChoices("organization", "organization_id"))


class JobsSummary(Resource):
    """How many jobs a task has, and how far they are."""

    count: Count = 0
    completed: Count = 0
    validation: Count = 0


class Task(Resource):
    """A task: a set of frames to annotate.

    Attributes:
        size: Number of frames; 0 until the data has been processed.
        mode: ``annotation`` for images, ``interpolation`` for a video, empty without data.
        media_type: ``image``, also of videos, ``point_cloud`` or ``audio``; empty from servers that do not say it.
        bug_tracker: A free text of up to 2000 characters, found by ``tracker_link``.
        organization: The id of the organization it is in; None in a personal workspace.
    """

    id: int
    name: str
    url: Text = ""
    size: Count = 0
    mode: Text = ""
    media_type: Text = ""
    status: Text = ""
    project_id: int | None = None
    owner: User | None = None
    assignee: User | None = None
    bug_tracker: Text = ""
    subset: Text = ""
    created_date: Text = ""
    updated_date: Text = ""
    organization: int | None = Field(None, validation_alias=AliasChoices("organization", "organization_id"))
    dimension: Text = ""
    overlap: int | None = None
    segment_size: Count = 0
    image_quality: int | None = None
    jobs: JobsSummary = JobsSummary()


class FrameMeta(Resource):
    """One frame: its file name and its size in pixels as displayed (EXIF orientation applied)."""

    name: str
    width: int
    height: int


class DataMeta(Resource):
    """The frames of a task or a job.

    Attributes:
        size: Number of frames. A video has one entry in ``frames`` for any size.
        start_frame: First frame in the numbering of the source, which differs from task frame numbers when a
            start or a step was given.
        stop_frame: Last frame in the same numbering, inclusive: the last one that was taken.
        frame_filter: Empty, or ``step=N``.
        deleted_frames: Task frame numbers that an annotator removed.
        included_frames: Frames that a ground truth job is about; None otherwise.
        chunk_size: Frames in a chunk.
        cloud_storage_id: The cloud storage that the files are in; None if they are elsewhere, or the server does not
            say.
    """

    size: Count = 0
    frames: Many[FrameMeta] = ()
    start_frame: Count = 0
    stop_frame: Count = 0
    frame_filter: Text = ""
    deleted_frames: Many[int] = ()
    included_frames: tuple[int, ...] | None = Field(None, fail_fast=True)
    chunk_size: int | None = None
    cloud_storage_id: int | None = None
    image_quality: int | None = None

    @property
    def step(self) -> int:
        """Each so many frames of the source were taken; 1 if all."""
        match = re.fullmatch(r"step=(\d{1,9})", self.frame_filter[:20].replace(" ", ""), re.ASCII)
        return max(1, int(match[1])) if match else 1


class RequestStatus(Resource):
    """Where CVAT is with a job in its background queue.

    Attributes:
        status: ``queued``, ``started``, ``finished`` or ``failed``.
        progress: 0 to 1; stays 0 for the creation of a task.
    """

    id: str = ""
    status: str
    message: Text = ""
    progress: float | None = None
    created_date: str | None = None
    finished_date: str | None = None
    expiry_date: str | None = None
