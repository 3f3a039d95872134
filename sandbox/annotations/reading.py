"""Annotations as they are read: numbers as floats, defaults filled in, no order inside a frame."""

from __future__ import annotations

from typing import Any

from ..models import Attribute, Job
from .checks import Schema

Json = dict[str, Any]


def read_job(job: Job, schema: Schema) -> dict[str, list[Json]]:
    """Everything in a job.

    Inside a frame the order is arbitrary, like a database's: it differs from the order of ids and
    changes with every write, but not between two reads.
    """

    def place(thing: Json) -> tuple[int, int]:
        return thing["frame"], (thing["id"] + job.revision) * 2654435761 % 1013

    return {
        "tags": [_tag(tag, schema) for tag in sorted(job.tags.values(), key=place)],
        "shapes": [_shape(shape, schema, place) for shape in sorted(job.shapes.values(), key=place)],
        "tracks": [_track(track, schema) for _, track in sorted(job.tracks.items())],
    }


def is_unreadable(job: Job) -> bool:
    """Whether a skeleton has an element on another frame, which makes the job unreadable."""
    return any(element["frame"] != shape["frame"] for shape in job.shapes.values() for element in shape["elements"])


def fill(given: list[Json], attributes: list[Attribute]) -> list[Json]:
    """The attributes that were given, as far as the label still has them, then the others' defaults."""
    if not attributes:
        return []
    known = {attribute.id for attribute in attributes}
    named = {entry["spec_id"] for entry in given}
    return [
        *(entry for entry in given if entry["spec_id"] in known),
        *(
            {"spec_id": attribute.id, "value": attribute.default_value}
            for attribute in attributes
            if attribute.id not in named
        ),
    ]


def _tag(tag: Json, schema: Schema) -> Json:
    return {
        "id": tag["id"],
        "label_id": tag["label_id"],
        "frame": tag["frame"],
        "group": tag["group"],
        "source": tag["source"],
        "attributes": fill(tag["attributes"], schema.attributes(tag["label_id"])),
    }


def _shape(shape: Json, schema: Schema, place: Any = None) -> Json:
    view = {
        "id": shape["id"],
        "label_id": shape["label_id"],
        "type": shape["type"],
        "frame": shape["frame"],
        "group": shape["group"],
        "source": shape["source"],
        **_geometry(shape),
        "attributes": fill(shape["attributes"], schema.attributes(shape["label_id"])),
    }
    if place:
        view["elements"] = [_shape(part, schema) for part in sorted(shape["elements"], key=place)]
    return view


def _geometry(thing: Json) -> Json:
    return {
        "occluded": thing["occluded"],
        "outside": thing["outside"],
        "z_order": thing["z_order"],
        "rotation": float(thing["rotation"]),
        "points": [float(number) for number in thing.get("points", ())],
    }


def _track(track: Json, schema: Schema) -> Json:
    view = _track_part(track, schema)
    view["elements"] = [_track_part(element, schema) for element in track["elements"]]
    return view


def _track_part(track: Json, schema: Schema) -> Json:
    return {
        "id": track["id"],
        "label_id": track["label_id"],
        "frame": track["frame"],
        "group": track["group"],
        "source": track["source"],
        "shapes": _keyframes(track, schema.attributes(track["label_id"], mutable=True)),
        "attributes": fill(track["attributes"], schema.attributes(track["label_id"], mutable=False)),
    }


def _keyframes(track: Json, attributes: list[Attribute]) -> list[Json]:
    """Keyframes by frame; a mutable attribute keeps its value until the next one that is given."""
    last: list[Json] = []
    views = []
    for keyframe in sorted(track["shapes"], key=lambda entry: (entry["frame"], -entry["id"])):
        given = {entry["spec_id"] for entry in keyframe["attributes"]}
        known = keyframe["attributes"] + [entry for entry in last if entry["spec_id"] not in given]
        last = fill(known, attributes)
        views.append(
            {
                "id": keyframe["id"],
                "type": keyframe["type"],
                "frame": keyframe["frame"],
                **_geometry(keyframe),
                "attributes": last,
            }
        )
    return views
