"""Which of the labels that were sent are in a job: all of a batch, none, or what annotators left of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, AttributeValue, Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import Batch, BatchAnswer, labels_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.batch import ids_of, wire
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.find_written import find_twins, find_written
from hypothesis import given, settings
from hypothesis import strategies as st

Object = Shape | Tag
COLOUR, SIZE = 71, 72


def texts(colour: str, size: str = "") -> tuple[AttributeValue, ...]:
    return (AttributeValue(spec_id=COLOUR, value=colour), AttributeValue(spec_id=SIZE, value=size))


def box(left: float, frame: int = 0, colour: str = "red", **more: Any) -> Shape:
    facts: dict[str, Any] = {"source": "file", "attributes": texts(colour), **more}
    return Shape(type="rectangle", frame=frame, label_id=1, points=(left, 0.0, left + 5, 5.0), **facts)


def tag(frame: int = 0, **more: Any) -> Tag:
    return Tag(frame=frame, label_id=2, **{"source": "file", **more})


def bones(left: float, **more: Any) -> Shape:
    points = [
        Shape(type="points", frame=0, label_id=label, points=(left, float(label)), source="file") for label in (11, 12)
    ]
    return Shape(type="skeleton", frame=0, label_id=10, elements=tuple(points), **{"source": "file", **more})


def batch(*labels: Object | Sequence[Object]) -> Batch:
    """A label for each object, or for each list of them."""
    return Batch(
        labels=tuple(
            BaseLabel(
                field="gt",
                sample_id="s",
                frame=0,
                label_id=str(n),
                parts={},
                objects=tuple(item) if isinstance(item, list) else (item,),
            )
            for n, item in enumerate(labels)
        )
    )


def stored(sent: Batch, first: int = 5, step: int = 1) -> list[Object]:
    """What CVAT makes of a request: ids that it counts up, for tags and shapes apart; elements get some, too."""
    numbers = {Tag: itertools.count(first, step), Shape: itertools.count(first, step)}
    made: list[Object] = []
    for item in (item for label in sent.labels for item in label.objects):
        facts: dict[str, Any] = {"id": next(numbers[type(item)])}
        if isinstance(item, Shape) and item.elements:
            facts["elements"] = tuple(
                element.model_copy(update={"id": next(numbers[Shape])}) for element in item.elements
            )
        made.append(item.model_copy(update=facts))
    return made


def job(*objects: Object) -> Annotations:
    """What a job has."""
    return Annotations(
        tags=tuple(item for item in objects if isinstance(item, Tag)),
        shapes=tuple(item for item in objects if isinstance(item, Shape)),
    )


def numbers(answer: BatchAnswer) -> tuple[list[int | None], list[int | None]]:
    tags, shapes = ([i["id"] if isinstance(i, dict) else i for i in items] for items in (answer.tags, answer.shapes))
    return tags, shapes


SENT = batch(box(1), tag(), box(2), box(1), bones(3), box(4, frame=1))
WRITTEN = stored(SENT)
FIRST, TAG, SECOND, THIRD, BONES, LAST = WRITTEN
ALL = ([5], [5, 6, 7, 8, 11])


def look(there: Annotations, known: set[tuple[str, int]] = frozenset(), sent: Batch = SENT) -> Any:  # type: ignore[assignment]
    return find_written(sent, wire(sent), there, set(known))


WHOLE: dict[str, tuple[list[Object], set[tuple[str, int]], tuple[list[Any], list[Any]]]] = {
    # what the job has, what of it is known -> the ids of the batch
    "as it was sent": (WRITTEN, set(), ALL),
    "in the server's own order": (WRITTEN[::-1], set(), ALL),
    "beside others alike": ([box(1, id=3), *WRITTEN, box(9, id=19)], {("shape", 3)}, ALL),
    "beside what an annotator drew alike": ([tag(id=4, source="manual"), *WRITTEN], set(), ALL),
    "with attributes that only the server knows": (
        [
            FIRST.model_copy(update={"attributes": (*FIRST.attributes, AttributeValue(spec_id=99, value="x"))}),
            *WRITTEN[1:],
        ],
        set(),
        ALL,
    ),
    "somebody deleted one": ([item for item in WRITTEN if item is not SECOND], set(), ([5], [5, None, 7, 8, 11])),
    "somebody moved one": (
        [SECOND.model_copy(update={"points": (30.0, 0.0, 9.0, 9.0), "source": "manual"}), *WRITTEN[:2], *WRITTEN[3:]],
        set(),
        ALL,
    ),
    "somebody moved the first and the last": (
        [
            FIRST.model_copy(update={"points": (30.0, 0.0, 9.0, 9.0), "source": "manual"}),
            *WRITTEN[1:-1],
            LAST.model_copy(update={"points": (0.0, 0.0, 9.0, 9.0), "source": "manual"}),
        ],
        set(),
        ALL,
    ),
    "somebody relabelled one": ([SECOND.model_copy(update={"label_id": 3}), *WRITTEN[:2], *WRITTEN[3:]], set(), ALL),
    "somebody set an attribute": (
        [FIRST.model_copy(update={"attributes": texts("blue")}), *WRITTEN[1:]],
        set(),
        ALL,
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_batch_that_was_written(case: str) -> None:
    there, known, expected = WHOLE[case]
    found = look(job(*there), known)
    assert found.missing.labels == ()
    assert found.written.labels == SENT.labels
    assert numbers(found.answer) == expected
    assert next(iter(labels_of(found.written, found.answer))).objects[0].id == expected[1][0]


def test_of_those_alike_each_keeps_its_own_attributes() -> None:
    sent = batch(box(1, colour="red"), box(1, colour="blue"), box(1, colour="green"), box(2))
    _, blue, green, other = stored(sent)
    found = look(job(green, other, blue), sent=sent)
    assert numbers(found.answer)[1] == [None, blue.id, green.id, other.id]


NOTHING: dict[str, list[Object]] = {
    "an empty job": [],
    "only something else": [box(4, id=5), box(1, frame=1, id=6)],
    "what an annotator tagged as the send would": [tag(id=9, source="manual")],
    "what an annotator drew there": [box(1, id=9, source="manual"), box(2, id=10, source="semi-auto")],
}


@pytest.mark.parametrize("case", NOTHING)
def test_a_batch_that_was_not_written(case: str) -> None:
    found = look(job(*NOTHING[case]))
    assert found.written.labels == () and found.answer == BatchAnswer()
    assert found.missing.labels == SENT.labels


def test_little_that_looks_alike_proves_nothing_of_the_rest() -> None:
    """It counts for its own label, and all others are still to be written."""
    sent = batch(*(tag(frame) for frame in range(6)))
    found = look(job(tag(0, id=9)), sent=sent)
    assert [label.label_id for label in found.written.labels] == ["0"]
    assert numbers(found.answer) == ([9], [])
    assert [label.label_id for label in found.missing.labels] == ["1", "2", "3", "4", "5"]


def test_a_label_of_several_objects_is_there_if_all_of_them_are() -> None:
    sent = batch([box(1), box(2)], box(3), box(4), box(5), box(6))
    found = look(job(box(1, id=9)), sent=sent)
    assert found.missing.labels == sent.labels
    found = look(job(box(1, id=9), box(2, id=10)), sent=sent)
    assert found.written.labels == sent.labels[:1]


edits = st.sampled_from(["kept", "kept", "kept", "moved", "deleted", "relabelled", "set"])


@settings(max_examples=200)
@given(st.data())
def test_whatever_annotators_do_to_less_than_half_each_label_keeps_its_object(data: st.DataObject) -> None:
    """Even among labels that look all alike, whatever else is in the job, and in whatever order it is read."""
    count = data.draw(st.integers(3, 12))
    looks = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    sent = batch(*(box(left, frame=left % 2) for left in looks))
    made = stored(sent, first=100, step=data.draw(st.integers(1, 3)))
    touched = data.draw(st.dictionaries(st.integers(0, count - 1), edits, max_size=(count - 1) // 2))
    there: list[Object] = [box(0, id=7, source="manual"), tag(id=3)]
    for place, item in enumerate(made):
        edit = touched.get(place, "kept")
        change: dict[str, Any] = {
            "kept": {},
            "moved": {"points": (50.0, 50.0, 60.0, 60.0 + place), "source": "manual"},
            "relabelled": {"label_id": 8, "attributes": ()},
            "set": {"attributes": texts("blue")},
        }.get(edit, {})
        if edit != "deleted":
            there.append(item.model_copy(update=change))
    random.Random(count).shuffle(there)
    found = look(job(*there), sent=sent)
    assert found.missing.labels == ()
    got = numbers(found.answer)[1]
    left = {item.id for item in there}
    assert len({i for i in got if i is not None}) == sum(i is not None for i in got), "one object for two labels"
    if len(set(looks)) == count:
        assert got == [item.id if item.id in left else None for item in made]
    assert {i for i in got if i is not None} <= {item.id for item in made} & left
    # All that is left of the batch belongs to it: nothing of it is loaded as if it were new
    assert sum(i is not None for i in got) == len({item.id for item in made} & left)


# Twins


def twins(
    sent: Batch, there: list[Object], known: set[tuple[str, int]], late: Sequence[Batch] = ()
) -> list[int | None]:
    found = find_twins([wire(sent)], [wire(item) for item in late], job(*there), known)
    return sorted(item.id or 0 for item in (*found.tags, *found.shapes))


def test_a_late_copy_of_a_batch_goes() -> None:
    known = ids_of([look(job(*WRITTEN)).answer])
    late = stored(SENT, first=200)
    assert twins(SENT, [*WRITTEN, *late], known) == sorted(item.id or 0 for item in late)
    assert twins(SENT, WRITTEN, known) == []


def test_what_annotators_made_stays() -> None:
    known = ids_of([look(job(*WRITTEN)).answer])
    theirs = [box(1, id=90, source="manual"), tag(id=91, source="manual"), box(7, id=92), box(1, frame=5, id=93)]
    assert twins(SENT, [*WRITTEN, *theirs], known) == []


def test_what_was_deleted_and_brought_back_is_no_twin() -> None:
    """The editor's undo makes the same object with another id."""
    known = ids_of([look(job(*WRITTEN)).answer])
    there = [item for item in WRITTEN if item is not SECOND] + [SECOND.model_copy(update={"id": 99})]
    assert twins(SENT, there, known) == []


def test_labels_that_were_alike_in_the_dataset_stay_both() -> None:
    sent = batch(box(1), box(1), box(1))
    made = stored(sent)
    assert twins(sent, made, ids_of([look(job(*made), sent=sent).answer])) == []


def test_a_late_copy_of_what_was_edited_in_the_dataset_meanwhile_goes() -> None:
    before, now = batch(box(1), box(2)), batch(box(1), box(30))
    made = stored(now)
    known = ids_of([look(job(*made), sent=now).answer])
    late = stored(before, first=50)
    assert twins(now, [*made, *late], known, [before]) == [50, 51]
