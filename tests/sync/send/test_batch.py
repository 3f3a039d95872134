"""Batches of labels: as requests, with the ids that came back, and cut to parts."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track, TrackedShape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import Identity
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import count_fields
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import Batch, BatchAnswer, TrackLabels, labels_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.batch import Sheet, answer_of, ids_of, split, wire


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


SENT = batch(box(1), Tag(frame=0, label_id=2), box(2), box(1), bones(3))


def test_the_answer_of_a_write_gives_the_ids() -> None:
    sheet = wire(SENT)
    tags = [{**item, "id": 5} for item in sheet[0]]
    shapes = [{**item, "id": number, "more": "that newer servers add"} for number, item in enumerate(sheet[1], 5)]
    shapes[1]["source"] = "manual by the server"
    saved = answer_of(sheet, Sheet(tags, shapes, []))
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
    """What of a label was dropped goes with the label: a half that is drawn anew would count it a second time."""
    dropped = {place: (f"gt: {place}",) for place in range(0, count, 2)}
    whole = batch(*(box(n) for n in range(count))).model_copy(update={"dropped": dropped})
    halves = split(whole)
    if count == 1:
        assert halves is None
        return
    assert halves is not None
    assert halves[0].labels + halves[1].labels == whole.labels
    assert halves[0].left_out + halves[1].left_out == whole.left_out
    assert all(half.labels for half in halves)


def test_a_part_of_a_batch_is_kept_as_it_is() -> None:
    whole = batch(box(1), box(2), box(3)).model_copy(update={"dropped": {1: ("a", "b"), 2: ("a",)}})
    part = whole.part([0, 2])
    assert (part.labels, part.dropped) == ((whole.labels[0], whole.labels[2]), {1: ("a",)})
    assert Batch.model_validate_json(part.model_dump_json(exclude_defaults=True)) == part


def test_a_track_is_kept_with_its_labels() -> None:
    """As CVAT returned it, and each of its labels counts."""
    labels = tuple(
        BaseLabel(field="frames.gt", sample_id=f"f{n}", frame=n, label_id=str(n), parts={}, objects=()) for n in (3, 4)
    )
    keyframe = TrackedShape(type="rectangle", frame=3, points=(1.0, 1.0, 2.0, 2.0))
    track = TrackLabels(
        field="frames.gt", origin=0, index=7, track=Track(frame=3, label_id=1, shapes=(keyframe,)), labels=labels
    )
    whole = Batch(labels=(*SENT.labels, track))
    sheet = wire(whole)
    stored = {**sheet.tracks[0], "id": 9, "shapes": [{**sheet.tracks[0]["shapes"][0], "id": 10}]}
    saved = answer_of(
        sheet, Sheet([{**t, "id": 1} for t in sheet.tags], [{**s, "id": 2} for s in sheet.shapes], [stored])
    )
    again = Batch.model_validate_json(whole.model_dump_json(exclude_defaults=True))
    found = labels_of(again, BatchAnswer.model_validate_json(saved.model_dump_json()))[-1]
    assert isinstance(found, TrackLabels) and (found.track.id, found.track.shapes[0].id) == (9, 10)
    assert found.as_base().held == ((3, "3"), (4, "4")) and found.identity == Identity(7)
    assert ("track", 9) in ids_of([saved])
    assert count_fields(whole.labels) == {"gt": 5, "frames.gt": 2}
    assert count_fields(whole.labels, shared=range(4)) == {"frames.gt": 1}
