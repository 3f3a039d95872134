"""A list of labels that is changed in one step is what it would be, had each label been changed by itself."""

from __future__ import annotations

from typing import Any

import bson
import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.labels import DatasetLabels
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.list_changes import (
    FormerValue,
    Keep,
    ListChange,
    Merge,
    Put,
    applied,
    former_value,
    splice,
)
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.writes import Reverts, Writes
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import LoadFailed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

GT = FieldPlace.of("gt", LABEL_TYPES["detections"])
NASTY = ["$gt", "$$ROOT", "a.b", "", "\x00", None, float("nan"), -0.0, 2**62, [], {"$literal": 1}, b"\x00", ["$x"]]


def label(number: int, **more: Any) -> dict[str, Any]:
    return {"_id": ObjectId(f"{number:024x}"), "_cls": "Detection", "label": "cat", **more}


def key(number: int) -> str:
    return f"{number:024x}"


ids = st.integers(1, 9)
values = st.fixed_dictionaries({"note": st.sampled_from(NASTY)})
changes = st.builds(
    lambda merge, replace, remove, insert: ListChange(
        merge={key(n): value for n, value in merge.items()},
        replace={key(n): label(n, **value) for n, value in replace.items()},
        remove=dict.fromkeys(map(key, remove)),
        insert=[(place, label(n, **value)) for n, (place, value) in insert.items()],
    ),
    st.dictionaries(ids, values, max_size=3),
    st.dictionaries(ids, values, max_size=3),
    st.sets(ids, max_size=4),
    st.dictionaries(ids, st.tuples(st.none() | st.integers(0, 12), values), max_size=4),
)


def one_by_one(labels: list[dict[str, Any]], change: ListChange) -> list[dict[str, Any]]:
    """The same, label by label."""
    result = []
    seen = set()
    for item in labels:
        name = str(item["_id"])
        first = name not in seen
        seen.add(name)
        if first and name in change.remove:
            continue
        if first and name in change.replace:
            result.append(change.replace[name])
        elif first and name in change.merge:
            result.append({**item, **change.merge[name]})
        else:
            result.append(item)
    there = {str(item["_id"]) for item in labels} - change.remove.keys()
    news = [(place, item) for place, item in change.insert if str(item["_id"]) not in there]
    for place, item in sorted((item for item in news if item[0] is not None), key=lambda item: item[0]):
        at = [n for n, other in enumerate(result) if other is item]
        assert not at
        result.insert(place, item)
    return result + [item for place, item in news if place is None]


def dumped(labels: list[dict[str, Any]]) -> bytes:
    return bson.encode({"labels": labels})


@given(st.lists(ids, max_size=8), changes)
@settings(max_examples=200, deadline=None)
def test_the_pieces_are_the_new_list(numbers: list[int], change: ListChange) -> None:
    labels = [label(n, place=i) for i, n in enumerate(numbers)]
    places = [place for place, _ in change.insert if place is not None]
    if len(places) > len(set(places)) or (any(place is None for place, _ in change.insert) and places):
        return  # never asked for
    pieces = splice([str(item["_id"]) for item in labels], change)
    expected = one_by_one(labels, change)
    assert dumped(labels if pieces is None else applied(labels, pieces)) == dumped(expected)


@pytest.mark.parametrize(
    ("change", "pieces"),
    [
        (ListChange(), None),
        (ListChange(merge={key(9): {"a": 1}}, remove={key(8): None}), None),
        (ListChange(merge={key(2): {"a": 1}}), [Keep(0, 1), Merge(1, {"a": 1}), Keep(2, 4)]),
        (ListChange(remove={key(1): None, key(3): None}), [Keep(1, 2), Keep(3, 4)]),
        (ListChange(insert=[(None, label(7)), (None, label(8))]), [Keep(0, 4), Put((label(7), label(8)))]),
        (ListChange(insert=[(None, label(2))]), None),
        (ListChange(replace={key(4): label(4, x=1)}), [Keep(0, 3), Put((label(4, x=1),))]),
    ],
)
def test_neighbours_are_one_piece(change: ListChange, pieces: Any) -> None:
    assert splice([key(n) for n in (1, 2, 3, 4)], change) == pieces


def test_what_is_left_instead_of_an_empty_list() -> None:
    change = ListChange(remove={key(1): FormerValue(False), key(2): None})
    assert splice([key(1), key(2)], change) == []
    assert former_value(change, []) == FormerValue(False)
    assert former_value(change, [Keep(0, 1)]) is None


@pytest.fixture
def sample(dataset: fo.Dataset) -> str:
    (sample_id,) = dataset.add_samples([fo.Sample("a.jpg")])
    dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    return str(sample_id)


def stored(dataset: fo.Dataset) -> Any:
    return dataset._sample_collection.find_one()["gt"]["detections"]


