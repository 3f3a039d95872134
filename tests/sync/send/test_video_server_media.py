"""Videos that the server sees by itself: nothing is uploaded, and nothing else differs."""

from __future__ import annotations

from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from sync_loop import Loop
from sync_videos import Videos, box, clip_file, video

SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "share": ("/data", {"media_source": "share", "media_map": {"/data": ""}}),
    "bucket": ("s3://one", {"media_source": "cloud_storage", "media_map": {"s3://one": 1}}),
}


@pytest.mark.parametrize("source", SOURCES)
def test_videos_are_not_uploaded(loop: Loop, tmp_path: Path, source: str) -> None:
    root, params = SOURCES[source]
    share = tmp_path / "share"
    for folder, frames in (("day", 6), ("night", 8)):
        (share / folder).mkdir(parents=True)
        copy(clip_file(frames), share / folder / "clip.mp4")
    loop.box.store.share = share
    loop.box.add_cloud_storage("one", share)
    videos = Videos(loop)
    videos.add(
        video(6, lambda n: [box(0.1, index=1)], path=Path("/nowhere/a.mp4")),
        video(8, lambda n: [box(0.1, index=1)], path=Path("/nowhere/b.mp4")),
        video(8, lambda n: [box(0.1, index=1)], path=Path("/nowhere/c.mp4")),
    )
    names = [f"{root}/{name}" for name in ("day/clip.mp4", "night/clip.mp4", "night/gone.mp4")]
    videos.dataset.set_values("place", names)
    since = loop.clock
    said = videos.send(media_field="place", bad_files="leave_out", **params)
    assert (said["samples"], said["labels"], [task["frames"] for task in said["tasks"]]) == (2, 14, [6, 8])
    assert [line for line in loop.requests(since) if "/data" in line and line.startswith(("PATCH", "HEAD"))] == []
    assert any(item["what"].startswith("videos: the file is not") for item in said["left_out"])


def test_an_image_among_videos_is_named(loop: Loop, tmp_path: Path, photos: Any) -> None:
    loop.box.store.share = tmp_path
    photos(1)
    videos = Videos(loop)
    videos.add(video(5, lambda n: [box(0.1)]))
    videos.dataset.set_values("place", ["/data/photo_000.jpg"])
    with pytest.raises(Exception, match="is no video for CVAT, by its name"):
        videos.send(media_source="share", media_map={"/data": ""}, media_field="place")
