"""The dialog "Send to CVAT" for images that form sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from operators_app import Dialog, invalid, properties
from sequence_loop import Scenes, box
from sync_loop import Loop


@pytest.fixture
def scenes(loop: Loop, tmp_path: Path) -> Scenes:
    """Two scenes with an object each."""
    made = Scenes(loop, tmp_path)
    for scene in "ab":
        made.add(scene, 3, lambda number: [box(10.0 * number, index=1)])
    return made


def choices(form: Any, name: str) -> list[str]:
    return [choice["label"] for choice in properties(form)[name]["view"]["choices"]]


def test_a_view_that_groups_fills_it_in(scenes: Scenes) -> None:
    view = scenes.dataset.group_by("scene", order_by="frame_number")
    opened = Dialog(scenes.loop, "send_to_cvat", view=view)
    form = opened.accept_defaults()
    assert invalid(form) == {}
    params = opened.request["params"]
    assert (params["sequence_field"], params["sequence_order"]) == (["scene"], "frame_number")
    assert choices(form, "target")[0] == "The current view: 6 samples in 2 groups"
    form = opened.fill(more=True)
    assert "keyframe_tolerance" in properties(form)
    text = properties(opened.fill(more=False, show_dry_run=True))["preview_text"]["default"]
    assert text.startswith("**This would send 6 images") and "in 2 tasks with 2 jobs" in text
    assert "6 labels will be in CVAT as tracks, with 4 keyframes." in text
    none = opened.fill(show_dry_run=False, sequence_field=[])
    assert invalid(none) == {"sequence_field": "This view groups its images; choose the fields that say how."}
    opened.fill(sequence_field=["scene"])
    assert opened.run().notice == ("success", "Sent 6 samples with 6 labels to CVAT, in 2 tasks.")
    assert [len(scenes.tracks(task)) for task in (1, 2)] == [1, 1]


def test_images_can_be_put_in_sequence(scenes: Scenes) -> None:
    opened = Dialog(scenes.loop, "send_to_cvat")
    form = opened.accept_defaults()
    assert "sequence_field" not in properties(form)
    opened.fill(more=True)
    form = opened.accept_defaults()
    assert choices(form, "sequence_field") == ["scene", "frame_number"]
    assert not {"sequence_order", "keyframe_tolerance"} & properties(form).keys()
    opened.fill(sequence_field=["scene"])
    form = opened.accept_defaults()
    assert list(properties(form)).index("sequence_field") > list(properties(form)).index("more")  # where it was asked
    assert choices(form, "sequence_order") == ["File names", "scene", "frame_number"]
    assert "sequence_field" in properties(opened.fill(more=False))
    assert opened.run().notice == ("success", "Sent 6 samples with 6 labels to CVAT, in 2 tasks.")
    assert len(scenes.tracks()) == 1


def test_nothing_is_asked_where_no_field_could_say_it(loop: Loop) -> None:
    loop.fill(fo.Detections(detections=[box(10.0, index=1)]))
    opened = Dialog(loop, "send_to_cvat")
    opened.accept_defaults()
    assert "sequence_field" not in properties(opened.fill(more=True))
