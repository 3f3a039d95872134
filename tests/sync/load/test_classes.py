"""Classes: added and renamed in CVAT, shared by fields, with attributes of their own, odd names."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from sync_loop import Loop

POLYGON = [10.0, 10.0, 60.0, 10.0, 60.0, 60.0]


def boxes(*classes: str, **attributes: Any) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2], **attributes) for name in classes]
    )


def names(loop: Loop, field: str = "gt") -> list[list[str]]:
    return [[label.label for label in labels] for labels in loop.labels(field)]


def test_a_class_that_is_added_in_cvat(loop: Loop) -> None:
    loop.fill(boxes("cat"), None)
    before = loop.documents()
    run = loop.send()
    loop.load(run)
    spec = {"name": "speed", "mutable": False, "input_type": "text", "default_value": "", "values": []}
    loop.cvat.add_class("bird", attributes=[spec])
    loop.cvat.set(loop.cvat.draw("bird", 1), "speed", "0042")
    loop.cvat.relabel(loop.cvat.shape(), "bird")
    report = loop.load(run)
    assert names(loop) == [["bird"], ["bird"]]
    assert loop.labels()[1][0].speed == "0042"
    assert loop.since(before).keys() == {"0/gt/detections/0/label", "1/gt"}
    assert (report["added"], report["changed"]) == (1, 1)
    loop.cvat.move(loop.cvat.shape(1))
    assert loop.load(run)["changed"] == 1


def test_a_class_that_is_renamed_in_cvat(loop: Loop) -> None:
    loop.fill(boxes("cat", "dog", confidence=0.5), boxes("cat"))
    before = loop.documents()
    run = loop.send()
    loop.load(run)
    loop.cvat.rename_class("cat", "lynx")
    report = loop.load(run)
    assert loop.since(before) == {
        "0/gt/detections/0/label": ("cat", "lynx"),
        "1/gt/detections/0/label": ("cat", "lynx"),
    }
    assert report["changed"] == 2
    assert any("'cat'" in note and "'lynx'" in note for note in report["notes"])
    loop.cvat.draw("lynx", 1)
    loop.cvat.move(loop.cvat.shape())
    report = loop.load(run)
    assert names(loop) == [["lynx", "dog"], ["lynx", "lynx"]]
    assert report["notes"] == []


def test_a_class_that_is_renamed_and_back(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    run = loop.send()
    for old, new in (("cat", "lynx"), ("lynx", "cat")):
        loop.cvat.rename_class(old, new)
        loop.load(run)
        assert names(loop) == [[new]]


def test_a_class_that_is_renamed_and_first_loaded_by_one_annotator(loop: Loop, monkeypatch: Any) -> None:
    """The assignee of a job sees only that; the other jobs get the new name when somebody loads them."""
    loop.fill(boxes("cat"), boxes("cat"))
    run = loop.send(segment_size=1, job_assignees=["annotator1", "annotator2"])
    loop.load(run)
    loop.cvat.rename_class("cat", "lynx")
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"FIFTYONE_CVAT_{name}", "annotator1")
    loop.load(run)
    assert names(loop) == [["lynx"], ["cat"]]
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"FIFTYONE_CVAT_{name}", "admin")
    loop.load(run)
    assert names(loop) == [["lynx"], ["lynx"]]
    assert loop.load(run)["notes"] == []


def test_two_classes_that_swap_their_names(loop: Loop) -> None:
    loop.fill(boxes("cat", "dog"))
    run = loop.send()
    for old, new in (("cat", "x"), ("dog", "cat"), ("x", "dog")):
        loop.cvat.rename_class(old, new)
    loop.load(run)
    assert names(loop) == [["dog", "cat"]]
    loop.cvat.draw("cat")
    loop.load(run)
    assert names(loop) == [["dog", "cat", "cat"]]


def test_a_class_that_is_removed_in_cvat(loop: Loop) -> None:
    """CVAT deletes its annotations with it."""
    loop.fill(boxes("cat", "dog"))
    run = loop.send()
    loop.cvat.call("PATCH", "tasks/1", {"labels": [{"id": loop.cvat.labels()["cat"]["id"], "deleted": True}]})
    assert loop.load(run)["deleted"] == 1
    assert names(loop) == [["dog"]]


def test_fields_that_share_classes(loop: Loop) -> None:
    loop.fill(boxes("cat"), None)
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = boxes("cat", "dog", confidence=0.25)
        sample["sky"] = fo.Classification(label="cat")
    before = loop.documents()
    run = loop.send(label_field=["gt", "pred", "sky"])
    assert set(loop.cvat.labels()) == {"cat (gt)", "cat (pred)", "cat (sky)", "dog"}
    loop.load(run)
    assert loop.documents() == before
    loop.cvat.draw("cat (pred)", 1)
    loop.cvat.draw("cat (gt)", 1)
    loop.cvat.relabel(loop.cvat.shape(0, 1), "dog")
    report = loop.load(run)
    assert names(loop) == [["cat"], ["cat"]]
    assert names(loop, "pred") == [["dog", "dog"], ["cat", "dog", "cat"]]
    assert {name: item["added"] for name, item in report["fields"].items()} == {"gt": 1, "pred": 1, "sky": 0}


def test_a_shared_class_that_is_renamed(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = boxes("cat")
    run = loop.send(label_field=["gt", "pred"])
    loop.cvat.rename_class("cat (pred)", "lynx (pred)")
    report = loop.load(run)
    assert (names(loop), names(loop, "pred"), len(report["notes"])) == ([["cat"]], [["lynx"]], 1)
    loop.cvat.draw("lynx (pred)")
    report = loop.load(run)
    assert (names(loop), names(loop, "pred")) == ([["cat"]], [["lynx", "lynx"]])
    assert report["notes"] == []


def test_an_object_whose_class_belongs_to_another_field(loop: Loop) -> None:
    """In CVAT a box of one field's class can be given that of another field's."""
    loop.fill(boxes("cat"))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = boxes("dog")
    run = loop.send(label_field=["gt", "pred"])
    loop.cvat.relabel(loop.cvat.shape(0, 0), "dog")
    loop.load(run)
    everything = sorted([*names(loop)[0], *names(loop, "pred")[0]])
    assert everything == ["dog", "dog"]
    after = loop.documents()
    loop.cvat.box.store.touch(*loop.cvat.box.store.jobs.values())
    loop.load(run)
    assert loop.documents() == after


CLASS_ATTRIBUTES = {
    "classes": [
        {"classes": ["cat", "lynx"], "attributes": {"fur": {"type": "select", "values": ["long", "short"]}}},
        "dog",
    ],
    "attributes": {"age": {"type": "number", "kind": "int"}},
}


def test_attributes_of_single_classes(loop: Loop) -> None:
    loop.fill(boxes("cat", fur="long", age=3), boxes("dog", age=4))
    before = loop.documents()
    run = loop.send(label_schema={"gt": CLASS_ATTRIBUTES})
    specs = {name: {spec["name"] for spec in label["attributes"]} for name, label in loop.cvat.labels().items()}
    assert specs == {"cat": {"fur", "age"}, "lynx": {"fur", "age"}, "dog": {"age"}}
    loop.cvat.set(loop.cvat.shape(0), "fur", "short")
    loop.cvat.relabel(loop.cvat.shape(0), "lynx")
    loop.cvat.set(loop.cvat.shape(1), "age", "5")
    loop.load(run)
    assert loop.since(before) == {
        "0/gt/detections/0/label": ("cat", "lynx"),
        "0/gt/detections/0/fur": ("long", "short"),
        "1/gt/detections/0/age": (4, 5),
    }


@pytest.mark.parametrize(
    "name", ["a b", "naïve ☃", "x" * 90, "quote \" and ' and <b>", "50 %", "a/b#c?d&e", "(gt)", "cat (gt)"]
)
def test_names(loop: Loop, name: str) -> None:
    loop.fill(boxes(name, "cat"), None)
    before = loop.documents()
    run = loop.send()
    loop.load(run)
    assert loop.documents() == before
    inside = next(label for label in loop.cvat.labels() if label != "cat")
    loop.cvat.draw(inside, 1)
    loop.load(run)
    assert names(loop)[1] == [name]


@pytest.mark.parametrize("name", ["my attr", "größe", "a-b", " x ", "UPPER", "class", "x/y", "a" * 64])
def test_names_of_attributes(loop: Loop, name: str) -> None:
    loop.fill(boxes("cat", **{name: "v"}))
    before = loop.documents()
    run = loop.send()
    loop.load(run)
    assert loop.documents() == before
    loop.cvat.set(loop.cvat.shape(), name.strip(), "w")
    loop.load(run)
    assert loop.since(before) == {f"0/gt/detections/0/{name}": ("v", "w")}


@pytest.mark.parametrize("policy", ["keep", "ignore"])
def test_unexpected_labels(loop: Loop, policy: str) -> None:
    loop.fill(boxes("cat"), None)
    before = loop.documents()
    run = loop.send(classes=["cat"])
    cvat = loop.cvat
    cvat.draw("cat", 1, POLYGON, "polygon")
    cvat.draw("cat", 1, POLYGON, "polyline")
    cvat.draw("cat", 1, type="tag")
    cvat.draw("cat", 1, [5.0, 5.0], "points")
    report = loop.load(run, unexpected=policy)
    changed = loop.since(before)
    if policy == "ignore":
        assert changed == {}
        assert sum(report["unexpected"].values()) == 4
        return
    assert changed.keys() == {"1/polylines", "1/classifications", "1/keypoints"}
    assert [label.closed for label in loop.labels("polylines")[1]] == [True, False]
    assert names(loop, "classifications") == [[], ["cat"]]
    assert report["unexpected"] == {
        "polygon: put into 'polylines'": 1,
        "polyline: put into 'polylines'": 1,
        "tag: put into 'classifications'": 1,
        "points: put into 'keypoints'": 1,
    }
    cvat.move(cvat.objects("shapes", 1)[0])
    cvat.delete(cvat.tag(1))
    cvat.draw("cat", 0, POLYGON, "polygon")
    report = loop.load(run)
    assert {name: (item["added"], item["changed"], item["deleted"]) for name, item in report["fields"].items()} == {
        "gt": (0, 0, 0),
        "polylines": (1, 1, 0),
        "classifications": (0, 0, 1),
        "keypoints": (0, 0, 0),
    }
    after = loop.documents()
    loop.load(run)
    assert loop.documents() == after


def test_unexpected_labels_spare_fields_of_other_things(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["polylines"] = "a text"
        sample["polylines_cvat"] = fo.Classification(label="x")
    run = loop.send()
    loop.cvat.draw("cat", 0, POLYGON, "polygon")
    loop.load(run)
    assert names(loop, "polylines_cvat_2") == [["cat"]]
    assert loop.dataset.values("polylines") == ["a text"]
