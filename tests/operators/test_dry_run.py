"""A look ahead: what would be sent is shown, and nothing is sent before the button is pressed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import form as send_form
from operators_app import Dialog, properties
from sync_loop import Loop


def look(loop: Loop, **params: object) -> Dialog:
    """The form with the switch turned on."""
    opened = Dialog(loop, "send_to_cvat")
    opened.accept_defaults()
    opened.fill(show_dry_run=True, **params)
    return opened


def seen(opened: Dialog) -> str:
    """What the form says would be sent."""
    view = properties(opened.form())["preview_text"]
    return str(view["view"].get("label") or view["default"])


def test_seen_and_sent(filled: Loop) -> None:
    before = filled.documents()
    opened = look(filled, segment_size=1)
    assert re.match(r"\*\*This would send 2 images \(\d+ kB\) with 2 labels, in 1 task with 2 jobs\.\*\*", seen(opened))
    assert "| gt | 2 | 1 cat, 1 dog |" in seen(opened)
    opened.fill(task_size=1)
    assert "in 2 tasks with 2 jobs" in seen(opened)
    assert filled.cvat.find("tasks") == []
    assert filled.dataset.list_annotation_runs() == []
    assert filled.documents() == before
    assert opened.form()["view"]["submit_button_label"] == "Send"
    assert opened.run().notice == ("success", "Sent 2 samples with 2 labels to CVAT, in 2 tasks.")


def test_the_server_is_asked_again_only_if_something_changed(filled: Loop) -> None:
    opened = look(filled)
    clock = filled.clock
    seen(opened)
    assert filled.requests(clock) == []
    opened.fill(task_size=1)
    assert filled.requests(clock) != []


def test_many_images_are_looked_at_with_progress(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_form, "MOST_FILES", 1)
    opened = look(filled)
    form = opened.form()
    assert form["view"]["submit_button_label"] == "Show"
    assert "press Show" in properties(form)["later"]["view"]["label"]
    shown = opened.run()
    assert shown.output.startswith("**This would send 2 images")
    assert shown.of("set_progress")
    assert filled.cvat.find("tasks") == []
    assert opened.fill(show_dry_run=False)["view"]["submit_button_label"] == "Send"


def test_what_is_left_out(filled: Loop) -> None:
    missing = filled.dataset.last().filepath
    Path(missing).unlink()
    text = seen(look(filled, bad_files="leave_out"))
    assert "| images: the file is missing | 1 |" in text
    assert f"/{Path(missing).name} is missing" in text


def test_what_can_not_be_sent(filled: Loop) -> None:
    assert seen(look(filled, task_assignee="nobody")).startswith("CVAT shows no user 'nobody' (")


@pytest.mark.parametrize("name", ["streets", "alleys"])
def test_the_project(filled: Loop, name: str) -> None:
    filled.cvat.call("POST", "projects", {"name": "streets", "labels": []})
    text = seen(look(filled, project_name=name, project_labels="extend"))
    assert f"Into the project {name}, which {'exists' if name == 'streets' else 'will be made'}" in text
