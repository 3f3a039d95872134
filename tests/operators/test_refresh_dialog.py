"""The dialog "Send changed labels": it shows first, says what an open editor does, and can be taken back."""

from __future__ import annotations

import fiftyone as fo
from operators_app import Dialog, invalid, properties
from sync_loop import Loop


def change(loop: Loop) -> None:
    sample = loop.dataset.first()
    sample.gt.detections[0].label = "dog"
    sample.gt.detections.append(fo.Detection(label="unicorn", bounding_box=[0.5, 0.5, 0.1, 0.1]))
    sample.save()


def test_it_shows_first_and_then_writes(filled: Loop) -> None:
    filled.send()
    change(filled)
    dialog = Dialog(filled, "refresh_run")
    form = dialog.accept_defaults()
    assert invalid(form) == {}
    assert "saves over what it knows" in properties(form)["editor"]["view"]["description"]
    assert form["view"]["submit_button_label"] == "Show"
    shown = dialog.run()
    assert "This would write into 1 job in CVAT: labels 0 created, 1 changed, 0 deleted." in shown.output
    assert "labels of class 'unicorn'" in shown.output
    assert dialog.fill(preview=False)["view"]["submit_button_label"] == "Send changes"
    shown = dialog.run()
    assert shown.notice == ("warning", "Wrote into 1 job in CVAT: labels 0 created, 1 changed, 0 deleted.")
    assert {label["id"]: name for name, label in filled.cvat.labels().items()}[filled.cvat.shape()["label_id"]] == "dog"


def test_it_is_taken_back(filled: Loop) -> None:
    filled.send()
    assert "last" in invalid(Dialog(filled, "undo_refresh").accept_defaults())
    change(filled)
    dialog = Dialog(filled, "refresh_run", preview=False)
    dialog.accept_defaults()
    dialog.run()
    dialog = Dialog(filled, "undo_refresh")
    form = dialog.accept_defaults()
    assert "0 created, 1 changed, 0 deleted" in properties(form)["last"]["view"]["label"]
    assert {"completed", "in_progress"} <= properties(form).keys()
    assert dialog.run().notice[0] == "success"
    assert {label["id"]: name for name, label in filled.cvat.labels().items()}[filled.cvat.shape()["label_id"]] == "cat"
