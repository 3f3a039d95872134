"""A field of a video and the labels that CVAT makes for it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any

from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Label, LabelSpec, Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema, LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.specs import label_specs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.drawn import draw_labels
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import FrameLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.mutability import mutable_specs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.send import SentVideo, send_video
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary

FIELD = "frames.gt"
SIZE = Size(640, 480)


def size_of(frame: int) -> Size:
    """The size of a frame."""
    return SIZE


def schema_of(**field: Any) -> FieldSchema:
    """A field of detections of cars and vans, unless it says otherwise."""
    return FieldSchema.model_validate({"type": "detections", "classes": ["car", "van"], **field})


class World:
    """A field, bound to the labels that CVAT made for it.

    Args:
        field: what of its schema differs from detections of cars and vans
    """

    def __init__(self, **field: Any) -> None:
        self.schema = schema_of(**field)
        schema = LabelSchema(fields={FIELD: self.schema})
        numbers = itertools.count(200)
        self.labels = [_label(spec, numbers) for spec in label_specs(schema)]
        self.vocabulary = Vocabulary.bind(schema, self.labels)
        self.mutable = mutable_specs(self.labels)

    def send(
        self, labels: Sequence[FrameLabel], jobs: Sequence[range] = (range(10),), tolerance: float = 0.5
    ) -> SentVideo:
        return send_video(draw_labels(labels, FIELD, self.vocabulary, jobs), self.mutable, tolerance)

    def id_of(self, name: str) -> int:
        """The id of CVAT's label of a class."""
        return next(label.id for label in self.labels if label.name == name)


def _label(spec: LabelSpec, numbers: Iterable[int]) -> Label:
    return Label.model_validate(
        {
            "id": next(iter(numbers)),
            "name": spec.name,
            "type": spec.type,
            "attributes": [{**item.dump(), "id": next(iter(numbers))} for item in spec.attributes],
            "sublabels": [_label(sub, numbers).model_dump() for sub in spec.sublabels],
        }
    )


def box(frame: int, x: float = 0.1, index: int | None = None, label: str = "car", **more: Any) -> FrameLabel:
    """A detection; `instance` is given as a letter."""
    document: dict[str, Any] = {"_cls": "Detection", "label": label, "bounding_box": [x, 0.25, 0.125, 0.25], **more}
    if index is not None:
        document["index"] = index
    if "instance" in more:
        document["instance"] = {"_cls": "Instance", "_id": ObjectId(more["instance"] * 24)}
    return FrameLabel(frame, f"{frame}:{label}:{index}:{x}:{more.get('instance', '')}", document, SIZE)


def stored(tracks: Iterable[Track], first_id: int = 500) -> list[Track]:
    """Tracks as CVAT returns them when they are created: with ids, through JSON."""
    numbers = itertools.count(first_id)
    return [Track.model_validate(_with_ids(json.loads(track.model_dump_json()), numbers)) for track in tracks]


def _with_ids(track: dict[str, Any], numbers: Iterable[int]) -> dict[str, Any]:
    track["id"] = next(iter(numbers))
    for shape in track["shapes"]:
        shape["id"] = next(iter(numbers))
    for element in track["elements"]:
        _with_ids(element, numbers)
    return track
