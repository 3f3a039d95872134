"""Random stories of people who edit tracks in CVAT and labels of frames in FiftyOne, of loads, crashes and undos.

Each story is played in memory (see `sim_video.py`), with a clip of two jobs. As with images, every edit leaves a mark
that no other has, on one frame or on several, and after each load the marks must be where they belong.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from math import ceil
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Shape
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import apply
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import log
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import each_label
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sim_memory import Thing
from sim_play import play
from sim_story import NUMBERS, StoryOfLoads
from sim_video import VideoWorld, documents_of, without_ids
from sim_world import Template, World, make_template
from sync_loop import Loop
from video_loop import WIDTH, VideoLoop, box

STORIES = int(os.environ.get("ROUNDTRIP_STORIES", "4000" if os.environ.get("ROUNDTRIP_ALL") else "80"))
PARTS = 4
STEPS = 12
FRAMES = 12
FRAME = st.integers(0, FRAMES - 1)


def marks_at(x: float) -> str:
    """The mark of a place; what CVAT shows between two keyframes is never half a step."""
    return f"x{x * 1001.7:.0f}"


def marks_in(value: Any) -> Iterator[str]:
    """The marks in a label's document, its parts, or one of its parts."""
    if isinstance(value, dict):
        if isinstance(bounding := value.get("bounding_box"), list):
            yield marks_at(bounding[0] * WIDTH)
        yield from marks_in(value.get("code"))
    elif isinstance(value, str) and value.startswith("#"):
        yield value


