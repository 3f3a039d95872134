"""The demo's clip: what moves in it is labelled where it is, and its loop holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.video import Video


def test_the_loop_of_the_clip(cvat_env: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fiftyone as fo

    from demo.clip import FRAMES, HEIGHT, WIDTH, build
    from demo.clip_loop import play_clip

    dataset = build("clip-of-a-test", tmp_path)
    try:
        assert capsys.readouterr().err == ""
        sample = dataset.first()
        assert Video(Path(sample.filepath).read_bytes()).sizes == [(WIDTH, HEIGHT)] * FRAMES
        labels = [label for frame in sample.frames.values() for label in frame.ground_truth.detections]
        assert {label.label for label in labels} == {"car", "truck", "bicycle", "person"}
        for label in labels:
            x, y, width, height = label.bounding_box
            assert 0 <= x < x + width <= 1 + 1e-9 and 0 <= y < y + height <= 1
        assert play_clip(dataset)
        said = capsys.readouterr().out
        assert "WRONG" not in said and "the same to the last bit" in said
    finally:
        fo.delete_dataset(dataset.name)