@given(numbers=st.lists(ids, max_size=8, unique=True), data=st.data())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mongodb_makes_the_same_list(dataset: fo.Dataset, sample: str, numbers: list[int], data: Any) -> None:
    labels = [label(n, date=1) for n in numbers]
    start = {"gt": {"_cls": "Detections", "detections": labels}}
    dataset._sample_collection.update_one({}, {"$set": start})
    edits = data.draw(st.dictionaries(ids, values, max_size=3))
    gone = data.draw(st.sets(ids, max_size=3))
    news = data.draw(st.dictionaries(ids, values, max_size=3))
    writes = Writes(
        edits=[(sample, key(n), value) for n, value in edits.items()],
        deletes=[(sample, key(n)) for n in gone],
        adds=[(sample, label(n, **value)) for n, value in news.items() if n not in gone | edits.keys()],
    )
    real = DatasetLabels(dataset)
    expected = one_by_one(labels, writes.of_lists().get(sample, ListChange()))
    for _ in range(2):  # what is done twice is done once
        real.write(GT, writes)
        assert dumped(stored(dataset)) == dumped(expected)


def test_thousands_of_labels_are_one_update(dataset: fo.Dataset, sample: str, monkeypatch: Any) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset import writes

    real, updates, update = DatasetLabels(dataset), [], writes.UpdateOne
    monkeypatch.setattr(writes, "UpdateOne", lambda *args: (updates.append(args), update(*args))[1])
    numbers = range(1, 3001)
    real.write(GT, Writes(adds=[(sample, label(n)) for n in numbers]))
    real.write(GT, Writes(edits=[(sample, key(n), {"label": "dog"}) for n in numbers]))
    real.revert(GT, Reverts(remove=[(sample, key(n), None) for n in numbers if n % 2]))
    real.revert(GT, Reverts(insert=[(sample, n - 1, label(n)) for n in numbers if n % 2]))
    real.write(GT, Writes(deletes=[(sample, key(n)) for n in numbers if n % 3]))
    assert [item["label"] for item in stored(dataset)[:2]] == ["cat", "dog"]
    assert (len(stored(dataset)), len(updates)) == (1000, 5)


def test_a_list_that_another_process_changes_meanwhile(dataset: fo.Dataset, sample: str, monkeypatch: Any) -> None:
    """It is read again: neither what they wrote nor what is written here is lost."""
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset import writes

    real = DatasetLabels(dataset)
    real.write(GT, Writes(adds=[(sample, label(1)), (sample, label(2))]))
    coll, once = dataset._sample_collection, iter([True])
    portions = writes._in_portions

    def late(updates: Any) -> Any:
        for portion in portions(updates):
            if next(once, False):
                coll.update_one({}, {"$pull": {"gt.detections": {"_id": label(1)["_id"]}}})
                coll.update_one({}, {"$push": {"gt.detections": label(3)}})
            yield portion

    monkeypatch.setattr(writes, "_in_portions", late)
    real.write(GT, Writes(edits=[(sample, key(1), {"label": "dog"}), (sample, key(2), {"label": "dog"})]))
    assert [(item["_id"], item["label"]) for item in stored(dataset)] == [
        (label(2)["_id"], "dog"),
        (label(3)["_id"], "cat"),
    ]


@pytest.mark.parametrize("broken", [[{"label": "no id"}, label(1)], [None, label(1)], ["text", label(1)]])
def test_lists_that_are_none_of_labels(dataset: fo.Dataset, sample: str, broken: list[Any]) -> None:
    dataset._sample_collection.update_one({}, {"$set": {"gt": {"_cls": "Detections", "detections": broken}}})
    before = dataset._sample_collection.find_one()
    with pytest.raises(LoadFailed, match="not lists of labels with ids"):
        DatasetLabels(dataset).write(GT, Writes(edits=[(sample, key(1), {"label": "dog"})]))
    assert dataset._sample_collection.find_one() == before
    assert list(DatasetLabels(dataset).read(GT, [sample])[sample].labels) == [key(1)]


@pytest.mark.parametrize("how", ["delete", "rename", "other", "dataset"])
@pytest.mark.parametrize("when", ["before", "amid"])
def test_a_field_that_is_gone(dataset: fo.Dataset, sample: str, monkeypatch: Any, how: str, when: str) -> None:
    """Nothing is left in a field that is not declared: no other process could read the sample."""
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset import writes

    def move() -> None:
        if how == "dataset":
            fo.core.odm.get_db_conn().datasets.delete_one({"_id": dataset._doc.id})
        elif how == "rename":
            dataset.rename_sample_field("gt", "truth")
        else:
            dataset.delete_sample_field("gt")
        if how == "other":
            dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Polylines)

    if when == "before":
        move()
    else:
        portions = writes._in_portions
        monkeypatch.setattr(writes, "_in_portions", lambda updates: (move(), portions(updates))[1])
    said = "was deleted meanwhile" if how == "dataset" else "deleted or renamed" if how != "other" else "does not hold"
    with pytest.raises(LoadFailed, match=said):
        DatasetLabels(dataset).write(GT, Writes(adds=[(sample, label(1))]))
    if how != "dataset":
        found = dataset._sample_collection.find_one()
        assert not found.get("gt") and not found.get("truth")
