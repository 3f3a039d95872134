"""The label schema of a run: what the person asked for, completed from what the dataset says and has."""

import contextlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from ...cvat import Label
from ...labels.attribute_schema import named_attributes
from ...labels.attributes import NotCarried
from ...labels.from_project import classes_of, offered_labels, skeleton_in
from ...labels.names import KEYFRAME
from ...labels.pixels import numbers
from ...labels.schema import FieldSchema, LabelSchema
from ...labels.types import FIELD_TYPES, LABEL_TYPES, LabelType
from ..dataset.attribute_fields import declared_fields
from ..dataset.clips import Clips
from ..dataset.frames import read_holders, some_frames
from ..dataset.mask_files import with_pixels
from ..dataset.observe import Observed, known_paths
from ..dataset.samples import FRAMES, FieldPlace, check_room, field_class
from ..errors import Refused
from ..request import SendRequest
from .attributes import confidence, propose_attributes, value_schema, wanted_attributes
from .mutability import said_to_change, with_mutability

ALLOW = ("allow_additions", "allow_deletions", "allow_label_edits", "allow_index_edits", "allow_spatial_edits")
FACT_PARAMETERS = {
    "occluded": "occluded_attr",
    "group": "group_id_attr",
    "z_order": "z_order_attr",
    "source": "source_attr",
    "score": "score_attr",
}


def requested_fields(request: SendRequest) -> dict[str, dict[str, Any]]:
    """The fields of a request and what was said of each, in ``annotate()``'s terms.

    Raises:
        Refused: if no field was named
    """
    if request.label_schema is not None:
        wrong = [name for name, said in request.label_schema.items() if said and not isinstance(said, Mapping)]
        if wrong:
            raise Refused(f"The label schema of '{wrong[0]}' is wrong: it is a dict, as of `annotate()`.")
        fields = {name: dict(said or {}) for name, said in request.label_schema.items()}
    else:
        fields = {name: {} for name in request.label_field}
    if not fields:
        raise Refused("Nothing says which labels to annotate: give a `label_field` or a `label_schema`.")
    shared = {
        "type": request.label_type,
        "classes": request.classes or None,
        "attributes": request.attributes,
        "mask_targets": request.mask_targets,
        "rotation_unit": request.rotation_unit,
        "facts": {fact: name for fact, key in FACT_PARAMETERS.items() if (name := getattr(request, key))} or None,
        **{name: getattr(request, name) for name in ALLOW},
    }
    for said in fields.values():
        for name, value in shared.items():
            if value is not None:
                said.setdefault(name, value)
        said.pop("existing_field", None)
        said.pop("declared", None)
    return fields


def resolve_type(collection: Any, name: str, said: str | None) -> tuple[str, bool]:
    """The label type of a field, and whether the field exists.

    Raises:
        Refused: if it has a type that can't be sent, or one that contradicts what was said
    """
    if name.startswith(FRAMES) and collection.media_type != "video":
        raise Refused(f"The field '{name}' would be of the frames of videos, and these samples are no videos.")
    if said is not None and said not in LABEL_TYPES:
        raise Refused(f"'{said}' is no label type; these are: {', '.join(LABEL_TYPES)}.")
    if (outer := _labels_around(collection, name)) is not None:
        raise Refused(f"'{name}' is a part of the labels of '{outer}'; annotate the field '{outer}'.")
    try:
        found = field_class(collection, name)
    except ValueError as error:
        raise Refused(f"The field '{name}' is a {error}, which CVAT can't hold.") from None
    if found is None:
        if collection._root_dataset.get_field(name) is not None:
            raise Refused(f"The field '{name}' is not in this view. Send the dataset, or a view that has the field.")
        if said is None:
            raise Refused(f"There is no field '{name}'. To annotate a new field, say its `label_type` and `classes`.")
        check_room(collection._root_dataset, name, LABEL_TYPES[said].field)
        _check_holder(collection, name, LABEL_TYPES[said])
        return said, False
    types = FIELD_TYPES.get(found)
    if types is None:
        raise Refused(f"The field '{name}' holds {found}; this version sends {', '.join(filter(None, FIELD_TYPES))}.")
    _check_holder(collection, name, LABEL_TYPES[types[0]])
    if collection.get_field(name).read_only:
        raise Refused(f"The field '{name}' is read-only, so no annotations could be loaded into it.")
    if said is not None and said not in types:
        raise Refused(
            f"The field '{name}' holds {found}, which are annotated as {' or '.join(types)}, not as '{said}'."
        )
    return said or types[0], True


