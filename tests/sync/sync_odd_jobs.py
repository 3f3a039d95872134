"""Jobs as nobody would make them: odd objects in CVAT, odd labels here, and what was sent. No server is asked."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Label, Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel, local_parts
from fiftyone.plugins.orgs.roundtrip.cvat.labels.encode import encode_label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary, label_specs
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.labels import FormerValue, SampleLabels

FRAMES = 4
WIDTH, HEIGHT = 64, 48
SIZE = Size(WIDTH, HEIGHT)
FIELDS: dict[str, Any] = {
    "gt": {"type": "detections", "classes": ["cat", "dog"], "attributes": {"code": {}, "age": {"type": "number"}}},
    "pred": {"type": "detections", "classes": ["dog", "owl"]},
    "best": {"type": "detection", "classes": ["cow"], "drawn_as": "any"},
    "lines": {"type": "polylines", "classes": ["lane", "edge"]},
    "areas": {"type": "polygons", "classes": ["lawn"], "facts": {"group": "team"}},
    "dots": {"type": "keypoints", "classes": ["nose"]},
    "sky": {"type": "classification", "classes": ["sunny", "rainy"]},
    "tags": {"type": "classifications", "classes": ["wet"]},
    "seg": {"type": "segmentation", "classes": ["road", "tree"], "mask_targets": {"1": "road", "2": "tree"}},
    "score": {"type": "regression", "classes": ["score"], "attributes": {"value": {"type": "number", "kind": "float"}}},
}
SWITCHES = ("allow_additions", "allow_deletions", "allow_label_edits", "allow_spatial_edits")


def vocabulary_of(schema: LabelSchema) -> Vocabulary:
    """A run's words, with a class that was added in CVAT, and an attribute that was."""
    labels = []
    number = 100
    for index, spec in enumerate(label_specs(schema), 1):
        attributes = []
        for attribute in spec.attributes:
            number += 1
            attributes.append({**attribute.model_dump(), "id": number})
        labels.append(
            Label.model_validate({"id": index, "name": spec.name, "type": spec.type, "attributes": attributes})
        )
    words = Vocabulary.bind(schema, labels)
    more = {"id": 901, "name": "more", "input_type": "text", "mutable": False, "default_value": "", "values": ()}
    labels[0] = labels[0].model_copy(
        update={"attributes": (*labels[0].attributes, *Label(id=0, name="x", attributes=[more]).attributes)}
    )
    return words.refreshed([*labels, Label(id=80, name="added"), Label(id=81, name="mouse (pred)")])


LABEL_IDS = [*range(1, 16), 80, 81, 99]
SPEC_IDS = [*range(101, 108), 901, 999]

# numbers and texts that nobody would choose

ODD = [float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e100, 1e-320]
TEXTS = ["", "a", "7", "-1", "nan", "1e400", "true", "x" * 50, "\u202e", "0"]
TYPES = ["rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton", "blob", "tag"]
COUNTS = {"rectangle": 4, "ellipse": 4, "cuboid": 16, "polygon": 8, "polyline": 6, "points": 2}
NUMBERS = [*range(FRAMES), *range(FRAMES), -5, FRAMES, 10**9]
GROUPS = [None, 0, 0, 1, 2, 3, 9]
FATES = ["keep", "keep", "keep", "move", "class", "frame", "gone", "again", "twin", "mess"]


