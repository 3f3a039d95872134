"""What an import needs to know before it begins: the tasks, which frame is which sample, and the fields."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from ...cvat import Client
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.samples import FRAMES, FieldPlace, check_room, read_labels
from ..errors import Refused, error_context
from ..progress import ProgressReporter
from ..runs import record as records
from ..send.checks import check_target, read_paths
from .folders import check_folders
from .linking import Links, link
from .making import Fact, Files, Said, check_said, link_made
from .schema import derive_schema
from .survey import FoundTask, survey
from .videos import check_frame_field, compare_frames, of_frames, on_frames

NAMED = 5
"""How many names a sentence lists."""


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

    @property
    def said(self) -> Said:
        """The fields in which made samples say what they are."""
        return Said(self.sample_fields, self.sequence_order)

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


@dataclass(frozen=True)
class PreparedImport:
    """An import that could begin.

    Args:
        collection: the samples that frames were looked for among
        request: what was asked for
        tasks: the tasks; of videos those that are samples
        links: which frame, or which video, is which sample
        schema: the run's schema
        user: the CVAT user
        notes: sentences for the person
        files: where the images of frames are, or will be, if samples are made of them
        left_out: how many frames have no sample, by reason
    """

    collection: Any
    request: ImportRequest
    tasks: tuple[FoundTask, ...]
    links: Links
    schema: LabelSchema
    user: str
    notes: tuple[str, ...] = ()
    files: Files = field(default_factory=Files)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def media(self) -> Literal["image", "video"]:
        """What the samples are."""
        return "video" if self.collection.media_type == "video" else "image"

    def as_dict(self) -> dict[str, Any]:
        """What is imported, as plain data; see :func:`prepare_import`."""
        unmatched = [frame.name for frame in self.links.unmatched]
        make = {"make": len(unmatched), "folder": self.request.folder} if self.request.create_samples else {}
        return {
            "anno_key": self.request.anno_key,
            "tasks": [task.task.id for task in self.tasks],
            "media": self.media,
            "frames": len(self.links.samples) + len(self.links.unmatched),
            "linked": len(self.links.samples),
            "unmatched": unmatched,
            "fields": {name: item.type for name, item in self.schema.fields.items()},
            "objects": sum(task.objects for task in self.tasks),
            "notes": list(self.notes),
            **make,
        }


def prepare_import(
    target: Any, request: ImportRequest, client: Client, reporter: ProgressReporter | None = None
) -> PreparedImport:
    """Finds out everything that an import needs. Nothing is changed, here or in CVAT.

    Its ``as_dict()`` has ``anno_key``, ``tasks`` (ids), ``media`` (``"image"`` or ``"video"``), ``frames`` (how many
    images, or videos) and how many are ``linked``, the names of the ``unmatched`` ones, ``fields`` (label types by
    name), how many ``objects`` there are in CVAT, and ``notes``.

    Raises:
        Refused: if the request can't be carried out
        CvatError: if CVAT can't be reached or refuses
    """
    reporter = reporter or ProgressReporter()
    collection = _collection(target, request)
    dataset = collection._root_dataset
    records.check_key(dataset, request.anno_key)
    check_said(dataset, request.said)
    paths = dict(read_paths(collection, request.media_field))
    with error_context(lambda: "Nothing was changed."):
        reporter.step("Connecting to CVAT")
        user = client.check().user.username
        ids = task_ids(client, request)
        check_free(dataset, client.url, ids)
        is_video = collection.media_type == "video"
        notes: list[str] = []
        of_project = request.create_samples and request.project is not None
        sequences = request.sequence_field if request.create_samples else None
        tasks = survey(client, ids, reporter, is_video, notes if of_project else None, sequences)
        if not tasks:
            raise Refused(f"No task can be imported. {notes[0]}")
    check_said(dataset, request.said, tasks)
    if request.folder is not None:
        check_folders(request.folder, client.url, [found.task for found in tasks])
    notes += [of_frames(found) for found in tasks if found.sequence is not None]
    frames = [frame for found in tasks for frame in found.frames]
    files = Files.of(request.folder, frames) if request.folder is not None else Files()
    links = link_made(frames, paths, files) if request.create_samples else link(frames, paths)
    check_links(links, len(frames), request, "video" if is_video else "image")
    if is_video:
        tasks = tuple(found for found in tasks if (found.task.id, 0) in links.samples)
        notes += compare_frames(dataset, tasks, links.samples)
    schema = derive_schema([label for found in tasks for label in found.labels], drawn_in(tasks), request.label_field)
    schema = on_frames(schema) if is_video else schema
    check_fields(dataset, schema, sorted(links.samples.values()))
    return PreparedImport(collection, request, tasks, links, schema, user, tuple(notes), files)


def _collection(target: Any, request: ImportRequest) -> Any:
    """The samples that frames are looked for among; where samples are made, all of the dataset, lest one be twice."""
    dataset = target._root_dataset
    if not request.create_samples:
        return check_target(target)
    media = check_target(dataset).media_type if len(dataset) else dataset.media_type
    if media not in ("image", None):
        raise Refused("Samples are made of images, and this dataset has others. Import into a dataset of images.")
    return dataset


def drawn_in(tasks: Iterable[FoundTask]) -> dict[int, set[str]]:
    """What was drawn in tasks: the types of objects by the id of their label."""
    drawn: dict[int, set[str]] = {}
    for found in tasks:
        for label_id, figures in found.drawn.items():
            drawn.setdefault(label_id, set()).update(figures)
    return drawn


def task_ids(client: Client, request: ImportRequest) -> list[int]:
    """The ids of the tasks that a request is about.

    Raises:
        Refused: if there are none, or the project is not clear
    """
    ids = set(request.tasks)
    if request.project is not None:
        project_id = request.project
        if isinstance(project_id, str):
            found = client.find_projects(project_id)
            if len(found) != 1:
                which = f": {', '.join(str(project.id) for project in found)}; give its id" if found else ""
                raise Refused(f"CVAT has {len(found) or 'no'} projects named '{project_id}'{which}.")
            project_id = found[0].id
        ids.update(task.id for task in client.tasks(project_id=project_id))
    if not ids:
        raise Refused("There is no task to import. Give the ids of `tasks`, or a `project` that has some.")
    return sorted(ids)


def check_free(dataset: Any, server: str, ids: Sequence[int]) -> None:
    """Refuses tasks whose labels come with another run already."""
    for key, record in records.find_all(dataset).items():
        taken = sorted({task.id for task in record.tasks} & set(ids)) if record.server == server else []
        if taken:
            raise Refused(
                f"Task {taken[0]} belongs to the run '{key}', so its labels would be there twice; load that run, or "
                "import the other tasks alone."
            )


def check_links(links: Links, frames: int, request: ImportRequest, media: str) -> None:
    what = "videos" if media == "video" else "frames"
    if links.ambiguous:
        raise Refused(
            f"File names do not tell which frame is which sample in {len(links.ambiguous)} cases: "
            f"{_listed(links.ambiguous)}. Nothing was changed. Import into a view that has only the samples that are "
            "meant, or the tasks one by one."
        )
    if request.create_samples:
        return
    if not links.samples:
        names = _listed([f"'{frame.name}'" for frame in links.unmatched])
        raise Refused(
            f"None of the {frames} {what} has the file name of a sample's `{request.media_field}`: {names}. Nothing "
            f"was changed. Add the {media}s to the dataset first."
        )
    if links.unmatched and request.unmatched == "stop":
        names = _listed([f"'{frame.name}'" for frame in links.unmatched])
        raise Refused(
            f"{len(links.unmatched)} of {frames} {what} match no sample by their file names: {names}. Nothing was "
            f"changed. Add their {media}s to the dataset first, or set `unmatched` to 'ignore' to leave them out."
        )


def check_fields(dataset: Any, schema: LabelSchema, sample_ids: Sequence[str]) -> None:
    """Refuses fields that hold something else, or labels that would then be there twice."""
    for name, item in schema.fields.items():
        type_ = LABEL_TYPES[item.type]
        check_room(dataset, name, type_.field)
        if dataset.get_field(name) is None:
            continue
        if name.startswith(FRAMES):
            check_frame_field(dataset, FieldPlace.of(name, type_), sample_ids)
            continue
        filled = sum(map(bool, read_labels(dataset, FieldPlace.of(name, type_), sample_ids).values()))
        if filled:
            raise Refused(
                f"The field '{name}' has labels on {filled} of the samples already, and an import does not know "
                "which of CVAT's they are; they would be there twice. Nothing was changed. Set `label_field` to a "
                "new field."
            )


def _listed(items: Sequence[str]) -> str:
    rest = len(items) - NAMED
    return "; ".join(items[:NAMED]) + (f"; and {rest} more" if rest > 0 else "")