def _labels_around(collection: Any, name: str) -> str | None:
    """The label field whose labels have a part of this name; ``None`` if it is no part of labels."""
    steps = name.removeprefix(FRAMES).split(".")
    start = FRAMES if name.startswith(FRAMES) else ""
    for count in range(1, len(steps)):
        outer = start + ".".join(steps[:count])
        with contextlib.suppress(ValueError):
            if field_class(collection, outer):
                return outer
    return None


def _check_holder(collection: Any, name: str, type_: LabelType) -> None:
    """Checks that a field is of frames, where its labels are drawn on frames.

    Raises:
        Refused: if it is of whole videos, and can't be a tag
    """
    if type_.of_videos and (collection.media_type != "video" or name.startswith(FRAMES)):
        raise Refused(f"The field '{name}' would hold {type_.field}, which only whole videos have.")
    if collection.media_type == "video" and not name.startswith(FRAMES) and type_.drawn_as != "tag":
        raise Refused(
            f"The field '{name}' would hold {type_.field} of whole videos, and CVAT has such labels on frames only; "
            f"annotate a field of the frames, such as '{FRAMES}{name}'."
        )


def observe(
    collection: Any,
    types: Mapping[str, str],
    confidence: bool = False,
    keyframes: bool = False,
    clips: Clips | None = None,
) -> dict[str, Observed]:
    """What labels the fields of a collection have.

    Args:
        collection: the view to look at
        types: the label type of each field
        confidence: whether to look at the confidence of labels, too
        keyframes: whether labels may say that they are keyframes, as those on frames of videos do
        clips: the only frames of videos that are looked at; ``None`` for all
    """
    places = {name: FieldPlace.of(name, LABEL_TYPES[type_]) for name, type_ in types.items()}
    codecs = {name: LABEL_TYPES[type_].codec for name, type_ in types.items()}
    known = {
        name: known_paths(codec, on_frames=keyframes or places[name].on_frames)
        - ({"confidence"} if confidence and codec.scored else set())
        for name, codec in codecs.items()
    }
    seen = {name: Observed() for name in types}
    for on_frames in (False, True):
        here = [place for place in places.values() if place.on_frames == on_frames]
        for document in read_holders(collection, here, clips):
            for place in here:
                seen[place.name].add(place.labels(document), codecs[place.name], known[place.name])
    return seen


ProjectLabels = Callable[[], Sequence[Label]]
"""Asks for the labels of the project that the tasks go into; none if there is no such project yet."""


def resolve_schema(
    collection: Any, request: SendRequest, project_labels: ProjectLabels = tuple, clips: Clips | None = None
) -> tuple[LabelSchema, dict[str, Observed]]:
    """The complete label schema of a send, and the labels that the collection has.

    Args:
        collection: the samples
        request: what the person asked for
        project_labels: the schema of a new field whose classes nobody said
        clips: the only frames of videos that are sent; ``None`` for all

    Raises:
        Refused: if the request can't be completed; the message says what to add
    """
    fields = requested_fields(request)
    typed = {name: resolve_type(collection, name, said.get("type")) for name, said in fields.items()}
    there = {name: type_ for name, (type_, exists) in typed.items() if exists}
    in_sequences = bool(request.sequence_field)
    seen = observe(collection, there, bool(request.show_confidence), in_sequences, clips)
    schemas = {}
    for name, said in fields.items():
        type_, exists = typed[name]
        settings = complete(collection, name, said, type_, exists, seen.get(name, Observed()), project_labels)
        if in_sequences:
            settings["attributes"] = _without_keyframes(settings["attributes"], said.get("attributes"))
        if request.show_confidence and LABEL_TYPES[settings["type"]].codec.scored:
            settings["attributes"] = {**settings["attributes"], "confidence": confidence(seen.get(name, Observed()))}
        try:
            item = FieldSchema.model_validate(settings)
        except ValidationError as error:
            raise Refused(f"The schema of '{name}' is wrong: {_first_error(error)}.") from None
        schemas[name] = _on_frames(name, item, said) if name.startswith(FRAMES) else item
    fixed = {name: said_to_change(said.get("attributes")) for name, said in fields.items()}
    return LabelSchema(fields=with_mutability(collection, schemas, fixed, request.sequence_field)), seen


