"""Random stories of people on both sides, with loads and refreshes between, killed and taken back.

Whatever happens: nothing of an annotator's is lost, objects keep their ids, a refresh does not touch the dataset, and
after a load and a refresh both sides have the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.objects import key_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh import execute
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import patience
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sim_play import play
from sim_story import NUMBERS, POLICIES
from sim_world import GT, PRED, SKY, Template

from tests.sync.load.test_simulation import Story, template

__all__ = ["template"]

STORIES = int(os.environ.get("ROUNDTRIP_STORIES", "2000" if os.environ.get("ROUNDTRIP_ALL") else "36"))
WRITTEN = ("created", "changed", "deleted")


def place_of(shape: Any) -> Any:
    """Its class, and where it is."""
    return shape["frame"], shape["label_id"], tuple(shape["points"])


class RefreshStory(Story):
    """What people may do, and what must hold of refreshes."""

    @rule()
    def refresh(self) -> None:
        self.check_refresh(self.world.refresh)

    @rule(at=st.integers(0, 60))
    def refresh_killed(self, at: int) -> None:
        def act() -> dict[str, Any]:
            self.kill(at, self.world.refresh)
            return self.world.refresh()

        self.check_refresh(act)

    @rule(policy=POLICIES, number=NUMBERS)
    def load_and_refresh(self, policy: str, number: int) -> None:
        """Then both sides have the same, but for what waits for a person."""
        self.load(policy, ())
        report = self.check_refresh(self.world.refresh)
        other = self.world.fork()
        loaded = other.load(policy=policy)
        assert not any(loaded[name] for name in ("added", "changed", "deleted")), "both sides had agreed"
        assert other.dump() == self.world.dump()
        if not report["left"] and not loaded["conflicts"]:
            assert self.drawn() == self.held(), "both sides have other labels"

    @rule(at=st.integers(0, 40), dies=st.booleans())
    def take_back(self, at: int, dies: bool) -> None:
        before = self.annotators()
        dataset = self.world.dump()
        with suppress(Refused):
            if dies:
                self.kill(at, self.world.take_back)
            self.world.take_back()
        assert self.world.dump() == dataset
        assert before <= self.marks_there(), "an edit made in CVAT is lost by taking a refresh back"
        self.settle({frame: self.there(frame) - before for frame in self.frames})

    def check_refresh(self, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Does it, and looks at what must hold; the report."""
        before, dataset = self.annotators(), self.world.dump()
        there, owners = {thing["id"]: thing for thing in self.world.things()}, self.owners()
        report = act()
        assert self.world.dump() == dataset, "a refresh changes nothing here"
        assert before <= self.marks_there(), "an edit made in CVAT is lost"
        here = {key for place in (GT, PRED) for labels in self.world.documents(place).values() for key in labels}
        gone = there.keys() - {thing["id"] for thing in self.world.things()}
        deleted = [place for label, places in owners.items() if label not in here for place in places]
        assert all(place_of(there[id_]) in deleted for id_ in gone), "only what was deleted here is deleted"
        assert len(gone) <= len(deleted)
        again = self.world.refresh()
        assert [again[name] for name in WRITTEN] == [0, 0, 0], "all is written at once"
        self.settle({frame: self.there(frame) - before for frame in self.frames})
        return report

    def owners(self) -> dict[str, list[Any]]:
        """Where the shapes of each label were in CVAT; one that was brought back there has another id by now."""
        base = BaseStore(self.world.store)
        labels = [label for job in base.marks() for label in base.labels(job) or () if label.field in ("gt", "pred")]
        frames = {label.label_id: self.world.sample_ids.index(label.sample_id) for label in labels}
        return {
            label.label_id: [place_of({**item.model_dump(), "frame": frames[label.label_id]}) for item in label.objects]
            for label in labels
        }

    def marks_there(self) -> set[str]:
        return set().union(*(self.there(frame) for frame in self.frames))

    def annotators(self) -> set[str]:
        """The marks of annotators that no load has brought yet."""
        return set().union(*(self.there(frame) - self.known_there[frame] for frame in self.frames))

    def held(self) -> list[str]:
        """The classes of the labels on samples that are there, and whose frames are."""
        live = [self.world.sample_ids[frame] for frame in self.loaded(())]
        fields = (self.world.documents(place) for place in (GT, PRED, SKY))
        return sorted(
            str(item.get("label"))
            for labels in fields
            for sample, held in labels.items()
            if sample in live
            for item in held.values()
        )

    def drawn(self) -> list[str]:
        """The same of CVAT, but for exact copies of objects, which are no labels."""
        base = BaseStore(self.world.store)
        own = {key_of(item) for job in base.marks() for label in base.labels(job) or () for item in label.objects}
        names = {label.id: label.name for label in self.world.box.store.task("1").used_labels.values()}
        live = self.loaded(())
        things = [("shape", thing) for thing in self.world.things()]
        things += [("tag", thing) for thing in self.world.things("tags")]
        return sorted(
            names[thing["label_id"]] for kind, thing in things if thing["frame"] in live and (kind, thing["id"]) in own
        )


@pytest.mark.parametrize("part", range(2))
def test_stories_with_refreshes(template: Template, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(patience, "LEAST", 0.0)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(execute, "OBJECTS", 2 + 100 * part)
    play(type("RefreshStory", (RefreshStory,), {"template": template}), part, count=STORIES // 2, steps=12)
