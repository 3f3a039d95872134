"""A video whose labels are refreshed."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import pytest
from sync_loop import Loop
from video_loop import VideoLoop, box
from video_refreshes import FRAMES


@pytest.fixture
def video(loop: Loop, tmp_path: Path) -> VideoLoop:
    return VideoLoop(loop.dataset, loop.box, tmp_path)


@pytest.fixture
def sent(video: VideoLoop) -> VideoLoop:
    """Two objects, the second on the first ten frames, and a single box on frame 6; loaded once."""

    def labels(number: int) -> list[fo.Detection]:
        found = [box(10.0 + 5 * number, index=1, code="#1")]
        found += [box(200.0 - 3 * number, "van", index=2)] if number < 10 else []
        return [*found, box(130.0)] if number == 6 else found

    video.fill(FRAMES, labels)
    video.send({"attributes": {"code": {"type": "text", "mutable": True}}})
    video.load()
    return video
