"""New predictions go into open jobs: ids stay, what annotators touched stays, and a load then finds nothing to do."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.history import texts as history_texts
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import encode
from sync_killing import Killed, Watcher, watching
from sync_loop import Loop, operator

WRITE = "/annotations"


def box(name: str, x: float = 0.1, **more: Any) -> fo.Detection:
    return fo.Detection(label=name, bounding_box=[x, 0.1, 0.2, 0.2], **more)


def refresh(loop: Loop, view: Any = None, **params: Any) -> dict[str, Any]:
    target = loop.dataset if view is None else view
    return dict(operator("refresh_run")(target, "run", **{"confirm": True, **params}))


def take_back(loop: Loop, **params: Any) -> dict[str, Any]:
    return dict(operator("undo_refresh")(loop.dataset, "run", **params))


def totals(report: dict[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(report[name] for name in names or ("created", "changed", "deleted"))


def edit(loop: Loop, number: int, **values: Any) -> None:
    """Changes the first label of a sample."""
    sample = loop.dataset[loop.dataset.values("id")[number]]
    for name, value in values.items():
        sample.gt.detections[0][name] = value
    sample.save()


def shapes(loop: Loop) -> dict[int, tuple[str, list[float]]]:
    names = {label["id"]: name for name, label in loop.cvat.labels().items()}
    return {item["id"]: (names[item["label_id"]], item["points"]) for item in loop.cvat.objects()}


@pytest.fixture
def ran(loop: Loop) -> Loop:
    """A run of four samples in jobs of two, with a cat and a dog on each, loaded once."""
    loop.fill(*(fo.Detections(detections=[box("cat", code=f"#{n}"), box("dog", 0.5)]) for n in range(4)))
    loop.send(segment_size=2)
    loop.load()
    return loop


def test_what_changed_here_is_changed_there_and_keeps_its_ids(ran: Loop) -> None:
    ids = list(shapes(ran))
    edit(ran, 0, label="dog", bounding_box=[0.25, 0.5, 0.5, 0.25])
    first = ran.dataset.first()
    first.gt.detections.append(box("dog", 0.7))
    del first.gt.detections[1]
    first.save()
    seen = refresh(ran, preview=True)
    assert totals(seen) == (1, 1, 1) and len(shapes(ran)) == 8
    clock = ran.clock
    report = refresh(ran)
    assert totals(report) == (1, 1, 1)
    assert {k: seen[k] for k in ("fields", "left", "jobs_written")} == {
        k: report[k] for k in ("fields", "left", "jobs_written")
    }
    assert not [line for line in ran.requests(clock) if line.startswith("PUT")]
    now = shapes(ran)
    assert now[ids[0]] == ("dog", [80.0, 120.0, 240.0, 180.0])
    assert ids[1] not in now and len(now) == 8
    assert "CVAT's editor keeps its own copy" in report["notes"][0]
    before, clock = ran.documents(), ran.clock
    loaded = ran.load()
    assert (loaded["unchanged"], loaded["added"], loaded["changed"], loaded["deleted"]) == (8, 0, 0, 0)
    assert ran.documents() == before
    assert not [line for line in ran.requests(clock) if "annotations" in line]
    assert totals(refresh(ran)) == (0, 0, 0)


def test_what_an_annotator_touched_stays(ran: Loop) -> None:
    """Also what CVAT knows beside: the order, the source, a number that FiftyOne knows nothing of."""
    moved, relabeled, gone = (ran.cvat.shape(frame=n) for n in range(3))
    ran.cvat.move(moved)
    ran.cvat.edit(relabeled, z_order=5)
    ran.cvat.delete(gone)
    drawn = ran.cvat.draw("cat", frame=3)
    for number in range(4):
        edit(ran, number, label="dog")
    report = refresh(ran)
    assert totals(report) == (0, 2, 0)
    both = "changed here and in CVAT: load, which merges them, then refresh again"
    assert [(item["reason"], item["count"]) for item in report["left"]] == [(both, 2)]
    now = {item["id"]: item for item in ran.cvat.objects()}
    assert now[moved["id"]]["points"][0] == moved["points"][0] + 5
    assert now[relabeled["id"]]["z_order"] == 5
    assert gone["id"] not in now and drawn["id"] in now
    loaded = ran.load()
    assert (loaded["added"], loaded["deleted"]) == (1, 1)
    assert ran.labels()[0][0].label == "dog"
    assert totals(refresh(ran)) == (0, 1, 0)
    assert ran.load()["changed"] == 0


def test_jobs_that_are_done_or_being_worked_on_are_left_out(ran: Loop) -> None:
    ran.cvat.call("PATCH", "jobs/1", {"state": "completed"})
    user = ran.cvat.find("users", search="annotator1")[0]["id"]
    ran.cvat.call("PATCH", "jobs/2", {"state": "in progress", "assignee": user})
    edit(ran, 0, label="dog")
    edit(ran, 2, label="dog")
    report = refresh(ran)
    assert totals(report) == (0, 0, 0)
    assert [(job["job_id"], job["why"], job["labels"]) for job in report["jobs_left"]] == [
        (1, "completed", 1),
        (2, "in progress, with annotator1", 1),
    ]
    assert totals(refresh(ran, completed=True)) == (0, 1, 0)
    assert totals(refresh(ran, in_progress=True)) == (0, 1, 0)
    assert ran.load()["changed"] == 0
    listed = [item for item in operator("load_history")(ran.dataset, "run") if item["kind"] == "refresh"]
    assert [(item["number"], item["changed"], item["status"]) for item in listed] == [
        (1, 1, "applied"),
        (2, 1, "applied"),
    ]
    assert [(job["job_id"], job["assignee"], job["changed"]) for job in listed[1]["jobs"]] == [(2, "annotator1", 1)]
    # They are left out when it is taken back, too, and can be taken back later
    result = take_back(ran)
    assert (result["refresh"], result["taken_back"], [job["why"] for job in result["jobs_left"]]) == (
        *(2, 0),
        ["in progress, with annotator1"],
    )
    assert "Take it back again with `completed=True`" in result["text"]
    assert ran.load()["changed"] == 0 and [name for name, _ in shapes(ran).values()].count("dog") == 6
    assert take_back(ran, in_progress=True)["taken_back"] == 1
    assert take_back(ran, in_progress=True)["jobs_left"] == [
        {"job_id": 1, "task_id": 1, "why": "completed", "labels": 1}
    ]
    assert take_back(ran, completed=True)["taken_back"] == 1
    assert [name for name, _ in shapes(ran).values()].count("dog") == 4
    text = history_texts.loads("run", operator("load_history")(ran.dataset, "run"))
    assert text.startswith("**2 sends of changed labels of run**") and "| 1 changed | to CVAT, undone |" in text


def test_many_deletions_are_confirmed(ran: Loop) -> None:
    ran.dataset.clear_sample_field("gt")
    assert totals(refresh(ran, preview=True)) == (0, 0, 8)
    with pytest.raises(Exception, match="would delete 8 of 8 labels in CVAT"):
        refresh(ran, confirm=False)
    assert len(shapes(ran)) == 8


def test_samples_that_are_gone_and_views(ran: Loop) -> None:
    ids = ran.dataset.values("id")
    edit(ran, 1, label="dog")
    edit(ran, 2, label="dog")
    ran.dataset.delete_samples(ids[0])
    hidden = ran.dataset.select(ids[2]).filter_labels("gt", fo.ViewField("label") == "none", only_matches=False)
    report = refresh(ran, hidden)
    assert totals(report) == (0, 1, 0)
    report = refresh(ran)
    assert totals(report) == (0, 1, 0)
    assert [item["count"] for item in report["left"]] == [2]
    assert len(shapes(ran)) == 8


def test_a_label_that_cvat_cannot_hold_is_named(ran: Loop) -> None:
    edit(ran, 0, label="unicorn")
    edit(ran, 1, bounding_box=[0.1, 0.1, float("nan"), 0.2])
    edit(ran, 2, label="dog")
    report = refresh(ran)
    assert totals(report) == (0, 1, 0)
    reasons = [item["reason"] for item in report["left"]]
    assert len(reasons) == 2 and "labels of class 'unicorn', which is not in the schema" in reasons[0]


def test_what_is_taken_back(ran: Loop) -> None:
    before = shapes(ran)
    edit(ran, 0, label="dog", code="#new")
    edit(ran, 1, label="dog")
    sample = ran.dataset.last()
    sample.gt.detections = [sample.gt.detections[0], box("cat", 0.75), box("cat", 0.6)]
    sample.save()
    assert totals(refresh(ran)) == (2, 2, 1)
    ran.cvat.move(ran.cvat.shape(frame=1))
    result = take_back(ran)
    assert (result["taken_back"], result["left"]) == (4, 1)
    now = shapes(ran)
    assert sorted(now.values())[0] and len(now) == 8
    assert [now[key] for key in list(before)[:2]] == list(before.values())[:2]
    assert sorted(now.values()) != sorted(before.values())  # the one that was moved since is as it was moved
    with pytest.raises(Refused, match="no refresh of the run 'run' to take back"):
        take_back(ran)
    loaded = ran.load(policy="local")
    assert (loaded["added"], loaded["deleted"]) == (0, 0)
    assert totals(refresh(ran))[0] == 2


KINDS: dict[str, tuple[Any, Any]] = {
    "classification": (fo.Classification(label="sunny"), fo.Classification(label="rainy")),
    "classifications": (
        fo.Classifications(classifications=[fo.Classification(label="sunny")]),
        fo.Classifications(classifications=[fo.Classification(label="rainy")]),
    ),
    "lines of parts": (
        fo.Polylines(polylines=[fo.Polyline(label="a", points=[[(0.1, 0.1), (0.2, 0.3)], [(0.5, 0.5), (0.6, 0.7)]])]),
        [[(0.1, 0.1), (0.2, 0.3)], [(0.4, 0.5), (0.6, 0.7)]],
    ),
    "a part more": (
        fo.Polylines(polylines=[fo.Polyline(label="a", points=[[(0.1, 0.1), (0.2, 0.3)]])]),
        [[(0.1, 0.1), (0.2, 0.3)], [(0.4, 0.5), (0.6, 0.7)]],
    ),
    "points": (fo.Keypoints(keypoints=[fo.Keypoint(label="a", points=[(0.1, 0.1), (0.2, 0.3)])]), [(0.5, 0.5)]),
    "mask": (
        fo.Detections(detections=[fo.Detection(label="a", bounding_box=[0.1, 0.1, 0.2, 0.2], mask=np.eye(8) > 0)]),
        np.ones((8, 8), bool),
    ),
    "text": ("one", "two"),
    "number": (1.5, 2.5),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_field(loop: Loop, kind: str) -> None:
    then, now = KINDS[kind]
    loop.fill(then)
    loop.send(**({"classes": ["sunny", "rainy"]} if kind.startswith("classification") else {}))
    sample = loop.dataset.first()
    if isinstance(sample["gt"], fo.Classifications):
        sample["gt"].classifications[0].label = "rainy"
    elif isinstance(sample["gt"], fo.Classification):
        sample["gt"].label = "rainy"
    elif isinstance(sample["gt"], (fo.Polylines, fo.Keypoints)):
        (sample["gt"].polylines if isinstance(sample["gt"], fo.Polylines) else sample["gt"].keypoints)[0].points = now
    elif isinstance(sample["gt"], fo.Detections):
        sample["gt"].detections[0].mask = now
    else:
        sample["gt"] = now
    sample.save()
    kinds = ("tags", "shapes")
    count = sum(len(loop.cvat.objects(name)) for name in kinds)
    assert totals(refresh(loop)) == (0, 1, 0)
    assert sum(len(loop.cvat.objects(name)) for name in kinds) == count + (kind == "a part more")
    before = loop.documents()
    loaded = loop.load()
    assert (loaded["unchanged"], loaded["added"], loaded["changed"], loaded["deleted"]) == (1, 0, 0, 0)
    assert loop.documents() == before
    assert take_back(loop)["taken_back"] == 1
    assert sum(len(loop.cvat.objects(name)) for name in kinds) == count


# Faults


def change_all(loop: Loop) -> None:
    """A label of each sample is changed, one of the first deleted, three come to the last."""
    for number in range(4):
        edit(loop, number, label="dog")
    first, last = loop.dataset.first(), loop.dataset.last()
    del first.gt.detections[1]
    last.gt.detections += [box("cat", 0.3), box("cat", 0.3), box("dog", 0.3)]
    first.save()
    last.save()


def is_as_wanted(loop: Loop) -> None:
    """Each label is in CVAT once, and both sides agree."""
    found = sorted(name for name, _ in shapes(loop).values())
    assert found == sorted(label.label for labels in loop.labels() for label in labels)
    before = loop.documents()
    loaded = loop.load()
    assert (loaded["unchanged"], loaded["added"], loaded["changed"], loaded["deleted"]) == (10, 0, 0, 0)
    assert loop.documents() == before


@pytest.mark.parametrize("kind", ["lost_reply", "status", "reset"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_bad_answer(ran: Loop, monkeypatch: pytest.MonkeyPatch, kind: str, nth: int) -> None:
    monkeypatch.setattr(encode, "OBJECTS", 2)
    change_all(ran)
    more: dict[str, Any] = {"status": {"status": 500}, "reset": {"at": "body"}}.get(kind, {})
    ran.box.faults.add(kind, "PATCH", WRITE, nth=nth, **more)
    try:
        refresh(ran)
    except Exception as error:
        assert "it goes on" in str(error)
        with pytest.raises(Exception, match=r"was interrupted while it wrote into CVAT. Choose .*`refresh_run`"):
            ran.load()
        refresh(ran)
    is_as_wanted(ran)


def interrupted(loop: Loop, nth: int) -> None:
    """A refresh that ends at one of its requests."""
    change_all(loop)
    loop.box.faults.add("status", "PATCH", WRITE, nth=nth, status=500)
    with pytest.raises(Exception, match="it goes on"):
        refresh(loop)
    loop.box.faults.clear()


def interrupted_again(loop: Loop) -> None:
    """What was begun is ended, and the rest not found."""
    loop.box.faults.add("status", "GET", r"/api/jobs\?", status=403)
    with pytest.raises(Exception, match="it goes on"):
        refresh(loop)
    loop.box.faults.clear()
    with pytest.raises(Exception, match=r"was interrupted while it wrote into CVAT. Choose .*`refresh_run`"):
        loop.load()


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("nth", [1, 3])
def test_interrupted_again_while_it_looks_for_the_rest_it_is_still_one(ran: Loop, nth: int, ended: bool) -> None:
    before = sorted(shapes(ran).values())
    interrupted(ran, nth)
    interrupted_again(ran)
    if ended:
        assert refresh(ran)["refresh"] == (1 if nth == 1 else None)  # of the other, nothing was left
        is_as_wanted(ran)
    assert take_back(ran)["left"] == 0
    assert sorted(shapes(ran).values()) == before
    with pytest.raises(Refused, match="no refresh of the run 'run' to take back"):
        take_back(ran)


def test_an_interrupted_one_that_is_refused_then_is_complete(ran: Loop) -> None:
    interrupted(ran, 1)
    ran.dataset.set_values("gt", [fo.Detections()] * 4)
    with pytest.raises(Refused, match="`confirm=True`"):
        refresh(ran, confirm=False)
    ran.load(policy="local", confirm=True)
    assert refresh(ran)["refresh"] == 2


def test_killed_at_any_write(loop: Loop, new_world: Any, photos: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And going on, it takes back all that it wrote."""
    monkeypatch.setattr(encode, "OBJECTS", 2)
    dataset, box_ = new_world()
    world = Loop(dataset, box_, photos)
    world.fill(*(fo.Detections(detections=[box("cat"), box("dog", 0.5)]) for _ in range(4)))
    world.send(segment_size=2)
    at, before = 0, sorted(shapes(world).values())
    original = world.dataset.clone()
    while True:
        change_all(world)
        watcher = Watcher(at, after=bool(at % 2))
        killed = False
        try:
            with watching(watcher):
                refresh(world)
        except Killed:
            killed = True
            refresh(world)
        is_as_wanted(world)
        watcher = Watcher(at)
        try:
            with watching(watcher):
                take_back(world)
        except Killed:
            with suppress(Refused):  # it was all done by then
                take_back(world)
        assert sorted(shapes(world).values()) == before, f"killed at write {at}"
        if not killed:
            return
        world.dataset.set_values("gt", original.values("gt"))
        at += 13
