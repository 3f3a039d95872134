"""What a person asks for in an import."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from ..media_map import MediaMap, read_media_map
from .making import Fact, Said


class ImportRequest(BaseModel):
    """The parameters of an import.

    Args:
        anno_key: the key of the new run
        tasks: ids of CVAT tasks
        project: a CVAT project, by id or name, all of whose tasks are meant, beside ``tasks``
        label_field: the field for the labels, of videos one of their frames; by label type for tasks with several
            (``{"detections": "boxes", "polylines": "outlines"}``); by default each type has a field of its own name
        media_field: the sample field with the paths whose file names are compared
        unmatched: what to do about frames, or videos, that match no sample: ``"stop"``, or ``"ignore"`` them
        organization: the slug of the CVAT organization; ``""`` for the personal workspace
        create_samples: whether frames that match no sample get one: their images are fetched from CVAT. Samples are
            then looked for in the whole dataset, which may be empty
        folder: where these images go; an absolute path on this machine
        sample_fields: what made samples say of where they came from, each in a field of that name: ``"task"`` (its
            name), ``"job"`` (its id), ``"subset"``, ``"assignee"``
        sequence_field: where samples are made of the frames of a video, which CVAT does not give back, the field that
            says which video they are of: they are an image sequence
        sequence_order: the field with their numbers in the video, from 1
        media_source, media_map: as of a send: where CVAT sees files of one's own. Samples are made of these, without
            fetching, if they are here and have the frame's size, or are in the cloud storage that CVAT names
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    anno_key: str
    tasks: tuple[int, ...] = ()
    project: int | str | None = None
    label_field: str | dict[str, str] | None = None
    media_field: str = "filepath"
    unmatched: Literal["stop", "ignore"] = "stop"
    organization: str | None = None
    create_samples: bool = False
    folder: str | None = Field(default=None, validate_default=True)
    sample_fields: tuple[Fact, ...] = ()
    sequence_field: str = "sequence"
    sequence_order: str = "frame_number"
    media_source: Literal["share", "cloud_storage"] | None = None
    media_map: dict[str, int | str] = Field(default_factory=dict, validate_default=True)

    @property
    def said(self) -> Said:
        """The fields in which made samples say what they are."""
        return Said(self.sample_fields, self.sequence_order, self.media_field)

    @property
    def places(self) -> MediaMap:
        """Where CVAT sees files of one's own."""
        return MediaMap([]) if self.media_source is None else read_media_map(self.media_source, self.media_map)

    @field_validator("media_map", mode="before")
    @classmethod
    def _no_map(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("media_map")
    @classmethod
    def _can_be_mapped(cls, value: dict[str, int | str], info: ValidationInfo) -> dict[str, int | str]:
        source = info.data.get("media_source")
        if source is None and value:
            raise ValueError("it has a meaning only with `media_source` 'share' or 'cloud_storage'")
        if source is not None:
            if not info.data.get("create_samples"):
                raise ValueError("it has a meaning only with `create_samples`")
            read_media_map(source, value)
        return value

    @field_validator("folder")
    @classmethod
    def _is_absolute(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            if info.data.get("create_samples"):
                raise ValueError("it is needed with `create_samples`: an absolute path for the images")
            return None
        if not info.data.get("create_samples"):
            raise ValueError("it has a meaning only with `create_samples`")
        try:
            path = Path(value.strip()).expanduser()
        except RuntimeError:  # nobody's home
            path = Path(value)
        if "\0" in value or not path.is_absolute():
            raise ValueError("it has to be an absolute path")
        return os.path.normpath(path)

    @field_validator("sample_fields")
    @classmethod
    def _of_made_samples(cls, value: tuple[Fact, ...], info: ValidationInfo) -> tuple[Fact, ...]:
        if value and not info.data.get("create_samples"):
            raise ValueError("they have a meaning only with `create_samples`")
        return value

    @field_validator("anno_key")
    @classmethod
    def _is_identifier(cls, value: str) -> str:
        if not value.isidentifier():
            raise ValueError("must be a name of letters, digits and underscores that does not start with a digit")
        return value

    @field_validator("sequence_field", "sequence_order")
    @classmethod
    def _is_field_of_its_own(cls, value: str, info: ValidationInfo) -> str:
        if not value.isidentifier():
            raise ValueError("must be the name of a field: letters, digits and underscores, no digit first")
        if value in (*info.data.get("sample_fields", ()), info.data.get("sequence_field")):
            raise ValueError("each needs a field of its own")
        return value

    @field_validator("tasks", "sample_fields", mode="before")
    @classmethod
    def _to_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, (int, str)) else () if value is None else value

    @field_validator("project", "label_field", mode="before")
    @classmethod
    def _blank_is_none(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value
