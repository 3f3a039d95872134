"""The policies, and conflicts that wait for a person: left alone, tagged, listed, and then decided."""

from __future__ import annotations

from typing import Any

import bson
import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.change import CONFLICT_TAG
from sync_loop import Loop

HERE, THERE = [0.1, 0.1, 0.2, 0.2], [0.4, 0.1, 0.2, 0.2]
THERE_PX = [128.0, 24.0, 192.0, 72.0]


@pytest.fixture
def clash(loop: Loop) -> Loop:
    """Both sides gave the first cat another class, and CVAT moved it, too; the second cat was moved in CVAT alone."""
    labels = [fo.Detection(label="cat", bounding_box=box, code="1") for box in (HERE, [0.5, 0.5, 0.2, 0.2])]
    loop.fill(fo.Detections(detections=labels), None)
    loop.send(classes=["cat", "dog", "cow"])
    edit(loop, label="dog")
    loop.cvat.relabel(loop.cvat.shape(), "cow")
    loop.cvat.edit(loop.cvat.shape(), points=THERE_PX)
    loop.cvat.move(loop.cvat.shape(0, 1))
    return loop


def edit(loop: Loop, **values: Any) -> None:
    """An edit of the first label in FiftyOne."""
    sample = loop.dataset.first()
    for name, value in values.items():
        sample.gt.detections[0][name] = value
    sample.save()


def first(loop: Loop) -> tuple[str, list[float], list[str]]:
    label = loop.labels()[0][0]
    return label.label, label.bounding_box, label.tags


def documents(loop: Loop) -> list[Any]:
    return [{k: v for k, v in bson.decode(d).items() if k != "last_modified_at"} for d in loop.documents().values()]


