"""Frames that two jobs have: whatever is edited in either, and in FiftyOne, the order of the loads does not matter.

The worlds are in memory (see `sim_world.py`). Each story is played in all orders of the jobs, and at once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sim_memory import Thing
from sim_video import FRAMES_GT, VideoWorld, documents_of, without_ids
from sim_world import GT, SKY, Template, World, make_template
from sync_loop import Loop
from video_loop import VideoLoop, box

EXAMPLES = int(os.environ.get("ROUNDTRIP_EXAMPLES", "2000" if os.environ.get("ROUNDTRIP_ALL") else "8"))
SETTINGS = settings(
    phases=[Phase.explicit, Phase.generate],  # examples are not made smaller, as each takes long
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
Step = tuple[int, str, int, int, int]
"""A job, what is done, with which object, on which frame, and with which value."""

JOBS = (1, 2, 3)
NUMBERS = st.integers(0, 3)
ORDERS: list[tuple[tuple[int, ...], ...]] = [(JOBS,)]
ORDERS += [tuple((job,) for job in order) for order in itertools.permutations(JOBS)]
ORDERS += [((2, 3), (1,))]


def template_of(loop: Loop, samples: Sequence[Thing]) -> Template:
    record = records.find(loop.dataset, "run")
    return make_template(loop.box, record, RunStore(loop.dataset, record.run_id), samples)


@pytest.fixture
def images(loop: Loop) -> Template:
    """Four samples with two boxes each, and a sky; jobs of two images that share one."""

    def cat(x: float) -> fo.Detection:
        return fo.Detection(label="cat", bounding_box=[x, 0.2, 0.2, 0.2], code="0")

    for_each = [fo.Detections(detections=[cat(0.0), cat(0.5)]) for _ in range(4)]
    loop.fill(*for_each)
    loop.dataset.set_values("sky", [fo.Classification(label="sunny") for _ in range(4)])
    schema = {
        "gt": {"type": "detections", "classes": ["cat", "dog", "cow"], "attributes": {"code": {}}},
        "sky": {"type": "classification", "classes": ["sunny", "rainy", "grey"]},
    }
    loop.send(label_schema=schema, segment_size=2, overlap=1)
    return template_of(loop, list(loop.dataset._sample_collection.find()))


@pytest.fixture
def clip(loop: Loop, tmp_path: Path) -> Template:
    """A clip of twelve frames with two objects; jobs of six frames that share two."""
    video = VideoLoop(loop.dataset, loop.box, tmp_path)
    video.fill(12, lambda n: [box(10.0 + 5 * n, index=1, code="0"), box(200.0 - 5 * n, index=2, code="0")])
    schema = {"attributes": {"code": {"type": "text", "mutable": True}}}
    video.send(schema, segment_size=6, overlap=2)
    return template_of(loop, documents_of(loop, 12))


def orders_end_alike(make: Callable[[], World], policy: str, shown: Callable[[World], Any]) -> None:
    ends = []
    for order in ORDERS:
        world = make()
        for jobs in order:
            before, at = world.dump(), world.store.contents
            world.load(policy=policy, jobs=jobs)
            if len(order) == 1 and world.dump() != before:  # what is written twice by a load is undone, too
                again = world.dump()
                assert not world.undo()["edited_since"]
                assert world.dump() == before and at is not None
                world.load(policy=policy, jobs=jobs)
                assert world.dump() == again
        done = world.dump()
        report = world.load(policy=policy)
        assert report["jobs_read"] == 0 and world.dump() == done
        ends.append(shown(world))
    for order, end in zip(ORDERS, ends, strict=True):
        assert end == ends[0], order


# images


def edit_image(world: World, step: Step) -> None:
    job, what, number, frame, value = step
    things = [t for t in world.box.store.jobs[job].shapes.values() if t["frame"] == job - 1 + frame % 2]
    tags = [t for t in world.box.store.jobs[job].tags.values() if t["frame"] == job - 1 + frame % 2]
    labels = {item.name: item for item in world.box.store.task("1").labels.values()}
    if what == "sky":
        if tags:
            save(world, job, "update", {**tags[0], "label_id": labels[("sunny", "rainy", "grey")[value % 3]].id})
        return
    if what == "draw":
        spec = labels["cat"].attributes[0].id
        thing = {"type": "rectangle", "frame": job - 1 + frame % 2, "label_id": labels["cat"].id, "rotation": 0.0}
        texts = [{"spec_id": spec, "value": f"{job}{value}"}]
        save(world, job, "create", {**thing, "points": [5.0, 5.0, 9.0 + job, 9.0 + value], "attributes": texts})
    if not things or what == "draw":
        return
    thing = dict(things[number % len(things)])
    if what == "move":
        save(world, job, "update", {**thing, "points": [x + 3.0 * value + 3 for x in thing["points"]]})
    elif what == "class":
        label = labels[("cat", "dog", "cow")[value % 3]]
        texts = [{"spec_id": label.attributes[0].id, "value": item["value"]} for item in thing["attributes"]]
        save(world, job, "update", {**thing, "label_id": label.id, "attributes": texts})
    elif what == "set":
        save(world, job, "update", {**thing, "attributes": [{**thing["attributes"][0], "value": str(value)}]})
    elif what == "delete":
        save(world, job, "delete", thing)
    elif what == "undo":
        save(world, job, "delete", thing)
        save(world, job, "create", {key: item for key, item in thing.items() if key != "id"})


def save(world: World, job: int, action: str, thing: Thing) -> None:
    kinds = {"tags": [], "shapes": [], "tracks": []} | {"shapes" if "points" in thing else "tags": [thing]}
    world.call("PATCH", f"/api/jobs/{job}/annotations", params={"action": action}, json={"version": 0, **kinds})


def edit_here(world: World, place: Any, step: Step, frames: int) -> None:
    _, what, number, frame, value = step
    found = world.documents(place)
    sample = world.sample_ids[(step[0] - 1 + frame) % frames]
    keys = list(found.get(sample, {}))
    if not keys:
        return
    key = keys[number % len(keys)]
    if what == "move":
        world.edit(sample, key, place, bounding_box=[0.01 + 0.05 * value, 0.4, 0.1, 0.1])
    elif what == "class":
        names = ("cat", "dog", "cow") if place is GT else ("car", "van")
        world.edit(sample, key, place, label=names[value % len(names)])
    elif what == "set":
        world.edit(sample, key, place, code=str(value))
    elif what == "delete":
        world.delete(sample, key, place)


def steps(*whats: str) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.tuples(st.sampled_from(JOBS), st.sampled_from(whats), NUMBERS, NUMBERS, NUMBERS), max_size=5)


def labels_of(world: World) -> Any:
    """The labels by field and sample. What is new in both jobs has the id that the first job's object gave it."""
    sent = {str(item["_id"]) for sample in world.template.samples.values() for item in labels_in(sample)}
    found: dict[Any, Any] = {}
    for place in world.places:
        for sample, labels in world.documents(place).items():
            found[place.name, sample] = {key: item for key, item in sorted(labels.items()) if key in sent}
            drawn = [{**item, "_id": None, "index": None} for key, item in labels.items() if key not in sent]
            found[place.name, sample, "new"] = sorted((dict(sorted(item.items())) for item in drawn), key=repr)
    return found


