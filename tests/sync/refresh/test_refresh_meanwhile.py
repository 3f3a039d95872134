"""What annotators do while a refresh writes into their job: what can be seen of it stays, and is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh import execute
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh.report import TOUCHED
from sync_loop import Loop, operator


def box(name: str, x: float) -> fo.Detection:
    return fo.Detection(label=name, bounding_box=[x, 0.1, 0.2, 0.2])


def line(*parts: float) -> fo.Polyline:
    """A line of parts that begin at these heights."""
    return fo.Polyline(label="cat", points=[[(0.1, y), (0.3, y), (0.5, y)] for y in parts])


def refresh(loop: Loop, **params: Any) -> dict[str, Any]:
    return dict(operator("refresh_run")(loop.dataset, "run", **{"confirm": True, **params}))


@pytest.fixture
def ran(loop: Loop) -> Loop:
    """A job of three boxes, of which two changed here and one is gone, and one that is new."""
    loop.fill(fo.Detections(detections=[box("cat", 0.1), box("cat", 0.4), box("dog", 0.7)]))
    loop.send()
    loop.load()
    sample = loop.dataset.first()
    first, second, _ = sample.gt.detections
    first.label = second.label = "dog"
    sample.gt.detections = [first, second, box("dog", 0.5)]
    sample.save()
    return loop


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], Any]], None]:
    """Lets something happen before the first call of a step of the writing."""

    def before(name: str, act: Callable[[], Any]) -> None:
        step, todo = getattr(execute.JobExecutor, name), [act]

        def acting(self: Any, *given: Any) -> Any:
            if todo:
                todo.pop()()
            return step(self, *given)

        monkeypatch.setattr(execute.JobExecutor, name, acting)

    return before


def test_nothing_is_between_the_last_reading_and_what_replaces(ran: Loop) -> None:
    clock = ran.clock
    report = refresh(ran)
    assert (report["created"], report["changed"], report["deleted"]) == (1, 2, 1)
    asked = [(entry.method, entry.path.removeprefix("/api/"), entry.query) for entry in ran.box.log[clock:]]
    of_job = [" ".join(part for part in item if part) for item in asked if item[1].startswith("jobs/1")]
    read = ["GET jobs/1/annotations", "GET jobs/1"]
    assert of_job == [
        *(read * 2),
        *(f"PATCH jobs/1/annotations action={what}" for what in ("update", "delete", "create")),
        *("GET jobs/1", *read),
    ]


def test_a_job_that_is_completed_by_then_is_left(ran: Loop, meanwhile: Any) -> None:
    meanwhile("run", lambda: ran.cvat.call("PATCH", "jobs/1", {"state": "completed"}))
    before, known = ran.cvat.objects(), ran.documents()
    report = refresh(ran)
    assert [(job["job_id"], job["why"], job["labels"]) for job in report["jobs_left"]] == [(1, "completed", 4)]
    written = [report[name] for name in ("created", "changed", "deleted", "jobs_written", "refresh")]
    assert (written, report["left"]) == ([0, 0, 0, 0, None], [])
    assert (ran.cvat.objects(), ran.documents()) == (before, known)
    with pytest.raises(Refused, match="no refresh of the run 'run' to take back"):
        operator("undo_refresh")(ran.dataset, "run")
    assert refresh(ran, completed=True)["changed"] == 2
    ran.cvat.call("PATCH", "jobs/1", {"state": "new"})
    meanwhile("run", lambda: ran.cvat.call("PATCH", "jobs/1", {"state": "completed"}))
    back = operator("undo_refresh")(ran.dataset, "run")
    assert (back["taken_back"], [job["labels"] for job in back["jobs_left"]]) == (0, [4])
    assert operator("undo_refresh")(ran.dataset, "run", completed=True)["taken_back"] == 4


def test_what_is_touched_between_portions_stays(ran: Loop, meanwhile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "OBJECTS", 1)
    second = ran.cvat.objects()[1]
    meanwhile("_untouched", lambda: ran.cvat.move(second))
    report = refresh(ran)
    assert (report["created"], report["changed"], report["deleted"]) == (1, 1, 1)
    assert [(item["reason"], item["count"]) for item in report["left"]] == [(TOUCHED, 1)]
    assert len([note for note in report["notes"] if note.startswith("Somebody else saved job 1")]) == 0
    there = next(item for item in ran.cvat.objects() if item["id"] == second["id"])
    assert (there["label_id"], there["points"][0]) == (second["label_id"], second["points"][0] + 5)
    loaded = ran.load()
    assert (loaded["added"], loaded["changed"], loaded["deleted"]) == (0, 1, 0)
    assert refresh(ran)["changed"] == 1 and ran.load()["changed"] == 0


def test_what_is_touched_before_it_is_replaced_stays(loop: Loop, meanwhile: Any) -> None:
    """A label of another number of shapes gets new ones; its old ones go only as they were read."""
    loop.fill(fo.Polylines(polylines=[line(0.1, 0.3), line(0.6, 0.8)]))
    loop.send()
    loop.load()
    ids = {item["id"] for item in loop.cvat.objects()}
    sample = loop.dataset.first()
    for polyline in sample.gt.polylines:
        polyline.points = [*polyline.points, [(0.1, 0.9), (0.6, 0.95)]]
    sample.save()
    meanwhile("_replace", lambda: loop.cvat.move(loop.cvat.objects()[0]))
    report = refresh(loop)
    assert (report["changed"], [(item["reason"], item["count"]) for item in report["left"]]) == (1, [(TOUCHED, 1)])
    kept = {item["id"] for item in loop.cvat.objects()}
    assert (len(kept), len(kept & ids)) == (5, 2)
    loaded = loop.load()
    assert (loaded["added"], len(loaded["conflicts"]), len(loop.labels()[0])) == (0, 1, 2)


def test_somebody_who_saves_meanwhile_is_told_of(ran: Loop, meanwhile: Any) -> None:
    meanwhile("_create", lambda: ran.cvat.draw("cat", 0, [1.0, 1.0, 20.0, 20.0]))
    report = refresh(ran)
    assert (report["created"], report["changed"], report["deleted"]) == (1, 2, 1)
    assert [note[:40] for note in report["notes"][1:]] == ["Somebody else saved job 1 while labels w"]
    assert ran.load()["added"] == 1
