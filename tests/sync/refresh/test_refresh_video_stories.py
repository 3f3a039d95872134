"""Random stories of people who edit tracks and labels, with loads and refreshes between, killed and taken back.

Whatever happens: nothing of an annotator's is lost, a refresh does not touch the dataset, a second one finds nothing to
do, and after a load and a refresh CVAT shows on each frame what FiftyOne has there.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh import execute, execute_tracks
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import each_label
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import patience
from sim_tracks import TracksStory
from sim_video import VideoWorld
from sim_world import World
from sync_loop import Loop
from video_loop import HEIGHT, WIDTH

from tests.sync.load.test_video_simulation import FRAMES, WORLDS

STORIES = int(os.environ.get("ROUNDTRIP_STORIES", "900" if os.environ.get("ROUNDTRIP_ALL") else "15"))
ROUNDS = 3
WRITTEN = ("created", "changed", "deleted")
KEPT = ("label", "bounding_box", "index", "code")
"""What a label that is made again has of the one before."""
OFF = 0.5 + 1e-6
"""Pixels."""


class RefreshVideoStory(TracksStory):
    """What people may do, and what must hold of refreshes."""

    world: VideoWorld

    def base(self, world: World) -> Any:
        """What both sides agreed on; after a kill a label may be kept beside its track, which says the same."""
        base = BaseStore(world.store)
        return {
            job: (
                {
                    (label.field, label.label_id): label.parts
                    for label in each_label((*(base.labels(job) or ()), *base.tracks(job)))
                },
                sorted(item.model_dump_json() for item in base.open(job)),
                mark.model_dump(),
            )
            for job, mark in base.marks().items()
        }

    def check_the_objects(self, base: BaseStore) -> None:
        """Here an object may have another index in each job, and that of another one: people give such indexes to some
        of its labels, and a refresh sends them."""

    # people in FiftyOne

    def move_many_here(self, number: int, frame: int, length: int) -> None:
        """An object goes along another way on some frames."""
        at = self.mark() / 4
        for step, (sample, label_id) in enumerate(self.of_object(number, frame, length)):
            self.world.edit(sample, label_id, bounding_box=[(at + step / 3) / WIDTH, 0.5, 0.1, 0.1])

    def delete_many_here(self, number: int, frame: int, length: int) -> None:
        for sample, label_id in list(self.of_object(number, frame, length)):
            self.world.delete(sample, label_id)

    def relabel_all_here(self, number: int, name: str) -> None:
        for sample, label_id in self.of_object(number, 0, len(self.world.sample_ids)):
            self.world.edit(sample, label_id, label=name)

    def reindex_here(self, number: int, frame: int, length: int, index: int) -> None:
        for sample, label_id in self.of_object(number, frame, length):
            self.world.edit(sample, label_id, index=index)

    def add_many_here(self, frame: int, length: int, index: int) -> None:
        """Labels of an object that may be there."""
        at = self.mark() / 4
        for step, sample in enumerate(self.world.sample_ids[frame : frame + length]):
            place = [(at + step) / WIDTH, 0.1, 0.1, 0.1]
            self.world.add(sample, self.mark(), label="car", bounding_box=place, index=index)

    def swap_here(self, frame: int, length: int) -> None:
        """Two objects change places in the eyes of whoever numbered them."""
        documents = self.world.documents()
        for sample in self.world.sample_ids[frame : frame + length]:
            for label_id, item in documents.get(sample, {}).items():
                if (index := item.get("index")) in (1, 2):
                    self.world.edit(sample, label_id, index=3 - index)

    def make_again_here(self, number: int, frame: int, length: int, *, beside: bool) -> None:
        """The same labels with other ids, in the place of those that were there, or beside them, a little further."""
        for sample, label_id in list(self.of_object(number, frame, length)):
            item = {key: value for key, value in self.world.documents()[sample][label_id].items() if key in KEPT}
            if beside:
                x, *rest = item["bounding_box"]
                item["bounding_box"] = [x, rest[0] / 2, *rest[1:]]
            else:
                self.world.delete(sample, label_id)
            self.world.add(sample, self.mark(), **item)

    def of_object(self, number: int, frame: int, length: int) -> Iterator[tuple[str, str]]:
        """The labels of an object on some frames."""
        documents = self.world.documents()
        indexes = sorted({i.get("index") or 0 for labels in documents.values() for i in labels.values()} - {0})
        for sample in self.world.sample_ids[frame : frame + length] if indexes else ():
            for label_id, item in documents.get(sample, {}).items():
                if item.get("index") == indexes[number % len(indexes)]:
                    yield sample, label_id

    # the plugin

    def refresh(self) -> None:
        self.check_refresh(self.world.refresh)

    def refresh_killed(self, at: int) -> None:
        def act() -> dict[str, Any]:
            self.kill(at, self.world.refresh)
            return self.world.refresh()

        self.check_refresh(act)

    def load_and_refresh(self, policy: str) -> None:
        """Then both sides have the same, but for what waits for a person."""
        self.load(policy, ())
        copies = any(len(self.without_copies(job)) < len(self.world.in_job(job)) for job in self.world.spans)
        report = self.check_refresh(self.world.refresh)
        other = self.world.fork()
        loaded = other.load(policy=policy)
        assert not any(loaded[name] for name in ("added", "changed", "deleted")), "both sides had agreed"
        assert other.dump() == self.world.dump()
        if not report["left"] and not loaded["conflicts"] and not loaded["objects"]["left"] and not copies:
            for frame in self.loaded(()):
                self.check_frame(frame)

    def take_back(self, at: int, dies: bool) -> None:
        before, unseen, dataset = self.annotators(), self.unseen(), self.world.dump()
        with suppress(Refused):
            if dies:
                self.kill(at, self.world.take_back)
            self.world.take_back()
        assert self.world.dump() == dataset
        assert before <= self.marks_there(), "an edit made in CVAT is lost by taking a refresh back"
        self.settle({frame: self.there(frame) - unseen[frame] for frame in self.frames})

    # what must hold

    def check_refresh(self, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Does it, and looks at what must hold; the report."""
        before, unseen, dataset, known = self.annotators(), self.unseen(), self.world.dump(), self.known()
        report = act()
        assert self.world.dump() == dataset, "a refresh changes nothing here"
        assert before <= self.marks_there(), "an edit made in CVAT is lost"
        here = {label_id for labels in self.world.documents().values() for label_id in labels}
        assert known & here <= self.known(), "a label that CVAT has is not known any more, and would come twice"
        again = self.world.refresh()
        assert [again[name] for name in WRITTEN] == [0, 0, 0], "all is written at once"
        self.settle({frame: self.there(frame) - unseen[frame] for frame in self.frames})
        return report

    def known(self) -> set[str]:
        """The labels that both sides know."""
        return {label_id for labels, *_ in self.base(self.world).values() for _, label_id in labels}

    def check_frame(self, frame: int) -> None:
        """Each label of a frame is there once, where it is here."""
        spot = self.spot(frame)
        names = {label.id: name for name, label in self.world.classes(spot.job).items()}
        there = sorted((names[shape.label_id], *shape.points[:4]) for shape in self.shown(frame))
        documents = self.world.documents().get(spot.holder, {}).values()
        here = sorted(self.drawn(item) for item in documents if item["label"] in names.values())
        assert [item[0] for item in there] == [item[0] for item in here], f"frame {frame} has other labels"
        free = list(there)
        for name, *points in here:
            near = next((o for o in free if o[0] == name and _off(o[1:], points) <= OFF), None)
            assert near is not None, f"a label of frame {frame} is elsewhere in CVAT"
            free.remove(near)

    def drawn(self, item: dict[str, Any]) -> tuple[Any, ...]:
        x, y, width, height = item["bounding_box"]
        return item["label"], x * WIDTH, y * HEIGHT, (x + width) * WIDTH, (y + height) * HEIGHT

    def marks_there(self) -> set[str]:
        return set().union(*(self.there(frame) for frame in self.frames))

    def annotators(self) -> set[str]:
        """The marks of annotators that no load has brought yet."""
        return set().union(*self.unseen().values())

    def unseen(self) -> dict[int, set[str]]:
        """The same, by frame: another job may get a copy of what it shares by a refresh."""
        return {frame: self.there(frame) - self.known_there[frame] for frame in self.frames}