def labels_in(document: Any) -> Iterator[Thing]:
    """All labels in a document."""
    if isinstance(document, (dict, list)):
        if isinstance(document, dict) and "_cls" in document and "_id" in document:
            yield document
        for item in document.values() if isinstance(document, dict) else document:
            yield from labels_in(item)


@pytest.mark.parametrize("policy", ["remote", "local", "ask"])
def test_images_of_two_jobs(images: Template, policy: str) -> None:
    here = steps("move", "class", "set", *([] if policy == "ask" else ["delete"]))

    @given(steps("move", "class", "set", "delete", "undo", "sky", "draw"), here)
    @SETTINGS
    def law(there: list[Step], mine: list[Step]) -> None:
        def make() -> World:
            world = World(images)
            world.places = (GT, SKY)  # type: ignore[assignment]
            for step in there:
                edit_image(world, step)
            for step in mine:
                edit_here(world, GT, step, 4)
            return world

        orders_end_alike(make, policy, labels_of)

    law()


# a video


def edit_clip(world: VideoWorld, step: Step) -> None:
    job, what, number, frame, value = step
    tracks = world.in_job(job)
    span = world.spans[job]
    at = span[(2 * frame) % len(span)]
    labels = {item.name: item for item in world.box.store.task("1").labels.values()}
    if what in ("draw", "shape"):
        draw_into_all(world, what == "draw", span[frame], labels["car"].id, 30.0 * number, value)
    if not tracks:
        return
    track = tracks[number % len(tracks)]
    pinned = with_keyframe(world, job, track, at)
    if what == "class":
        label = labels[("car", "van")[value % 2]]
        specs = {item["spec_id"] for shape in track["shapes"] for item in shape["attributes"]}
        if specs <= {spec.id for spec in labels["car"].attributes} or label.name == "car":
            swapped = [{**s, "attributes": respec(s["attributes"], label)} for s in track["shapes"]]
            world.save(job, "update", {**track, "label_id": label.id, "shapes": swapped})
    elif what == "delete":
        world.save(job, "delete", track)
    elif what == "undo":
        world.save(job, "delete", track)
        world.save(job, "create", *without_ids([track]))
    elif pinned is None:
        return
    elif what == "move":
        pinned["points"][0] -= 4.0 * value + 4
        put(world, job, track, pinned)
    elif what == "set":
        spec = next(item["spec_id"] for shape in track["shapes"] for item in shape["attributes"])
        pinned["attributes"] = [{"spec_id": spec, "value": str(value + 1)}]
        put(world, job, track, pinned)
    elif what == "hide":
        pinned["outside"] = True
        put(world, job, track, pinned)


