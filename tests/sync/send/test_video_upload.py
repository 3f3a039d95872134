"""A large video goes in parts, and goes on where it was after its process was killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import bodies, tasks, tus
from sync_killing import Killed, mortal
from sync_loop import Loop
from sync_videos import Videos, box, video

FRAMES, SIZE = 24, (640, 480)
PART = 256 << 10
"""Bytes that go in one request."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of some megabytes: noise can't be compressed."""
    path = tmp_path_factory.mktemp("clip") / "noise.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, SIZE)
    noise = np.random.default_rng(7)
    for _ in range(FRAMES):
        writer.write(noise.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8))
    writer.release()
    return path


@pytest.fixture
def videos(loop: Loop, clip: Path, monkeypatch: pytest.MonkeyPatch) -> Videos:
    """A dataset with the large video, and requests that are smaller than it."""
    monkeypatch.setattr(tus, "CHUNK", PART)
    monkeypatch.setitem(tasks.Tasks.upload.__kwdefaults__, "group_bytes", PART)
    made = Videos(loop)
    sample = video(FRAMES, lambda n: [box(0.02 * n, index=1)], path=clip)
    sample.metadata.frame_width, sample.metadata.frame_height = SIZE
    made.add(sample)
    return made


class Reader:
    """Sees what is read of a file, and ends the process when so much of it is read.

    Args:
        ends: after so many bytes; ``None`` for never
    """

    def __init__(self, ends: int | None = None) -> None:
        self.ends, self.read, self.largest = ends, 0, 0
        self._pieces = bodies._pieces

    def pieces(self, *given: Any) -> Iterator[bytes]:
        """In place of the function that reads a part of a file."""
        for piece in self._pieces(*given):
            if self.ends is not None and self.read >= self.ends:
                raise Killed
            self.read += len(piece)
            self.largest = max(self.largest, len(piece))
            yield piece


def test_an_upload_goes_on_where_it_was_killed(videos: Videos, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = clip.stat().st_size
    assert size > 8 * PART
    first, second = Reader(ends=size // 2), Reader()
    monkeypatch.setattr(bodies, "PIECE", 64 << 10)
    monkeypatch.setattr(bodies, "_pieces", first.pieces)
    with mortal(), pytest.raises(Killed):
        videos.send()
    monkeypatch.setattr(bodies, "_pieces", second.pieces)
    said = videos.send(resume=True)
    assert (said["labels"], said["tasks"][0]["frames"]) == (FRAMES, FRAMES)
    assert len(videos.loop.cvat.find("tasks")) == 1
    assert set(videos.shown()) == set(range(FRAMES))
    (there,) = videos.loop.box.store.tasks.values()
    assert there.data is not None
    assert [file.data for file in there.data.files.values()] == [clip.read_bytes()]
    assert second.read <= size - size // 2 + 2 * PART
    assert max(first.largest, second.largest) <= 64 << 10
