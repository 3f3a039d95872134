"""What a form can offer: the fields of a collection, their proposed schema, and who answers at the server."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone.core.fields as fof
import fiftyone.core.labels as fol

from ...cvat import Client, NotFound, PermissionDenied
from ...labels.fitting import fit_project
from ...labels.schema import FieldSchema
from ...labels.types import FIELD_TYPES, LABEL_TYPES
from ..dataset.clips import Clips, is_clips
from ..dataset.frame_images import is_frames
from ..dataset.grouped import Grouping, grouping_of, ungrouped
from ..dataset.media import BadFile, find_frames
from ..dataset.samples import FRAMES, field_class
from ..dataset.videos import find_videos
from ..errors import Refused
from ..request import SendRequest
from .checks import read_paths
from .project import FoundProject, lacking_attributes
from .schema import complete, observe, resolve_schema, resolve_type, suit_type
from .sequences import KEYS, ORDERS
from .targets import find_target

NOT_SEEN = "CVAT does not let you see this project. Choose another one, or ask its owner to let you in."
GONE = "This project is not in CVAT any more. Choose another one."


def sendable_fields(collection: Any) -> dict[str, str]:
    """The fields that can be sent, with their FiftyOne class: boxes first, plain values (class ``""``) last."""
    found: dict[str, str] = {}
    if is_frames(collection):
        of_frames, own = list(collection.get_field_schema()), []
        collection = collection._root_dataset
    else:
        collection, _ = _source(collection)
        of_frames = list(collection.get_frame_field_schema() or {}) if is_video(collection) else []
        own = list(collection.get_field_schema())
    for name in [*own, *(f"{FRAMES}{name}" for name in of_frames)]:
        try:
            cls = field_class(collection, name)
        except ValueError:
            continue
        if cls in FIELD_TYPES and not collection.get_field(name).read_only and _has_frames(collection, name, cls):
            found[name] = cls
    return dict(sorted(found.items(), key=_place_in_form))


def other_fields(collection: Any) -> dict[str, str]:
    """The fields with labels that can't be sent, with their FiftyOne class: heatmaps, places on a map, boxes of a whole
    video, and what is read-only. Of clips and frames nothing is said."""
    if is_clips(collection) or is_frames(collection):
        return {}
    sent = sendable_fields(collection)
    found = dict(collection.get_field_schema(embedded_doc_type=fol.Label))
    if is_video(collection):
        of_frames = collection.get_frame_field_schema(embedded_doc_type=fol.Label) or {}
        found.update({f"{FRAMES}{name}": item for name, item in of_frames.items()})
    return {name: item.document_type.__name__ for name, item in found.items() if name not in sent}


def _source(collection: Any) -> tuple[Any, Clips | None]:
    """The samples whose fields are sent with a collection: of clips and frames, the videos; and their frames."""
    if not (is_clips(collection) or is_frames(collection)) or not len(collection):
        return samples_of(collection), None
    try:
        about = find_target(collection)
        return about.collection, about.clips
    except Refused:  # the send says what is wrong
        return collection, None


def is_video(collection: Any) -> bool:
    """Whether the samples of a collection are videos."""
    return bool(collection.media_type == "video")


def count_frames(collection: Any) -> int:
    """How many frames of videos the dataset of a collection has with labels, roughly; 0 if it has images."""
    return collection._root_dataset._frame_collection.estimated_document_count() if is_video(collection) else 0


def samples_of(target: Any) -> Any:
    """The samples of a view, each by itself, if it groups them; what can't be said of its groups, the send says."""
    try:
        return ungrouped(target)
    except Refused:
        return target


@dataclass(frozen=True)
class SequenceChoices:
    """What a form can offer for image sequences.

    Args:
        fields: those that could say which images are one sequence
        orders: those that could give an order
    """

    fields: tuple[str, ...]
    orders: tuple[str, ...]


def sequence_choices(target: Any) -> SequenceChoices:
    """The fields by which the images of a dataset or view could be sequences."""
    own = {name: field for name, field in target.get_field_schema().items() if name not in NO_CHOICES}
    said = sequence_of_view(target)
    fields = [name for name, field in own.items() if isinstance(field, KEYS) and not isinstance(field, fof.FloatField)]
    orders = [name for name, field in own.items() if isinstance(field, ORDERS)]
    more = said.fields if said else ()
    ordered = (said.order,) if said and said.order else ()
    return SequenceChoices(tuple(dict.fromkeys((*more, *fields))), tuple(dict.fromkeys((*ordered, *orders))))


NO_CHOICES = frozenset({"id", "filepath", "created_at", "last_modified_at"})
"""Fields that all samples have."""


