"""What is drawn in two jobs that share a frame: which labels are one, and what counts where they differ."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeValue
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import Identity
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.drawn_twice import Drawn, find_alike, parts_of_copy

TYPES = {"gt": "detections", "sky": "classification", "tags": "classifications"}
SCHEMA = LabelSchema.model_validate({"fields": {name: {"type": kind, "classes": ()} for name, kind in TYPES.items()}})
CAT, DOG = 1, 2


def box(x: float, name: int = CAT, text: str = "", **more: Any) -> Drawn:
    texts = (AttributeValue(spec_id=7, value=text),) if text else ()
    points = (x, 0.0, x + 10.0, 10.0)
    return drawn("gt", Shape(frame=3, label_id=name, type="rectangle", points=points, attributes=texts, **more))


def tag(field: str, name: int = CAT, text: str = "") -> Drawn:
    texts = (AttributeValue(spec_id=7, value=text),) if text else ()
    return drawn(field, Tag(frame=3, label_id=name, attributes=texts))


def drawn(field: str, *objects: Shape | Tag, object: Identity | None = None) -> Drawn:
    label = BaseLabel(field=field, sample_id="s", frame=3, label_id="", parts={}, objects=objects)
    return Drawn(label, object)


ONE, TWO = Identity(1), Identity(2)
TABLE: dict[str, tuple[list[Drawn], list[Drawn], dict[int, int]]] = {
    # new in the job, in the other one, and which are the same
    "the same": ([box(0, text="a")], [box(50), box(0, text="a")], {0: 1}),
    "the same twice": ([box(0), box(0)], [box(0), box(0)], {0: 0, 1: 1}),
    "the same first, whatever else is near": ([box(0, text="b"), box(0, text="a")], [box(0, text="a")], {1: 0}),
    "with another text": ([box(0, text="b")], [box(0, text="a")], {0: 0}),
    "occluded in one": ([box(0)], [box(0, occluded=True)], {0: 0}),
    "moved a little": ([box(3)], [box(0)], {0: 0}),
    "moved too far": ([box(6)], [box(0)], {}),
    "of another class": ([box(0, DOG)], [box(0)], {}),
    "the best of all": ([box(2), box(3)], [box(3.5), box(2)], {0: 1, 1: 0}),
    "a tag with another text": ([tag("tags", text="b")], [tag("tags", text="a")], {0: 0}),
    "tags of several classes": ([tag("tags", DOG), tag("tags")], [tag("tags")], {1: 0}),
    "a field for one": ([tag("sky", DOG)], [tag("sky")], {0: 0}),
    "other fields": ([tag("sky")], [tag("tags")], {}),
    "tracks of one object": ([drawn("gt", object=ONE)], [drawn("gt", object=TWO), drawn("gt", object=ONE)], {0: 1}),
    "a track of another object": ([box(0)._replace(object=ONE)], [box(0)._replace(object=TWO)], {}),
    "a track and a box": ([box(0)._replace(object=ONE)], [box(0)], {}),
}


@pytest.mark.parametrize("case", TABLE)
def test_which_labels_are_one(case: str) -> None:
    news, others, pairs = TABLE[case]
    found = find_alike(news, others, SCHEMA, Vocabulary(SCHEMA, (), ()))
    numbers = {id(other.label): number for number, other in enumerate(others)}
    assert {number: numbers[id(label)] for number, label in found.items()} == pairs


def test_what_differs_is_as_if_both_jobs_had_changed_it() -> None:
    there = {"label": "cat", "bounding_box": [0, 0, 1, 1], "rotation": None, "age": 3, "note": None, "keyframe": True}
    here = {"label": "cat", "bounding_box": [0, 0, 1, 1], "rotation": 0.5, "age": 4, "note": None}
    assert parts_of_copy(there, here, here, ("bounding_box", "rotation")) == (
        {"label": "cat", "bounding_box": None, "rotation": None, "age": None, "note": None, "keyframe": None},
        {**here, "keyframe": None},
    )