def draw_into_all(world: VideoWorld, is_track: bool, frame: int, label: int, x: float, value: int) -> None:
    """Writes something into the whole task: CVAT cuts it at the borders of the jobs."""
    blank = {"type": "rectangle", "rotation": 0.0, "occluded": False, "outside": False, "z_order": 0, "attributes": []}
    shape = {**blank, "frame": frame, "points": [x, 150.0, x + 25.0, 180.0 + value]}
    end = min(frame + 5 + value, 11)
    last = {**shape, "frame": end, "points": [x + 10.0, 150.0, x + 35.0, 180.0 + value]}
    track = {"frame": frame, "label_id": label, "group": 0, "attributes": [], "shapes": [shape, last]}
    things: Thing = {"shapes": [], "tracks": [track]} if is_track else {"shapes": [{**shape, "label_id": label}]}
    body = {"version": 0, "tags": [], "tracks": [], **things}
    world.call("PATCH", "/api/tasks/1/annotations", params={"action": "create"}, json=body)


def respec(attributes: Sequence[Thing], label: Any) -> list[Thing]:
    return [{**item, "spec_id": label.attributes[0].id} for item in attributes]


def with_keyframe(world: VideoWorld, job: int, track: Thing, frame: int) -> Thing | None:
    """What a track is on a frame, as a keyframe; ``None`` where it is not."""
    shown = {shape.frame: shape for shape in world.shown(job) if shape.track == track["id"]}
    found = shown.get(frame)
    if found is None:
        return None
    before = max((s for s in track["shapes"] if s["frame"] <= frame), key=lambda s: int(s["frame"]))
    made = {**before, "frame": frame, "points": list(found.points), "rotation": found.rotation, "outside": False}
    if before["frame"] != frame:
        made |= {"id": None, "attributes": []}
    return {key: item for key, item in made.items() if key != "id" or item is not None}


def put(world: VideoWorld, job: int, track: Thing, keyframe: Thing) -> None:
    shapes = {shape["frame"]: shape for shape in track["shapes"]} | {keyframe["frame"]: keyframe}
    world.save(job, "update", {**track, "shapes": [shapes[frame] for frame in sorted(shapes)]})


@pytest.mark.parametrize("policy", ["remote", "local", "ask"])
def test_a_clip_of_jobs_with_overlap(clip: Template, policy: str) -> None:
    here = steps("move", "class", "set", *([] if policy == "ask" else ["delete"]))

    @given(steps("move", "move", "class", "set", "set", "hide", "delete", "undo", "draw", "draw", "shape"), here)
    @SETTINGS
    def law(there: list[Step], mine: list[Step]) -> None:
        def make() -> World:
            world = VideoWorld(clip)
            for step in there:
                edit_clip(world, step)
            for step in mine:
                edit_here(world, FRAMES_GT, (step[0], *step[1:3], 4 * step[0] + step[3], step[4]), 12)
            return world

        orders_end_alike(make, policy, labels_of)

    law()
