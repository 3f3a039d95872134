"""What an import needs to know before it begins: the tasks, which frame is which sample, and the fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...cvat import Client
from ...labels.schema import LabelSchema
from ..errors import Refused, error_context
from ..progress import ProgressReporter
from ..runs import record as records
from ..send.checks import check_target, read_paths
from .checks import check_fields, check_free, check_links, notes_of
from .fitting import find_links
from .folders import check_folders
from .linking import Links
from .making import Files, check_said
from .own_media import find_own
from .request import ImportRequest
from .schema import derive_schema
from .survey import FoundTask, survey
from .videos import compare_frames, of_frames, on_frames


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
            "frames": len(self.links.samples) + len(self.links.unmatched) + len(self.links.unclear),
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
    own = find_own(request.places, tasks)
    files = Files.of(request.folder, frames, own) if request.folder is not None else Files()
    links = find_links(dataset, request, tasks, frames, files, paths)
    check_links(links, len(frames), request, "video" if is_video else "image")
    notes += notes_of(links, request, own)
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
