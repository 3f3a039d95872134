"""Tracks of two jobs that share frames: which are one object."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track, TrackedShape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import Identity
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.shared import OtherTrack, find_shared

FRAMES = range(5, 10)
CAR, VAN = 1, 2


def track(*lefts: tuple[int, float], label: int = CAR, until: int | None = None) -> Track:
    """A box of ten pixels with its left side at some frames, gone from a frame on."""
    shapes = [_keyframe(frame, x) for frame, x in lefts]
    shapes += [] if until is None else [_keyframe(until, lefts[-1][1], outside=True)]
    return Track(frame=lefts[0][0], label_id=label, shapes=tuple(shapes))


def _keyframe(frame: int, x: float, outside: bool = False) -> TrackedShape:
    return TrackedShape(frame=frame, type="rectangle", points=(x, 0.0, x + 10.0, 10.0), outside=outside)


TABLE: dict[str, tuple[list[Track], list[Track], dict[int, list[int]]]] = {
    # tracks of the job, of the other one, and which are the same
    "nothing": ([], [track((0, 0.0))], {}),
    "the parts of one track": ([track((5, 5.0), (12, 12.0))], [track((0, 0.0), (9, 9.0))], {0: [0]}),
    "moved a little": ([track((5, 2.0))], [track((0, 0.0))], {0: [0]}),
    "moved too far": ([track((5, 6.0))], [track((0, 0.0))], {}),
    "another class": ([track((5, 0.0), label=VAN)], [track((0, 0.0))], {}),
    "on other frames": ([track((8, 0.0))], [track((0, 0.0), until=7)], {}),
    "on half of the frames": ([track((8, 0.0))], [track((0, 0.0))], {}),
    "on three of five": ([track((7, 0.0))], [track((0, 0.0))], {0: [0]}),
    "gone before the shared frames": ([track((0, 0.0), until=5)], [track((0, 0.0), until=5)], {}),
    "each is one": ([track((5, 0.0)), track((5, 1.0))], [track((0, 1.0)), track((0, 0.0))], {0: [1], 1: [0]}),
    "one is enough": ([track((5, 0.0)), track((5, 0.0))], [track((0, 0.0))], {0: [0]}),
}


@pytest.mark.parametrize("case", TABLE)
def test_tracks_of_two_jobs(case: str) -> None:
    here, there, pairs = TABLE[case]
    others = [OtherTrack(2, item, Identity(number), FRAMES) for number, item in enumerate(there)]
    found = find_shared(here, others)
    assert {number: [other.identity.index for other in some] for number, some in found.items()} == pairs


def test_a_track_may_be_one_of_each_neighbor() -> None:
    long = track((0, 0.0))
    others = [OtherTrack(job, long, Identity(job), frames) for job, frames in ((1, range(0, 3)), (3, range(7, 9)))]
    assert [other.job_id for other in find_shared([long], others)[0]] == [1, 3]
