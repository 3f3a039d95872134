"""The dialog "Send to CVAT" for videos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import media_form
from operators_app import Dialog, invalid, properties
from sync_loop import Loop
from sync_videos import Videos, box, video


@pytest.fixture
def opened(loop: Loop) -> Dialog:
    """The form on a video with an object, a value on each frame and one of the whole."""
    videos = Videos(loop)
    sample = video(10, lambda n: [box(0.02 * n, index=1)])
    sample["scene"] = fo.Classification(label="street")
    sample["boxes"] = fo.Detections(detections=[box(0.1)])
    for number in range(1, 11):
        sample.frames[number]["weather"] = "sunny"
    videos.add(sample)
    return Dialog(loop, "send_to_cvat")


def labels(form: Any) -> str:
    return " ".join(item["view"].get("label") or "" for item in properties(form).values())


def test_two_clicks(opened: Dialog) -> None:
    """Fields of frames are offered, and of the whole video what can be a tag."""
    form = opened.accept_defaults()
    assert invalid(form) == {}
    offered = [choice["value"] for choice in properties(form)["label_field"]["view"]["choices"]]
    assert offered == ["frames.gt", "scene", "frames.weather"]
    shown = opened.run()
    assert shown.notice == ("success", "Sent 1 sample with 10 labels to CVAT, in 1 task.")
    assert "10 frames, 1 job" in shown.output
    assert "10 labels are in CVAT as tracks, with 2 keyframes." in shown.output


def test_options_are_those_of_videos(opened: Dialog) -> None:
    opened.accept_defaults()
    form = opened.fill(more=True)
    assert {"frame_start", "frame_stop", "frame_step", "overlap", "keyframe_tolerance"} <= properties(form).keys()
    assert "task_size" not in properties(form)
    assert "image" not in labels(form).lower().replace("image quality", "")
    opened.fill(frame_step=2, segment_size=4, overlap=1)
    assert opened.run().notice == ("success", "Sent 1 sample with 5 labels to CVAT, in 1 task.")


def test_labels_of_many_frames_are_not_drawn_by_a_form(opened: Dialog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_form, "MOST_FRAMES", 5)
    opened.accept_defaults()
    form = opened.fill(show_dry_run=True)
    assert "preview_text" not in properties(form)
    assert "press Show" in properties(form)["later"]["view"]["label"]
    assert "This would send 1 video" in opened.run().output


def test_what_would_be_sent(opened: Dialog) -> None:
    opened.accept_defaults()
    form = opened.fill(show_dry_run=True)
    text = properties(form)["preview_text"]["default"]
    assert text.startswith("**This would send 1 video")
    assert "| Task | Videos |" in text


def test_selected_clips(loop: Loop) -> None:
    """Fields are those of the videos; clips say their frames themselves."""
    videos = Videos(loop)
    sample = video(10, lambda n: [box(0.02 * n, index=1)])
    sample["events"] = fo.TemporalDetections(
        detections=[fo.TemporalDetection(label="jump", support=[first, first + 2]) for first in (2, 7)]
    )
    sample["scene"] = fo.Classification(label="street")
    videos.add(sample)
    view = loop.dataset.to_clips("events")
    opened = Dialog(loop, "send_to_cvat", view=view, selected=view.values("id")[1:])
    form = opened.accept_defaults()
    assert invalid(form) == {}
    targets = [choice["label"] for choice in properties(form)["target"]["view"]["choices"]]
    assert targets[:2] == ["The 1 clip selected", "The current view: 2 clips"]
    offered = properties(form)["label_field"]["view"]["choices"]
    assert [choice["value"] for choice in offered] == ["frames.gt", "events", "scene"]
    assert "frames.gt: 3 labels, detections" in str(properties(opened.fill(more=True))["schema"])
    form = opened.fill(show_dry_run=True)
    assert "frame_step" in properties(form) and "frame_start" not in properties(form)
    assert "**This would send 1 clip" in properties(form)["preview_text"]["default"]
    opened.fill(show_dry_run=False)
    assert opened.run().notice == ("success", "Sent 1 sample with 3 labels to CVAT, in 1 task.")
    assert loop.cvat.call("GET", "tasks/1/data/meta")["start_frame"] == 6


def test_selected_frames(loop: Loop, photos: Callable[..., list[Path]]) -> None:
    """Of a frames view, the fields of frames are offered."""
    videos = Videos(loop)
    sample = video(3, lambda n: [box(0.02 * n, index=1)])
    for number, path in enumerate(photos(3), 1):
        sample.frames[number]["filepath"] = str(path)
    sample["scene"] = fo.Classification(label="street")
    videos.add(sample)
    view = loop.dataset.to_frames()
    opened = Dialog(loop, "send_to_cvat", view=view, selected=view.values("id")[:2])
    form = opened.accept_defaults()
    assert invalid(form) == {}
    assert properties(form)["target"]["view"]["choices"][1]["label"] == "The current view: 3 frames"
    assert [choice["value"] for choice in properties(form)["label_field"]["view"]["choices"]] == ["frames.gt"]
    assert "frames.gt: 2 labels, detections" in str(properties(opened.fill(more=True))["schema"])
    assert opened.run().notice == ("success", "Sent 2 samples with 2 labels to CVAT, in 1 task.")
