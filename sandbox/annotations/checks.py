"""What is accepted as an annotation, with the server's words for what is not."""

from __future__ import annotations

from typing import Any

from ..fields import Boolean, Choice, Field, Float, Form, Forms, Integer, Invalid, Text
from ..models import Attribute, Label
from ..responses import invalid, server_error

_NOT_A_NUMBER = "[ErrorDetail(string='Value must be a float or an integer', code='invalid')]"
_LARGEST_GROUP = 2**31 - 1
_LENGTHS = {
    "rectangle": lambda count: count == 4,
    "ellipse": lambda count: count == 4,
    "cuboid": lambda count: count == 16,
    "polygon": lambda count: count >= 6 and count % 2 == 0,
    "polyline": lambda count: count >= 4 and count % 2 == 0,
    "points": lambda count: count >= 2 and count % 2 == 0,
    "mask": lambda count: count >= 4,
    "skeleton": lambda count: count == 0,
}


class _Points(Field):
    """Numbers, kept exactly as they are."""

    def read(self, value: Any) -> list[float]:
        if not isinstance(value, list):
            raise Invalid(f'Expected a list of items but got type "{type(value).__name__}".')
        wrong = {
            str(place): _NOT_A_NUMBER
            for place, number in enumerate(value)
            if type(number) is not float and type(number) is not int
        }
        if wrong:
            raise Invalid(wrong)
        return value


class _Value(Field):
    """An attribute's value: whatever it is, it becomes text."""

    def take(self, value: Any) -> str:
        text = str(value)
        if len(text) > 4096:
            raise Invalid("Ensure this field has no more than 4096 characters.")
        return text


def _need_value(values: dict[str, Any]) -> None:
    if "value" not in values:
        raise server_error()


_ATTRIBUTES = Forms(Form({"spec_id": Integer(required=True), "value": _Value()}, check=_need_value), default=list)
_GEOMETRY = {
    "type": Choice(*_LENGTHS, required=True),
    "occluded": Boolean(default=False),
    "outside": Boolean(default=False),
    "z_order": Integer(default=0),
    "rotation": Float(0, 360, default=0),
    "points": _Points(),
}
_PLACE = {
    "id": Integer(null=True),
    "frame": Integer(0, required=True),
    "label_id": Integer(0, required=True),
    "group": Integer(0, null=True, default=None),
    "source": Text(16, default="manual"),
    "attributes": _ATTRIBUTES,
}


def _check_length(shape: dict[str, Any]) -> None:
    kind = shape["type"]
    if not _LENGTHS[kind](len(shape.get("points", ()))):
        raise Invalid({"points": [f"invalid length for shape type '{kind}'"]})


def _check_shape(shape: dict[str, Any]) -> None:
    _check_length(shape)
    if shape["type"] == "skeleton" and not shape.get("elements"):
        raise Invalid({"elements": ["at least one required for skeleton shape"]})


_ELEMENT = Form({**_GEOMETRY, **_PLACE}, check=_check_length)
_SHAPE_FIELDS = {**_GEOMETRY, **_PLACE, "elements": Forms(_ELEMENT)}
_KEYFRAME = Form(
    {
        **_GEOMETRY,
        "id": Integer(null=True, default=None),
        "frame": Integer(0, required=True),
        "attributes": _ATTRIBUTES,
    },
    check=_check_length,
)
_TRACK_PART = {**_PLACE, "shapes": Forms(_KEYFRAME, required=True)}
_TRACK_FIELDS = {**_TRACK_PART, "elements": Forms(Form(_TRACK_PART))}


def _no_id(thing: dict[str, Any]) -> None:
    if thing.get("id") is not None:
        raise Invalid({"id": ["must be absent"]})


def _with_id(thing: dict[str, Any]) -> None:
    if thing.get("id") is None:
        raise Invalid({"id": ["must be present and not null"]})


def _any_id(thing: dict[str, Any]) -> None:
    pass


def _collection(check_id: Any) -> Form:
    def check_shape(shape: dict[str, Any]) -> None:
        check_id(shape)
        _check_shape(shape)

    return Form(
        {
            "tags": Forms(Form(_PLACE, check=check_id), default=list),
            "shapes": Forms(Form(_SHAPE_FIELDS, check=check_shape), default=list),
            "tracks": Forms(Form(_TRACK_FIELDS, check=check_id), default=list),
        }
    )


FORMS = {"create": _collection(_no_id), "update": _collection(_any_id), "delete": _collection(_with_id)}


class Schema:
    """The labels of a task, as annotations see them.

    Args:
        labels: the labels by id.
    """

    def __init__(self, labels: dict[int, Label]) -> None:
        self._attributes: dict[int, list[Attribute]] = {}
        for label in labels.values():
            for part in (label, *label.sublabels):
                self._attributes[part.id] = part.attributes
        self._allowed: dict[tuple[int, bool | None], set[int]] = {}

    def attributes(self, label_id: int, mutable: bool | None = None) -> list[Attribute]:
        """The attributes of a label; only the mutable or immutable ones if asked for."""
        found = self._attributes.get(label_id, [])
        return found if mutable is None else [entry for entry in found if entry.mutable == mutable]

    def check(self, data: dict[str, Any]) -> None:
        """Look at labels, attributes and groups of a whole collection.

        Raises:
            Refusal: 400 for ids that are not the task's, 500 for a group beyond 32 bits.
        """
        for thing in data["tags"]:
            self._check(thing)
        for thing in data["shapes"]:
            self._check(thing)
            for element in thing.get("elements", ()):
                self._check(element)
        for track in data["tracks"]:
            self._check_track(track)
            for element in track.get("elements", ()):
                self._check_track(element)

    def _check_track(self, track: dict[str, Any]) -> None:
        self._check(track, mutable=False)
        for keyframe in track["shapes"]:
            self._check_attributes(track["label_id"], keyframe["attributes"], mutable=True)

    def _check(self, thing: dict[str, Any], mutable: bool | None = None) -> None:
        if thing["label_id"] not in self._attributes:
            raise invalid([f"label_id `{thing['label_id']}` is invalid"])
        self._check_attributes(thing["label_id"], thing["attributes"], mutable)
        if (thing["group"] or 0) > _LARGEST_GROUP:
            raise server_error()

    def _check_attributes(self, label_id: int, given: list[dict[str, Any]], mutable: bool | None) -> None:
        if not given:
            return
        key = (label_id, mutable)
        if key not in self._allowed:
            self._allowed[key] = {entry.id for entry in self.attributes(label_id, mutable)}
        for attribute in given:
            if attribute["spec_id"] not in self._allowed[key]:
                raise invalid([f"spec_id `{attribute['spec_id']}` is invalid"])
