"""Random stories of people who edit tracks in CVAT and labels of frames in FiftyOne, of loads, crashes and undos.

Each story is played in memory (see `sim_tracks.py` and `sim_shapes.py`), with one video or several, clips, image
sequences, or frames as images. As with images, every edit leaves a mark that no other has, on one frame or on several,
and after each load the marks must be where they belong.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import apply, portions
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import log
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from sequence_loop import Scenes
from sim_memory import duplicate
from sim_play import play
from sim_shapes import ShapesStory
from sim_video import documents_of
from sim_world import Template, World, make_template
from sync_loop import Loop
from video_loop import FIELD, HEIGHT, WIDTH, VideoLoop, box

STORIES = int(os.environ.get("ROUNDTRIP_STORIES", "6000" if os.environ.get("ROUNDTRIP_ALL") else "60"))
STEPS = 12
FRAMES = 12
SCHEMA = {"type": "detections", "classes": ["car", "van"], "attributes": {"code": {"type": "text", "mutable": True}}}
Make = Callable[[Loop, Path], Template]


def labels(number: int) -> list[Any]:
    """Two objects, of which one is away for a while, and single boxes."""
    found = [box(10.0 + 3 * number, index=1, code="#1")]
    found += [box(200.0 - 3 * abs(number - 5), "van", index=2, code="#2")] if number not in (3, 4) else []
    return [*found, box(130.0)] if number == 6 else found


def template_of(loop: Loop, samples: Any) -> Template:
    """What was really sent; shown by CVAT as exactly as it was."""
    record = records.find(loop.dataset, "run")
    return make_template(loop.box, record, RunStore(loop.dataset, record.run_id), samples)


def one_video(loop: Loop, folder: Path, **params: Any) -> Template:
    """A clip in two jobs."""
    VideoLoop(loop.dataset, loop.box, folder).fill(FRAMES, labels)
    given = {"label_schema": {FIELD: SCHEMA}, "keyframe_tolerance": 0, "segment_size": 8, **params}
    loop.send_in_order(**given)
    return template_of(loop, documents_of(loop, FRAMES))


def overlapping_jobs(loop: Loop, folder: Path) -> Template:
    """Three jobs, each of which shares frames with the next."""
    return one_video(loop, folder, segment_size=6, overlap=2)


def every_second_frame(loop: Loop, folder: Path) -> Template:
    """From the third frame on, in jobs that share one."""
    return one_video(loop, folder, frame_start=2, frame_step=2, segment_size=3, overlap=1)


def two_videos(loop: Loop, folder: Path) -> Template:
    """The objects of both have the same indexes."""
    for name in ("one", "other"):
        own = folder / name
        own.mkdir()
        VideoLoop(loop.dataset, loop.box, own).fill(6, labels)
    loop.send_in_order(label_schema={FIELD: SCHEMA}, keyframe_tolerance=0, segment_size=4)
    return template_of(loop, documents_of(loop, 7))


def two_clips(loop: Loop, folder: Path) -> Template:
    """Clips of one video that share three frames; the first and the last frame are in none."""
    VideoLoop(loop.dataset, loop.box, folder).fill(FRAMES, labels)
    view = loop.dataset.to_clips([[(2, 7), (5, 11)]])
    loop.send_in_order(view=view, label_schema={FIELD: SCHEMA}, keyframe_tolerance=0)
    return template_of(loop, documents_of(loop, FRAMES))


def two_sequences(loop: Loop, folder: Path) -> Template:
    """Two groups of images."""
    scenes = Scenes(loop, folder)
    for scene in ("a", "b"):
        scenes.add(scene, 6, labels)
    scenes.send(label_schema={"gt": SCHEMA}, keyframe_tolerance=0, segment_size=4)
    return template_of(loop, list(loop.dataset._sample_collection.find().sort("filepath")))


def frames_as_images(loop: Loop, folder: Path) -> Template:
    """The frames of two videos, whose images are there; two of them have no labels."""
    for name in ("one", "other"):
        own = folder / name
        own.mkdir()
        VideoLoop(loop.dataset, loop.box, own).fill(6, labels)
    for sample in loop.dataset:
        for number in range(1, 7):
            path = Path(sample.filepath).with_name(f"{number:06d}.png")
            cv2.imwrite(str(path), np.zeros((HEIGHT, WIDTH), np.uint8))
            sample.frames[number] = sample.frames[number] if number in sample.frames else fo.Frame()
            sample.frames[number]["filepath"] = str(path)
        sample.save()
    view = loop.dataset.to_frames(sample_frames=False)
    loop.send_in_order(view=view, label_schema={FIELD: SCHEMA}, segment_size=5)
    return template_of(loop, documents_of(loop, 6))


WORLDS: dict[str, Make] = {
    make.__name__: make
    for make in (
        one_video,
        overlapping_jobs,
        every_second_frame,
        two_videos,
        two_clips,
        two_sequences,
        frames_as_images,
    )
}


@pytest.mark.parametrize("world", WORLDS)
def test_stories(loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: str) -> None:
    monkeypatch.setattr(log, "PORTION", 2)
    monkeypatch.setattr(apply, "PORTION", 2)
    monkeypatch.setattr(portions, "MOST_LABELS", 1 + list(WORLDS).index(world) % 3)
    story = type("VideoStory", (ShapesStory,), {"template": WORLDS[world](loop, tmp_path)})
    play(story, list(WORLDS).index(world), count=ceil(STORIES / len(WORLDS)), steps=STEPS)


STEPS_OF_PEOPLE: dict[str, dict[str, Any]] = {
    "move_there": {"number": 0, "frame": 2},
    "set_there": {"number": 0, "frame": 2},
    "hide_there": {"number": 0, "frame": 2},
    "drop_a_keyframe": {"number": 0, "which": 1},
    "delete_there": {"number": 0},
    "delete_and_undo_there": {"number": 0},
    "split_there": {"number": 0, "frame": 2},
    "relabel_there": {"number": 0, "name": "van"},
    "draw_there": {"frame": 2, "tracked": True},
    "remove_or_restore_a_frame": {"frame": 2},
    "move_a_shape_there": {"number": 0},
    "relabel_a_shape_there": {"number": 0, "name": "van"},
    "delete_a_shape_there": {"number": 0, "undone": False},
    "make_a_track_of_a_shape_there": {"number": 0, "frame": 6},
    "move_here": {"number": 0, "frame": 2},
    "set_here": {"number": 0, "frame": 2},
    "relabel_here": {"number": 0, "frame": 2, "name": "mine"},
    "delete_here": {"number": 0, "frame": 2},
    "add_here": {"frame": 2},
}


def test_each_step_of_a_story_is_one(loop: Loop, tmp_path: Path) -> None:
    """Steps that do nothing would prove nothing."""
    story = type("VideoStory", (ShapesStory,), {"template": one_video(loop, tmp_path)})()
    story.begin()

    def everything() -> Any:
        jobs = story.world.box.store.task("1").jobs.values()
        drawn = [(job.tracks, job.shapes, job.task.data.deleted_frames) for job in jobs]
        return duplicate((drawn, story.world.dump()))

    for name, params in STEPS_OF_PEOPLE.items():
        story.world = story.make_world()
        before = everything()
        getattr(story, name)(**params)
        assert everything() != before, name
    story.world = story.make_world()
    story.split_there(0, 2)
    before = everything()
    story.join_there(1, 2, 3)
    assert everything() != before


def objects(world: World) -> list[Any]:
    """The objects that the base of each job has, and the frames of their labels."""
    base = BaseStore(world.store)
    tracks = [track for job in world.box.store.task("1").jobs for track in base.tracks(job)]
    known = [(item.track.id, item.object_key, item.field, item.index) for item in tracks]
    return sorted((*facts, [label.frame for label in item.labels]) for facts, item in zip(known, tracks, strict=True))


def draw_two(story: ShapesStory) -> None:
    """The one with the first number comes later in the video, where less may be written so far."""
    story.draw_there(6, True)
    story.draw_there(2, True)
    story.move_there(0, 5)


def lose_ids(story: ShapesStory) -> None:
    """Tracks are edited, deleted in CVAT, and that is undone."""
    story.move_there(number=6, frame=38)
    story.draw_there(frame=13, tracked=True)
    for number in (11, 0):
        story.delete_and_undo_there(number)
    story.drop_a_keyframe(number=8, which=9)
    story.draw_there(frame=44, tracked=False)
    story.drop_a_keyframe(number=6, which=10)


def split_and_go_on(story: ShapesStory) -> None:
    """The parts are edited, too."""
    story.split_there(0, 4)
    story.move_there(0, 2)
    story.move_there(1, 6)
    story.move_there(2, 3)
    story.split_there(3, 10)


def move_and_split(story: ShapesStory) -> None:
    """Both parts are where the track was on one frame only."""
    story.move_there(0, 2)
    story.split_there(0, 1)


def split_and_join(story: ShapesStory) -> None:
    """The second part of a track is joined to another one."""
    story.split_there(0, 3)
    story.join_there(0, 1, 5)
    story.move_there(1, 6)
    story.draw_there(6, True)


def merge_shapes(story: ShapesStory) -> None:
    """Single shapes become a track, so that their labels get an index."""
    story.draw_there(2, tracked=False)
    story.make_a_track_of_a_shape_there(0, 6)
    story.move_there(4, 6)


EDITS = [draw_two, lose_ids, split_and_go_on, move_and_split, split_and_join, merge_shapes]


@pytest.mark.parametrize("edit", EDITS)
def test_a_load_that_was_undone_brings_the_same_again(
    loop: Loop, tmp_path: Path, edit: Callable[[ShapesStory], None]
) -> None:
    story = type("VideoStory", (ShapesStory,), {"template": one_video(loop, tmp_path)})()
    story.begin()
    edit(story)
    before = story.world.dump()
    story.world.load(policy="remote")
    after, base = story.world.dump(), story.base(story.world)
    assert after != before
    story.world.undo()
    assert story.world.dump() == before
    story.world.load(policy="remote")
    assert (story.world.dump(), story.base(story.world)) == (after, base)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize(
    ("world", "policy", "changes"), [("one_video", "remote", 2), ("every_second_frame", "ask", portions.MOST_LABELS)]
)
def test_a_load_that_is_killed_anywhere_ends_the_same(
    loop: Loop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[ShapesStory], None],
    world: str,
    policy: str,
    changes: int,
) -> None:
    """Also between the last job that it wrote and its end: that job does not change in CVAT any more."""
    monkeypatch.setattr(portions, "MOST_LABELS", changes)
    monkeypatch.setattr(log, "PORTION", 2)
    monkeypatch.setattr(apply, "PORTION", 2)
    story = type("VideoStory", (ShapesStory,), {"template": WORLDS[world](loop, tmp_path)})()
    story.begin()
    edit(story)
    begun, smooth = story.world.fork(), story.world.fork()
    smooth.load(policy=policy)
    for at in range(smooth.clock.writes + 1):
        story.world = begun.fork()
        story.kill(at, lambda: story.world.load(policy=policy))
        story.world.load(policy=policy)
        assert story.world.dump() == smooth.dump()
        assert story.base(story.world) == story.base(smooth), f"killed after {at} writes"
        assert objects(story.world) == objects(smooth), f"killed after {at} writes"


def test_a_conflict_about_an_index_waits_until_it_is_decided(loop: Loop, tmp_path: Path) -> None:
    """The smaller part of a track that was split is another object; here somebody numbered one of its labels."""
    story = type("VideoStory", (ShapesStory,), {"template": one_video(loop, tmp_path)})()
    story.begin()
    sample, label_id, _ = next(found for n in range(4) if (found := story.label(n, 1)) and found[2]["index"] == 1)
    story.world.edit(sample, label_id, index=9)
    story.split_there(0, 3)
    for jobs_read in (2, 0, 0):
        report = story.world.load(policy="ask")
        assert report["jobs_read"] == jobs_read
        assert [(item["label_id"], item["part"]) for item in report["conflicts"]] == [(label_id, "index")]
    assert story.world.load(policy="remote")["jobs_read"] == 0
    assert story.world.documents()[sample][label_id]["index"] == 10  # the next free one