class Chance(Random):
    """What a case is made of."""

    def often(self, one_in: int) -> bool:
        return self.randrange(one_in) == 0

    def place(self) -> float:
        return self.choice(ODD) if self.often(4) else self.uniform(-10, 80)

    def points(self, kind: str) -> tuple[float, ...]:
        if kind == "mask" and self.often(2):
            return (0.0, 4.0, 2.0, 2.0, 3.0, 3.0)
        if self.often(10):
            return tuple(self.place() for _ in range(self.randrange(8)))
        count = COUNTS.get(kind, 5)
        if self.often(5):
            return tuple(self.place() for _ in range(count))
        return tuple(float(self.randrange(61)) for _ in range(count))

    def attributes(self) -> list[dict[str, Any]]:
        ids = self.sample(SPEC_IDS, self.randrange(3))
        return [{"spec_id": spec_id, "value": self.choice(TEXTS)} for spec_id in ids]

    def common(self) -> dict[str, Any]:
        return {
            "frame": self.choice(NUMBERS),
            "label_id": self.choice(LABEL_IDS),
            "attributes": self.attributes(),
            "group": self.choice(GROUPS),
        }

    def new_object(self) -> dict[str, Any]:
        """A tag or shape that nobody sent."""
        kind = self.choice(TYPES)
        if kind == "tag":
            return self.common()
        rotation = self.choice([0.0, 0.0, 30.0, float("nan")])
        more = {"type": kind, "points": self.points(kind), "rotation": rotation, "occluded": self.often(2)}
        return {**self.common(), **more, "z_order": self.randrange(-2, 3)}

    def track(self) -> dict[str, Any]:
        kind = self.choice(["rectangle", "rectangle", "polygon", "points", "mask", "skeleton", "blob"])
        keyframes = [
            {
                "frame": self.choice(NUMBERS),
                "type": "ellipse" if self.often(6) else kind,
                "points": self.points(kind),
                "outside": self.often(2),
                "attributes": self.attributes(),
            }
            for _ in range(self.randrange(5))
        ]
        track = self.common()
        elements = [{**track, "shapes": keyframes[:2]}] if kind == "skeleton" and self.often(2) else []
        return {**track, "shapes": keyframes, "elements": elements}

    def edited(self, base: list[BaseLabel]) -> list[dict[str, Any]]:
        """What people made of what was sent, and twins of it."""
        found: list[dict[str, Any]] = []
        for item in (item for label in base for item in label.objects):
            thing = item.model_dump()
            fate = self.choice(FATES)
            if fate == "gone":
                continue
            if fate == "move" and "points" in thing:
                thing["points"] = [value + self.randrange(-4, 5) for value in thing["points"]]
            elif fate == "class":
                thing["label_id"] = self.choice(LABEL_IDS)
            elif fate == "frame":
                thing["frame"] = self.choice(NUMBERS)
            elif fate == "again":
                thing["id"] = 5000 + thing["id"]
            elif fate == "twin":
                found.append({**thing, "id": 6000 + thing["id"], "group": self.choice(GROUPS)})
            elif fate == "mess":
                kept = thing
                thing = {**thing, **self.new_object(), "id": thing["id"], "frame": thing["frame"]}
                thing = thing if "points" in kept else {key: thing[key] for key in kept}
            if self.often(6):
                thing["group"] = self.choice(GROUPS)
            found.append(thing)
        return found


DOCUMENTS: list[tuple[str, int, dict[str, Any]]] = [
    ("gt", 0, {"_cls": "Detection", "label": "cat", "bounding_box": [0.1, 0.1, 0.3, 0.3], "code": "a", "age": 3}),
    ("gt", 0, {"_cls": "Detection", "label": "dog", "bounding_box": [0.12, 0.1, 0.3, 0.3], "confidence": 0.5}),
    ("gt", 1, {"_cls": "Detection", "label": "cat", "bounding_box": [0.5, 0.5, 0.2, 0.2], "tags": ["x"]}),
    ("gt", 1, {"_cls": "Detection", "label": "cat", "bounding_box": [0.5, 0.5, 0.2, 0.2]}),
    ("pred", 1, {"_cls": "Detection", "label": "owl", "bounding_box": [0.0, 0.0, 1.0, 1.0]}),
    ("best", 2, {"_cls": "Detection", "label": "cow", "bounding_box": [0.2, 0.2, 0.5, 0.5], "confidence": 0.5}),
    ("lines", 0, {"_cls": "Polyline", "label": "lane", "points": [[[0.1, 0.1], [0.5, 0.1]], [[0.1, 0.3], [0.5, 0.3]]]}),
    ("lines", 0, {"_cls": "Polyline", "label": "edge", "points": [[[0.1, 0.6], [0.5, 0.6]]]}),
    ("areas", 3, {"_cls": "Polyline", "label": "lawn", "closed": True, "points": [[[0, 0], [1, 0], [1, 1]]]}),
    ("dots", 3, {"_cls": "Keypoint", "label": "nose", "points": [[0.5, 0.5], [0.6, 0.6]]}),
    ("sky", 0, {"_cls": "Classification", "label": "sunny", "confidence": 0.9}),
    ("sky", 1, {"_cls": "Classification", "label": "rainy"}),
    ("tags", 2, {"_cls": "Classification", "label": "wet"}),
    ("score", 2, {"_cls": "Regression", "value": 1.5}),
]  # fmt: skip


def sample_of(frame: int) -> str:
    return f"{frame + 1:024x}"


