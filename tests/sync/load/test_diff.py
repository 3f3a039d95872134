"""What changed in a job of CVAT, as a pure function of the base and what CVAT has now."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Label, Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track, TrackedShape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.diff import REMOVED, TWIN, UNKNOWN, JobDiff, diff_job
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import FrameRecord

SCHEMA = LabelSchema.model_validate(
    {
        "fields": {
            "gt": {"type": "detections", "classes": ["cat", "dog"]},
            "sky": {"type": "classification", "classes": ["sunny", "rainy"]},
            "land": {"type": "polylines", "classes": ["lawn", "road"], "drawn_as": "polygon"},
            "pred": {"type": "detections", "classes": ["owl"]},
            "lines": {"type": "polygons", "classes": ["fence"]},
        }
    }
)
CAT, DOG, SUNNY, RAINY, LAWN, ROAD, OWL, FENCE = range(1, 9)
NAMES = ["cat", "dog", "sunny", "rainy", "lawn", "road", "owl", "fence"]
LABELS = [Label(id=number, name=name) for number, name in enumerate(NAMES, 1)]
VOCABULARY = Vocabulary.bind(SCHEMA, LABELS)
FRAMES = [FrameRecord(sample_id=f"s{number}", name=f"{number}.jpg", width=100, height=100) for number in range(3)]
TRIANGLE = (10.0, 10.0, 20.0, 10.0, 20.0, 20.0)


def box(key: int, frame: int = 0, left: float = 10.0, label: int = CAT, **more: Any) -> Shape:
    points = (left, 10.0, left + 10, 20.0)
    return Shape(id=key, type="rectangle", frame=frame, label_id=label, points=points, **more)


def part(key: int, shift: float = 0.0, frame: int = 0, label: int = LAWN, group: int = 1) -> Shape:
    points = tuple(value + shift for value in TRIANGLE)
    return Shape(id=key, type="polygon", frame=frame, label_id=label, points=points, group=group)


def track(key: int, *keyframes: tuple[int, float, bool]) -> Track:
    """A track of boxes: frames, places, and whether it is outside there."""
    shapes = [
        TrackedShape(type="rectangle", frame=frame, points=(left, 10.0, left + 10, 20.0), outside=outside)
        for frame, left, outside in keyframes
    ]
    return Track(id=key, frame=min((shape.frame for shape in shapes), default=0), label_id=CAT, shapes=shapes)


def tag(key: int, label: int = SUNNY, frame: int = 0) -> Tag:
    return Tag(id=key, frame=frame, label_id=label)


def based(*objects: Shape | Tag) -> BaseLabel:
    """The base of a label that was sent as these objects."""
    first = objects[0]
    field = {CAT: "gt", DOG: "gt", LAWN: "land"}.get(first.label_id, "sky")
    parts: dict[str, Any] = {"label": NAMES[first.label_id - 1]}
    if field == "gt":
        parts["bounding_box"] = [0.1, 0.1, 0.1, 0.1]
    if field == "land":
        lines = [[[x / 100, y / 100] for x, y in zip(o.points[::2], o.points[1::2], strict=True)] for o in objects]
        parts |= {"points": lines, "closed": True, "filled": True}
    return BaseLabel(
        field=field,
        sample_id=FRAMES[first.frame].sample_id,
        frame=first.frame,
        label_id=f"l{first.id}",
        parts=parts,
        objects=objects,
        group=1 if len(objects) > 1 else 0,
    )


def diff(base: list[BaseLabel], now: list[Any], removed: tuple[int, ...] = ()) -> JobDiff:
    tags = tuple(item for item in now if isinstance(item, Tag))
    shapes = tuple(item for item in now if isinstance(item, Shape))
    tracks = tuple(item for item in now if isinstance(item, Track))
    return diff_job(base, Annotations(tags=tags, shapes=shapes, tracks=tracks), FRAMES, removed, VOCABULARY)


def names(found: JobDiff) -> dict[str, Any]:
    """A diff in short: labels by their ids, new ones by their samples and fields."""
    said = {
        "kept": sorted(label.label_id for label in found.kept),
        "edited": [edited.base.label_id for edited in found.edited],
        "deleted": [label.label_id for label in found.deleted],
        "new": [(new.sample_id, new.drawn.field) for new in found.new],
        "exact": found.matches["exact"],
        "overlap": found.matches["overlap"],
        "left": {item.reason: item.count for item in found.objects.left.values()},
        "to": [(edited.base.label_id, edited.to) for edited in found.edited if edited.to],
        "odd": dict(found.odd),
    }
    return {name: value for name, value in said.items() if value}


TWO = [based(box(1)), based(box(2, 1))]
CASES: dict[str, tuple[list[BaseLabel], list[Any], dict[str, Any]]] = {
    # the base, what CVAT has now, the diff
    "nothing": ([], [], {}),
    "unchanged, in another order": (TWO, [box(2, 1), box(1)], {"kept": ["l1", "l2"]}),
    "what FiftyOne has no place for": (TWO[:1], [box(1, source="semi-auto", z_order=3)], {"kept": ["l1"]}),
    "moved": (TWO, [box(1, left=50), box(2, 1)], {"kept": ["l2"], "edited": ["l1"]}),
    "another class": (TWO[:1], [box(1, label=DOG)], {"edited": ["l1"]}),
    "deleted": (TWO, [box(2, 1)], {"kept": ["l2"], "deleted": ["l1"]}),
    "drawn": (TWO[:1], [box(1), box(9, 2)], {"kept": ["l1"], "new": [("s2", "gt")]}),
    "to another frame": (TWO[:1], [box(1, 1)], {"deleted": ["l1"], "new": [("s1", "gt")]}),
    "a new id, same look": (TWO[:1], [box(9)], {"kept": ["l1"], "exact": 1}),
    "a new id, elsewhere": (TWO[:1], [box(9, left=70)], {"deleted": ["l1"], "new": [("s0", "gt")]}),
    "a new id, a bit to the right": (TWO[:1], [box(9, left=12)], {"edited": ["l1"], "overlap": 1}),
    "a new id and another class": (TWO[:1], [box(9, label=DOG)], {"deleted": ["l1"], "new": [("s0", "gt")]}),
    "all removed and drawn again": (
        [based(box(1)), based(box(2, left=40))],
        [box(8, left=41), box(9, left=11)],
        {"edited": ["l1", "l2"], "overlap": 2},
    ),
    "a copy is new, whatever became of the original": (
        TWO[:1],
        [box(1, left=60), box(9)],
        {"edited": ["l1"], "new": [("s0", "gt")]},
    ),
    "a copy is new": (TWO[:1], [box(1), box(9, left=40)], {"kept": ["l1"], "new": [("s0", "gt")]}),
    "an exact copy is left": (TWO[:1], [box(1), box(9)], {"kept": ["l1"], "left": {TWIN: 1}}),
    "an exact copy with another attribute is new": (
        TWO[:1],
        [box(1), box(9, attributes=({"spec_id": 1, "value": "x"},))],
        {"kept": ["l1"], "new": [("s0", "gt")]},
    ),
    "an exact copy does not take the place of a neighbour that is gone": (
        [based(box(1)), based(box(2, left=12))],
        [box(1), box(9)],
        {"kept": ["l1"], "deleted": ["l2"], "left": {TWIN: 1}},
    ),
    "new ones that were saved twice": ([], [box(8), box(9), box(7)], {"new": [("s0", "gt")], "left": {TWIN: 2}}),
    "exact copies of both parts": (
        [based(part(1), part(2, 30))],
        [part(1), part(2, 30), part(8), part(9, 30)],
        {"kept": ["l1"], "left": {TWIN: 2}},
    ),
    "an exact copy of a tag": ([based(tag(1))], [tag(1), tag(9)], {"kept": ["l1"], "left": {TWIN: 1}}),
    "one of two that look alike": (
        [based(box(1)), based(box(2))],
        [box(2), box(9)],
        {"kept": ["l1", "l2"], "exact": 1},
    ),
    "a part deleted": ([based(part(1), part(2, 30))], [part(1)], {"edited": ["l1"]}),
    "a part with a new id": ([based(part(1), part(2, 30))], [part(1), part(9, 30)], {"kept": ["l1"]}),
    "a part more": ([based(part(1), part(2, 30))], [part(1), part(2, 30), part(9, 60)], {"edited": ["l1"]}),
    "a part more, all in a new group": (
        [based(part(1), part(2, 30))],
        [part(1, group=5), part(2, 30, group=5), part(9, 60, group=5)],
        {"edited": ["l1"]},
    ),
    "one in the group that the parts had": (
        [based(part(1), part(2, 30))],
        [part(1, group=5), part(2, 30, group=5), part(9, 60)],
        {"kept": ["l1"], "new": [("s0", "land")]},
    ),
    "one in a group with two labels": (
        [based(part(1), part(2, 30)), based(part(3, 5), part(4, 35))],
        [part(1, group=5), part(2, 30, group=5), part(3, 5, group=5), part(4, 35, group=5), part(9, 60, group=5)],
        {"kept": ["l1", "l3"], "new": [("s0", "land")]},
    ),
    "one of another class in the group": (
        [based(part(1), part(2, 30))],
        [part(1), part(2, 30), part(9, 60, label=ROAD)],
        {"kept": ["l1"], "new": [("s0", "land")]},
    ),
    "a class of another field": (TWO[:1], [box(1, label=OWL)], {"edited": ["l1"], "to": [("l1", "pred")]}),
    "a class of another field that can't hold it": (TWO[:1], [box(1, label=RAINY)], {"edited": ["l1"]}),
    "a part with a class of another field": (
        [based(part(1), part(2, 30))],
        [part(1), part(2, 30, label=FENCE)],
        {"edited": ["l1"], "new": [("s0", "lines")]},
    ),
    "all parts with a class of another field": (
        [based(part(1), part(2, 30))],
        [part(1, label=FENCE), part(2, 30, label=FENCE)],
        {"edited": ["l1"], "to": [("l1", "lines")]},
    ),
    "a class that is not known": ([], [box(1, label=77)], {"left": {UNKNOWN: 1}}),
    "merged into a track": (
        [based(box(1)), based(box(2, 2, left=40))],
        [track(5, (0, 10.0, False), (1, 10.0, True), (2, 40.0, False), (3, 40.0, True))],
        {"kept": ["l1", "l2"], "exact": 2},
    ),
    "drawn as a track": (
        TWO[:1],
        [box(1), track(5, (1, 30.0, False))],
        {"kept": ["l1"], "new": [("s1", "gt"), ("s2", "gt")]},
    ),
    "a track that goes on beyond the task": (
        [],
        [track(5, (2, 30.0, False), (9, 40.0, False), (12, 40.0, True))],
        {"new": [("s2", "gt")], "left": {"on frames that its job does not have": 1}},
    ),
    "a track that is nowhere": ([], [track(5, (1, 30.0, True))], {"left": {"it is on no frame": 1}}),
    "a track without keyframes": ([], [track(5)], {"left": {"a track without keyframes": 1}}),
    "all parts deleted": ([based(part(1), part(2, 30))], [], {"deleted": ["l1"]}),
    "all parts with new ids": ([based(part(1), part(2, 30))], [part(8), part(9, 30)], {"kept": ["l1"], "exact": 1}),
    "the only tag replaced": ([based(tag(1))], [tag(9, RAINY)], {"edited": ["l1"], "overlap": 1}),
    "a tag and a shape of one id": ([based(tag(1)), based(box(1))], [tag(1), box(1)], {"kept": ["l1", "l1"]}),
    "a polygon of a class of boxes": (
        [],
        [part(1).model_copy(update={"label_id": CAT, "group": None})],
        {"new": [("s0", None)]},
    ),
    "a frame that the task does not have": (
        [],
        [box(1, 7)],
        {"left": {"on frames that the task does not have": 1}},
    ),
}


@pytest.mark.parametrize(("base", "now", "expected"), CASES.values(), ids=CASES)
def test_diff(base: list[BaseLabel], now: list[Any], expected: dict[str, Any]) -> None:
    found = diff(base, now)
    assert names(found) == expected
    assert found.objects is not None
    rest = sum(len(item.objects) for item in (*found.edited, *found.new))
    assert found.objects.found == found.objects.unchanged + found.objects.left_count + rest


def test_removed_frames_count_for_nothing() -> None:
    now = [box(1, left=50), box(9), box(2, 1, left=50), box(8, 1)]
    assert names(diff(TWO, now, removed=(0, 1))) == {"kept": ["l1", "l2"], "left": {REMOVED: 4}}
    assert names(diff(TWO, [], removed=(0,))) == {"kept": ["l1"], "deleted": ["l2"]}


def test_a_label_that_was_found_again_has_its_new_id() -> None:
    (kept,) = diff([based(part(1), part(2, 30))], [part(9, 30), part(8)]).kept
    assert [item.id for item in kept.objects] == [8, 9]


def test_new_labels_come_in_the_order_in_which_they_were_drawn() -> None:
    """CVAT gives no order inside a frame."""
    found = diff([], [box(7, left=70), box(3, left=30), box(5, left=50)])
    assert [new.objects[0].id for new in found.new] == [3, 5, 7]


def test_an_edited_label_says_what_it_is_now() -> None:
    (edited,) = diff(TWO[:1], [box(1, left=50, label=DOG)]).edited
    assert edited.reading.parts == {"label": "dog", "bounding_box": [0.5, 0.1, pytest.approx(0.1), 0.1]}
    assert edited.objects == (box(1, left=50, label=DOG),)