class VideoStory(StoryOfLoads):
    """What people may do with a video."""

    frames: ClassVar[range] = range(FRAMES)
    world: VideoWorld

    def make_world(self) -> World:
        return VideoWorld(self.template)

    # marks

    def marks_of(self, values: Iterable[Any]) -> set[str]:
        return {mark for value in values for mark in marks_in(value)}

    def here(self) -> set[str]:
        return self.marks_of(item for labels in self.world.documents().values() for item in labels.values())

    def shown(self, frame: int) -> list[Shape]:
        """All that CVAT shows on a frame."""
        job = self.world.job_of(frame).id
        single = Annotations.model_validate({"shapes": self.world.in_job(job, "shapes")}).shapes
        return [shape for shape in (*self.world.shown(job), *single) if shape.frame == frame]

    def there(self, frame: int) -> set[str]:
        shown = self.shown(frame)
        texts = {value.value for shape in shown for value in shape.attributes if value.value.startswith("#")}
        return texts | {marks_at(shape.points[0]) for shape in shown}

    def count_objects(self) -> int:
        return sum(len(self.shown(frame)) for frame in self.frames)

    def check_the_sum(self, report: dict[str, Any]) -> None:
        """Tracks that are on no frame count as one object each, so that there may be more of them."""
        objects = report["objects"]
        assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
        if report["jobs_read"] == report["jobs"]:
            assert objects["found"] >= self.count_objects()

    def check_the_base(self, jobs: tuple[int, ...]) -> None:
        base = BaseStore(self.world.store)
        for job in jobs or self.world.spans:
            there = {track["id"] for track in self.world.in_job(job)}
            tracks = [item.track.id for item in base.tracks(job)]
            assert len(set(tracks)) == len(tracks) and set(tracks) == there, "a track is not in the base, or twice"
            labels = [
                (label.frame, label.label_id) for label in each_label((*(base.labels(job) or ()), *base.tracks(job)))
            ]
            assert len(set(labels)) == len(labels), "a label is on two objects"
            assert all(frame in self.world.spans[job] for frame, _ in labels)

    # people in CVAT

    def track(self, number: int) -> tuple[int, Thing] | None:
        tracks = [(job, track) for job in self.world.spans for track in self.world.in_job(job)]
        return tracks[number % len(tracks)] if tracks else None

    def change(self, number: int, frame: int, change: Callable[[Thing], None]) -> None:
        """Makes a keyframe of what a track is on a frame, as the editor does, and changes it."""
        if (found := self.track(number)) is None:
            return
        job, track = found
        span = self.world.spans[job]
        frame = span[frame % len(span)]
        shown = next((s for s in self.world.shown(job) if (s.track, s.frame) == (track["id"], frame)), None)
        if shown is None:
            return
        shapes = {shape["frame"]: shape for shape in track["shapes"]}
        if frame not in shapes:
            before = shapes[max(number for number in shapes if number < frame)]
            made = {key: item for key, item in before.items() if key != "id"}
            shapes[frame] = {**made, "frame": frame, "points": list(shown.points), "outside": False, "attributes": []}
        change(shapes[frame])
        self.world.save(job, "update", {**track, "shapes": [shapes[number] for number in sorted(shapes)]})

    @rule(number=NUMBERS, frame=FRAME)
    def move_there(self, number: int, frame: int) -> None:
        at = self.mark() / 4
        self.change(number, frame, lambda shape: shape.update(points=[at, 20.0, at + 40.0, 60.0]))

    @rule(number=NUMBERS, frame=FRAME)
    def set_there(self, number: int, frame: int) -> None:
        labels = {label.id: label for label in self.world.box.store.task("1").labels.values()}
        if found := self.track(number):
            spec = labels[found[1]["label_id"]].attributes[0].id
            texts = [{"spec_id": spec, "value": f"#{self.mark()}"}]
            self.change(number, frame, lambda shape: shape.update(attributes=texts))

    @rule(number=NUMBERS, frame=FRAME)
    def hide_there(self, number: int, frame: int) -> None:
        self.change(number, frame, lambda shape: shape.update(outside=True))

    @rule(number=NUMBERS, which=NUMBERS)
    def drop_a_keyframe(self, number: int, which: int) -> None:
        if (found := self.track(number)) and len(found[1]["shapes"]) > 1:
            job, track = found
            rest = [shape for place, shape in enumerate(track["shapes"]) if place != which % len(track["shapes"])]
            self.world.save(job, "update", {**track, "frame": rest[0]["frame"], "shapes": rest})

    @rule(number=NUMBERS)
    def delete_there(self, number: int) -> None:
        if found := self.track(number):
            self.world.save(found[0], "delete", found[1])

    @rule(number=NUMBERS)
    def delete_and_undo_there(self, number: int) -> None:
        if found := self.track(number):
            self.world.save(found[0], "delete", found[1])
            self.world.save(found[0], "create", *without_ids([found[1]]))

    @rule(number=NUMBERS, frame=FRAME)
    def split_there(self, number: int, frame: int) -> None:
        """The editor deletes the track and makes two."""
        if (found := self.track(number)) is None:
            return
        job, track = found
        before = [shape for shape in track["shapes"] if shape["frame"] < frame]
        shown = next((s for s in self.world.shown(job) if (s.track, s.frame) == (track["id"], frame)), None)
        if not before or shown is None:
            return
        cut = {**before[-1], "frame": frame, "points": list(shown.points)}
        after = [cut, *(shape for shape in track["shapes"] if shape["frame"] > frame)]
        self.world.save(job, "delete", track)
        parts = [{**track, "shapes": [*before, {**cut, "outside": True}]}, {**track, "frame": frame, "shapes": after}]
        self.world.save(job, "create", *without_ids(parts))

    @rule(number=NUMBERS, other=NUMBERS, frame=FRAME)
    def join_there(self, number: int, other: int, frame: int) -> None:
        """One track goes on as another from a frame on: the editor deletes both and makes one."""
        found, with_ = self.track(number), self.track(other)
        if found is None or with_ is None or found[0] != with_[0] or found[1]["id"] == with_[1]["id"]:
            return
        job, first, second = found[0], found[1], with_[1]
        before = [shape for shape in first["shapes"] if shape["frame"] < frame]
        after = [shape for shape in second["shapes"] if shape["frame"] >= frame]
        if before and after and first["label_id"] == second["label_id"]:
            self.world.save(job, "delete", first, second)
            self.world.save(job, "create", *without_ids([{**first, "shapes": [*before, *after]}]))

    @rule(frame=FRAME, tracked=st.booleans())
    def draw_there(self, frame: int, tracked: bool) -> None:
        at = self.mark() / 4
        label = min(self.world.box.store.task("1").labels)
        drawn = {"type": "rectangle", "frame": frame, "points": [at, 1.0, at + 9.0, 9.0], "rotation": 0.0}
        if tracked:
            shape = {**drawn, "occluded": False, "outside": False, "z_order": 0, "attributes": []}
            thing = {"frame": frame, "label_id": label, "attributes": [], "shapes": [shape]}
        else:
            thing = {**drawn, "label_id": label, "attributes": []}
        self.world.save(self.world.job_of(frame).id, "create", thing)

    @rule(frame=FRAME)
    def remove_or_restore_a_frame(self, frame: int) -> None:
        self.removed ^= {frame}
        self.world.remove_frames(self.removed)

    # people in FiftyOne

    def label(self, number: int, frame: int) -> tuple[str, str, Thing] | None:
        sample = self.world.sample_ids[frame]
        labels = list(self.world.documents().get(sample, {}).items())
        return (sample, *labels[number % len(labels)]) if labels else None

    @rule(number=NUMBERS, frame=FRAME)
    def move_here(self, number: int, frame: int) -> None:
        if found := self.label(number, frame):
            self.world.edit(*found[:2], bounding_box=[self.mark() / 4 / WIDTH, 0.5, 0.1, 0.1])

    @rule(number=NUMBERS, frame=FRAME)
    def set_here(self, number: int, frame: int) -> None:
        if found := self.label(number, frame):
            self.world.edit(*found[:2], code=f"#{self.mark()}")

    @rule(number=NUMBERS, frame=FRAME, name=st.sampled_from(["car", "van", "mine"]))
    def relabel_here(self, number: int, frame: int, name: str) -> None:
        if found := self.label(number, frame):
            self.world.edit(*found[:2], label=name)

    @rule(number=NUMBERS, frame=FRAME)
    def delete_here(self, number: int, frame: int) -> None:
        if found := self.label(number, frame):
            self.world.delete(*found[:2])

    @rule(frame=FRAME)
    def add_here(self, frame: int) -> None:
        place = [self.mark() / 4 / WIDTH, 0.1, 0.1, 0.1]
        self.world.add(self.world.sample_ids[frame], self.mark(), label="car", bounding_box=place, index=40)