def base_of(vocabulary: Vocabulary) -> list[BaseLabel]:
    """What was sent: two labels that are exactly alike among it."""
    labels = []
    for number, (name, frame, document) in enumerate(DOCUMENTS, 1):
        drawn = encode_label({**document, "_id": ObjectId()}, name, vocabulary, SIZE, frame, number)
        ids = range(number * 10, number * 10 + len(drawn.objects))
        labels.append(
            BaseLabel(
                field=name,
                sample_id=sample_of(frame),
                frame=frame,
                label_id=f"{number:024x}",
                parts=local_parts(document, vocabulary.schema.fields[name]),
                objects=tuple(o.model_copy(update={"id": i}) for o, i in zip(drawn.objects, ids, strict=True)),
                group=number if len(drawn.objects) > 1 else 0,
            )
        )
    return labels


@cache
def sent(switches: frozenset[tuple[str, str]]) -> tuple[Vocabulary, list[BaseLabel]]:
    """A run: its words and what was sent.

    Args:
        switches: what the run does not allow, by field
    """
    fields = copy.deepcopy(FIELDS)
    for name, switch in switches:
        fields[name][switch] = False
    vocabulary = vocabulary_of(LabelSchema.model_validate({"fields": fields}))
    return vocabulary, base_of(vocabulary)


SWITCHED = [
    *(frozenset[tuple[str, str]]() for _ in range(20)),
    *(frozenset({(name, switch)}) for name in FIELDS for switch in SWITCHES),
]


def world_of(number: int) -> dict[str, Any]:
    """A case."""
    chance = Chance(number)
    vocabulary, base = sent(chance.choice(SWITCHED))
    things = chance.edited(base)
    things += [{**chance.new_object(), "id": 7000 + place} for place in range(chance.randrange(7))]
    if things and chance.often(4):
        things.append({**chance.choice(things)})  # an id twice
    if things and chance.often(4):
        things.append({**things[0], "id": None})
    drawn = [{**chance.track(), "id": place + 1} for place in range(chance.randrange(3))]
    if chance.often(4) and (box := next((thing for thing in things if thing.get("type") == "rectangle"), None)):
        shape = {key: box[key] for key in ("frame", "type", "points")}
        end = {**shape, "frame": box["frame"] + 1, "outside": True}
        drawn.append({"id": 50, "frame": box["frame"], "label_id": box["label_id"], "shapes": [shape, end]})
        things.remove(box)  # merged into a track
    return {
        "vocabulary": vocabulary,
        "base": base,
        "annotations": Annotations(
            tags=tuple(Tag.model_validate(thing) for thing in things if "type" not in thing),
            shapes=tuple(Shape.model_validate(thing) for thing in things if "type" in thing),
            tracks=tuple(Track.model_validate(track) for track in drawn),
        ),
        "in_portions": number % 5 == 0,
        "removed": {chance.randrange(FRAMES)} if chance.often(3) else set(),
        "policy": chance.choice(["remote", "local", "ask"]),
        "read_only": frozenset([chance.choice(list(FIELDS))] if chance.often(5) else []),
        "rooms": chance.often(2),
        "gone": {chance.randrange(FRAMES)} if chance.often(4) else set(),
        "no_sample": 3 if chance.often(4) else None,
        "local": [chance.choice(["same", "same", "deleted", "moved", "class"]) for _ in DOCUMENTS],
    }


def local_of(
    world: Mapping[str, Any], wanted: Mapping[str, set[str]], schema: LabelSchema
) -> dict[str, dict[str, Any]]:
    """What the dataset has."""
    found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in wanted}
    gone = {sample_of(frame) for frame in world["gone"]}
    for name, samples in wanted.items():
        for sample in samples - gone:
            found[name][sample] = {}
    for number, (name, frame, document) in enumerate(DOCUMENTS):
        labels = found.get(name, {}).get(sample_of(frame))
        fate = world["local"][number]
        if labels is None or fate == "deleted":
            continue
        now = {**copy.deepcopy(document), "_id": ObjectId(f"{number + 1:024x}")}
        if fate == "moved" and "bounding_box" in now:
            now["bounding_box"] = [0.3, *now["bounding_box"][1:]]
        if fate == "class" and "label" in now:
            now["label"] = "mine"
        labels[str(now["_id"])] = now
    return {
        name: {
            sample: SampleLabels(labels, None if labels else FormerValue(True), 1000) for sample, labels in held.items()
        }
        for name, held in found.items()
    }
