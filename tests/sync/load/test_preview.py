"""Preview and cautions: what a load would do, and what it does not do before it is confirmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import bson
import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import LoadStopped
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import NAME
from sync_loop import Loop

FAR = [200.0, 20.0, 300.0, 60.0]
COUNTS = ("added", "changed", "deleted", "unchanged")


def cats(count: int = 3) -> fo.Detections:
    labels = [fo.Detection(label="cat", bounding_box=[0.1, 0.3 * n, 0.2, 0.2], code="1") for n in range(count)]
    return fo.Detections(detections=labels)


def dump(loop: Loop) -> dict[str, Any]:
    """All that the dataset has: its samples, its fields, its runs, and what the plugin keeps."""
    store = foo.ExecutionStore.create(NAME, dataset_id=loop.dataset._doc.id)
    loop.dataset._reload(hard=True)
    runs = {
        key: loop.dataset.get_annotation_info(key).config.serialize() for key in loop.dataset.list_annotation_runs()
    }
    return {
        "samples": loop.documents(),
        "fields": list(loop.dataset.get_field_schema()),
        "runs": bson.encode(runs),
        "store": {key: bson.encode({"": store.get(key)}) for key in sorted(store.list_keys())},
    }


def busy(loop: Loop) -> dict[str, Any]:
    """A run with edits of each kind, and a conflict."""
    loop.fill(cats(), cats(), None)
    run = loop.send(classes=["cat", "dog", "cow"])
    first, second, third = loop.cvat.objects(frame=0)
    loop.cvat.relabel(first, "dog")
    loop.cvat.delete(second)
    loop.cvat.move(third)
    loop.cvat.draw("cow", 2, FAR)
    loop.cvat.draw("cat", 0, [1.0, 1.0, 9.0, 1.0, 9.0, 9.0], "polyline")
    loop.cvat.remove_frames(1)
    sample = loop.dataset.first()
    sample.gt.detections[0].label = "cow"
    sample.save()
    return run


@pytest.mark.parametrize("more", [{}, {"dest_field": "fixed"}, {"policy": "ask"}, {"policy": "local"}], ids=str)
def test_a_preview_says_what_a_load_does_and_writes_nothing(loop: Loop, more: dict[str, Any]) -> None:
    run = busy(loop)
    before = dump(loop)
    preview = loop.load(run, preview=True, confirm=False, **more)
    assert dump(loop) == before
    assert preview["preview"]
    report = loop.load(run, **more)
    assert {**preview, "preview": False, "cautions": []} == report
    assert report["changed"] + report["added"] > 0


def test_what_a_preview_counts(loop: Loop) -> None:
    run = busy(loop)
    ids = loop.dataset.values("id")
    preview = loop.load(run, preview=True)
    field = preview["fields"]["gt"]
    assert [field[name] for name in COUNTS[:3]] == [1, 2, 1]
    assert field["classes"] == {
        "cat": {"added": 0, "changed": 1, "deleted": 1},
        "cow": {"added": 1, "changed": 0, "deleted": 0},
        "dog": {"added": 0, "changed": 1, "deleted": 0},
    }
    (conflict,) = preview["conflicts"]
    assert {name: conflict[name] for name in ("part", "base", "local", "remote", "outcome")} == {
        "part": "label",
        "base": "cat",
        "local": "cow",
        "remote": "dog",
        "outcome": "remote",
    }
    assert preview["samples"] == [ids[0], ids[2]]
    assert preview["matches"] == {"by_id": 2, "new": 2}


def test_the_first_labels_that_change_are_listed(loop: Loop) -> None:
    run = busy(loop)
    ids = loop.dataset.values("id")
    preview = json.loads(json.dumps(loop.load(run, preview=True)))
    listed = preview["first_changes"]
    assert [(i["what"], i["sample_id"], i["name"], i["was"], i["now"]) for i in listed[:4]] == [
        ("changed", ids[0], "dog", {"label": "cow"}, {"label": "dog"}),
        ("changed", ids[0], "cat", {}, {}),
        ("deleted", ids[0], "cat", {"label": "cat", "code": "1"}, {}),
        ("added", ids[2], "cow", {}, {"label": "cow"}),
    ]
    moved = listed[1]
    assert [len(moved[side]) for side in ("before", "after")] == [1, 1]
    assert moved["before"] != moved["after"]
    assert [(item["before"], item["after"]) for item in listed[2:4]] == [
        (listed[2]["before"], []),
        ([], listed[3]["after"]),
    ]


def test_no_more_than_the_first_twenty_are_listed(loop: Loop) -> None:
    loop.fill(cats(15), cats(15))
    run = loop.send(segment_size=1)
    for frame in (0, 1):
        loop.cvat.write("update", *({**shape, "rotation": 5.0} for shape in loop.cvat.objects(frame=frame)))
    preview = loop.load(run, preview=True)
    assert (preview["changed"], len(preview["first_changes"])) == (30, 20)
    assert {item["sample_id"] for item in preview["first_changes"]} == set(loop.dataset.values("id"))


def test_a_preview_after_a_load_and_of_nothing(loop: Loop) -> None:
    run = busy(loop)
    loop.load(run)
    before = dump(loop)
    preview = loop.load(run, preview=True)
    assert [preview[name] for name in COUNTS[:3]] == [0, 0, 0]
    assert preview["samples"] == []
    assert dump(loop) == before


Edit = Callable[[Loop], Any]


def delete(count: int, frame: int = 0) -> Edit:
    return lambda loop: loop.cvat.write("delete", *loop.cvat.objects(frame=frame)[:count])


def redraw(loop: Loop) -> None:
    shapes = loop.cvat.objects(frame=0)
    loop.cvat.write("delete", *shapes)
    loop.cvat.write("create", *({key: value for key, value in shape.items() if key != "id"} for shape in shapes))


CAUTIONS: dict[str, tuple[Edit, dict[str, Any], list[str]]] = {
    # what was done in CVAT to ten labels on two frames, each a job: parameters, cautions
    "nothing": (lambda loop: None, {}, []),
    "a fifth deleted": (delete(2), {}, []),
    "more than a fifth deleted": (delete(3), {}, ["deleted"]),
    "that, and more is allowed": (delete(3), {"max_deleted": 0.3}, []),
    "one deleted, and none is allowed": (delete(1), {"max_deleted": 0}, ["deleted"]),
    "a job emptied": (delete(5), {}, ["deleted", "emptied"]),
    "a job emptied, and the deletions confirmed": (delete(5), {"confirm": ["deleted"]}, ["emptied"]),
    "a job emptied, and that confirmed": (delete(5), {"confirm": "emptied"}, ["deleted"]),
    "a job emptied, and both confirmed": (delete(5), {"confirm": ["emptied", "deleted"]}, []),
    "a job emptied, and all confirmed": (delete(5), {"confirm": True}, []),
    "all removed and drawn again": (redraw, {}, []),
}


@pytest.mark.parametrize(("edit", "params", "cautions"), CAUTIONS.values(), ids=CAUTIONS)
def test_cautions(loop: Loop, edit: Edit, params: dict[str, Any], cautions: list[str]) -> None:
    loop.fill(cats(5), cats(5))
    run = loop.send(segment_size=1)
    edit(loop)
    params = {"confirm": False, **params}
    before = dump(loop)
    preview = loop.load(run, preview=True, max_deleted=params.get("max_deleted", 0.2))
    if not cautions:
        loop.load(run, **params)
        return
    with pytest.raises(LoadStopped) as stopped:
        loop.load(run, **params)
    assert dump(loop) == before
    assert [caution["caution"] for caution in stopped.value.report["cautions"]] == cautions
    assert {caution["caution"] for caution in preview["cautions"]} >= set(cautions)
    assert stopped.value.report["deleted"] == preview["deleted"]
    sentence = str(stopped.value)
    assert sentence.startswith("The load stopped before it changed anything. ")
    assert all(caution["text"] in sentence for caution in stopped.value.report["cautions"])
    assert loop.load(run, confirm=True)["deleted"] == preview["deleted"]


@pytest.mark.parametrize(("gone", "stops"), [(1, False), (2, False), (3, True)])
def test_one_or_two_labels_may_go(loop: Loop, gone: int, stops: bool) -> None:
    """In a small run they are a large part, and nothing to worry about."""
    loop.fill(cats(gone))
    run = loop.send()
    delete(gone)(loop)
    assert bool(loop.load(run, preview=True)["cautions"]) is stops
    if not stops:
        assert loop.load(run, confirm=False)["deleted"] == gone


def test_labels_that_are_gone_here_too_are_no_deletions(loop: Loop) -> None:
    loop.fill(cats(2), cats(2))
    run = loop.send()
    for frame in (0, 1):
        loop.cvat.delete(loop.cvat.shape(frame))
    loop.dataset.delete_labels(ids=[labels[0].id for labels in loop.labels()])
    assert loop.load(run, confirm=False)["deleted"] == 0
