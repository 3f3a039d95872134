"""Random objects over image sequences: unedited they keep every bit; an edited keyframe changes what it changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bson
import cv2
import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sync_annotator import Annotator
from sync_loop import operator

from sandbox import Sandbox

FRAMES = 12
SIZES = {"usual": (320, 240), "large": (640, 480), "tall": (120, 400)}
"""Width and height of images, in pixels."""
# Examples are not made smaller, as each takes a second.
EXAMPLES = int(os.environ.get("ROUNDTRIP_EXAMPLES", "6"))

Labels = list[list[fo.Detection]]


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(port=0, creation_delay=0.0) as box:
        yield box


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], str]:
    """An image of each size for each frame."""
    folder = tmp_path_factory.mktemp("sequence")
    for name, (width, height) in SIZES.items():
        for frame in range(FRAMES):
            cv2.imwrite(str(folder / f"{name}_{frame}.png"), np.full((height, width, 3), 9 * frame, np.uint8))
    return lambda name, frame: str(folder / f"{name}_{frame}.png")


@dataclass(frozen=True)
class Scene:
    """A sequence.

    Args:
        labels: of each image
        sizes: the name of the size of each
        segment_size: images in a job
        tolerance: pixels that CVAT may show coordinates off
    """

    labels: Labels
    sizes: list[str]
    segment_size: int | None
    tolerance: float


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Objects with gaps, bends, turns, changes of class and of attributes; some without identity."""
    labels: Labels = [[] for _ in range(FRAMES)]
    for number in range(draw(st.integers(1, 3))):
        single = draw(st.integers(0, 4)) == 0
        start, stop = sorted(draw(st.tuples(st.integers(0, FRAMES - 1), st.integers(0, FRAMES - 1))))
        gap, bend, change = (draw(st.integers(0, 2 * FRAMES)) for _ in range(3))
        speed, turn = draw(st.sampled_from([0.0, 0.004, 0.0137])), draw(st.sampled_from([0.0, 7.0]))
        for frame in range(start, stop + 1):
            if frame in (gap, gap + 1):
                continue
            x = 0.1 + 0.2 * number + speed * abs(frame - bend % FRAMES)
            more: dict[str, Any] = {} if single else {"index": number + 1, "rotation": turn * frame}
            name, code = "van" if frame >= bend else "car", "a" if frame < change else "b"
            box = fo.Detection(label=name, bounding_box=[x, 0.3, 0.1, 0.2], code=code, confidence=0.25, **more)
            labels[frame].append(box)
    if not any(labels):
        labels[0].append(fo.Detection(label="car", bounding_box=[0.1, 0.3, 0.1, 0.2], index=1))
    alike = draw(st.booleans())
    sizes = [draw(st.sampled_from(list(SIZES))) if not alike else "usual" for _ in range(FRAMES)]
    return Scene(labels, sizes, draw(st.sampled_from([None, 5])), draw(st.sampled_from([0.0, 0.5, 3.0])))


class World:
    """A sequence that is sent."""

    def __init__(self, dataset: fo.Dataset, server: Sandbox, scene: Scene, file: Callable[[str, int], str]) -> None:
        self.dataset = dataset
        self.cvat = Annotator(server)
        samples = [
            fo.Sample(file(scene.sizes[frame], frame), scene="a", at=frame, gt=fo.Detections(detections=own))
            for frame, own in enumerate(scene.labels)
        ]
        ids = list(dataset.add_samples(samples[::-1]))[::-1]
        self.ids = ids
        sent = operator("send_to_cvat")(
            dataset.group_by("scene", order_by="at"),
            anno_key="run",
            label_field="gt",
            segment_size=scene.segment_size,
            keyframe_tolerance=scene.tolerance,
        )
        self.jobs = self.cvat.jobs(sent["tasks"][0]["id"])

    def load(self) -> dict[str, Any]:
        return dict(operator("load_annotations")(self.dataset, "run", confirm=True))

    def documents(self) -> list[bytes]:
        """The samples in order, byte by byte."""
        found = {str(item["_id"]): bson.encode(item) for item in self.dataset._sample_collection.find()}
        return [found[sample_id] for sample_id in self.ids]

    def labels(self) -> list[Any]:
        return [bson.decode(item).get("gt") for item in self.documents()]

    def tracks(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """All tracks, each with its job."""
        read = [(self.cvat.call("GET", f"jobs/{job['id']}/annotations")["tracks"], job) for job in self.jobs]
        return [(track, job) for tracks, job in read for track in tracks]

    def move(self, track: dict[str, Any], job: dict[str, Any], number: int, by: float) -> list[int]:
        """Moves a keyframe; the frames on which the track is something else then: those up to its neighbours."""
        shapes = track["shapes"]
        span = range(job["start_frame"], job["stop_frame"] + 1)
        there = interpolate(model_of(track), span).frames
        shapes[number]["points"] = [
            value + (0 if place % 2 else by) for place, value in enumerate(shapes[number]["points"])
        ]
        body = {"version": 0, "tags": [], "shapes": [], "tracks": [track]}
        self.cvat.call("PATCH", f"jobs/{job['id']}/annotations", body, action="update")
        first = shapes[number - 1]["frame"] + 1 if number else span.start
        last = shapes[number + 1]["frame"] if number + 1 < len(shapes) else span.stop
        return [frame for frame in range(first, last) if frame in there]


def model_of(track: dict[str, Any]) -> Track:
    return Annotations.model_validate({"tracks": [track]}).tracks[0]


@given(scenes(), st.integers(0, 10), st.integers(0, 10), st.sampled_from([-9.0, 12.0]))
@settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_an_edited_keyframe_changes_exactly_the_images_up_to_its_neighbours(
    server: Sandbox,
    files: Callable[[str, int], str],
    monkeypatch: pytest.MonkeyPatch,
    scene: Scene,
    which: int,
    place: int,
    by: float,
) -> None:
    for name, value in (("URL", server.url), ("USERNAME", "admin"), ("PASSWORD", "admin")):
        monkeypatch.setenv(f"FIFTYONE_CVAT_{name}", value)
    dataset = fo.Dataset()
    try:
        world = World(dataset, server, scene, files)
        before, labels = world.documents(), world.labels()
        report = world.load()
        assert not any(report[what] for what in ("added", "changed", "deleted"))
        assert world.documents() == before
        if not (tracks := world.tracks()):
            return
        track, job = tracks[which % len(tracks)]
        numbers = [number for number, shape in enumerate(track["shapes"]) if not shape["outside"]]
        expected = world.move(track, job, numbers[place % len(numbers)], by)
        report = world.load()
        changed = [frame for frame, item in enumerate(world.documents()) if item != before[frame]]
        assert (changed, report["changed"]) == (expected, len(expected))
        assert not any(world.load()[what] for what in ("added", "changed", "deleted", "jobs_read"))
        undo(dataset, "run")
        assert world.labels() == labels
    finally:
        dataset.delete()
