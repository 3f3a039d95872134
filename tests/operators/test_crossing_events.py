"""Events that cross: whatever comes late leaves the page that the person has chosen since; nothing is drawn twice."""

from __future__ import annotations

import threading
import time
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.panels import server, text_page, turns
from fiftyone.plugins.orgs.roundtrip.cvat.panels.steps import step_of
from panels_app import Panel
from sync_loop import Loop

PAGES = {"show_jobs": "jobs", "show_plots": "plots", "info": "text", "show_conflicts": "conflicts"}
LATE = ("tick", "on_change_ctx", "refresh")


def drawn(panel: Panel) -> int:
    """How often the last event had the panel drawn."""
    return len(panel.of("show_panel_output"))


def test_a_late_answer_leaves_the_page_that_was_chosen_since(clash: Loop) -> None:
    """It was sent before the click, and comes to its turn after it; or CVAT answers it after the click."""
    panel = Panel(clash, "cvat")
    panel.event("refresh")
    for click, page in PAGES.items():
        for late in LATE:
            panel.event("show_runs")
            sent = panel.send(late)
            panel.event(click, run="run")
            shown = panel.shown
            assert panel.state["page"] == page
            panel.answer(sent)
            assert (panel.state["page"], panel.shown.keys()) == (page, shown.keys()), (click, late)
            panel.event("tick")
            assert panel.shown.keys() == shown.keys(), (click, late)
            panel.event("on_change_ctx")
            assert panel.asked == [], "the App would take a new drawing for a change of its state, and ask again"


@pytest.mark.parametrize("late", ["tick", "refresh", "test"])
def test_nobody_waits_for_an_answer_of_cvat(filled: Loop, late: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.send()
    panel = Panel(filled, "cvat")

    def click_meanwhile(ctx: Any) -> tuple[str, str]:
        panel.event("show_jobs", run="run")
        return "CVAT is here", ""

    monkeypatch.setattr(server, "greet", click_meanwhile)
    panel.event(late)
    assert (panel.state["page"], panel.state["server"]) == ("jobs", "CVAT is here")
    assert "job_rows" in panel.shown and not panel.drawn
    assert panel.state["job_rows"][0]["job"] == 1, "what was asked is shown, too"


def test_a_click_overtakes_one_that_waits_for_cvat(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.send()
    panel = Panel(filled, "cvat")

    def click_meanwhile(ctx: Any, key: str) -> dict[str, Any]:
        panel.event("show_jobs", run="run")
        return {"text": "Somebody commented."}

    monkeypatch.setattr(text_page.current, "comments", click_meanwhile)
    panel.event("comments", run="run")
    assert (panel.state["page"] == "jobs" and "job_rows" in panel.shown) or "none" in panel.shown
    monkeypatch.setattr(text_page.current, "comments", lambda ctx, key: {"text": "Somebody commented."})
    panel.event("comments", run="run")
    assert panel.shown["shown"]["default"] == "Somebody commented."


def test_what_was_sent_of_another_dataset_is_not_shown(filled: Loop) -> None:
    filled.send()
    panel = Panel(filled, "cvat")
    late = panel.send("tick")
    other, filled.dataset = filled.dataset, fo.Dataset()
    try:
        panel.event("on_change_dataset")
        assert panel.state["cards"] == []
        panel.answer(late)
        assert panel.state["cards"] == [] and panel.asked == []
        panel.event("tick")
        assert panel.state["cards"] == [] and "empty" in panel.shown
    finally:
        filled.dataset.delete()
        filled.dataset = other


def test_what_is_shown_is_not_drawn_again(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.send()
    panel = Panel(filled, "cvat")
    panel.event("tick")
    panel.event("tick")
    assert panel.asked == [], "an open menu stays open"
    filled.load()
    panel.event("tick")
    assert drawn(panel) == 1
    panel.panel.execute(panel.send("info", run="run"))
    for _ in range(3):
        panel.event("tick")
        assert panel.asked == [], "the answer of the click is on its way"
    monkeypatch.setattr(turns, "ON_THE_WAY", -1.0)  # it has been so for too long: it is lost
    panel.event("tick")
    assert drawn(panel) == 1 and panel.state["page"] == "text" and "shown" in panel.shown
    panel.event("tick")
    assert panel.asked == []


def test_two_panels_show_each_its_own_page(filled: Loop) -> None:
    filled.send()
    one, other = Panel(filled, "cvat"), Panel(filled, "cvat")
    one.event("show_jobs", run="run")
    other.event("tick")
    one.event("tick")
    assert (one.state["page"], other.state["page"]) == ("jobs", "runs")


def test_clicks_that_come_faster_than_answers(clash: Loop) -> None:
    """None is lost, and none decides twice."""
    panel = Panel(clash, "cvat")
    panel.event("show_conflicts", run="run")
    for sent in [panel.send(name) for name in ("next", "next", "back")]:
        panel.answer(sent)
    assert panel.state["at"] == 1
    first = step_of(panel.state["step"]).key
    for sent in [panel.send("take_remote", label=first) for _ in range(3)]:
        panel.answer(sent)
    labels = [label.label for labels in clash.labels() for label in labels]
    assert labels == ["hen", "cow"]
    assert panel.state["text"].startswith("**Conflict 1 of 1**")
    for sent in [panel.send("take_local") for _ in range(2)]:
        panel.answer(sent)
    assert "nothing" in panel.shown


def test_what_comes_in_swarms_is_done_once(filled: Loop) -> None:
    """On a slow machine, the App sends such events faster than they can be answered."""
    panel = Panel(filled, "cvat")
    opened = turns._opened[panel.state["opened"]]
    for name in sorted(turns.ONCE):
        first, *others = (panel.send(name) for _ in range(3))
        with opened.turn:  # something else goes on
            thread = threading.Thread(target=panel.panel.execute, args=(first,))
            thread.start()
            ends = time.monotonic() + 60
            while name not in opened.awaited:
                assert time.monotonic() < ends
                time.sleep(0.01)
            for sent in others:
                panel.answer(sent)  # does not wait
                assert panel.asked == []
        thread.join()
        assert opened.awaited == set()
