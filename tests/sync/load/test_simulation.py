"""Thousands of random stories of people in CVAT and in FiftyOne, of loads, crashes, undos and decisions.

Each story is played in memory (see `sim_world.py`). Every edit leaves a mark that no other has: an attribute's text, or
a place in quarters of a pixel. After each load the marks must be where they belong. When a story fails, hypothesis
makes it as short as it can and prints it, step by step.
"""

from __future__ import annotations

import os
from math import ceil

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import apply, held_jobs, portions
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import log
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sim_memory import Thing
from sim_play import play
from sim_story import NUMBERS, WIDTH, StoryOfLoads, all_marks, marks_drawn
from sim_world import GT, PRED, SKY, Template, make_template
from sync_loop import Loop

STORIES = int(os.environ.get("ROUNDTRIP_STORIES", "20000" if os.environ.get("ROUNDTRIP_ALL") else "120"))
PARTS = 8
"""So that several workers play them. Each part has a seed of its own, and plays the same stories in every run."""
STEPS = 14
SCHEMA = {
    "gt": {"classes": ["cat", "dog", "cow"], "attributes": {"code": {}}},
    "pred": {"classes": ["owl"], "attributes": {"code": {}}},
    "sky": {"classes": ["sunny", "rainy"]},
}


def bare(thing: Thing) -> Thing:
    """What exact copies of a shape have in common."""
    return {key: value for key, value in thing.items() if key not in ("id", "group", "source", "z_order")}


class Story(StoryOfLoads):
    """What people may do with images."""

    # marks

    def here(self) -> set[str]:
        fields = (self.world.documents(place) for place in (GT, PRED))
        return all_marks(item for field in fields for labels in field.values() for item in labels.values())

    def there(self, frame: int) -> set[str]:
        return all_marks((thing for thing in self.world.things() if thing["frame"] == frame), marks_drawn)

    def count_objects(self) -> int:
        return len(self.world.things()) + len(self.world.things("tags"))

    # people in CVAT

    def shape(self, number: int) -> Thing | None:
        things = self.world.things()
        return things[number % len(things)] if things else None

    def at(self, mark: int) -> list[float]:
        return [mark / 4, 20.0 + mark % 7, mark / 4 + 40.0, 60.0 + mark % 7]

    @rule(number=NUMBERS)
    def move_there(self, number: int) -> None:
        if thing := self.shape(number):
            self.world.write("update", {**thing, "points": self.at(self.mark())})

    @rule(number=NUMBERS)
    def resize_there(self, number: int) -> None:
        if thing := self.shape(number):
            points = list(thing["points"])
            points[3] += self.mark() / 4
            self.world.write("update", {**thing, "points": points})

    @rule(number=NUMBERS, name=st.integers(0, 3))
    def relabel_there(self, number: int, name: int) -> None:
        """The last of these classes is of another field."""
        if thing := self.shape(number):
            label = [item for item in self.template.labels.values() if item.type == "rectangle"][name]
            texts = [{"spec_id": label.attributes[0].id, "value": item["value"]} for item in thing["attributes"]]
            self.world.write("update", {**thing, "label_id": label.id, "attributes": texts})

    @rule(number=NUMBERS)
    def set_there(self, number: int) -> None:
        if (thing := self.shape(number)) and thing["attributes"]:
            texts = [{**thing["attributes"][0], "value": f"#{self.mark()}"}]
            self.world.write("update", {**thing, "attributes": texts})

    @rule(number=NUMBERS, other=NUMBERS)
    def group_there(self, number: int, other: int) -> None:
        """An editor gives all members a number that nothing has."""
        for thing in (self.shape(number), self.shape(other)):
            if thing is not None:
                self.world.write("update", {**thing, "group": 1 + self.number})

    @rule(number=NUMBERS)
    def delete_there(self, number: int) -> None:
        if thing := self.shape(number):
            self.world.write("delete", thing)

    @rule(number=NUMBERS)
    def delete_and_undo_there(self, number: int) -> None:
        if thing := self.shape(number):
            self.world.write("delete", thing)
            self.world.write("create", {key: value for key, value in thing.items() if key != "id"})

    @rule(number=NUMBERS)
    def copy_there(self, number: int) -> None:
        if thing := self.shape(number):
            self.world.write("create", {key: value for key, value in thing.items() if key != "id"})

    @rule(frame=st.integers(0, 2))
    def draw_there(self, frame: int) -> None:
        label = next(item for item in self.template.labels.values() if item.type == "rectangle")
        texts = [{"spec_id": label.attributes[0].id, "value": f"#{self.mark()}"}]
        thing = {"type": "rectangle", "frame": frame, "label_id": label.id, "attributes": texts, "rotation": 0.0}
        self.world.write("create", {**thing, "points": self.at(self.mark())})

    @rule(frame=st.integers(0, 2), shift=st.sampled_from([0.0, 1.0, 60.0]))
    def remove_all_and_draw_again(self, frame: int, shift: float) -> None:
        mine = [thing for thing in self.world.things() if thing["frame"] == frame]
        if mine:
            self.world.write("delete", *mine)
            bare = [{key: value for key, value in thing.items() if key != "id"} for thing in mine]
            self.world.write("create", *({**item, "points": [x + shift for x in item["points"]]} for item in bare))

    @rule(frame=st.integers(0, 2))
    def remove_or_restore_a_frame(self, frame: int) -> None:
        self.removed ^= {frame}
        self.world.remove_frames(self.removed)

    @rule(number=NUMBERS)
    def add_a_class(self, number: int) -> None:
        if thing := self.shape(number):
            label = self.world.add_class(f"new{self.mark()}")
            self.world.write("update", {**thing, "label_id": label, "attributes": []})

    @rule(number=NUMBERS, what=st.sampled_from(["sunny", "rainy", "gone", "twice"]))
    def change_the_sky_there(self, number: int, what: str) -> None:
        tags = self.world.things("tags")
        labels = {item.name: item.id for item in self.template.labels.values()}
        if not tags:
            self.world.write("create", {"frame": number % 3, "label_id": labels["sunny"], "attributes": []})
        elif what == "gone":
            self.world.write("delete", tags[number % len(tags)])
        elif what == "twice":
            self.world.write("create", {key: value for key, value in tags[0].items() if key != "id"})
        else:
            self.world.write("update", {**tags[number % len(tags)], "label_id": labels[what]})

    # people in FiftyOne

    def label(self, number: int) -> tuple[str, str, Thing] | None:
        found = [(s, i, item) for s, labels in self.world.documents().items() for i, item in labels.items()]
        return found[number % len(found)] if found else None

    @rule(number=NUMBERS)
    def move_here(self, number: int) -> None:
        if found := self.label(number):
            self.world.edit(*found[:2], bounding_box=[self.mark() / 4 / WIDTH, 0.5, 0.1, 0.1])

    @rule(number=NUMBERS, name=st.sampled_from(["cat", "dog", "cow", "mine"]))
    def relabel_here(self, number: int, name: str) -> None:
        if found := self.label(number):
            self.world.edit(*found[:2], label=name)

    @rule(number=NUMBERS)
    def set_here(self, number: int) -> None:
        if found := self.label(number):
            self.world.edit(*found[:2], code=f"#{self.mark()}")

    @rule(number=NUMBERS)
    def tag_here(self, number: int) -> None:
        if found := self.label(number):
            self.world.edit(*found[:2], tags=[*found[2].get("tags", []), f"tag{self.mark()}"])

    @rule(number=NUMBERS)
    def delete_here(self, number: int) -> None:
        if found := self.label(number):
            self.world.delete(*found[:2])

    @rule(number=st.integers(0, 2))
    def add_here(self, number: int) -> None:
        box = [self.mark() / 4 / WIDTH, 0.1, 0.1, 0.1]
        sample = self.world.sample_ids[number]
        self.world.add(sample, self.mark(), label="cat", bounding_box=box, code=f"#{self.mark()}")

    @rule(number=st.integers(0, 2), name=st.sampled_from(["sunny", "rainy", None]))
    def change_the_sky_here(self, number: int, name: str | None) -> None:
        sample = self.world.sample_ids[number]
        for key in self.world.documents(SKY).get(sample, {}):
            if name is None:
                self.world.delete(sample, key, SKY)
            else:
                self.world.edit(sample, key, SKY, label=name)

    @rule()
    def rename_the_field(self) -> None:
        """Then there is nothing under its old name."""
        for sample in self.world.documents():
            self.world.labels.take_all(GT, sample)

    @precondition(lambda self: len(self.world.labels.gone) < 2)
    @rule(number=st.integers(0, 2))
    def delete_a_sample(self, number: int) -> None:
        self.world.labels.gone.add(self.world.sample_ids[number])

    # what must hold

    def check_the_base(self, jobs: tuple[int, ...]) -> None:
        """Each object of CVAT belongs to one label, and what is known of it is what CVAT has."""
        base, live = BaseStore(self.world.store), self.loaded(jobs)
        known = [label for job in base.marks() for label in base.labels(job) or () if label.field in ("gt", "pred")]
        waiting = {item.base.label_id for job in base.marks() for item in base.open(job)}
        ids = [item.id for label in known for item in label.objects if label.label_id not in waiting]
        assert len(set(ids)) == len(ids), "an object belongs to two labels"
        drawn = {thing["id"]: thing for thing in self.world.things() if thing["frame"] in live}
        for label in known:
            if label.label_id not in waiting and self.world.sample_ids.index(label.sample_id) in live:
                (thing,) = (drawn[item.id] for item in label.objects)
                assert set(marks_drawn(thing)) <= all_marks([label.parts]), "the base is not what CVAT has"
        if not waiting:
            held = [bare(drawn[key]) for key in drawn.keys() & set(ids)]
            alone = [thing for key, thing in drawn.items() if key not in ids]
            assert all(bare(thing) in held for thing in alone), "an object that is no copy belongs to no label"


