"""What the panels offer after a load: the runs' actions, and conflicts one by one."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.reloading import URI as RELOAD
from fiftyone.plugins.orgs.roundtrip.cvat.panels.rows import ACTIONS, shown_for
from fiftyone.plugins.orgs.roundtrip.cvat.panels.steps import Step, all_like, this_one, to_steps
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from panels_app import Panel
from sync_loop import URI, Loop, operator


@pytest.fixture
def clash(filled: Loop) -> Loop:
    """Both labels have one class in CVAT and another here; a load left them alone."""
    filled.send(classes=["cat", "dog", "cow", "hen"])
    for frame in (0, 1):
        filled.cvat.relabel(filled.cvat.shape(frame), "cow")
    for sample in filled.dataset:
        sample.gt.detections[0].label = "hen"
        sample.save()
    filled.load(policy="ask")
    return filled


def classes(loop: Loop) -> list[str]:
    return [label.label for labels in loop.labels() for label in labels]


def offered(panel: Panel) -> list[str]:
    return [action.method for action in ACTIONS if shown_for(action, panel.state["rows"])[0]]


def test_actions_of_a_run(clash: Loop) -> None:
    panel = Panel(clash, "cvat_runs")
    assert panel.state["rows"][0]["status"] == "sent, 2 conflicts"
    assert offered(panel)[:4] == ["load", "resolve", "undo", "history"]
    names = {"resolve": "resolve_conflicts", "undo": "undo_load", "history": "load_history"}
    for method, name in names.items():
        panel.event(method, row=0)
        (asked,) = panel.of("prompt_user_for_operation")
        assert (asked["operator_uri"], asked["params"]["anno_key"]) == (f"{URI}/{name}", "run")
    operator("resolve_conflicts")(clash.dataset, "run", [{"take": "local"}])
    panel.event("refresh")
    assert panel.state["rows"][0]["status"] == "sent"
    assert "resolve" not in offered(panel)


def test_actions_of_a_run_that_was_never_loaded(filled: Loop) -> None:
    filled.send()
    assert not {"resolve", "undo", "history"} & set(offered(Panel(filled, "cvat_runs")))


@pytest.mark.parametrize("complete", [0, 1])
def test_actions_of_an_interrupted_run(filled: Loop, complete: int) -> None:
    """What of it is complete can be loaded, and that undone."""
    filled.box.faults.add("status", "POST", r"/api/tasks/\d+/data", nth=complete + 1, times=None, status=403)
    with pytest.raises(RoundtripError):
        filled.send(task_size=1)
    panel = Panel(filled, "cvat_runs")
    assert ("load" in offered(panel), "resume" in offered(panel)) == (bool(complete), True)
    if complete:
        filled.cvat.move(filled.cvat.shape())
        assert filled.load()["changed"] == 1
        panel.event("refresh")
        assert {"undo", "history"} <= set(offered(panel))
        assert operator("undo_load")(filled.dataset, "run")["changed"] == 1


def test_conflicts_one_by_one(clash: Loop) -> None:
    panel = Panel(clash, "cvat_conflicts")
    ids = clash.dataset.values("id")
    assert panel.state["text"].startswith("**Conflict 1 of 2** in the run run")
    assert "photo_000.jpg, field `gt`: class" in panel.state["text"]
    assert "| class | cat | hen | cow |" in panel.state["text"]
    panel.event("open")
    assert [params["id"] for params in panel.of("open_sample")] == ids[:1]
    panel.event("next")
    assert "| class | dog | hen | cow |" in panel.state["text"]
    panel.event("take_remote")
    assert classes(clash) == ["hen", "cow"]
    assert panel.of(RELOAD) == panel.of("reload_dataset") == [{}]
    assert panel.state["text"].startswith("**Conflict 1 of 1**")
    assert not {"like", "back"} & {*panel.shown, *panel.shown["walk"]["type"]["properties"]}
    panel.event("take_local")
    assert classes(clash) == ["hen", "cow"]
    assert set(panel.shown) == {"nothing", "refresh"}
    assert all(label.tags == [] for labels in clash.labels() for label in labels)


@pytest.mark.parametrize(("method", "after"), [("all_remote", "cow"), ("all_local", "hen")])
def test_all_of_a_kind(clash: Loop, method: str, after: str) -> None:
    panel = Panel(clash, "cvat_conflicts")
    panel.event(method)
    assert classes(clash) == [after, after]
    assert panel.of("notify")[0]["message"] == "Decided 2 conflicts."
    assert "nothing" in panel.shown


def test_the_walk_goes_round(clash: Loop) -> None:
    panel = Panel(clash, "cvat_conflicts")
    panel.event("back")
    assert panel.state["text"].startswith("**Conflict 2 of 2**")
    panel.event("next")
    assert panel.state["text"].startswith("**Conflict 1 of 2**")
    panel.event("view")
    assert len(panel.of("set_view")) == 1


def test_no_conflict(filled: Loop) -> None:
    panel = Panel(filled, "cvat_conflicts")
    assert set(panel.shown) == {"nothing", "refresh"}
    panel.event("refresh")
    assert set(panel.shown) == {"nothing", "refresh"}


def conflict(label: str, part: str, outcome: str = "open", field: str = "gt") -> dict[str, str]:
    return {"field": field, "sample_id": "s", "label_id": label, "part": part, "outcome": outcome}


def test_steps() -> None:
    waiting = [conflict("a", "label"), conflict("a", "geometry"), conflict("b", "label", "local"), conflict("b", "age")]
    first, second = to_steps(waiting)
    assert first == Step("gt", "s", "a", ("label", "geometry"))
    assert second.parts == ("age",), "what was decided is not asked again"
    assert this_one(first, "local") == [{"take": "local", "field": "gt", "label_id": "a"}]
    assert all_like(first, "remote") == [
        {"take": "remote", "field": "gt", "part": "label"},
        {"take": "remote", "field": "gt", "part": "geometry"},
    ]
