"""After a load: it is undone, looked up, and conflicts that it left open are resolved."""

from __future__ import annotations

import csv
import json
from typing import Any
from urllib.request import urlopen

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.reloading import BUTTONS
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.reloading import URI as RELOAD
from operators_app import Dialog, invalid, properties
from panels_app import Panel
from sync_loop import URI, Loop, operator


def edit(loop: Loop, number: int = 0, **values: Any) -> None:
    """An edit of the label on a sample in FiftyOne."""
    sample = list(loop.dataset)[number]
    for name, value in values.items():
        sample.gt.detections[0][name] = value
    sample.save()


def classes(loop: Loop) -> list[str]:
    return [label.label for labels in loop.labels() for label in labels]


@pytest.fixture
def loaded(filled: Loop) -> Loop:
    """Both labels were given another class in CVAT by somebody, and that was loaded."""
    filled.send(classes=["cat", "dog", "cow"], job_assignees=["annotator1"])
    for frame in (0, 1):
        filled.cvat.relabel(filled.cvat.shape(frame), "cow")
    filled.load()
    return filled


@pytest.fixture
def clash(filled: Loop) -> Loop:
    """Both labels have one class in CVAT and another here; a load left them alone."""
    filled.send(classes=["cat", "dog", "cow", "hen"])
    for frame in (0, 1):
        filled.cvat.relabel(filled.cvat.shape(frame), "cow")
        edit(filled, frame, label="hen")
    filled.load(policy="ask")
    return filled


def test_undo(loaded: Loop) -> None:
    dialog = Dialog(loaded, "undo_load")
    form = dialog.accept_defaults()
    said = properties(form)["load"]["view"]["label"]
    assert said.startswith("This undoes the load of ")
    assert said.endswith(" by admin, from job\xa01 of annotator1: 0 added, 2 changed, 0 labels deleted.")
    shown = dialog.run()
    assert [name for name, _ in shown.steps if name != "set_progress"] == [
        "notify",
        RELOAD,
        BUTTONS,
        "reload_dataset",
        "show_output",
    ]
    assert shown.notice == ("success", "Load 1 is undone: 2 labels are as before.")
    assert "| Changed back | 2 |" in shown.output
    assert classes(loaded) == ["cat", "dog"]
    assert invalid(dialog.form()) == {"load": "There is no load to undo."}


def test_undo_says_what_was_edited_since(loaded: Loop) -> None:
    edit(loaded, 1, label="hen")
    shown = Dialog(loaded, "undo_load", anno_key="run").run()
    assert shown.notice == ("warning", "Load 1 is undone: 1 label is as before.")
    assert "1 label was edited since and is left as you have it now:" in shown.output
    assert "- hen on photo_001.jpg, field `gt`: class" in shown.output
    (output,) = shown.of("show_output")
    button = properties(properties(output["outputs"])["samples"])["view_samples"]["view"]
    assert button["label"] == "View the 1 sample with labels that were kept"
    assert Dialog(loaded, "view_samples", **button["params"]).run().result == {"samples": 1}


def test_nothing_to_undo(filled: Loop) -> None:
    filled.send()
    assert invalid(Dialog(filled, "undo_load").accept_defaults()) == {"load": "There is no load to undo."}
    shown = Dialog(filled, "undo_load", anno_key="run").run()
    assert shown.notice[1].startswith("There is no load of the run 'run' to undo")


def test_undo_from_python(loaded: Loop) -> None:
    done = operator("undo_load")(loaded.dataset, "run")
    assert (done["load"], done["changed"], done["edited_since"]) == (1, 2, [])
    with pytest.raises(Exception, match="There is no load of the run 'run' to undo"):
        loaded.execute("undo_load", anno_key="run")


def test_history(loaded: Loop) -> None:
    shown = Dialog(loaded, "load_history", anno_key="run").run()
    text = shown.result["text"]
    assert text.startswith("**1 load of run**")
    assert " | admin | job\xa01 of annotator1 | 2 changed |  |" in text
    operator("undo_load")(loaded.dataset, "run")
    assert Dialog(loaded, "load_history", anno_key="run").run().result["text"].endswith(" | undone |")


def test_no_history(filled: Loop) -> None:
    filled.send()
    text = Dialog(filled, "load_history", anno_key="run").run().result["text"]
    assert text == "No load of **run** has changed anything yet."


