"""Random actions of an annotator on tracks, against a reference that interpolates both states."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Shape
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from video_loop import WIDTH, VideoLoop, box, without_ids

from sandbox import Sandbox

FRAMES = 24
OBJECTS = 3
# Examples are not made smaller, as each takes a second.
EXAMPLES = int(os.environ.get("ROUNDTRIP_EXAMPLES", "6"))
NEAR = 0.51
"""Pixels: the tolerance of the send, and what an editor loses."""

Thing = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(port=0, creation_delay=0.0) as box:
        yield box


@pytest.fixture
def make(server: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., VideoLoop]]:
    """Makes datasets with a clip that is sent."""
    monkeypatch.setenv("FIFTYONE_CVAT_URL", server.url)
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
    made: list[fo.Dataset] = []

    def make(labels: Callable[[int], list[Any]], **params: Any) -> VideoLoop:
        dataset = fo.Dataset()
        made.append(dataset)
        clip = VideoLoop(dataset, server, tmp_path)
        clip.fill(FRAMES, labels)
        said = clip.send({"attributes": {"code": {"type": "text"}}}, **params)
        clip.task = said["tasks"][0]["id"]
        return clip

    yield make
    for dataset in made:
        dataset.delete()


@st.composite
def scenes(draw: st.DrawFn) -> Callable[[int], list[Any]]:
    """Objects with gaps, bends, turns, changes of class and of attributes; some without identity."""
    made: dict[int, list[Any]] = {frame: [] for frame in range(FRAMES)}
    for number in range(draw(st.integers(1, OBJECTS))):
        single = draw(st.integers(0, 4)) == 0
        start, stop = sorted(draw(st.tuples(st.integers(0, FRAMES - 1), st.integers(0, FRAMES - 1))))
        gap = draw(st.integers(0, FRAMES))
        speed, bend = draw(st.sampled_from([0.0, 1.0, 3.3])), draw(st.integers(0, FRAMES))
        rotation = draw(st.sampled_from([0.0, 5.0])) if not single else 0.0
        vans = draw(st.integers(0, 3 * FRAMES))
        change = draw(st.integers(0, 2 * FRAMES))
        for frame in range(start, stop + 1):
            if frame in (gap, gap + 1):
                continue
            x = 10.0 + 90.0 * number + speed * abs(frame - bend)
            more: Thing = {} if single else {"index": number + 1}
            if rotation:
                more["rotation"] = rotation * frame
            label = "van" if frame >= vans else "car"
            made[frame].append(box(x, label, code="a" if frame < change else "b", confidence=0.25, **more))
    if not any(made.values()):
        made[0].append(box(10.0, index=1))
    return lambda frame: [label.copy() for label in made[frame]]


def mutate(clip: VideoLoop, track: Thing, job: int, frame: int, change: Callable[[Thing], None]) -> None:
    """Makes a keyframe as the web editor does, from what it shows, and changes it."""
    model = Annotations.model_validate({"tracks": [track]}).tracks[0]
    shown = interpolate(model, range(FRAMES)).frames.get(frame)
    shapes = {shape["frame"]: shape for shape in track["shapes"]}
    if shown is None:
        return
    if frame not in shapes:
        shapes[frame] = {**copy.deepcopy(shapes[shown.keyframe.frame]), "frame": frame, "attributes": []}
        shapes[frame].pop("id", None)
        shapes[frame] |= {"points": list(shown.points), "rotation": shown.rotation, "outside": False}
    change(shapes[frame])
    clip.write("update", {**track, "shapes": [shapes[number] for number in sorted(shapes)]}, job=job)


def moved(by: float) -> Callable[[Thing], None]:
    return lambda shape: shape.update(points=[shape["points"][0] + by, *shape["points"][1:]])


def act(clip: VideoLoop, job: int, action: tuple[Any, ...]) -> None:
    """One action of an annotator."""
    what, number, frame, by = action
    tracks = clip.tracks(job)
    if what == "draw":
        keyframe = {"type": "rectangle", "points": [5.0, 150.0, 45.0 + by + len(tracks), 200.0], "frame": frame}
        shapes = [{**keyframe, "occluded": False, "outside": False, "z_order": 0, "rotation": 0.0, "attributes": []}]
        label = clip.cvat.labels(clip.task)["van"]["id"]
        clip.write("create", {"frame": frame, "label_id": label, "attributes": [], "shapes": shapes}, job=job)
        return
    if not tracks:
        return
    track = tracks[number % len(tracks)]
    if what == "move":
        mutate(clip, track, job, frame, moved(by))
    elif what == "hide":
        mutate(clip, track, job, frame, lambda shape: shape.update(outside=True))
    elif what == "unpin" and len(track["shapes"]) > 1:
        rest = [shape for place, shape in enumerate(track["shapes"]) if place != frame % len(track["shapes"])]
        clip.write("update", {**track, "shapes": rest, "frame": rest[0]["frame"]}, job=job)
    elif what == "undo":
        clip.write("delete", track, job=job)
        clip.write("create", without_ids(track), job=job)
    elif what == "delete":
        clip.write("delete", track, job=job)


def shown(clip: VideoLoop, job: int) -> dict[int, list[tuple[Any, ...]]]:
    """The left and right sides of all that CVAT shows on each frame, then its rotation, class and attributes."""
    there = Annotations.model_validate(clip.cvat.call("GET", f"jobs/{job}/annotations"))
    found: dict[int, list[tuple[Any, ...]]] = {frame: [] for frame in range(FRAMES)}
    on_tracks = [shape for track in there.tracks for shape in _shapes(track)]
    for shape in (*on_tracks, *there.shapes):
        texts = sorted((value.spec_id, value.value) for value in shape.attributes)
        found[shape.frame].append((shape.points[0], shape.points[2], shape.rotation, shape.label_id, texts))
    return {frame: sorted(items) for frame, items in found.items()}


def _shapes(track: Track) -> Iterator[Shape]:
    found = interpolate(track, range(FRAMES))
    yield from (shape for frame in found.frames if (shape := found.shape(frame)))


def sides(items: list[tuple[Any, ...]]) -> list[tuple[float, ...]]:
    return sorted((min(item[:2]), max(item[:2])) for item in items)  # a side may have been moved over the other one


def here(clip: VideoLoop) -> dict[int, list[tuple[float, ...]]]:
    """The sides of the boxes of the dataset."""
    found = {}
    for frame in range(FRAMES):
        items = []
        for label in clip.labels(frame):
            x, _, width, _ = label["bounding_box"]
            items.append((x * WIDTH, (x + width) * WIDTH))
        found[frame] = sorted(items)
    return found


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["move", "move", "hide", "unpin", "draw", "undo", "delete"]),
        st.integers(0, 5),
        st.integers(0, FRAMES - 1),
        st.sampled_from([-20.0, 3.0, 40.0]),
    ),
    min_size=1,
    max_size=4,
)

SETTINGS = settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(scenes(), ACTIONS, st.sampled_from([0.0, 0.5]))
@SETTINGS
def test_what_cvat_shows_is_loaded_and_nothing_else(
    make: Callable[..., VideoLoop],
    scene: Callable[[int], list[Any]],
    actions: list[tuple[Any, ...]],
    tolerance: float,
) -> None:
    clip = make(scene, keyframe_tolerance=tolerance)
    (job,) = [item["id"] for item in clip.cvat.jobs(clip.task)]
    before, then = clip.documents(), shown(clip, job)
    for action in actions:
        act(clip, job, action)
    report = clip.load()
    now, have = shown(clip, job), here(clip)
    for frame in range(FRAMES):
        assert len(have[frame]) == len(now[frame]), f"frame {frame}"
        if now[frame]:
            assert np.abs(np.array(have[frame]) - np.array(sides(now[frame]))).max() <= NEAR, f"frame {frame}"
    same = [frame for frame in range(FRAMES) if now[frame] == then[frame]]
    merged_or_split = report["added"] and report["deleted"]
    if not merged_or_split:
        assert not set(clip.changed_frames(before)) & set(same)
    objects = report["objects"]
    assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
    after = clip.documents()
    again = clip.load(confirm=False)
    assert again["jobs_read"] == 0 and clip.documents() == after
    if after != before:
        undo(clip.dataset, "run")
        assert clip.changed_frames(before) == [] and clip.documents().keys() == before.keys()
        clip.load()
        assert clip.changed_frames(after) == []


@given(scenes(), st.sampled_from([0.0, 0.5, 2.0]), st.booleans())
@settings(parent=SETTINGS, max_examples=EXAMPLES // 2)
def test_unedited_is_bit_identical(
    make: Callable[..., VideoLoop], scene: Callable[[int], list[Any]], tolerance: float, recreated: bool
) -> None:
    clip = make(scene, keyframe_tolerance=tolerance, segment_size=9, overlap=2)
    before = clip.documents()
    for job in (item["id"] for item in clip.cvat.jobs(clip.task)):
        tracks = clip.tracks(job)
        if not tracks:
            continue
        if recreated:
            clip.write("delete", *tracks, job=job)
            clip.write("create", *(json.loads(json.dumps(without_ids(track))) for track in tracks), job=job)
        else:
            clip.write("update", *tracks, job=job)
    report = clip.load(confirm=False)
    assert clip.documents() == before
    assert (report["added"], report["changed"], report["deleted"], report["objects"]["left"]) == (0, 0, 0, 0)
