"""A run that grows, and gets what was changed here, in the App: both from the menu of the run."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
import pytest
from playwright.sync_api import expect

from sandbox import Sandbox

from .annotator import Annotator
from .driver import LIGHT, App

if TYPE_CHECKING:
    import fiftyone as fo


@pytest.fixture
def run(plugin: ModuleType, cvat: Sandbox, dataset: fo.Dataset) -> dict[str, Any]:
    """A run of three samples that was sent before the App was opened; a label was relabeled since."""
    send = foo.get_operator("@roundtrip/cvat/send_to_cvat")
    sent = dict(send(dataset[:3], anno_key="night_shift", label_field="ground_truth"))
    sample = dataset.first()
    names = {label.label for other in dataset for label in other.ground_truth.detections}
    label = sample.ground_truth.detections[0]
    label.label = next(name for name in sorted(names) if name != label.label)
    sample.save()
    return sent


@LIGHT
def test_samples_and_changes_go_into_a_run(run: dict[str, Any], app: App, annotator: Annotator) -> None:
    panel = app.open_panel()
    panel.act("night_shift", "Add samples")
    form = app.form()
    expect(form.root).to_contain_text("The run has 3 of them already.")
    form.settle()
    app.shoot("add_samples")
    form.submit("Add")
    panel.said("to the run 'night_shift', in 1 new task.")  # where the panel is, without a dialog
    app.settle()
    app.shoot("added_samples")
    assert len(annotator.tasks()) == 2

    panel.act("night_shift", "Send changed labels")
    form = app.form()
    expect(form.root).to_contain_text("saves over what it knows")
    form.settle()
    app.shoot("refresh_form")
    form.submit("Show")
    panel.said("This would write into 1 job in CVAT: labels 0 created, 1 changed, 0 deleted.")
    expect(panel.root.get_by_role("button", name="Send them")).to_be_visible()
    app.settle()
    app.shoot("refresh_preview")
    panel.act("night_shift", "Send changed labels")
    form = app.form()
    form.switch_off("Only show what would change")
    form.submit("Send changes")
    panel.said("Wrote into 1 job in CVAT: labels 0 created, 1 changed, 0 deleted.")
    expect(panel.root.get_by_role("button", name="Take back")).to_be_visible()
