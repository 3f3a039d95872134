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
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sim_memory import Thing
from sim_video import FRAMES_GT, VideoWorld, documents_of, without_ids
from sim_world import GT, SKY, Template, World, make_template
from sync_loop import Loop, operator
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


@pytest.mark.parametrize("order", [(), (1, 2), (2, 1)], ids=str)
def test_what_is_written_into_a_whole_task_is_one_label(loop: Loop, order: tuple[int, ...]) -> None:
    """CVAT puts it into each job of its frame, as when a model annotates a task; it stays one label in both."""
    loop.fill(*(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0, 0, 0.1, 0.1])]) for _ in range(3)))
    loop.send(segment_size=2, overlap=1)
    label = loop.cvat.labels()["cat"]["id"]
    blank = {"type": "rectangle", "label_id": label, "occluded": False, "z_order": 0, "rotation": 0.0, "attributes": []}
    shapes = [{**blank, "frame": frame, "points": [50.0, 50.0, 90.0 + frame, 90.0]} for frame in range(3)]
    loop.cvat.call("PATCH", "tasks/1/annotations", {"version": 0, "shapes": shapes}, action="create")
    copies = loop.cvat.objects(frame=1)
    assert len(copies) == 4  # two of each
    reports = [loop.load(jobs=[job]) for job in order] or [loop.load()]
    assert sum(report["added"] for report in reports) == 3 and [len(own) for own in loop.labels()] == [2, 2, 2]
    for report in reports:
        objects = report["objects"]
        assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
    loop.cvat.write("update", {**copies[-1], "points": [60.0, 50.0, 100.0, 90.0]}, job=2)
    assert loop.load()["changed"] == 1 and loop.labels()[1][1].bounding_box[0] == 60 / 320
    loop.cvat.write("delete", copies[2], job=1)
    assert loop.load()["deleted"] == 1 and [len(own) for own in loop.labels()] == [2, 1, 2]
    assert loop.load()["jobs_read"] == 0


def test_a_copy_beside_has_each_label_once_and_none_that_one_job_deleted(loop: Loop) -> None:
    loop.fill(
        *(
            fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[x, 0, 0.1, 0.1]) for x in (0.1, 0.5)])
            for _ in range(3)
        )
    )
    loop.send(segment_size=2, overlap=1)
    first = loop.cvat.call("GET", "jobs/1/annotations")["shapes"]
    (gone,) = (shape for shape in first if shape["frame"] == 1 and shape["points"][0] == 32.0)
    loop.cvat.write("delete", gone, job=1)
    assert loop.load()["deleted"] == 1
    report = loop.load(dest_field="fixed")
    assert report["fields"]["fixed"]["copied"] == 5 and [len(own) for own in loop.labels("fixed")] == [2, 1, 2]
    again = next(shape for shape in loop.cvat.objects(frame=1) if shape["points"][0] == 32.0)
    loop.cvat.write("update", {**again, "points": [40.0, 0.0, 80.0, 24.0]}, job=2)
    for into in (None, "fixed"):
        report = loop.load(dest_field=into)
        assert [report[what] for what in ("added", "changed", "deleted")] == [0, 0, 0]
    assert [len(own) for own in loop.labels("fixed")] == [2, 1, 2]


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


def test_what_is_decided_counts_no_label_twice(loop: Loop, tmp_path: Path) -> None:
    video = VideoLoop(loop.dataset, loop.box, tmp_path)
    video.fill(12, lambda n: [box(10.0 + 5 * n, index=1)])
    video.send(segment_size=8, overlap=4, keyframe_tolerance=0)
    video.keyframe(video.tracks(2)[0], 6, job=2, points=[150.0, 60.0, 190.0, 120.0])
    frame = loop.dataset.first().frames[7]
    frame.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    frame.save()
    assert len(loop.load(policy="ask")["conflicts"]) == 1
    assert resolve(loop.dataset, "run", [{"take": "remote"}])["changed"] == 1
    assert loop.load()["unchanged"] == 12


def test_what_is_decided_counts_as_a_change_of_its_job(loop: Loop) -> None:
    """The other job knows of it: what it changes later is no conflict with FiftyOne, and what is gone stays gone."""
    loop.fill(
        *(
            fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[x, 0, 0.1, 0.1]) for x in (0.1, 0.5)])
            for _ in range(3)
        )
    )
    schema = {"gt": {"type": "detections", "classes": ["cat", "dog", "cow"], "attributes": {}}}
    loop.send(label_schema=schema, segment_size=2, overlap=1)
    one, other = (
        [shape for shape in loop.cvat.call("GET", f"jobs/{job}/annotations")["shapes"] if shape["frame"] == 1]
        for job in (1, 2)
    )
    sample = list(loop.dataset)[1]
    for label in sample.gt.detections:
        label.label = "mine"
    sample.save()
    labels = loop.cvat.labels()
    loop.cvat.write("update", {**other[0], "label_id": labels["dog"]["id"]}, job=2)
    loop.cvat.write("delete", other[1], job=2)
    assert len(loop.load(policy="ask")["conflicts"]) == 2
    assert resolve(loop.dataset, "run", [{"take": "remote"}])["open"] == 0
    assert [label.label for label in loop.labels()[1]] == ["dog"]
    loop.cvat.write("update", {**one[0], "label_id": labels["cow"]["id"]}, job=1)
    loop.cvat.write("update", {**one[1], "points": [1.0, 1.0, 9.0, 9.0]}, job=1)
    report = loop.load(policy="local")
    assert [label.label for label in loop.labels()[1]] == ["cow"]
    assert [conflict["outcome"] for conflict in report["conflicts"]] == ["local", "remote"]
    assert [conflict["of_jobs"] for conflict in report["conflicts"]] == [True, True]
    assert "changed differently in two jobs that have their frame" in str(report)


def test_a_part_that_two_jobs_and_fiftyone_changed_is_one_conflict(loop: Loop) -> None:
    """With all that counts: what it was, what FiftyOne had, and what the earlier job made of it."""
    loop.fill(*(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1] * 4)]) for _ in range(3)))
    schema = {"gt": {"type": "detections", "classes": ["cat", "dog", "cow"], "attributes": {}}}
    loop.send(label_schema=schema, segment_size=2, overlap=1)
    label = list(loop.dataset)[1].gt.detections[0]
    loop.dataset.select_labels(ids=[label.id]).set_field("gt.detections.label", "mine").save()
    for job, name in ((1, "cow"), (2, "dog")):
        (shape,) = (s for s in loop.cvat.call("GET", f"jobs/{job}/annotations")["shapes"] if s["frame"] == 1)
        loop.cvat.write("update", {**shape, "label_id": loop.cvat.labels()[name]["id"]}, job=job)
    report = loop.load()
    (conflict,) = report["conflicts"]
    told = {name: conflict.get(name) for name in ("base", "local", "remote", "outcome", "of_jobs")}
    assert told == {"base": "cat", "local": "mine", "remote": "cow", "outcome": "remote", "of_jobs": None}
    assert [item.label for item in loop.labels()[1]] == ["cow"]
    assert "changed differently in two jobs that have their frame" in str(report)
    assert operator("load_history")(loop.dataset, "run")[0]["conflicts"] == 1