def _on_frames(name: str, item: FieldSchema, said: Mapping[str, Any]) -> FieldSchema:
    """The schema of a field of frames, whose labels say by themselves which of them are keyframes.

    Raises:
        Refused: if somebody wants an attribute that says that
    """
    entries = [said, *(entry for entry in said.get("classes") or () if isinstance(entry, Mapping))]
    named = {attribute for entry in entries for attribute in named_attributes(entry.get("attributes"))}
    if KEYFRAME in {*item.facts.values(), *named}:
        raise Refused(
            f"The schema of '{name}' is wrong: an attribute can't be named '{KEYFRAME}': it has a meaning of its own "
            "on frames of videos."
        )
    return item.without_attribute(KEYFRAME)


def _without_keyframes(attributes: Mapping[str, Any], said: Any) -> dict[str, Any]:
    """The attributes of labels in a sequence: what tells a keyframe is none, unless somebody named it."""
    return {name: item for name, item in attributes.items() if name != KEYFRAME or name in named_attributes(said)}


def complete(
    collection: Any,
    name: str,
    said: dict[str, Any],
    type_: str,
    exists: bool,
    seen: Observed,
    project_labels: ProjectLabels = tuple,
) -> dict[str, Any]:
    """The settings of a field's schema: what was said, and for the rest what suits its labels.

    Raises:
        Refused: if there are no classes to annotate with
    """
    if said.get("type") is None:
        type_ = suit_type(type_, seen)
    settings = {**said, "type": type_, "existing_field": exists}
    codec = LABEL_TYPES[type_].codec
    if type_ == "segmentation":
        return {**settings, **_segmentation(collection, name, said, exists, project_labels), "attributes": {}}
    dataset = collection._root_dataset
    settings["declared"] = declared_fields(dataset, name, LABEL_TYPES[type_])
    if not codec.named:
        value = value_schema(dataset, name, said, seen, settings["declared"])
        return {**settings, "classes": [name], "attributes": {"value": value}}
    settings["classes"] = said.get("classes") or propose_classes(collection, name, type_, seen)
    if not settings["classes"]:
        settings.update(_from_project(name, type_, project_labels()))
    shown = seen if seen.labels else observe_some(dataset, name, type_)
    proposed = propose_attributes(dataset, name, shown, settings["declared"], codec.document)
    attributes = wanted_attributes(said.get("attributes", True), exists, proposed)
    facts = set((said.get("facts") or {}).values())
    settings["attributes"] = {key: item for key, item in attributes.items() if key not in facts}
    if codec.document == "Keypoint":
        settings.setdefault("skeleton", skeleton_of(collection._root_dataset, name))
    if set(seen.shape_types) - {LABEL_TYPES[type_].drawn_as}:
        settings.setdefault("drawn_as", "any")
    return settings


def _from_project(name: str, type_: str, labels: Sequence[Label]) -> dict[str, Any]:
    """The settings of a field whose classes nobody said: the project's labels with which it can be drawn.

    Raises:
        Refused: if there are none
    """
    fit = offered_labels(labels, type_)
    if not fit:
        which = "; the project has no label that fits either" if labels else ""
        raise Refused(f"The field '{name}' has no classes to annotate with{which}; give its `classes`.")
    skeleton = skeleton_in(fit) if LABEL_TYPES[type_].codec.document == "Keypoint" else None
    return {"classes": classes_of(fit, type_), **({"skeleton": skeleton} if skeleton else {})}


def _segmentation(
    collection: Any, name: str, said: Mapping[str, Any], exists: bool, project_labels: ProjectLabels
) -> dict[str, Any]:
    """The targets of a segmentation field, and the classes that they make."""
    dataset = collection._root_dataset
    targets = said.get("mask_targets") or dataset.mask_targets.get(name) or dataset.default_mask_targets
    if not targets and exists:
        targets = {value: str(value) for value in observe_values(collection, name) if value}
    if not targets:
        fit = offered_labels(project_labels(), "segmentation")
        targets = {number: label.name for number, label in enumerate(fit, 1)}
    if not targets:
        raise Refused(f"Nothing says which classes the segmentation '{name}' has; give its `mask_targets`.")
    drawn = [str(label) for value, label in targets.items() if str(value).lower() not in ("0", "#000000")]
    return {"mask_targets": targets, "classes": list(dict.fromkeys(drawn))}


