"""The demo: its pictures are the same each time, and its judge lets nothing pass."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import bson
import numpy as np
import pytest

from demo.edits import Edit, Labels, expected, labels_of
from demo.scenes import parking, shelf, street

FILE = "street_01.jpg"
KEPT, MOVED, GONE = (str(bson.ObjectId()) for _ in range(3))


def _box(label_id: str) -> dict[str, Any]:
    box = [0.1, 0.2, 0.30000000000000004, 0.4]
    return {"_id": bson.ObjectId(label_id), "_cls": "Detection", "label": "car", "bounding_box": box, "confidence": 0.7}


@pytest.fixture
def before() -> Labels:
    return {(FILE, "ground_truth", label_id): _box(label_id) for label_id in (KEPT, MOVED, GONE)}


@pytest.fixture
def edits(before: Labels) -> list[Edit]:
    new = {"label": "car", "bounding_box": [0.5, 0.5, 0.1, 0.1], "parked": True}
    moved = [0.15, 0.2, 0.3, 0.4]
    return [
        Edit("moved", FILE, "ground_truth", ("bounding_box",), None, moved, MOVED),
        Edit("deleted", FILE, "ground_truth", (), before[FILE, "ground_truth", GONE], None, GONE),
        Edit("added", FILE, "ground_truth", (), None, new, None),
    ]


@pytest.fixture
def after(before: Labels, edits: list[Edit]) -> Labels:
    """What a faultless load leaves, the edited numbers rounded a little otherwise."""
    found = deepcopy(before)
    del found[FILE, "ground_truth", GONE]
    found[FILE, "ground_truth", MOVED]["bounding_box"] = [0.15 + 1e-13, 0.2, 0.3, 0.4]
    made = bson.ObjectId()
    found[FILE, "ground_truth", str(made)] = {"_id": made, "_cls": "Detection", "tags": [], **edits[2].after}
    return found


def _complaints(before: Labels, edits: list[Edit], after: Labels) -> list[str]:
    from demo.loop import _compare

    return _compare(expected(before, edits), after, edits)


def test_the_judge_accepts_exactly_the_edits(before: Labels, edits: list[Edit], after: Labels) -> None:
    assert _complaints(before, edits, after) == []


def test_the_judge_sees_the_last_bit_of_an_unedited_label(before: Labels, edits: list[Edit], after: Labels) -> None:
    after[FILE, "ground_truth", KEPT]["bounding_box"][2] = 0.3
    assert len(_complaints(before, edits, after)) == 1


def test_the_judge_sees_the_rest_of_an_edited_label(before: Labels, edits: list[Edit], after: Labels) -> None:
    del after[FILE, "ground_truth", MOVED]["confidence"]
    assert len(_complaints(before, edits, after)) == 1


def test_the_judge_sees_an_edit_that_did_not_arrive(before: Labels, edits: list[Edit], after: Labels) -> None:
    after[FILE, "ground_truth", MOVED] = _box(MOVED)
    assert len(_complaints(before, edits, after)) == 1


def test_the_judge_sees_a_label_that_is_gone(before: Labels, edits: list[Edit], after: Labels) -> None:
    del after[FILE, "ground_truth", KEPT]
    assert len(_complaints(before, edits, after)) == 1


def test_the_judge_sees_a_deletion_that_did_not_arrive(before: Labels, edits: list[Edit], after: Labels) -> None:
    after[FILE, "ground_truth", GONE] = _box(GONE)
    assert len(_complaints(before, edits, after)) == 1


@pytest.mark.parametrize("change", [{"parked": 1}, {"parked": "true"}, {"label": "truck"}, {"color": "red"}])
def test_the_judge_sees_a_new_label_that_differs(
    before: Labels, edits: list[Edit], after: Labels, change: dict[str, Any]
) -> None:
    next(label for key, label in after.items() if key not in before).update(change)
    assert len(_complaints(before, edits, after)) == 1


def test_labels_of_a_sample_are_found_in_lists_and_alone() -> None:
    boxes, weather = [_box(KEPT), _box(MOVED)], {"_id": bson.ObjectId(GONE), "_cls": "Classification", "label": "rain"}
    sample = {
        "filepath": f"/pictures/{FILE}",
        "ground_truth": {"_cls": "Detections", "detections": boxes},
        "weather": weather,
        "lanes": None,
    }
    found = dict(labels_of(sample, ("ground_truth", "lanes", "weather")))
    assert [key[1:] for key in found] == [("ground_truth", KEPT), ("ground_truth", MOVED), ("weather", GONE)]


@pytest.mark.parametrize("painter", [street, parking, shelf])
def test_a_seed_gives_the_same_picture_again(painter: Any) -> None:
    first, second = (painter(np.random.default_rng(5), (240, 180), "clear") for _ in range(2))
    assert first.image.tobytes() == second.image.tobytes()
    assert (first.things, first.regions, first.lanes) == (second.things, second.regions, second.lanes)
    assert first.things
    assert first.image.tobytes() != painter(np.random.default_rng(6), (240, 180), "clear").image.tobytes()
