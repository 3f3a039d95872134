"""Videos: really decoded, and what is made of them."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image
from sandbox_client import Api, clip

from sandbox import Sandbox
from sandbox.video import Video, VideoError


def left_edge(content: bytes) -> float:
    """Where the white square begins, in pixels."""
    with Image.open(io.BytesIO(content)) as image:
        bright = np.asarray(image.convert("L"))[16] > 160
    return float(np.flatnonzero(bright)[0])


def frame_of(api: Api, task: int, number: int) -> bytes:
    return api.send("GET", f"tasks/{task}/data?type=frame&number={number}&quality=original").content


def test_frames_in_any_order_are_the_right_ones() -> None:
    video = Video(clip(50))
    assert video.sizes == [(64, 48)] * 50
    for number in (0, 20, 19, 3, 3, 23, 0, 22):
        assert left_edge(video.picture(number)) == pytest.approx(2 * number, abs=1)


def test_a_part_of_a_video_is_a_video() -> None:
    part = Video(Video(clip(20)).clip([4, 8, 12]))
    assert len(part.sizes) == 3
    assert [left_edge(part.picture(number)) for number in range(3)] == pytest.approx([8, 16, 24], abs=2)


def test_start_stop_and_step_select_frames(api: Api) -> None:
    options = {"start_frame": "3", "stop_frame": "16", "frame_filter": "step=4"}
    task = api.make_task({"clip.mp4": clip(20)}, data=options)
    meta = api.get(f"tasks/{task}/data/meta")
    assert (meta["size"], meta["start_frame"], meta["stop_frame"]) == (4, 3, 15)
    for number, source in enumerate((3, 7, 11, 15)):
        assert left_edge(frame_of(api, task, number)) == pytest.approx(2 * source, abs=1)


def test_jobs_of_a_video_overlap_by_five_frames(api: Api) -> None:
    task = api.make_task({"clip.mp4": clip(20)}, segment_size=12)
    assert api.get(f"tasks/{task}")["overlap"] == 5
    spans = [(job["start_frame"], job["stop_frame"]) for job in api.get(f"jobs?task_id={task}&sort=id")["results"]]
    assert spans == [(0, 11), (7, 18), (14, 19)]
    none = api.make_task({"clip.mp4": clip(20)}, segment_size=12, overlap=0)
    spans = [(job["start_frame"], job["stop_frame"]) for job in api.get(f"jobs?task_id={none}&sort=id")["results"]]
    assert spans == [(0, 11), (12, 19)]


def test_a_frame_that_two_jobs_have_is_deleted_in_both(api: Api) -> None:
    one, two = api.jobs(api.make_task({"clip.mp4": clip(20)}, segment_size=12, overlap=4))
    api.json("PATCH", f"jobs/{one}/data/meta", {"deleted_frames": [9]})
    assert api.get(f"jobs/{two}/data/meta")["deleted_frames"] == [9]
    api.json("PATCH", f"jobs/{two}/data/meta", {"deleted_frames": []})
    assert api.get(f"jobs/{one}/data/meta")["deleted_frames"] == []


@pytest.mark.parametrize("content", [b"", b"no video", clip(5)[:200]], ids=["empty", "text", "cut"])
def test_what_is_no_video_fails(api: Api, content: bytes) -> None:
    task = api.make_task({"clip.mp4": content})
    request = api.get(f"requests/action=create&target=task&target_id={task}")
    assert request["status"] == "failed"
    assert "Invalid data found when processing input" in request["message"]


def test_without_opencv_only_videos_fail(api: Api, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    content = clip(5)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(VideoError, match="needs opencv"):
        Video(content)
    task = api.make_task({"clip.mp4": content})
    request = api.get(f"requests/action=create&target=task&target_id={task}")
    assert (request["status"], request["message"]) == ("failed", "the sandbox needs opencv-python to decode videos\n")
    assert api.get(f"tasks/{api.make_task(1)}")["size"] == 1