@pytest.fixture
def template(loop: Loop, tmp_path: Path) -> Template:
    """A clip with two objects and single boxes, in two jobs, really sent; shown by CVAT as exactly as it was."""
    video = VideoLoop(loop.dataset, loop.box, tmp_path)

    def labels(number: int) -> list[Any]:
        found = [box(10.0 + 3 * number, index=1, code="#1")]
        found += [box(200.0 - 3 * abs(number - 5), "van", index=2, code="#2")] if number not in (3, 4) else []
        return [*found, box(130.0)] if number == 6 else found

    video.fill(FRAMES, labels)
    video.send({"attributes": {"code": {"type": "text", "mutable": True}}}, segment_size=8, keyframe_tolerance=0)
    record = records.find(loop.dataset, "run")
    store = RunStore(loop.dataset, record.run_id)
    return make_template(loop.box, record, store, documents_of(loop, FRAMES))


@pytest.mark.parametrize("part", range(PARTS))
def test_stories(template: Template, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(log, "PORTION", 2)
    monkeypatch.setattr(apply, "PORTION", 2)
    play(type("VideoStory", (VideoStory,), {"template": template}), part, count=ceil(STORIES / PARTS), steps=STEPS)


def test_a_load_that_is_killed_anywhere_leaves_labels_in_their_tracks(template: Template) -> None:
    """Also between the last job that it wrote and its end: that job does not change in CVAT any more."""
    story = type("VideoStory", (VideoStory,), {"template": template})()
    story.begin()
    story.draw_there(2, True)
    story.move_there(0, 5)
    begun, smooth = story.world.fork(), story.world.fork()
    smooth.load(policy="remote")
    for at in range(smooth.clock.writes + 1):
        story.world = begun.fork()
        story.kill(at, lambda: story.world.load(policy="remote"))
        story.world.load(policy="remote")
        assert story.world.dump() == smooth.dump()
        assert story.base(story.world) == story.base(smooth), f"killed after {at} writes"
