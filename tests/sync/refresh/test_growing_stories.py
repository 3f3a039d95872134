"""Random stories of people on both sides while the run grows, with loads, refreshes, kills and undos between.

Whatever happens: each label of a sample that came is in CVAT once, nobody's edits are lost, objects keep their ids, and
a growth changes no label here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, ClassVar

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh import execute
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import patience
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sim_growth import SENT, GrowingWorld
from sim_memory import Thing
from sim_play import play
from sim_story import NUMBERS, WIDTH
from sim_world import GT, PRED, SKY, Template, make_template
from sync_loop import Loop

from tests.sync.load.test_simulation import SCHEMA
from tests.sync.refresh.test_refresh_stories import RefreshStory

STORIES = int(os.environ.get("ROUNDTRIP_STORIES", "1000" if os.environ.get("ROUNDTRIP_ALL") else "24"))
PARTS = 2
SAMPLES = SENT + 3
BETWEEN = st.sampled_from(["nothing", "load", "refresh", "edits"])
"""What happens between a kill and going on."""


class GrowingStory(RefreshStory):
    """What people may do, and what must hold when a run grows."""

    frames: ClassVar[range] = range(SAMPLES)
    world: GrowingWorld

    def make_world(self) -> GrowingWorld:
        return GrowingWorld(self.template)

    def there_are(self) -> range:
        return self.world.complete

    def count_objects(self) -> int:
        return sum(thing["frame"] in self.world.complete for kind in ("shapes", "tags") for thing in self.things(kind))

    def things(self, kind: str) -> list[Thing]:
        return self.world.things(kind)

    def shape(self, number: int) -> Thing | None:
        things = self.world.things()
        return things[7 * number % len(things)] if things else None

    def label(self, number: int) -> tuple[str, str, Thing] | None:
        found = [(s, i, item) for s, labels in self.world.documents().items() for i, item in labels.items()]
        return found[7 * number % len(found)] if found else None

    # what happens

    @rule(frame=st.integers(SENT, SAMPLES - 1))
    def draw_on_what_came(self, frame: int) -> None:
        if frame in self.world.complete:
            self.draw_there(frame)

    @rule(number=st.integers(SENT, SAMPLES - 1))
    def add_on_what_came(self, number: int) -> None:
        self.add_here(number)

    @rule(count=st.integers(1, 2))
    def extend(self, count: int) -> None:
        self.check_growth(count, lambda: self.world.extend(count))

    @rule(count=st.integers(1, 2), at=st.integers(0, 120), again=st.integers(0, 60), between=BETWEEN, number=NUMBERS)
    def extend_killed(self, count: int, at: int, again: int, between: str, number: int) -> None:
        wanted = min(self.world.record.samples + count, SAMPLES)

        def act() -> Any:
            if not self.world.killed(at, lambda: self.world.extend(count)):
                return None
            if between == "load":
                self.load("ask", ())
            elif between == "refresh":
                self.refresh()
            elif between == "edits":
                self.move_here(number)
                self.relabel_here(number + 1, "dog")
                self.delete_here(number + 2)
            self.world.killed(again, lambda: self.world.go_on(wanted))
            return self.world.go_on(wanted)

        self.check_growth(count, act, quiet=between == "nothing")

    @rule(at=st.integers(0, 60))
    def refresh_killed_at_a_request(self, at: int) -> None:
        def act() -> dict[str, Any]:
            self.world.killed(at, self.world.refresh)
            return self.world.refresh()

        self.check_refresh(act)

    # what must hold

    def check_growth(self, count: int, act: Callable[[], Any], *, quiet: bool = True) -> None:
        """Lets the run grow, and looks at what must hold."""
        had, dataset, mine = self.world.record.samples, self.world.dump(), self.annotators()
        ids = {thing["id"] for thing in self.world.things() if thing["frame"] < had}
        labels = {frame: self.labels_on(frame) for frame in range(had, min(had + count, SAMPLES))}
        act()
        record = self.world.record
        assert (record.status, record.samples) == ("sent", min(had + count, SAMPLES))
        assert record.samples == len(self.world.complete) and not self.world.store.names("plan")
        if quiet:
            assert self.world.dump() == dataset, "a growth changes nothing here"
            assert ids <= {thing["id"] for thing in self.world.things()}, "objects keep their ids"
        assert mine <= self.marks_there(), "an edit made in CVAT is lost"
        known = self.known_labels()
        drawn = [thing["id"] for thing in self.world.things() if thing["frame"] in labels]
        objects = [item for frame in labels for items in known[frame].values() for item in items]
        assert sorted(objects) == sorted(drawn), "each object is one label's"
        for frame, wanted in labels.items():
            assert not quiet or known[frame].keys() == wanted, "each label is in CVAT once"
        self.settle({frame: self.there(frame) for frame in labels})

    def labels_on(self, frame: int) -> set[str]:
        """The labels of a sample that can be sent."""
        sample, found = self.world.sample_ids[frame], set()
        for place in (GT, PRED):
            names = SCHEMA[place.name]["classes"]
            held = self.world.documents(place).get(sample, {})
            found |= {key for key, item in held.items() if item.get("label") in names}
        return found

    def known_labels(self) -> dict[int, dict[str, list[int | None]]]:
        """The boxes that both sides know: by frame and label, the ids of their objects."""
        base, found = BaseStore(self.world.store), {frame: dict[str, list[int | None]]() for frame in self.frames}
        for job in base.marks():
            for label in base.labels(job) or ():
                if label.field != SKY.name:
                    on = found[self.world.sample_ids.index(label.sample_id)]
                    assert label.label_id not in on, "a label is there twice"
                    on[label.label_id] = [item.id for item in label.objects]
        return found


@pytest.fixture
def template(loop: Loop, photos: Callable[..., list[Path]], tmp_path: Path) -> Template:
    """A run of three samples in two jobs, really sent, and three samples that it lacks."""

    def boxes(start: int, name: str = "cat", count: int = 3) -> fo.Detections:
        places = [(start + 4 * n) / 4 / WIDTH for n in range(count)]
        labels = [
            fo.Detection(label=name, bounding_box=[x, 0.3 * n, 0.2, 0.2], code=f"#{start + n}")
            for n, x in enumerate(places)
        ]
        return fo.Detections(detections=labels)

    loop.fill(boxes(40), boxes(80), None, boxes(160, "dog"), None, boxes(240))
    loop.dataset.set_values("pred", [fo.Detections(), None, boxes(120, "owl"), boxes(200, "owl", 1), None, None])
    skies = [fo.Classification(label=name) if name else None for name in ("sunny", None, "rainy", "sunny", None, None)]
    loop.dataset.set_values("sky", skies)
    loop.send(loop.dataset.limit(SENT), label_schema=SCHEMA, segment_size=2, project_name="sim")
    share = tmp_path / "share"
    share.mkdir()
    for number, path in enumerate(photos(SAMPLES)):
        (share / f"{number}.png").write_bytes(path.read_bytes())
    loop.box.store.share = share
    samples = loop.dataset._sample_collection.find().sort("_id", 1)
    record = records.find(loop.dataset, "run")
    return make_template(loop.box, record, RunStore(loop.dataset, record.run_id), samples)


@pytest.mark.parametrize("part", range(PARTS))
def test_stories_of_growing_runs(template: Template, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(patience, "LEAST", 0.0)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(execute, "OBJECTS", 2 + 100 * part)
    play(type("GrowingStory", (GrowingStory,), {"template": template}), part, count=ceil(STORIES / PARTS), steps=12)
