"""The dialog "Add samples": what it says of the samples that are chosen, and what it does."""

from __future__ import annotations

import fiftyone as fo
import pytest
from operators_app import Dialog, invalid, properties
from panels_app import Panel
from sync_loop import Loop


@pytest.fixture
def more(filled: Loop) -> Loop:
    """A run of two samples, and one that it lacks."""
    filled.send()
    box = fo.Detection(label="horse", bounding_box=[0.1, 0.1, 0.2, 0.2])
    filled.fill(fo.Detections(detections=[box]), suffix=".png")
    return filled


def test_it_says_how_many_are_new(more: Loop) -> None:
    dialog = Dialog(more, "add_samples")
    form = dialog.accept_defaults()
    assert properties(form)["new"]["view"]["label"] == "1 sample will be added. The run has 2 of them already."
    assert invalid(form) == {}
    ids = more.dataset.values("id")
    form = Dialog(more, "add_samples", selected=ids[:2]).accept_defaults()
    assert invalid(form) == {"nothing": "The run 'run' has all 2 samples already, so there is nothing to add."}


def test_it_shows_and_adds(more: Loop) -> None:
    dialog = Dialog(more, "add_samples", dry_run=True)
    dialog.accept_defaults()
    shown = dialog.run()
    assert "This would send 1 image" in shown.output and "2 samples are in the run already" in shown.output
    assert "which is not in the schema" in shown.output
    dialog.fill(dry_run=False, add_classes=True)
    shown = dialog.run()
    assert shown.notice == ("success", "Added 1 sample with 1 label to the run 'run', in 1 new task.")
    assert "2 samples it had already" in shown.output and "run (task 2)" in shown.output
    assert len(more.cvat.find("tasks")) == 2


def test_it_goes_on_behind_the_panel(more: Loop) -> None:
    panel = Panel(more, "cvat")
    panel.event("add_samples", run="run")
    (asked,) = panel.of("prompt_user_for_operation")
    dialog = Dialog(more, "add_samples", **asked["params"], add_classes=True)
    dialog.accept_defaults()
    assert dialog.run().steps == []
    panel.wait_for_work()
    assert panel.notice["line"] == "Added 1 sample with 1 label to the run 'run', in 1 new task."
    assert [*panel.clicks] == ["Show its jobs"]
    assert dialog.run().steps == []
    panel.wait_for_work()
    assert panel.notice["variant"] == "error" and "nothing to add" in panel.notice["line"]
    assert [*panel.clicks] == ["Open the form again"]