def sequence_of_view(target: Any) -> Grouping | None:
    """How a view groups images, if that makes sequences of them."""
    found = grouping_of(target)
    if found is None or not found.fields or not (found.order or target._is_dynamic_groups):
        return None
    return found


def _has_frames(collection: Any, name: str, cls: str) -> bool:
    """Whether what a field holds has a frame to be on; of a whole video, only tags have."""
    type_ = LABEL_TYPES[FIELD_TYPES[cls][0]]
    if not is_video(collection) or name.startswith(FRAMES):
        return not type_.of_videos
    return type_.drawn_as == "tag"


def _place_in_form(item: tuple[str, str]) -> tuple[bool, bool, bool]:
    name, cls = item
    return cls == "", cls != "Detections", name.removeprefix(FRAMES) != "ground_truth"


def propose_field(collection: Any, name: str) -> dict[str, Any]:
    """The schema to start from for an existing field, as plain data for a form.

    Returns:
        a dict of ``type``, ``named`` (whether its labels have classes that can be chosen), ``classes``, ``attributes``
        (a list of dicts with ``name``), ``labels`` (how many there are) and ``counts`` (labels by class)
    """
    collection, clips = _source(collection)
    type_, _ = resolve_type(collection, name, None)
    seen = observe(collection, {name: type_}, clips=clips)[name]
    try:
        settings = complete(collection, name, {}, type_, True, seen)
    except Refused:  # nothing has a class yet, so the person names them
        settings = {"type": suit_type(type_, seen), "classes": [], "attributes": {}}
    attributes = FieldSchema.model_validate({**settings, "classes": ()}).attributes
    return {
        "type": settings["type"],
        "named": LABEL_TYPES[settings["type"]].codec.named,
        "classes": [str(entry) for entry in settings["classes"]],
        "attributes": [
            {
                "name": attribute,
                "type": item.type,
                "values": list(item.choices),
                "default": "" if item.default is None else str(item.default),
                "mutable": item.mutable,
                "read_only": item.read_only,
                "kind": item.kind,
            }
            for attribute, item in attributes.items()
        ],
        "labels": seen.labels,
        "counts": dict(seen.classes),
    }


def left_behind(counts: Mapping[str, int], classes: list[str]) -> Counter[str]:
    """The labels whose class is not in the schema, by class."""
    return Counter({name or "(no class)": n for name, n in counts.items() if name not in classes})


def describe_login(client: Client) -> str:
    """Who answers at the server, and who we are there, in one line."""
    server = client.check()
    where = f", organization {server.organization}" if server.organization else ""
    return f"CVAT {server.version} at {server.url}, logged in as {server.user.username}{where}"


def find_chosen(client: Client, project_id: int) -> FoundProject:
    """A project that a form offers, with its labels, whichever workspace it is in.

    Raises:
        Refused: if it is not to be seen, or is gone
    """
    try:
        return FoundProject(client.project(project_id), tuple(client.labels(project_id=project_id)))
    except PermissionDenied:
        raise Refused(NOT_SEEN) from None
    except NotFound:
        raise Refused(GONE) from None


def fit(collection: Any, request: SendRequest, found: FoundProject) -> dict[str, Any]:
    """What a project has of the labels of a send, as plain data for a form.

    Returns:
        a dict of ``project`` (its name), ``has`` (its labels), ``maps`` (its label for each class), ``lacks`` (the
        names and types of labels), ``attributes`` (that it lacks, by label), ``unlike`` (in words), and ``unused`` (its
        labels that are no class of the send)

    Raises:
        Refused: if it is not clear which labels are sent
    """
    schema, _ = resolve_schema(collection, request, lambda: found.labels)
    fits = fit_project(schema, found.labels)
    several = len(schema.fields) > 1
    maps = {f"{name} ({field})" if several else name: theirs for (field, name), theirs in fits.names.items()}
    return {
        "project": found.project.name if found.project else "",
        "has": [label.name for label in found.labels],
        "maps": maps,
        "lacks": [f"{spec.name} ({spec.type})" for spec in fits.missing.values()],
        "attributes": lacking_attributes(fits),
        "unlike": list(fits.unlike),
        "unused": [label.name for label in found.labels if label.name not in fits.names.values()],
    }


def unsendable(collection: Any, media_field: str) -> tuple[int, list[BadFile]]:
    """How many images, or videos, a collection has, and the files that can't be uploaded."""
    paths = read_paths(samples_of(collection), media_field)
    return len(paths), (find_videos if is_video(collection) else find_frames)(paths)[1]