def observe_values(collection: Any, name: str) -> list[int]:
    """The pixel values that a segmentation field has.

    Raises:
        Refused: if there are more than classes can be
    """
    found: set[int] = set()
    place = FieldPlace.of(name, LABEL_TYPES["segmentation"])
    for sample in read_holders(collection, [place]):
        for document in place.labels(sample):
            try:
                values = np.unique(numbers(with_pixels(document)))
            except NotCarried:
                continue
            found.update(int(value) for value in values if abs(value) < 2**53 and value == int(value))
            if len(found) > MOST_TARGETS:
                raise Refused(
                    f"The masks of '{name}' have more than {MOST_TARGETS} different values, and nothing says which are "
                    "classes; give its `mask_targets`."
                )
    return sorted(found)


MOST_TARGETS = 256
"""Pixel values of a segmentation that are taken for classes: as many as a mask of bytes can have."""


def skeleton_of(dataset: Any, name: str) -> dict[str, Any] | None:
    """The skeleton of a field of keypoints, if the dataset says one."""
    found = dataset.skeletons.get(name) or dataset.default_skeleton
    if found is None:
        return None
    pairs = [(a, b) for path in found.edges or () for a, b in itertools.pairwise(path)]
    count = len(found.labels or ()) or max((max(pair) for pair in pairs), default=-1) + 1
    labels = found.labels or [str(number) for number in range(1, count + 1)]
    return {"labels": [str(label) for label in labels], "edges": pairs}


def suit_type(type_: str, seen: Observed) -> str:
    """The label type of the same field that suits its labels, if they are all drawn alike."""
    if len(seen.shape_types) != 1:
        return type_
    figure = next(iter(seen.shape_types))
    alike = FIELD_TYPES[LABEL_TYPES[type_].field]
    return next((other for other in alike if LABEL_TYPES[other].drawn_as == figure), type_)


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "there is no such setting"
    return f"{where}: {message}" if where else message


def propose_classes(collection: Any, name: str, type_: str, seen: Observed) -> tuple[str, ...]:
    """The classes to start from: what the dataset declares, and always what its labels have.

    They are those of the whole dataset, also where the view shows fewer: an annotator needs all of them.

    Args:
        collection: the samples
        name: the field
        type_: its label type
        seen: its labels in the collection
    """
    dataset = collection._root_dataset
    declared = (getattr(dataset, "label_schemas", None) or {}).get(name) or {}
    classes = declared.get("classes") or dataset.classes.get(name) or dataset.default_classes or ()
    elsewhere = () if collection is dataset else classes_of_dataset(dataset, name, type_)
    return tuple(dict.fromkeys([*map(str, classes), *sorted({*seen.class_names, *elsewhere})]))


def classes_of_dataset(dataset: Any, name: str, type_: str) -> list[str]:
    """The classes that a field's labels have anywhere in the dataset; none if the dataset lacks the field."""
    if dataset.get_field(name) is None:
        return []
    path = f"{FieldPlace.of(name, LABEL_TYPES[type_]).labels_path}.label"
    every = dataset.select_group_slices(_allow_mixed=True) if dataset.media_type == "group" else dataset
    return [label for label in every.distinct(path) if isinstance(label, str) and label.strip()]


SOME = 200
"""Samples whose labels tell the attributes of a field, if the view has no labels."""


def observe_some(dataset: Any, name: str, type_: str) -> Observed:
    """What some of a field's labels in the dataset have."""
    if dataset.get_field(name) is None:
        return Observed()
    place = FieldPlace.of(name, LABEL_TYPES[type_])
    if not place.on_frames:
        return observe(dataset.exists(name).limit(SOME), {name: type_})[name]
    seen, codec = Observed(), LABEL_TYPES[type_].codec
    for document in some_frames(dataset, place, SOME):
        seen.add(place.labels(document), codec, known_paths(codec, on_frames=True))
    return seen
