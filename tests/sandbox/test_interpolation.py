"""Between keyframes the sandbox has what the recorded server had."""

from __future__ import annotations

from typing import Any

import pytest
from wire_interpolation import load

from sandbox.annotations.interpolation import interpolate
from sandbox.responses import Refusal

Json = dict[str, Any]

TRACKS = {track["name"]: track for track in load()}
# The server matches points of contours by their place along the contour; here they move one by one.
CONTOURS = ("polygon", "polyline")


def parts(track: Json) -> list[tuple[Json, list[Json]]]:
    """What has keyframes of its own, with its recorded frames: the track, or the elements of a skeleton."""
    stored, frames = track["stored"], track["frames"]
    if not stored["elements"]:
        return [(stored, frames)]
    return [
        (element, [part for frame in frames for part in frame["elements"] if part["label_id"] == element["label_id"]])
        for element in stored["elements"]
    ]


def between(stored: Json, frame: int) -> Json | None:
    """What the sandbox makes of a stored track on a frame, None where it is not."""
    ordered = sorted(stored["shapes"], key=lambda keyframe: keyframe["frame"])
    before = [keyframe for keyframe in ordered if keyframe["frame"] <= frame]
    after = [keyframe for keyframe in ordered if keyframe["frame"] > frame]
    if not before or before[-1]["outside"]:
        return None
    return interpolate(before[-1], (after or before[-1:])[0], frame)


@pytest.mark.parametrize("name", [name for name in TRACKS if not name.startswith((*CONTOURS, "mask"))])
def test_between_keyframes(name: str) -> None:
    checked = 0
    for stored, frames in parts(TRACKS[name]):
        for recorded in frames:
            found = between(stored, recorded["frame"])
            if found is None:
                assert recorded["outside"]
                continue
            assert found["points"] == pytest.approx(recorded["points"], abs=1e-6)
            assert found["rotation"] == pytest.approx(recorded["rotation"], abs=1e-6)
            assert (found["occluded"], found["z_order"]) == (recorded["occluded"], recorded["z_order"])
            checked += 1
    assert checked


def test_masks_cannot_be_interpolated() -> None:
    mask = {"type": "mask", "frame": 0, "points": [0, 1, 0, 0, 0, 0], "rotation": 0, "outside": False, "attributes": []}
    with pytest.raises(Refusal):
        interpolate(mask, {**mask, "frame": 2}, 1)
