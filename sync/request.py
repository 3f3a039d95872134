"""What a person asks for: the parameters of a send and of a load."""

import difflib
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Literal, TypeVar

import fiftyone as fo
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from ..cvat import Job
from ..labels.rotation import RotationUnit, default_unit
from ..labels.tracks.keyframes import TOLERANCE_PX
from .errors import Refused
from .media_map import MediaMap, read_media_map

Caution = Literal["deleted", "emptied"]
Policy = Literal["remote", "local", "ask"]

Request = TypeVar("Request", bound=BaseModel)


class SendRequest(BaseModel):
    """The parameters of a send; their names and meanings are those of ``SampleCollection.annotate()``.

    Args:
        anno_key: the run's key, a valid Python identifier that no other run has
        label_schema: fields and their types, classes and attributes; takes precedence over the next five
        label_field: the field or fields to annotate, new or existing
        label_type: the type of the labels; needed for a new field
        classes: the classes; needed for a new field
        attributes: ``True`` for all that the labels have, ``False`` for none, names, or a dict of names and settings
        mask_targets: for segmentations
        allow_additions, allow_deletions, allow_label_edits, allow_index_edits, allow_spatial_edits: what annotators'
            edits may change
        media_field: the sample field with the paths of the images
        media_source: where CVAT gets the images: ``"upload"`` them, or it sees them on its file ``"share"``, or in its
            ``"cloud_storage"``
        media_map: for these, the prefixes of the paths: to a directory on the share, such as ``{"/data": "images"}``;
            to the id of a CVAT cloud storage, such as ``{"s3://bucket/folder": 3}`` or ``{"/mnt/bucket": "3:folder"}``
        task_name: the name of the task; the number is added if there are several
        task_size: the most images in a task
        sequence_field: of images, the field or fields whose values say which of them are one sequence: each becomes a
            task in which labels of one object are a track; a view made by ``group_by(..., order_by=...)`` says that by
            itself
        sequence_order: the field that gives the order of images in their sequence; by default their file names do
        segment_size: the most images, or frames of a video, in a job
        frame_start, frame_stop: of videos, the first and the last frame to send, counted from 0
        frame_step: of videos, each so many frames are sent
        overlap: images, or frames of a video, that a job shares with the one before it; it needs a `segment_size`. The
            labels there are in both jobs, and counted once
        keyframe_tolerance: of videos and image sequences, how many pixels CVAT may show a coordinate off between
            keyframes; 0 for exactly
        image_quality: of the images that annotators see, 1 to 100
        project_name: the project to put the tasks in; it is created if there is none of this name
        project_id: the same by its id in CVAT; it must be there, and if a name is given, too, be called so
        subset: the subset of the tasks, such as ``"train"``
        project_labels: what to do if that project lacks labels or attributes: ``"stop"``, ``"leave_out"`` what it
            lacks, or ``"extend"`` it
        organization: the slug of the CVAT organization; ``""`` for the personal workspace
        task_assignee: user name
        job_assignees: user names, dealt to the jobs in turn
        issue_tracker: any link, kept with the tasks
        launch_editor: whether to open CVAT afterwards
        occluded_attr, group_id_attr, z_order_attr, source_attr, score_attr: attributes that hold what CVAT knows of an
            object, both ways
        show_confidence: whether annotators see the confidence, as a read-only attribute
        rotation_unit: what the rotation of boxes is given in, ``"degrees"`` or ``"radians"``; by default what this
            version of FiftyOne takes it for
        bad_files: what to do if a file is missing or no image: ``"stop"``, or ``"leave_out"`` its sample
        extend: whether the run is there, and gets those of the samples that it lacks, in new tasks; what is not said is
            as when it was sent
        add_classes: whether classes that the run lacks and the new samples have are added to it, and to its project
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    anno_key: str
    label_schema: dict[str, Any] | None = None
    label_field: tuple[str, ...] = ()
    label_type: str | None = None
    classes: tuple[Any, ...] | None = None
    attributes: Any = True
    mask_targets: dict[Any, Any] | None = None
    allow_additions: bool = True
    allow_deletions: bool = True
    allow_label_edits: bool = True
    allow_index_edits: bool = True
    allow_spatial_edits: bool = True
    media_field: str = "filepath"
    media_source: Literal["upload", "share", "cloud_storage"] = "upload"
    media_map: dict[str, int | str] = Field(default_factory=dict, validate_default=True)
    task_name: str | None = None
    task_size: int | None = Field(default=None, ge=1)
    sequence_field: tuple[str, ...] = ()
    sequence_order: str | None = None
    segment_size: int | None = Field(default=None, ge=1)
    frame_start: int = Field(default=0, ge=0)
    frame_stop: int | None = Field(default=None, ge=0)
    frame_step: int = Field(default=1, ge=1)
    overlap: int = Field(default=0, ge=0)
    keyframe_tolerance: float = Field(default=TOLERANCE_PX, ge=0, allow_inf_nan=False)
    image_quality: int = Field(default=75, ge=1, le=100)
    project_name: str | None = Field(default=None, max_length=256)
    project_id: int | None = Field(default=None, ge=1)
    subset: str = Field(default="", max_length=64)
    project_labels: Literal["stop", "leave_out", "extend"] = "stop"
    organization: str | None = None
    task_assignee: str | None = None
    job_assignees: tuple[str, ...] = ()
    issue_tracker: str | None = Field(default=None, max_length=2000)
    launch_editor: bool = False
    occluded_attr: str | None = None
    group_id_attr: str | None = None
    z_order_attr: str | None = None
    source_attr: str | None = None
    score_attr: str | None = None
    show_confidence: bool = False
    rotation_unit: RotationUnit = Field(default_factory=lambda: default_unit(fo.__version__))
    bad_files: Literal["stop", "leave_out"] = "stop"
    extend: bool = False
    add_classes: bool = False

    @field_validator("anno_key")
    @classmethod
    def _is_identifier(cls, value: str) -> str:
        if not value.isidentifier():
            raise ValueError("must be a name of letters, digits and underscores that does not start with a digit")
        return value

    @field_validator("add_classes")
    @classmethod
    def _of_a_run(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("extend"):
            raise ValueError("it has a meaning only with `extend`; a new run has the classes that its labels have")
        return value

    @field_validator("label_field", "job_assignees", "classes", "sequence_field", mode="before")
    @classmethod
    def _to_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        return () if value is None and not isinstance(value, tuple) else value

    @field_validator("frame_stop")
    @classmethod
    def _not_before_start(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and value < info.data.get("frame_start", 0):
            raise ValueError("it is before `frame_start`")
        return value

    @field_validator("overlap")
    @classmethod
    def _below_half(cls, value: int, info: ValidationInfo) -> int:
        size = info.data.get("segment_size")
        if value and (size is None or 2 * value > size):
            raise ValueError("it needs a `segment_size` that is at least twice as large")
        return value

    @field_validator("media_map", mode="before")
    @classmethod
    def _no_map(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("media_map")
    @classmethod
    def _can_be_mapped(cls, value: dict[str, int | str], info: ValidationInfo) -> dict[str, int | str]:
        source = info.data.get("media_source")
        if source == "upload" and value:
            raise ValueError("it has a meaning only with `media_source` 'share' or 'cloud_storage'")
        if source in ("share", "cloud_storage"):
            read_media_map(source, value)
        return value

    @property
    def server_places(self) -> MediaMap:
        """What the server sees by itself; nothing if the images are uploaded."""
        return MediaMap([]) if self.media_source == "upload" else read_media_map(self.media_source, self.media_map)

    @field_validator("label_schema", mode="before")
    @classmethod
    def _name_fields(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, (list, tuple)):
            return value
        if not all(isinstance(name, str) for name in value):
            raise ValueError("it is a dict by field, or a list of fields")
        return {name: {} for name in value}

    @field_validator("task_name", "project_name", "task_assignee", "issue_tracker", "sequence_order", mode="before")
    @classmethod
    def _blank_is_none(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value


class LoadRequest(BaseModel):
    """The parameters of a load.

    Args:
        anno_key: the run's key
        dest_field: load into this field, beside the field that was sent; a dict for runs of several fields
        unexpected: labels that no field of the run can hold, such as a polygon in a run of boxes: ``"keep"`` them in a
            field named after their type, or ``"ignore"`` them; both are counted in the report
        policy: whose change counts where both sides changed the same part of a label: CVAT's (``"remote"``), FiftyOne's
            (``"local"``), or nobody's before somebody decides (``"ask"``): the label is then left alone and tagged
        preview: whether to say what the load would do, and to write nothing
        max_deleted: the part of the run's labels, 0 to 1, that a load may delete without being confirmed; unless it is
            given, one or two labels always may
        confirm: the cautions that are confirmed (``"deleted"``, ``"emptied"``), or ``True`` for all
        states, stages, assignees, tasks, jobs: load only jobs of these states, stages and assignees (user names), of
            these tasks, or these jobs (ids); by default all. The others are left for later
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    anno_key: str
    dest_field: str | dict[str, str] | None = None
    unexpected: Literal["keep", "ignore"] = "keep"
    policy: Policy = "remote"
    preview: bool = False
    max_deleted: float = Field(default=0.2, ge=0, le=1)
    confirm: bool | tuple[Caution, ...] = False
    states: tuple[Literal["new", "in progress", "completed", "rejected"], ...] = ()
    stages: tuple[Literal["annotation", "validation", "acceptance"], ...] = ()
    assignees: tuple[str, ...] = ()
    tasks: tuple[int, ...] = ()
    jobs: tuple[int, ...] = ()

    @field_validator("confirm", mode="before")
    @classmethod
    def _one_caution(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("states", "stages", "assignees", "tasks", "jobs", mode="before")
    @classmethod
    def _to_list(cls, value: Any) -> Any:
        if value is None:
            return ()
        return (value,) if isinstance(value, (str, int)) else value

    def wants(self, job: Job) -> bool:
        """Whether a job is among those to be loaded."""
        return all(not choice or _FACTS[what](job) in choice for what, choice in self._choices)

    def unmatched(self, jobs: Sequence[Job]) -> list[str]:
        """What was asked for that no job has, in sentences.

        Args:
            jobs: all jobs of the run
        """
        notes = []
        for what, choice in self._choices:
            there = {_FACTS[what](job) for job in jobs}
            notes += _lacking(what, choice, there)
        if not notes and jobs and not any(map(self.wants, jobs)):
            notes.append("No job of this run has all that was asked for, so nothing was looked at.")
        return notes

    @property
    def _choices(self) -> list[tuple[str, tuple[Any, ...]]]:
        return [
            ("state", self.states),
            ("stage", self.stages),
            ("assignee", self.assignees),
            ("task", self.tasks),
            ("id", self.jobs),
        ]

    def confirms(self, caution: str) -> bool:
        """Whether the person confirmed a caution."""
        return self.confirm is True or (isinstance(self.confirm, tuple) and caution in self.confirm)


class UndoRefreshRequest(BaseModel):
    """The parameters of taking a refresh back.

    Args:
        anno_key: the run's key
        completed: whether to write into jobs that are completed, too
        in_progress: whether to write into jobs that are in progress and have an assignee, who may have them open now
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    anno_key: str
    completed: bool = False
    in_progress: bool = False

    def why_not(self, job: Job) -> str | None:
        """Why a job is left out; ``None`` if it is not."""
        if job.state == "completed" and not self.completed:
            return "completed"
        if job.state == "in progress" and job.assignee is not None and not self.in_progress:
            return f"in progress, with {job.assignee.username}"
        return None


class RefreshRequest(UndoRefreshRequest):
    """The parameters of a refresh: labels that changed in FiftyOne go into CVAT's jobs.

    Args:
        anno_key, completed, in_progress: as of :class:`UndoRefreshRequest`
        preview: whether to say what the refresh would do, and to write nothing
        tasks, jobs: write only into jobs of these tasks, or into these jobs (ids); by default into all
        max_deleted: the part of the run's labels, 0 to 1, that a refresh may delete in CVAT without being confirmed;
            one or two always may
        confirm: whether more may be deleted
    """

    preview: bool = False
    tasks: tuple[int, ...] = ()
    jobs: tuple[int, ...] = ()
    max_deleted: float = Field(default=0.2, ge=0, le=1)
    confirm: bool = False

    @field_validator("tasks", "jobs", mode="before")
    @classmethod
    def _to_list(cls, value: Any) -> Any:
        if value is None:
            return ()
        return (value,) if isinstance(value, int) else value

    def unmatched(self, jobs: Sequence[Job]) -> list[str]:
        """What was asked for that no job has, in sentences.

        Args:
            jobs: all jobs of the run
        """
        notes = _lacking("task", self.tasks, {job.task_id for job in jobs})
        return [*notes, *_lacking("id", self.jobs, {job.id for job in jobs})]

    def why_not(self, job: Job) -> str | None:
        """Why a job is left out; ``None`` if it is not."""
        if self.jobs and job.id not in self.jobs:
            return "not asked for"
        if self.tasks and job.task_id not in self.tasks:
            return "not asked for"
        return super().why_not(job)


_FACTS: dict[str, Callable[[Job], Any]] = {
    "state": lambda job: job.state,
    "stage": lambda job: job.stage,
    "assignee": lambda job: job.assignee.username if job.assignee else "",
    "task": lambda job: job.task_id,
    "id": lambda job: job.id,
}
"""What jobs can be chosen by."""


def _lacking(what: str, choice: Sequence[Any], there: Container[Any]) -> list[str]:
    """What of a choice no job has, in a sentence, if there is something."""
    lacking = [str(value) for value in choice if value not in there]
    return [f"No job of this run has the {what} {' or '.join(lacking)}."] if lacking else []


def parse(model: type[Request], params: Mapping[str, Any]) -> Request:
    """Reads parameters that a person gave.

    Raises:
        Refused: with one sentence that names each wrong parameter
    """
    if not isinstance(params, Mapping):
        raise Refused(f"Parameters are a dict with {', '.join(model.model_fields)}.")
    for name, value in params.items():
        if not _is_text(value):
            raise Refused(f"The parameter '{name}' has half a character, which can't be stored.")
    try:
        return model.model_validate(dict(params))
    except ValidationError as error:
        raise Refused(" ".join(_sentence(model, item) for item in error.errors())) from None


def _is_text(value: Any) -> bool:
    """Whether all texts in a value can be written as UTF-8."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, Mapping):
        return all(map(_is_text, (*value, *value.values())))
    return not isinstance(value, (list, tuple, set, frozenset)) or all(map(_is_text, value))


def _sentence(model: type[BaseModel], item: Any) -> str:
    name = ".".join(str(part) for part in item["loc"]) or "parameters"
    if item["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, model.model_fields, 1)
        hint = f"; did you mean '{close[0]}'?" if close else f"; there are: {', '.join(model.model_fields)}."
        return f"There is no parameter '{name}'{hint}"
    if item["type"] == "missing":
        return f"The parameter '{name}' is needed."
    message = item["msg"].removeprefix("Value error, ")
    return f"The parameter '{name}' is wrong: {message[0].lower()}{message[1:]}."