@pytest.fixture
def template(loop: Loop) -> Template:
    """A run of three samples in two jobs, really sent."""

    def boxes(start: int, name: str = "cat") -> fo.Detections:
        places = [(start + 4 * n) / 4 / WIDTH for n in range(3)]
        labels = [
            fo.Detection(label=name, bounding_box=[x, 0.3 * n, 0.2, 0.2], code=f"#{start + n}")
            for n, x in enumerate(places)
        ]
        return fo.Detections(detections=labels)

    loop.fill(boxes(40), boxes(80), None)
    loop.dataset.set_values("pred", [fo.Detections(), None, boxes(120, "owl")])
    loop.dataset.set_values("sky", [fo.Classification(label="sunny"), None, fo.Classification(label="rainy")])
    loop.send(label_schema=SCHEMA, segment_size=2)
    record = records.find(loop.dataset, "run")
    samples = loop.dataset._sample_collection.find()
    return make_template(loop.box, record, RunStore(loop.dataset, record.run_id), samples)


@pytest.mark.parametrize("part", range(PARTS))
def test_stories(template: Template, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(log, "PORTION", 2)
    monkeypatch.setattr(apply, "PORTION", 2)
    monkeypatch.setattr(portions, "MOST_LABELS", 1 + part % 3)
    monkeypatch.setattr(held_jobs, "MOST_LABELS", 50 * (part % 2))
    play(
        type("Story", (Story,), {"template": template}),
        part,
        count=ceil(STORIES / PARTS),
        steps=STEPS,
        phases=tuple(Phase),
    )