def test_history_of_a_label(loaded: Loop) -> None:
    label = loaded.labels()[0][0].id
    dialog = Dialog(loaded, "load_history")
    dialog.request["selected_labels"] = [{"label_id": label, "sample_id": loaded.dataset.first().id, "field": "gt"}]
    form = dialog.accept_defaults()
    assert properties(form)["label_id"]["default"] == label
    text = dialog.run().result["text"]
    assert text.startswith(f"**The label `{label}`**")
    assert text.endswith(" | admin | job\xa01 of annotator1 | gt | changed |")
    other = Dialog(loaded, "load_history", anno_key="run", label_id="0" * 24).run().result["text"]
    assert other == f"No load of this run changed the label `{'0' * 24}`."


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_browser_saves_the_history(loaded: Loop, kind: str) -> None:
    """The form shows it at once; its button saves it where the person is, and nothing on the server."""
    listed = operator("load_history")(loaded.dataset, "run")
    dialog = Dialog(loaded, "load_history")
    form = dialog.accept_defaults()
    assert properties(form)["list"]["default"].startswith("**1 load of run**")
    assert form["view"]["submit_button_label"] == "Save"
    assert properties(form)["save_as"]["default"] == "csv"
    dialog.fill(save_as=kind)
    (saved,) = dialog.run().of("browser_download")
    assert saved["filename"] == f"run_loads.{kind}"
    text = urlopen(saved["url"]).read().decode()
    if kind == "json":
        assert json.loads(text) == listed
    else:
        (row,) = csv.DictReader(text.splitlines())
        assert (row["load"], row["assignee"], row["changed"]) == ("1", "annotator1", "2")


def test_the_history_of_a_label_is_saved_as_json(loaded: Loop) -> None:
    dialog = Dialog(loaded, "load_history")
    dialog.fill(label_id=loaded.labels()[0][0].id)
    form = dialog.accept_defaults()
    assert [choice["value"] for choice in properties(form)["save_as"]["view"]["choices"]] == ["json"]
    (saved,) = dialog.run().of("browser_download")
    assert saved["filename"] == "run_label.json"
    assert [item["change"] for item in json.loads(urlopen(saved["url"]).read())] == ["changed"]


def test_conflicts_are_offered(clash: Loop) -> None:
    dialog = Dialog(clash, "resolve_conflicts")
    form = dialog.accept_defaults()
    text = properties(form)["list"]["default"]
    assert text.startswith("2 labels were changed both here and in CVAT, and left alone.")
    assert "| photo_000.jpg | gt | class | cat | hen | cow |" in text
    assert form["view"]["submit_button_label"] == "Start"
    (opened,) = dialog.run().of("open_panel")
    assert opened["name"] == "cvat"
    panel = Panel(clash, "cvat")
    assert (panel.state["page"], panel.state["steps"]) == ("conflicts", 2)
    panel.event("tick")  # that was asked for on the page of the runs, and comes late
    assert "next" in panel.shown["this"]["type"]["properties"]
    assert classes(clash) == ["hen", "hen"]


@pytest.mark.parametrize(("way", "after", "changed"), [("remote", "cow", "2 labels"), ("local", "hen", "0 labels")])
def test_all_conflicts_at_once(clash: Loop, way: str, after: str, changed: str) -> None:
    dialog = Dialog(clash, "resolve_conflicts")
    dialog.accept_defaults()
    assert dialog.fill(way=way)["view"]["submit_button_label"] == "Decide"
    shown = dialog.run()
    assert shown.notice == ("success", "Decided about 2 labels. Nothing is left to decide.")
    assert classes(clash) == [after, after]
    assert invalid(dialog.form()) == {"none": "No label of this run is in conflict."}


def test_conflicts_from_python(clash: Loop) -> None:
    resolve = operator("resolve_conflicts")
    waiting = resolve(clash.dataset, "run")["conflicts"]
    first, second = (item["label_id"] for item in waiting)
    done = resolve(clash.dataset, "run", [{"take": "remote", "label_id": first}])
    assert (done["changed"], done["open"], [item["label_id"] for item in done["conflicts"]]) == (1, 1, [second])
    assert clash.execute("resolve_conflicts", anno_key="run", decisions=[{"take": "local"}])["open"] == 0
    assert classes(clash) == ["cow", "hen"]
    listed = properties(Dialog(clash, "load_history").accept_defaults())["list"]["default"]
    assert listed.count("decisions") == 2 and listed.count("in conflict") == 1, "what the load left is said of it alone"


def test_a_panel_for_conflicts_is_opened_by_nothing_else(filled: Loop) -> None:
    filled.send()
    assert invalid(Dialog(filled, "resolve_conflicts").accept_defaults()) == {
        "none": "No label of this run is in conflict."
    }
    assert Dialog(filled, "resolve_conflicts", anno_key="run").run().of("open_panel") == []
    assert operator("resolve_conflicts").uri == f"{URI}/resolve_conflicts"