def _off(one: Any, other: Any) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def play(story: RefreshVideoStory, dice: random.Random) -> Iterator[str]:
    """Rounds in which people edit on both sides, and then the plugin does something; each step as it is done."""

    def number() -> int:
        return dice.randrange(12)

    def frame() -> int:
        return dice.randrange(len(story.world.sample_ids))

    def length() -> int:
        return dice.randint(1, FRAMES)

    here: list[Callable[[], Any]] = [
        lambda: story.move_many_here(number(), frame(), length()),
        lambda: story.move_many_here(number(), frame(), length()),
        lambda: story.delete_many_here(number(), frame(), length()),
        lambda: story.relabel_all_here(number(), dice.choice(["car", "van"])),
        lambda: story.reindex_here(number(), frame(), length(), dice.randint(1, 5)),
        lambda: story.add_many_here(frame(), length(), dice.choice([1, 2, 3, 50])),
        lambda: story.swap_here(frame(), length()),
        lambda: story.make_again_here(number(), frame(), length(), beside=False),
        lambda: story.make_again_here(number(), frame(), dice.randint(1, 3), beside=True),
        lambda: story.set_here(number(), frame()),
        lambda: story.relabel_here(number(), frame(), dice.choice(["car", "van", "mine"])),
        lambda: story.delete_here(number(), frame()),
    ]
    there: list[Callable[[], Any]] = [
        lambda: story.move_there(number(), frame()),
        lambda: story.move_there(number(), frame()),
        lambda: story.set_there(number(), frame()),
        lambda: story.hide_there(number(), frame()),
        lambda: story.drop_a_keyframe(number(), number()),
        lambda: story.draw_there(frame(), dice.random() < 0.5),
        lambda: story.delete_and_undo_there(number()),
        lambda: story.split_there(number(), frame()),
        lambda: story.remove_or_restore_a_frame(frame()),
    ]
    plugin: list[Callable[[], Any]] = [
        story.refresh,
        story.refresh,
        lambda: story.refresh_killed(dice.randrange(30)),
        lambda: story.load_and_refresh(dice.choice(["remote", "local", "ask"])),
        lambda: story.load_and_refresh("remote"),
        lambda: story.take_back(dice.randrange(30), dice.random() < 0.5),
    ]
    for _ in range(ROUNDS):
        for some, most in ((here, 3), (there, 2), (here, 2), (plugin, 1)):
            for act in dice.choices(range(len(some)), k=dice.randint(min(1, most - 1), most)):
                some[act]()
                yield f"{'plugin' if some is plugin else 'there' if some is there else 'here'} {act}"
    story.load_and_refresh("remote")


@pytest.mark.parametrize("world", WORLDS)
def test_stories_with_refreshes(loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: str) -> None:
    monkeypatch.setattr(patience, "LEAST", 0.0)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    told = type("Told", (RefreshVideoStory,), {"template": WORLDS[world](loop, tmp_path)})
    first = list(WORLDS).index(world)
    for number in range(first, STORIES, len(WORLDS)):
        few = 2 if number // len(WORLDS) % 2 else 102
        monkeypatch.setattr(execute, "OBJECTS", few)
        monkeypatch.setattr(execute_tracks, "KEYFRAMES", few)
        story, steps = told(), [f"story {number}"]
        story.begin()
        try:
            for step in play(story, random.Random(number)):
                steps.append(step)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{', '.join(steps)}") from error