POLICIES = {
    "remote": ("cow", THERE, []),
    "local": ("dog", THERE, []),
    "ask": ("dog", HERE, [CONFLICT_TAG]),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_policy(clash: Loop, policy: str) -> None:
    report = clash.load(policy=policy)
    assert first(clash) == POLICIES[policy]
    (conflict,) = report["conflicts"]
    assert (conflict["part"], conflict["base"], conflict["local"], conflict["remote"]) == ("label", "cat", "dog", "cow")
    assert conflict["outcome"] == ("open" if policy == "ask" else policy)
    assert clash.labels()[0][1].bounding_box[0] > 0.5
    after = clash.documents()
    again = clash.load(policy=policy)
    assert clash.documents() == after
    assert again["jobs_read"] == 0
    assert again["conflicts"] == (report["conflicts"] if policy == "ask" else [])


def test_the_load_after_asking_may_decide(clash: Loop) -> None:
    """Nothing is read again for it: what CVAT has is known."""
    clash.load(policy="ask")
    clock = clash.clock
    report = clash.load(policy="remote")
    assert not [request for request in clash.requests(clock) if "annotations" in request]
    assert first(clash) == ("cow", THERE, [])
    assert (report["changed"], [item["outcome"] for item in report["conflicts"]]) == (1, ["remote"])
    assert clash.load(policy="ask")["conflicts"] == []
    assert conflicts(clash.dataset, "run") == []


def test_a_conflict_may_end_by_itself(clash: Loop) -> None:
    clash.load(policy="ask")
    edit(clash, label="cow")
    report = clash.load(policy="ask")
    assert (report["changed"], report["conflicts"]) == (1, [])
    assert first(clash) == ("cow", THERE, [])


def test_a_conflict_may_end_in_cvat(clash: Loop) -> None:
    clash.load(policy="ask")
    shape = clash.cvat.relabel(clash.cvat.shape(), "cat")
    clash.cvat.edit(shape, points=[32.0, 24.0, 96.0, 72.0])
    report = clash.load(policy="ask")
    assert report["conflicts"] == []
    assert first(clash) == ("dog", HERE, [])


TAKEN: dict[str, tuple[list[dict[str, str]], tuple[str, list[float], list[str]]]] = {
    "CVAT's": ([{"take": "remote", "part": "label"}], ("cow", THERE, [])),
    "mine": ([{"take": "local", "part": "label"}], ("dog", THERE, [])),
    "all of CVAT's": ([{"take": "remote"}], ("cow", THERE, [])),
    "all of one field": ([{"take": "local", "field": "gt"}], ("dog", THERE, [])),
    "the last that is said": ([{"take": "local"}, {"take": "remote"}], ("cow", THERE, [])),
    "nothing": ([], POLICIES["ask"]),
    "another part": ([{"take": "remote", "part": "code"}], POLICIES["ask"]),
    "another label": ([{"take": "remote", "label_id": "0" * 24}], POLICIES["ask"]),
}


@pytest.mark.parametrize(("decisions", "expected"), TAKEN.values(), ids=TAKEN)
def test_resolve(clash: Loop, decisions: list[dict[str, str]], expected: Any) -> None:
    clash.load(policy="ask")
    before = documents(clash)
    result = resolve(clash.dataset, "run", decisions)
    assert first(clash) == expected
    settled = expected != POLICIES["ask"]
    assert (result["open"], len(conflicts(clash.dataset, "run"))) == ((0, 0) if settled else (1, 1))
    after = clash.documents()
    clash.load(policy="ask")
    assert clash.documents() == after
    if settled:
        undo(clash.dataset, "run")
        assert documents(clash) == before
        assert len(conflicts(clash.dataset, "run")) == 1
        undo(clash.dataset, "run")
        assert first(clash) == ("dog", HERE, [])
        assert conflicts(clash.dataset, "run") == []


def test_a_label_waits_until_all_is_decided(clash: Loop) -> None:
    clash.cvat.set(clash.cvat.shape(), "code", "9")
    edit(clash, code="5")
    clash.load(policy="ask")
    assert [item["part"] for item in conflicts(clash.dataset, "run")] == ["label", "code"]
    result = resolve(clash.dataset, "run", [{"take": "remote", "part": "label"}])
    assert (result["changed"], result["open"]) == (0, 1)
    assert [item["outcome"] for item in conflicts(clash.dataset, "run")] == ["remote", "open"]
    resolve(clash.dataset, "run", [{"take": "local", "part": "code"}])
    assert first(clash) == ("cow", THERE, [])
    assert clash.labels()[0][0].code == "5"


def test_deleted_there_and_edited_here(clash: Loop) -> None:
    clash.cvat.delete(clash.cvat.shape())
    report = clash.load(policy="ask")
    assert first(clash) == ("dog", HERE, [CONFLICT_TAG])
    assert [(c["part"], c["remote"]) for c in report["conflicts"]] == [("existence", None)]
    assert clash.load(policy="ask")["conflicts"] == report["conflicts"]
    assert resolve(clash.dataset, "run", [{"take": "remote"}])["deleted"] == 1
    assert len(clash.labels()[0]) == 1


def test_deleted_here_and_edited_there(clash: Loop) -> None:
    """There is no label that could have the tag, so its sample gets it."""
    clash.dataset.delete_labels(ids=[clash.labels()[0][0].id])
    clash.load(policy="ask")
    assert len(clash.labels()[0]) == 1
    assert clash.dataset.first().tags == [CONFLICT_TAG]
    before = documents(clash)
    assert resolve(clash.dataset, "run", [{"take": "remote"}])["added"] == 1
    assert clash.labels()[0][1].label == "cow"
    assert clash.dataset.first().tags == []
    undo(clash.dataset, "run")
    assert documents(clash) == before
    resolve(clash.dataset, "run", [{"take": "local"}])
    assert (len(clash.labels()[0]), clash.dataset.first().tags) == (1, [])
    assert clash.load(policy="ask")["conflicts"] == []


def test_keeping_mine_is_kept(clash: Loop) -> None:
    """What CVAT has is known then, and only another change there counts."""
    clash.load(policy="local")
    assert clash.load(policy="remote")["changed"] == 0
    clash.cvat.set(clash.cvat.shape(), "code", "2")
    assert clash.load(policy="remote")["conflicts"] == []
    assert (clash.labels()[0][0].label, clash.labels()[0][0].code) == ("dog", "2")
    clash.cvat.relabel(clash.cvat.shape(), "cat")
    assert [item["local"] for item in clash.load(policy="remote")["conflicts"]] == ["dog"]
    assert clash.labels()[0][0].label == "cat"


def test_a_decision_that_is_none(clash: Loop) -> None:
    with pytest.raises(Exception, match="The parameter 'take' is"):
        resolve(clash.dataset, "run", [{"part": "label"}])
