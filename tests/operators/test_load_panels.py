"""What the panels offer after a load: the runs' actions, and conflicts one by one."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.reloading import URI as RELOAD
from fiftyone.plugins.orgs.roundtrip.cvat.panels.cards import menu, next_step, second_step
from fiftyone.plugins.orgs.roundtrip.cvat.panels.steps import Step, all_like, all_on, this_one, to_steps
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from panels_app import Panel
from sync_loop import URI, Loop, operator


def classes(loop: Loop) -> list[str]:
    return [label.label for labels in loop.labels() for label in labels]


def offered(panel: Panel) -> list[str]:
    """The next step of the newest run, and what its menu has."""
    (card, *_) = panel.state["cards"]
    steps = [action for action in (next_step(card), second_step(card)) if action]
    return [action.method for action in steps + menu(card)]


def test_actions_of_a_run(clash: Loop) -> None:
    panel = Panel(clash, "cvat")
    panel.event("refresh")
    assert panel.drawn[0]["waits"]["default"] == "**2 labels in conflict**"
    assert offered(panel)[:4] == ["show_conflicts", "load", "load_with", "undo"]
    names = {"load_with": "load_annotations", "undo": "undo_load", "save_history": "load_history"}
    for method, name in names.items():
        panel.event(method, run="run")
        (asked,) = panel.of("prompt_user_for_operation")
        assert (asked["operator_uri"], asked["params"]["anno_key"]) == (f"{URI}/{name}", "run")
    operator("resolve_conflicts")(clash.dataset, "run", [{"take": "local"}])
    panel.event("refresh")
    assert "waits" not in panel.drawn[0]
    assert offered(panel)[0] == "load" and "show_conflicts" not in offered(panel)


def test_actions_of_a_run_that_was_never_loaded(filled: Loop) -> None:
    filled.send()
    assert not {"show_conflicts", "undo", "history"} & set(offered(Panel(filled, "cvat")))


@pytest.mark.parametrize("complete", [0, 1])
def test_actions_of_an_interrupted_run(filled: Loop, complete: int) -> None:
    """What of it is complete can be loaded, and that undone."""
    filled.box.faults.add("status", "POST", r"/api/tasks/\d+/data", nth=complete + 1, times=None, status=403)
    with pytest.raises(RoundtripError):
        filled.send_in_order(task_size=1)
    panel = Panel(filled, "cvat")
    assert ("load" in offered(panel), "resume" in offered(panel)) == (bool(complete), True)
    if complete:
        filled.cvat.move(filled.cvat.shape())
        assert filled.load()["changed"] == 1
        panel.event("refresh")
        assert {"undo", "history"} <= set(offered(panel))
        assert panel.drawn[0]["actions"]["type"]["properties"]["second"]
        assert operator("undo_load")(filled.dataset, "run")["changed"] == 1


def on_conflicts(loop: Loop) -> Panel:
    """The panel with its page of conflicts."""
    panel = Panel(loop, "cvat")
    panel.event("show_conflicts", run="run")
    return panel


def test_conflicts_one_by_one(clash: Loop) -> None:
    panel = on_conflicts(clash)
    ids = clash.dataset.values("id")
    assert panel.state["text"].startswith("**Conflict 1 of 2** in the run run")
    assert "photo_000.jpg, field `gt`: class" in panel.state["text"]
    assert "| class | cat → hen | cat → cow |" in panel.state["changes"]
    (shown,) = panel.of("patch_panel_data")
    assert "data:image/png;base64," in str(shown) and "picture" in panel.shown
    panel.event("open")
    assert [params["id"] for params in panel.of("open_sample")] == ids[:1]
    panel.event("next")
    assert "| class | dog → hen | dog → cow |" in panel.state["changes"]
    panel.event("take_remote")
    assert classes(clash) == ["hen", "cow"]
    assert panel.of(RELOAD) == panel.of("reload_dataset") == [{}]
    assert panel.state["text"].startswith("**Conflict 1 of 1**")
    assert not {"like", "same", "back"} & {*panel.shown, *panel.shown["this"]["type"]["properties"]}
    panel.event("take_local")
    assert classes(clash) == ["hen", "cow"]
    assert set(panel.shown) == {"nothing", "runs"}
    assert all(label.tags == [] for labels in clash.labels() for label in labels)


@pytest.mark.parametrize(("method", "after"), [("all_remote", "cow"), ("all_local", "hen")])
def test_all_of_a_kind(clash: Loop, method: str, after: str) -> None:
    panel = on_conflicts(clash)
    panel.event(method)
    assert classes(clash) == [after, after]
    assert panel.of("notify")[0]["message"] == "Decided about 2 labels. Nothing is left to decide."
    assert "nothing" in panel.shown


def test_the_walk_goes_round(clash: Loop) -> None:
    panel = on_conflicts(clash)
    panel.event("back")
    assert panel.state["text"].startswith("**Conflict 2 of 2**")
    panel.event("next")
    assert panel.state["text"].startswith("**Conflict 1 of 2**")
    panel.event("view_all")
    assert len(panel.of("set_view")) == 1


def test_no_conflict(filled: Loop) -> None:
    panel = on_conflicts(filled)
    assert set(panel.shown) == {"nothing", "runs"}
    panel.event("show_runs")
    assert "bar" in panel.shown


def conflict(label: str, part: str, outcome: str = "open", field: str = "gt") -> dict[str, str]:
    return {"field": field, "sample_id": "s", "label_id": label, "part": part, "outcome": outcome}


def test_steps() -> None:
    waiting = [conflict("a", "label"), conflict("a", "geometry"), conflict("b", "label", "local"), conflict("b", "age")]
    first, second = to_steps(waiting)
    assert first == Step("gt", "s", ("a",), ("s",), ("label", "geometry"))
    assert second.parts == ("age",), "what was decided is not asked again"
    assert all_on([first, second], "s", "local") == [
        {"take": "local", "field": "gt", "sample_id": "s", "label_id": "a"},
        {"take": "local", "field": "gt", "sample_id": "s", "label_id": "b"},
    ]
    assert all_on([first, second], "t", "local") == []
    assert this_one(first, "local") == [{"take": "local", "field": "gt", "sample_id": "s", "label_id": "a"}]
    assert all_like(first, "remote") == [
        {"take": "remote", "field": "gt", "part": "label"},
        {"take": "remote", "field": "gt", "part": "geometry"},
    ]


@pytest.mark.parametrize(
    ("frames", "step", "ranges"),
    [
        ([3, 4, 5], 1, [(3, 5)]),
        ([3, 5, 6], 1, [(3, 3), (5, 6)]),
        ([1, 11, 21, 41], 10, [(1, 21), (41, 41)]),
    ],
)
def test_frames_in_a_row_of_a_track_are_one_step(frames: list[int], step: int, ranges: list[tuple[int, int]]) -> None:
    waiting = [{**conflict(f"{n}", "geometry"), "track": 7, "frame": n, "step": step} for n in frames]
    steps = to_steps(waiting)
    assert [item.frames for item in steps] == ranges
    decided = [(choice["label_id"], choice["frames"]) for item in steps for choice in this_one(item, "local")]
    assert decided == [(str(n), next([a, b] for a, b in ranges if a <= n <= b)) for n in frames]
    other = [{**item, "track": None} for item in waiting]
    assert [len(item.label_ids) for item in to_steps(other)] == [1] * len(frames)
