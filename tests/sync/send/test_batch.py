"""Batches of labels: as requests, with the ids that came back, and looked for when the answer was lost."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import Batch, BatchAnswer, labels_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.batch import answer_of, find_written, ids_of, split, wire


def box(left: float, frame: int = 0, **more: Any) -> Shape:
    return Shape(type="rectangle", frame=frame, label_id=1, points=(left, 0.0, left + 5, 5.0), **more)


def bones(left: float, ids: tuple[int, int] | None = None, **more: Any) -> Shape:
    points = [
        Shape(type="points", frame=0, label_id=label, points=(left, float(label)), id=ids[n] if ids else None)
        for n, label in enumerate((11, 12))
    ]
    return Shape(type="skeleton", frame=0, label_id=10, elements=tuple(points), **more)


def batch(*objects: Shape | Tag) -> Batch:
    """A label for each object."""
    return Batch(
        labels=tuple(
            BaseLabel(field="gt", sample_id="s", frame=0, label_id=str(n), parts={}, objects=(item,))
            for n, item in enumerate(objects)
        )
    )


def stored(*objects: Shape | Tag) -> Annotations:
    """What a job has."""
    return Annotations(
        tags=tuple(item for item in objects if isinstance(item, Tag)),
        shapes=tuple(item for item in objects if isinstance(item, Shape)),
    )


SENT = batch(box(1), Tag(frame=0, label_id=2), box(2), box(1), bones(3))
WRITTEN = [box(1, id=5), box(2, id=6), box(1, id=7), bones(3, (21, 22), id=8), Tag(frame=0, label_id=2, id=5)]

ALL = BatchAnswer(tags=(5,), shapes=(5, 6, 7, {"id": 8}))

CASES: dict[str, tuple[Annotations, set[tuple[str, int]], BatchAnswer | None]] = {
    # what the job has, what of it is known -> what was written
    "nothing": (stored(), set(), None),
    "only what was there before": (
        stored(box(1, id=3), Tag(frame=0, label_id=2, id=1)),
        {("shape", 3), ("tag", 1)},
        None,
    ),
    "all": (stored(*WRITTEN), set(), ALL),
    "all, in the server's own order": (
        stored(*reversed(WRITTEN)),
        set(),
        BatchAnswer(tags=(5,), shapes=(5, 6, 7, {"id": 8})),
    ),
    "all, beside others alike": (
        stored(box(1, id=3), *WRITTEN, box(9, id=9)),
        {("shape", 3)},
        BatchAnswer(tags=(5,), shapes=(5, 6, 7, {"id": 8})),
    ),
    "all, and somebody deleted one since": (
        stored(*(item for item in WRITTEN if item.id != 6)),
        set(),
        BatchAnswer(tags=(5,), shapes=(5, None, 7, {"id": 8})),
    ),
    "only something else": (stored(box(4, id=5), box(1, frame=1, id=6)), set(), None),
}


@pytest.mark.parametrize("case", CASES)
def test_looking_for_a_portion(case: str) -> None:
    there, known, expected = CASES[case]
    found = find_written(wire(SENT), there, known)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found.tags == expected.tags
    assert [item["id"] if isinstance(item, dict) else item for item in found.shapes] == [
        item["id"] if isinstance(item, dict) else item for item in expected.shapes
    ]
    assert [point["id"] for point in found.shapes[3]["elements"]] == [21, 22]  # type: ignore[index,call-overload]


def test_the_answer_of_a_write_gives_the_ids() -> None:
    sheet = wire(SENT)
    tags = [{**item, "id": 5} for item in sheet[0]]
    shapes = [{**item, "id": number, "more": "that newer servers add"} for number, item in enumerate(sheet[1], 5)]
    shapes[1]["source"] = "manual by the server"
    saved = answer_of(sheet, (tags, shapes))
    assert saved.tags == (5,)
    assert (saved.shapes[0], saved.shapes[2]) == (5, 7)
    assert saved.shapes[1] == shapes[1]  # it keeps something else than was sent
    assert saved.shapes[3] == shapes[3]  # its points have ids, too
    labels = labels_of(SENT, BatchAnswer.model_validate_json(saved.model_dump_json()))
    assert [label.objects[0].id for label in labels] == [5, 5, 6, 7, 8]
    assert labels[0].objects[0] == SENT.labels[0].objects[0].model_copy(update={"id": 5})
    assert labels[2].objects[0].source == "manual by the server"
    assert ids_of([saved]) == {("tag", 5), ("shape", 5), ("shape", 6), ("shape", 7), ("shape", 8)}


def test_an_object_that_was_deleted_at_once_has_an_id_of_nobody() -> None:
    labels = labels_of(batch(box(1), box(2)), BatchAnswer(shapes=(None, None)))
    assert [label.objects[0].id for label in labels] == [-1, -2]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_halves(count: int) -> None:
    whole = batch(*(box(n) for n in range(count))).model_copy(update={"left_out": {"a": 1}})
    halves = split(whole)
    if count == 1:
        assert halves is None
        return
    assert halves is not None
    assert halves[0].labels + halves[1].labels == whole.labels
    assert [half.left_out for half in halves] == [{"a": 1}, {}]
    assert all(half.labels for half in halves)
