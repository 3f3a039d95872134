"""What the headless demo's annotator does in CVAT, and what the dataset must hold afterwards.

The expectation is computed here, from the labels as they were and the numbers drawn, by arithmetic of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from .annotator import Annotator

Document = dict[str, Any]  # a label as the database stores it
Labels = dict[tuple[str, str, str], Document]  # file, field, label id -> label
LISTS = {"Detections": "detections", "Polylines": "polylines"}


@dataclass
class Edit:
    """One change.

    Attributes:
        what: for the table.
        file: the picture it was made on.
        field: the field of the label.
        path: the edited part inside the label's document; empty if all of it comes or goes.
        before, after: that part; None if there is none.
        label_id: the label; None for one that is new.
    """

    what: str
    file: str
    field: str
    path: tuple[str | int, ...]
    before: Any
    after: Any
    label_id: str | None


def labels_of(sample: Document, fields: tuple[str, ...]) -> Iterator[tuple[tuple[str, str, str], Document]]:
    """The labels in a sample's raw document."""
    file = PurePath(sample["filepath"]).name
    for field in fields:
        value = sample.get(field)
        if value is not None:
            for label in value[LISTS[value["_cls"]]] if value["_cls"] in LISTS else [value]:
                yield (file, field, str(label["_id"])), label


def annotate(annotator: Annotator, labels: Labels) -> list[Edit]:
    """Make every kind of edit, each on a label of its own."""
    boxes = _pick(labels, "ground_truth", lambda label: label["label"] == "car" and "plate" in label)
    regions = _pick(labels, "regions", lambda label: label["label"] == "bay")
    return [
        _move(annotator, *next(boxes)),
        _relabel(annotator, *next(boxes)),
        _add(annotator, next(boxes)[0][0]),
        _delete(annotator, *next(boxes)),
        _number_plate(annotator, *next(boxes)),
        _parked(annotator, *next(boxes)),
        _vertex(annotator, *next(regions)),
    ]


Key = tuple[str, str, str]


def _pick(labels: Labels, field: str, fits: Callable[[Document], bool]) -> Iterator[tuple[Key, Document]]:
    """Labels of a field, spread over the pictures: every fifth of those that fit."""
    fitting = [(key, label) for key, label in labels.items() if key[1] == field and fits(label)]
    return iter(fitting[3::5])


def _rectangle(annotator: Annotator, file: str, label: Document) -> list[float]:
    width, height = annotator.size(file)
    x, y, w, h = label["bounding_box"]
    return [x * width, y * height, (x + w) * width, (y + h) * height]


def _box(annotator: Annotator, file: str, points: list[float]) -> list[float]:
    width, height = annotator.size(file)
    left, top, right, bottom = points
    return [left / width, top / height, (right - left) / width, (bottom - top) / height]


def _move(annotator: Annotator, key: Key, label: Document) -> Edit:
    file, field, label_id = key
    shape = annotator.find(file, "rectangle", label["label"], _rectangle(annotator, file, label))
    points = [value + shift for value, shift in zip(shape["points"], (7.25, 4.5, 7.25, 4.5), strict=True)]
    annotator.move(file, shape, points)
    after = _box(annotator, file, points)
    return Edit("box moved", file, field, ("bounding_box",), label["bounding_box"], after, label_id)


def _relabel(annotator: Annotator, key: Key, label: Document) -> Edit:
    file, field, label_id = key
    shape = annotator.find(file, "rectangle", label["label"], _rectangle(annotator, file, label))
    annotator.relabel(file, shape, "truck")
    return Edit("class changed", file, field, ("label",), label["label"], "truck", label_id)


def _add(annotator: Annotator, file: str) -> Edit:
    points = [20.5, 30.25, 120.0, 95.75]
    texts = {"color": "red", "plate": "000042", "speed": "12.5", "parked": "true", "moving": "false"}
    annotator.add(file, "rectangle", "car", points, {**texts, "on_sale": "false"})
    facts = {"color": "red", "plate": "000042", "speed": 12.5, "parked": True, "moving": False, "on_sale": False}
    after = {"label": "car", "bounding_box": _box(annotator, file, points), **facts}
    return Edit("box added", file, "ground_truth", (), None, after, None)


def _delete(annotator: Annotator, key: Key, label: Document) -> Edit:
    file, field, label_id = key
    annotator.delete(file, annotator.find(file, "rectangle", label["label"], _rectangle(annotator, file, label)))
    return Edit("box deleted", file, field, (), label, None, label_id)


def _number_plate(annotator: Annotator, key: Key, label: Document) -> Edit:
    file, field, label_id = key
    shape = annotator.find(file, "rectangle", label["label"], _rectangle(annotator, file, label))
    annotator.set_attribute(file, shape, "plate", "002100")
    return Edit("text changed", file, field, ("plate",), label["plate"], "002100", label_id)


def _parked(annotator: Annotator, key: Key, label: Document) -> Edit:
    file, field, label_id = key
    shape = annotator.find(file, "rectangle", label["label"], _rectangle(annotator, file, label))
    after = not label["parked"]
    annotator.set_attribute(file, shape, "parked", str(after).lower())
    return Edit("checkbox changed", file, field, ("parked",), label["parked"], after, label_id)


def _vertex(annotator: Annotator, key: Key, label: Document) -> Edit:
    file, field, label_id = key
    width, height = annotator.size(file)
    outline = [value for x, y in label["points"][0] for value in (x * width, y * height)]
    shape = annotator.find(file, "polygon", label["label"], outline)
    points = [*shape["points"][:4], shape["points"][4] - 5.5, shape["points"][5] - 3.25, *shape["points"][6:]]
    annotator.move(file, shape, points)
    after = [points[4] / width, points[5] / height]
    return Edit("vertex moved", file, field, ("points", 0, 2), label["points"][0][2], after, label_id)


def expected(labels: Labels, edits: list[Edit]) -> Labels:
    """The labels as they must be afterwards, save new ones, whose ids nobody can know."""
    result = deepcopy(labels)
    for edit in edits:
        if edit.label_id is None:
            continue
        key = (edit.file, edit.field, edit.label_id)
        if edit.path:
            put(result[key], edit.path, edit.after)
        else:
            del result[key]
    return result


def get(label: Document, path: tuple[str | int, ...]) -> Any:
    """The part of a label at a path."""
    part: Any = label
    for step in path:
        part = part[step]
    return part


def put(label: Document, path: tuple[str | int, ...], value: Any) -> None:
    """Replace the part of a label at a path."""
    get(label, path[:-1])[path[-1]] = value
