"""A dry run of videos says what the send then does: labels, reasons, jobs and keyframes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from sync_loop import Loop
from sync_videos import FIELD, Videos, box, video

ONE = fo.Instance()


@pytest.fixture
def videos(loop: Loop) -> Videos:
    """Two videos with all that can be said of their labels, and one without frames in FiftyOne."""
    found = Videos(loop)

    def labels(number: int) -> list[fo.Detection]:
        return [
            box(0.02 * number, index=1, label="car" if number < 8 else "van", speed=float(number % 3)),
            box(0.5, 0.1, index=2, instance=ONE, plate="B 1"),
            box(0.5, 0.6, label="" if number == 3 else "bus"),
            box(0.1, 0.1, index=4, mask=np.ones((3, 3), dtype=bool)),
            *([box(0.03 * number, index=1)] if number == 5 else []),
            *([box(1e200, index=5)] if number in (2, 3) else []),
        ]

    found.add(video(20, labels), video(12, labels), video(6))
    return found


CASES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "several jobs": {"segment_size": 7},
    "jobs that overlap": {"segment_size": 8, "overlap": 3, "keyframe_tolerance": 0},
    "some frames": {"frame_start": 2, "frame_stop": 15, "frame_step": 3},
    "some classes": {"label_schema": {FIELD: {"classes": ["car", "van"], "attributes": {"plate": {"type": "text"}}}}},
    "a project": {"project_name": "cars", "segment_size": 9},
}


@pytest.mark.parametrize("case", CASES)
def test_a_send_does_what_was_foreseen(videos: Videos, case: str) -> None:
    foreseen = videos.send(dry_run=True, **CASES[case])
    assert videos.loop.cvat.find("tasks") == []
    done = videos.send(**CASES[case])
    assert foreseen["labels"] == done["labels"] > 0
    by_field = {name: sum(classes.values()) for name, classes in foreseen["labels_by_field"].items()}
    assert {name: count for name, count in by_field.items() if count} == done["labels_by_field"]
    assert {item["what"]: item["count"] for item in foreseen["left_out"]} == {
        item["what"]: item["count"] for item in done["left_out"]
    }
    assert [task["jobs"] for task in foreseen["tasks"]] == [len(task["jobs"]) for task in done["tasks"]]
    notes = [note.replace("labels will be in CVAT", "labels are in CVAT") for note in foreseen["notes"]]
    assert set(done["notes"]) <= set(notes)
    assert f"{sum(task['frames'] for task in done['tasks'])} frames will be in CVAT." in notes
    total = sum(len(frame.gt.detections) for sample in videos.dataset for frame in sample.frames.values() if frame.gt)
    said = done["labels"] + sum(item["count"] for item in done["left_out"] if ": values of " not in item["what"])
    assert said == total


def test_a_video_that_is_too_short_is_named(videos: Videos) -> None:
    with pytest.raises(Exception, match="has 6 frames only, and the first one to send is frame 10, from 0"):
        videos.send(frame_start=10)
    foreseen = videos.send(frame_start=10, bad_files="leave_out", dry_run=True)
    done = videos.send(frame_start=10, bad_files="leave_out")
    assert foreseen["labels"] == done["labels"] > 0
    assert len(done["tasks"]) == 2


def test_frames_that_nobody_counted(videos: Videos, tmp_path: Path) -> None:
    """The jobs are guessed from the labels, and that is said."""
    videos.dataset.set_field("metadata", None).save("metadata")
    foreseen = videos.send(dry_run=True, segment_size=10)
    assert any(note.startswith("Videos whose frames nobody counted: 3.") for note in foreseen["notes"])
    assert [task["jobs"] for task in foreseen["tasks"]] == [2, 2, 1]
