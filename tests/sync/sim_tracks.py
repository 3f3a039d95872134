"""What people may do with tracks of videos or sequences in CVAT, and with labels of their frames in FiftyOne."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import sqrt
from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Shape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.compare import content_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.outcome import JOBS_DIFFER
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.track_diff import TWIN_TRACK
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import each_label
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sim_memory import Thing
from sim_story import COUNTS, NUMBERS, POLICIES, StoryOfLoads
from sim_video import Spot, VideoWorld, without_ids
from sim_world import World
from video_loop import WIDTH

FRAME = st.integers(0, 47)
"""A frame of all of them; the numbers begin again after the last one."""


def marks_at(x: float) -> str:
    """The mark of a place; what CVAT shows between two keyframes is never half a step, as that would be no fraction."""
    return f"x{x * 1000 * sqrt(2):.0f}"


def marks_in(value: Any) -> Iterator[str]:
    """The marks in a label's document, its parts, or one of its parts."""
    if isinstance(value, dict):
        if isinstance(bounding := value.get("bounding_box"), list):
            yield marks_at(bounding[0] * WIDTH)
        yield from marks_in(value.get("code"))
    elif isinstance(value, str) and value.startswith("#"):
        yield value


class TracksStory(StoryOfLoads):
    """What people may do with videos and sequences. A frame of a story is a frame of a job: see ``World.spots``."""

    world: VideoWorld

    def make_world(self) -> World:
        world = VideoWorld(self.template)
        self.frames = range(len(world.spots))
        self.gone: set[tuple[int, int]] = set()
        self.moved = False  # into a project, since all jobs were loaded: so those that are loaded are read again
        return world

    def spot(self, frame: int) -> Spot:
        """A frame of a job."""
        return self.world.spots[frame % len(self.world.spots)]

    # marks

    def marks_of(self, values: Iterable[Any]) -> set[str]:
        return {mark for value in values for mark in marks_in(value)}

    def here(self) -> set[str]:
        return self.marks_of(item for labels in self.world.documents().values() for item in labels.values())

    def shown(self, frame: int) -> list[Shape]:
        """All that CVAT shows on a frame."""
        spot = self.spot(frame)
        single = Annotations.model_validate({"shapes": self.world.in_job(spot.job, "shapes")}).shapes
        return [shape for shape in (*self.world.shown(spot.job), *single) if shape.frame == spot.frame]

    def there(self, frame: int) -> set[str]:
        shown = self.shown(frame)
        texts = {value.value for shape in shown for value in shape.attributes if value.value.startswith("#")}
        return texts | {marks_at(shape.points[0]) for shape in shown}

    def loaded(self, jobs: tuple[int, ...]) -> list[int]:
        spots = enumerate(self.world.spots)
        return [n for n, spot in spots if (not jobs or spot.job in jobs) and (spot.task, spot.frame) not in self.gone]

    def check_nothing_is_lost(self, before: set[str], there: dict[int, set[str]], report: dict[str, Any]) -> None:
        """Where two jobs changed one part of one label, one of them counts, and that is said.

        Of two clips, the change that a load brings last counts; with a change of FiftyOne the three are one conflict.
        """
        if any(item["outcome"] == "remote" for item in report["conflicts"]):
            tasks: dict[str, set[int]] = {}
            for spot in self.world.spots:
                tasks.setdefault(spot.holder, set()).add(spot.task)
            there = {frame: marks for frame, marks in there.items() if len(tasks[self.spot(frame).holder]) == 1}
        refused = (field["refused"] for field in report["fields"].values())
        differ = any(JOBS_DIFFER in reasons for reasons in refused)
        super().check_nothing_is_lost(before, {} if differ else there, report)
        if differ:  # the other one may be what a load had written that was killed
            for frame in self.frames:
                self.known_there[frame] |= self.there(frame)

    def check_the_sum(self, report: dict[str, Any]) -> None:
        """Tracks that are on no frame count as one object each, so that there may be more of them."""
        objects = report["objects"]
        assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
        if report["jobs_read"] == report["jobs"] and not any(item["reason"] == TWIN_TRACK for item in report["left"]):
            assert objects["found"] >= self.count_objects()

    def count_objects(self) -> int:
        return sum(len(self.shown(frame)) for frame in self.frames)

    def check_the_base(self, jobs: tuple[int, ...]) -> None:
        base = BaseStore(self.world.store)
        for job in jobs or self.world.spans:
            least, there = set(self.without_copies(job)), {track["id"] for track in self.world.in_job(job)}
            tracks = [item.track.id for item in base.tracks(job)]
            if not self.template.record.of_frames:  # there a track is a shape on each frame
                assert len(set(tracks)) == len(tracks), "a track is in the base twice"
                assert least <= set(tracks) <= there, "a track is not in the base, or gone from CVAT"
            labels = [
                (label.frame, label.label_id) for label in each_label((*(base.labels(job) or ()), *base.tracks(job)))
            ]
            assert len(set(labels)) == len(labels), "a label is on two objects"
            assert all(frame in self.world.spans[job] for frame, _ in labels)
        self.check_the_objects(base)

    def without_copies(self, job: int) -> list[int]:
        """The ids of a job's tracks, one of those that are exactly the same: it is in the base, if one of them is."""
        known = {item.track.id for item in BaseStore(self.world.store).tracks(job)}
        tracks = Annotations.model_validate({"tracks": self.world.in_job(job)}).tracks
        first = {content_of(track): track.id or 0 for track in sorted(tracks, key=lambda track: track.id in known)}
        return list(first.values())

    def check_the_objects(self, base: BaseStore) -> None:
        """Each object of a task has one index, and no other one has it."""
        for task in sorted({spot.task for spot in self.world.spots}):
            jobs = sorted({spot.job for spot in self.world.spots if spot.task == task})
            known = {(item.object_key, item.index) for job in jobs for item in base.tracks(job)}
            assert len({key for key, _ in known}) == len(known), "an object has two indexes"
            assert len({index for _, index in known}) == len(known), "an index is that of two objects"

    def check_a_second_load_does_nothing(self, policy: str, jobs: tuple[int, ...]) -> None:
        self.moved &= bool(jobs)
        if not self.moved:
            super().check_a_second_load_does_nothing(policy, jobs)

    # the plugin

    @rule(policy=POLICIES, places=st.sets(st.integers(0, 3), min_size=1, max_size=3), at=st.integers(0, 40))
    def load_some_jobs_and_be_killed(self, policy: str, places: set[int], at: int) -> None:
        """And then load the same ones again."""
        jobs = self.some_jobs(sorted(places))
        smooth = self.world.fork()
        smooth.load(policy=policy, jobs=jobs)
        there = {frame: self.there(frame) for frame in self.loaded(jobs)}
        self.kill(at % (smooth.clock.writes + 1), lambda: self.world.load(policy=policy, jobs=jobs))
        self.world.load(policy=policy, jobs=jobs)
        assert self.world.dump() == smooth.dump()
        assert self.base(self.world) == self.base(smooth)
        self.settle(there)

    @rule(policy=POLICIES, places=st.permutations(range(4)), at=st.integers(0, 40))
    def load_a_job_and_be_killed_and_load_others_first(self, policy: str, places: Sequence[int], at: int) -> None:
        first, *others = self.some_jobs(places) or (0,)
        if others:
            smooth = self.world.fork()
            smooth.load(policy=policy, jobs=(first,))
            self.kill(at % (smooth.clock.writes + 1), lambda: self.world.load(policy=policy, jobs=(first,)))
            self.load(policy, tuple(others))
            self.load(policy, ())

    @rule(policy=POLICIES, places=st.permutations(range(4)))
    def load_one_by_one(self, policy: str, places: Sequence[int]) -> None:
        """It ends as when all jobs are loaded together."""
        together, apart = self.world.fork(), self.world.fork()
        together.load(policy=policy)
        for job in self.some_jobs(places):
            apart.load(policy=policy, jobs=(job,))
        report = apart.load(policy=policy)
        assert not any(report[name] for name in COUNTS)
        assert self.moved or report["jobs_read"] == 0
        assert self.bare(apart) == self.bare(together)
        self.load(policy, ())

    def some_jobs(self, places: Sequence[int]) -> tuple[int, ...]:
        jobs = sorted(self.world.spans)
        return tuple(dict.fromkeys(jobs[place % len(jobs)] for place in places)) if jobs else ()

    def bare(self, world: World) -> dict[str, list[str]]:
        """The labels of each frame, but for what depends on which job is loaded first."""
        free = ("_id", "index", "instance")
        return {
            key: sorted(
                str(sorted((name, part) for name, part in item.items() if name not in free))
                for item in held.labels.values()
            )
            for key, held in world.labels.read(world.places[0], world.sample_ids).items()
        }

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
        if found := self.track(number):
            labels = {label.id: label for label in self.world.classes(found[0]).values()}
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
        span = self.world.spans[job]
        frame = span[frame % len(span)]
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
        frame = self.world.spans[job][frame % len(self.world.spans[job])]
        before = [shape for shape in first["shapes"] if shape["frame"] < frame]
        after = [shape for shape in second["shapes"] if shape["frame"] >= frame]
        if before and after and first["label_id"] == second["label_id"]:
            self.world.save(job, "delete", first, second)
            self.world.save(job, "create", *without_ids([{**first, "shapes": [*before, *after]}]))

    @rule(frame=FRAME, tracked=st.booleans())
    def draw_there(self, frame: int, tracked: bool) -> None:
        at, spot = self.mark() / 4, self.spot(frame)
        label = self.world.classes(spot.job)["car"].id
        drawn = {"type": "rectangle", "frame": spot.frame, "points": [at, 1.0, at + 9.0, 9.0], "rotation": 0.0}
        if tracked:
            shape = {**drawn, "occluded": False, "outside": False, "z_order": 0, "attributes": []}
            thing = {"frame": spot.frame, "label_id": label, "attributes": [], "shapes": [shape]}
        else:
            thing = {**drawn, "label_id": label, "attributes": []}
        self.world.save(spot.job, "create", thing)

    @rule(frame=FRAME)
    def remove_or_restore_a_frame(self, frame: int) -> None:
        spot = self.spot(frame)
        self.gone ^= {(spot.task, spot.frame)}
        self.world.remove_frames([own for task, own in self.gone if task == spot.task], spot.task)

    @rule(number=NUMBERS, name=st.sampled_from(["car", "van"]))
    def relabel_there(self, number: int, name: str) -> None:
        """A whole track."""
        if (found := self.track(number)) is None:
            return
        job, track = found
        classes = self.world.classes(job)
        spec = classes[name].attributes[0].id
        thing = {**track, "label_id": classes[name].id}
        for shape in thing["shapes"]:
            shape["attributes"] = [{**item, "spec_id": spec} for item in shape["attributes"]]
        self.world.save(job, "update", thing)

    @rule(number=NUMBERS)
    def move_a_task(self, number: int) -> None:
        """Into a project, or from one into another."""
        tasks = sorted(self.template.tasks)
        self.moved = True
        self.world.move_to_a_project(tasks[number % len(tasks)])

    @rule(number=NUMBERS)
    def restore_a_backup(self, number: int) -> None:
        """It is another task, and none of the run's."""
        tasks = sorted(self.template.tasks)
        self.world.copy_task(tasks[number % len(tasks)])

    # people in FiftyOne

    def label(self, number: int, frame: int) -> tuple[str, str, Thing] | None:
        sample = self.world.sample_ids[frame % len(self.world.sample_ids)]
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
        sample = self.world.sample_ids[frame % len(self.world.sample_ids)]
        self.world.add(sample, self.mark(), label="car", bounding_box=place, index=40)
