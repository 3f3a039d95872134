"""What goes on in the background: it is followed and stopped there, and ends in a notice with the next click."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.panels.work_part import CLICKS
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import Lease
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from operators_app import Dialog
from panels_app import Panel
from sync_loop import URI, Loop


def opened(loop: Loop) -> Panel:
    """The panel, which has looked at CVAT."""
    panel = Panel(loop, "cvat")
    panel.event("refresh")
    return panel


def card(panel: Panel) -> dict[str, Any]:
    """What the first card shows."""
    return panel.drawn[0]


def offered(panel: Panel) -> list[str]:
    """The labels of the buttons below the notice, as they are drawn."""
    row = panel.shown["notice"]["type"]["properties"]["clicks"]["type"]["properties"]
    return [button["view"]["label"] for button in row.values()]


def check_way_back(panel: Panel) -> None:
    """Checks that the view that the person had is a click away, once."""
    (back,) = panel.shown["way_back"]["type"]["properties"].values()
    assert back["view"]["label"] == "Back to the view before"
    panel.view = panel.of("set_view")[0]["view"]
    panel.event("view_before")
    panel.view = panel.of("set_view")[0]["view"]
    assert panel.view == []
    assert "way_back" not in panel.shown


def test_one_click_loads_and_one_undoes(filled: Loop) -> None:
    filled.send()
    shape = filled.cvat.shape()
    filled.cvat.move(shape)
    before, labels = filled.documents(), filled.labels()
    panel = opened(filled)
    panel.event("load", run="run")
    panel.wait_for_work()
    assert panel.notice["line"] == "Added 0, changed 1, deleted 0 labels." and panel.notice["variant"] == "success"
    assert [*panel.clicks] == ["Show the 1 changed sample", "Undo"]
    assert [*filled.since(before)] != []
    assert panel.shown["notice"]["type"]["properties"]["said"]["view"]["label"] == panel.notice["line"]
    assert "waits" not in card(panel), "what was loaded waits no more"
    panel.click("Show the 1 changed sample")
    assert len(panel.of("set_view")) == 1
    check_way_back(panel)

    panel.click("Undo")
    panel.wait_for_work()
    assert panel.notice["line"] == "Load 1 is undone: 1 label is as before."
    assert panel.clicks == {}
    assert filled.labels() == labels
    panel.event("details")
    assert "| Changed back | 1 |" in panel.shown["shown"]["default"] and [
        *panel.shown["bar"]["type"]["properties"]
    ] == ["runs"]
    panel.event("show_runs")
    assert " undone" in card(panel)["facts"]["default"], "the card says what is true now"
    panel.event("refresh")
    assert card(panel)["actions"]["type"]["properties"]["step"]["view"]["label"] == "Load"
    panel.event("load", run="run")
    panel.wait_for_work()
    assert panel.notice["line"] == "Added 0, changed 1, deleted 0 labels."
    assert " undone" not in card(panel)["facts"]["default"]
    panel.event("details")
    check_details(panel, filled)
    panel.event("show_runs")
    panel.event("dismiss")
    assert "notice" not in panel.shown
    assert "notice" not in opened(filled).shown, "what was put away does not come back"


def check_details(panel: Panel, loop: Loop) -> None:
    """Checks that the page of the result names the label that was changed, which opens its sample, and has a way on."""
    assert "| gt |" in panel.shown["shown"]["default"]
    assert "**Which labels**" in panel.shown["labels"]["default"] and "label_1" not in panel.shown
    named = panel.shown["label_0"]["type"]["properties"]
    assert "photo_000.jpg, `gt`" in named["text"]["default"] and "moved by" in named["text"]["default"]
    view = named["picture"]["view"]
    assert named["picture"]["default"].startswith("data:image/jpeg") and view["operator"].endswith("#open_label")
    panel.event("open_label", **view["params"])
    sample = loop.dataset.first()
    assert [params["id"] for params in panel.of("open_sample")] == [sample.id]
    (selected,) = panel.of("set_selected_labels")[0]["labels"]
    assert (selected["label_id"], selected["field"]) == (sample.gt.detections[0].id, "gt")
    bar = panel.shown["bar"]["type"]["properties"].values()
    assert [button["view"]["label"] for button in bar] == ["All runs", "Show the 1 changed sample", "Undo"]


def test_what_both_sides_changed_is_left_for_the_page_of_conflicts(filled: Loop) -> None:
    filled.send(classes=["cat", "dog", "cow", "hen"])
    filled.cvat.relabel(filled.cvat.shape(), "cow")
    sample = filled.dataset.first()
    sample.gt.detections[0].label = "hen"
    sample.save()
    panel = opened(filled)
    panel.event("load", run="run")
    panel.wait_for_work()
    assert panel.notice["variant"] == "warning"
    assert "1 label was changed on both sides" in panel.notice["details"]
    assert panel.notice["line"].startswith("Nothing changed. 1 label is in conflict: changed both here and in CVAT.")
    assert [*panel.clicks] == ["Resolve 1 label in conflict", "Show the 1 sample"]
    assert card(panel)["waits"]["default"] == "**1 label in conflict**"
    panel.click("Resolve 1 label in conflict")
    assert panel.state["text"].startswith("**Conflict 1 of 1**")
    assert filled.dataset.first().gt.detections[0].label == "hen"
    panel.event("take_local")
    assert panel.notice == {}, "what is decided is not asked for any more"


def test_a_load_that_deletes_much_asks_first(filled: Loop) -> None:
    filled.fill(*[filled.dataset.first().gt.copy() for _ in range(8)])
    filled.send()
    shapes = [filled.cvat.shape(frame) for frame in range(len(filled.dataset))]
    for shape in shapes:
        filled.cvat.delete(shape)
    panel = opened(filled)
    before = filled.documents()
    panel.event("load", run="run")
    panel.wait_for_work()
    assert "The load would delete 10 of 10 labels." in panel.notice["line"]
    assert panel.notice["line"].endswith("Nothing was changed yet.") and filled.since(before) == {}
    assert [*panel.clicks] == ["Load nevertheless", "Load with options"]
    panel.click("Load nevertheless")
    panel.wait_for_work()
    assert panel.notice["line"] == "Added 0, changed 0, deleted 10 labels."


def test_a_send_from_the_panel_goes_on_behind_it(filled: Loop) -> None:
    panel = opened(filled)
    panel.event("send")
    (asked,) = panel.of("prompt_user_for_operation")
    assert asked["operator_uri"] == f"{URI}/send_to_cvat"
    dialog = Dialog(filled, "send_to_cvat", **asked["params"])
    dialog.accept_defaults()
    with filled.box.hold_creations():
        assert dialog.run().steps == [], "the form closes, and shows nothing itself"
        panel.event("tick")
        (work,) = panel.state["working"]
        assert (work["verb"], work["key"]) == ("Sending", "cvat")
        assert panel.shown["timer"]["view"]["interval"] <= 1_000
        dialog.run()
        panel.event("tick")
        assert len(panel.state["working"]) == 1, "a second click begins nothing"
    panel.wait_for_work()
    assert panel.notice["line"] == "Sent 2 samples with 2 labels to CVAT, in 1 task."
    assert "0 of 1 job completed (1 new)" in str(card(panel)["jobs_text"]), "it is looked at when it is there"
    assert offered(panel) == ["Show its jobs", "Details", "Close"]
    panel.click("Show its jobs")
    assert [row["state"] for row in panel.state["job_rows"]] == ["new"]
    assert offered(panel) == ["Details", "Close"], "no button leads to where the person is"


def test_a_send_from_the_panel_is_stopped_and_resumed_there(filled: Loop) -> None:
    panel = opened(filled)
    dialog = Dialog(filled, "send_to_cvat", in_panel=True)
    dialog.accept_defaults()
    with filled.box.hold_creations():
        dialog.run()
        ends = time.monotonic() + 60
        while "POST /api/tasks" not in filled.requests():  # before, there is no run that could be resumed
            assert time.monotonic() < ends
            time.sleep(0.05)
        panel.event("tick")
        panel.event("stop_work", number=panel.state["working"][0]["number"])
        assert panel.state["working"] == [] or panel.state["working"][0]["text"] == "Stopping"
        panel.wait_for_work()
    assert panel.notice["variant"] == "warning" and panel.notice["line"].startswith("Stopped.")
    (shown,) = panel.state["cards"] or [{"state": "interrupted"}]
    assert shown["state"] == "interrupted"
    panel.event("resume", run="cvat")
    panel.wait_for_work()
    assert panel.notice["line"] == "Sent 2 samples with 2 labels to CVAT, in 1 task."


def test_a_refused_send_opens_its_form_with_the_same_answers(filled: Loop) -> None:
    filled.send(anno_key="taken")
    panel = opened(filled)
    dialog = Dialog(filled, "send_to_cvat", in_panel=True)
    dialog.accept_defaults()
    dialog.fill(anno_key="taken")
    dialog.run()
    panel.wait_for_work()
    assert panel.notice["variant"] == "error" and "There is a run 'taken' already." in panel.notice["line"]
    panel.click("Open the form again")
    (asked,) = panel.of("prompt_user_for_operation")
    assert asked["params"]["anno_key"] == "taken" and asked["params"]["in_panel"] is True


def test_a_failure_is_a_sentence(filled: Loop) -> None:
    filled.send()
    filled.box.close()
    panel = Panel(filled, "cvat")
    panel.event("load", run="run")
    panel.wait_for_work()
    assert panel.notice["variant"] == "error" and "Nothing was changed." in panel.notice["line"]
    panel.event("load_again", load={"anno_key": "run", "policy": "whatever"})
    panel.wait_for_work()
    assert panel.notice["variant"] == "error" and "policy" in panel.notice["line"]
    panel.event("load", run="no such run")
    panel.wait_for_work()
    assert "no such run" in panel.notice["line"]


def test_a_panel_that_opens_later_says_what_ended(filled: Loop) -> None:
    filled.send()
    first = opened(filled)
    first.event("load", run="run")
    first.wait_for_work()
    assert opened(filled).notice["line"] == first.notice["line"]


def test_forms_that_nobody_opened_from_the_panel_show_their_result_themselves(filled: Loop) -> None:
    filled.send()
    filled.cvat.move(filled.cvat.shape())
    dialog = Dialog(filled, "load_annotations")
    dialog.accept_defaults()
    assert "Added 0, changed 1" in dialog.run().output


@pytest.mark.parametrize("method", sorted(CLICKS))
def test_every_click_is_a_method(filled: Loop, method: str) -> None:
    assert callable(getattr(Panel(filled, "cvat").panel, method))


def test_changed_labels_are_looked_at_sent_and_taken_back_behind_the_panel(filled: Loop) -> None:
    filled.send()
    label = filled.dataset.first()
    label.gt.detections[0].label = "dog"
    label.save()
    panel = opened(filled)
    assert "Take back sent changes" not in str(card(panel)["actions"])
    panel.event("refresh_run", run="run")
    (asked,) = panel.of("prompt_user_for_operation")
    dialog = Dialog(filled, "refresh_run", **asked["params"])
    dialog.accept_defaults()
    assert dialog.run().steps == [], "the form closes, and shows nothing itself"
    panel.wait_for_work()
    line = "into 1 job in CVAT: labels 0 created, 1 changed, 0 deleted."
    assert panel.notice["line"] == f"This would write {line} Nothing is written yet."
    assert [*panel.clicks] == ["Send them", "Open the form again"]
    panel.click("Send them")
    panel.wait_for_work()
    assert panel.notice["line"] == f"Wrote {line}"
    assert "Take back sent changes" in str(card(panel)["actions"])
    panel.click("Take back")
    (asked,) = panel.of("prompt_user_for_operation")
    assert asked["operator_uri"] == f"{URI}/undo_refresh"
    dialog = Dialog(filled, "undo_refresh", **asked["params"])
    dialog.accept_defaults()
    assert dialog.run().steps == []
    panel.wait_for_work()
    assert panel.notice["variant"] == "success" and "reload_dataset" not in [name for name, _ in panel.asked]
    assert "Take back sent changes" not in str(card(panel)["actions"])
    names = {number["id"]: name for name, number in filled.cvat.labels().items()}
    assert names[filled.cvat.shape()["label_id"]] == "cat"


def test_what_is_done_elsewhere_is_shown_and_can_be_stopped(filled: Loop) -> None:
    """By a script, a watcher or another tab: for the panel, all of them are a sign of life in the database."""
    filled.send()
    store = RunStore(filled.dataset, records.find(filled.dataset, "run").run_id)
    panel = opened(filled)
    idle = panel.shown["timer"]["view"]["interval"]
    for doing, words, stops in (("loaded", "Loading it", True), ("decided", "Deciding the conflicts of it", False)):
        with Lease(store, "run", doing):
            panel.event("tick")
            shown = card(panel)
            assert shown["busy"]["view"]["label"] == words
            assert panel.shown["timer"]["view"]["interval"] < idle
            row = shown["actions"]["type"]["properties"]
            assert [item["view"]["label"] for name, item in row.items() if name == "step"] == ["Stop"] * stops
            panel.event("stop", run="run")
            (said,) = panel.of("notify")
            assert ("within some seconds" in said["message"]) == stops, said
            assert (store.noted("stop") is not None) == stops
    panel.event("tick")
    assert "busy" not in card(panel) and "step" in card(panel)["actions"]["type"]["properties"]
