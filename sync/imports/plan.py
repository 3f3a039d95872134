"""What an import needs to know before it begins: the tasks, which frame is which sample, and the fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

from ...cvat import Client
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.samples import FRAMES, FieldPlace, check_room, read_labels
from ..errors import Refused, error_context
from ..progress import ProgressReporter
from ..runs import record as records
from ..send.checks import check_target, read_paths
from .linking import Links, NamedFrame, link
from .schema import derive_schema
from .survey import FoundTask, survey
from .videos import check_frame_field, compare_frames, on_frames

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
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    anno_key: str
    tasks: tuple[int, ...] = ()
    project: int | str | None = None
    label_field: str | dict[str, str] | None = None
    media_field: str = "filepath"
    unmatched: Literal["stop", "ignore"] = "stop"
    organization: str | None = None

    @field_validator("anno_key")
    @classmethod
    def _is_identifier(cls, value: str) -> str:
        if not value.isidentifier():
            raise ValueError("must be a name of letters, digits and underscores that does not start with a digit")
        return value

    @field_validator("tasks", mode="before")
    @classmethod
    def _to_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, int) else () if value is None else value

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
    """

    collection: Any
    request: ImportRequest
    tasks: tuple[FoundTask, ...]
    links: Links
    schema: LabelSchema
    user: str
    notes: tuple[str, ...] = ()

    @property
    def media(self) -> Literal["image", "video"]:
        """What the samples are."""
        return "video" if self.collection.media_type == "video" else "image"

    def as_dict(self) -> dict[str, Any]:
        """What is imported, as plain data; see :func:`prepare_import`."""
        unmatched = [frame.name for frame in self.links.unmatched]
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
    collection = check_target(target)
    dataset = collection._root_dataset
    records.check_key(dataset, request.anno_key)
    paths = dict(read_paths(collection, request.media_field))
    with error_context(lambda: "Nothing was changed."):
        reporter.step("Connecting to CVAT")
        user = client.check().user.username
        ids = task_ids(client, request)
        _check_free(dataset, client.url, ids)
        is_video = collection.media_type == "video"
        tasks = survey(client, ids, reporter, is_video)
    frames = [
        NamedFrame(found.task.id, number, frame.name)
        for found in tasks
        for number, frame in enumerate(found.meta.frames)
    ]
    links = link(frames, paths)
    _check_links(links, len(frames), request, "video" if is_video else "image")
    notes: list[str] = []
    if is_video:
        tasks = tuple(found for found in tasks if (found.task.id, 0) in links.samples)
        notes = compare_frames(dataset, tasks, links.samples)
    drawn: dict[int, set[str]] = {}
    for found in tasks:
        for label_id, figures in found.drawn.items():
            drawn.setdefault(label_id, set()).update(figures)
    schema = derive_schema([label for found in tasks for label in found.labels], drawn, request.label_field)
    schema = on_frames(schema) if is_video else schema
    _check_fields(dataset, schema, sorted(links.samples.values()))
    return PreparedImport(collection, request, tasks, links, schema, user, tuple(notes))


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


def _check_free(dataset: Any, server: str, ids: Sequence[int]) -> None:
    """Refuses tasks whose labels come with another run already."""
    for key, record in records.find_all(dataset).items():
        taken = sorted({task.id for task in record.tasks} & set(ids)) if record.server == server else []
        if taken:
            raise Refused(
                f"Task {taken[0]} belongs to the run '{key}', so its labels would be there twice; load that run, or "
                "import the other tasks alone."
            )


def _check_links(links: Links, frames: int, request: ImportRequest, media: str) -> None:
    what = "videos" if media == "video" else "frames"
    if links.ambiguous:
        raise Refused(
            f"File names do not tell which frame is which sample in {len(links.ambiguous)} cases: "
            f"{_listed(links.ambiguous)}. Nothing was changed. Import into a view that has only the samples that are "
            "meant, or the tasks one by one."
        )
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


def _check_fields(dataset: Any, schema: LabelSchema, sample_ids: Sequence[str]) -> None:
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
