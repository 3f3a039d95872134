"""What the plugin does in a random story of people in CVAT and in FiftyOne, and what must hold after each step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.log import LoadLog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sim_memory import Killed, Thing
from sim_world import Template, World

WIDTH, HEIGHT = 320, 240
NUMBERS = st.integers(0, 11)
POLICIES = st.sampled_from(["remote", "local", "ask"])
COUNTS = ("added", "changed", "deleted")


def marks_in(value: Any) -> Iterator[str]:
    """The marks in a label's document, its parts, or one of its parts."""
    if isinstance(value, dict):
        if isinstance(box := value.get("bounding_box"), list):
            yield f"x{box[0] * WIDTH * 4:.0f}"
        yield from marks_in(value.get("code"))
    elif isinstance(value, str) and value.startswith("#"):
        yield value


def marks_drawn(thing: Thing) -> Iterator[str]:
    """The marks of a shape."""
    yield f"x{thing['points'][0] * 4:.0f}"
    for item in thing["attributes"]:
        yield from marks_in(item["value"])


def all_marks(values: Iterable[Any], of: Callable[[Any], Iterator[str]] = marks_in) -> set[str]:
    return {mark for value in values for mark in of(value)}


class StoryOfLoads(RuleBasedStateMachine):
    """Loads, previews, crashes, undos and decisions; what people do is for stories of images, or of a video, to say."""

    template: ClassVar[Template]
    frames: ClassVar[range] = range(3)

    @initialize()
    def begin(self) -> None:
        self.world = self.make_world()
        self.number = 400  # of the last mark
        self.known_here = self.here()
        self.known_there = {frame: self.there(frame) for frame in self.frames}
        self.removed: set[int] = set()

    def make_world(self) -> World:
        return World(self.template)

    # marks

    def mark(self) -> int:
        self.number += 4
        return self.number

    def here(self) -> set[str]:
        """The marks in the dataset."""
        raise NotImplementedError

    def there(self, frame: int) -> set[str]:
        """The marks on a frame in CVAT."""
        raise NotImplementedError

    def marks_of(self, values: Iterable[Any]) -> set[str]:
        """The marks in documents, parts, or some of them."""
        return all_marks(values)

    def check_the_base(self, jobs: tuple[int, ...]) -> None:
        """What is known of the objects of CVAT is what CVAT has."""
        raise NotImplementedError

    def count_objects(self) -> int:
        """How many objects CVAT has, on all frames."""
        raise NotImplementedError

    # the plugin

    @rule(policy=POLICIES, jobs=st.sampled_from([(), (), (), (1,), (2,)]))
    def load(self, policy: str, jobs: tuple[int, ...]) -> None:
        before = self.here()
        there = {frame: self.there(frame) for frame in self.loaded(jobs)}
        report = self.world.load(policy=policy, jobs=jobs)
        self.check_nothing_is_lost(before, there, report)
        self.check_the_sum(report)
        self.check_a_second_load_does_nothing(policy, jobs)
        self.check_the_base(jobs)
        self.settle(there)

    @rule(policy=POLICIES)
    def preview(self, policy: str) -> None:
        before, store = self.world.dump(), self.world.store.contents
        preview = self.world.load(policy=policy, preview=True)
        assert (self.world.dump(), self.world.store.contents) == (before, store)
        report = self.world.fork().load(policy=policy)
        assert {**preview, "preview": False, "cautions": []} == report

    @rule(policy=POLICIES)
    def load_and_undo_and_load_again(self, policy: str) -> None:
        before, loads = self.world.dump(), len(LoadLog(self.world.store).records())
        there = {frame: self.there(frame) for frame in self.loaded(())}
        self.world.load(policy=policy)
        after = self.world.dump()
        if len(LoadLog(self.world.store).records()) == loads:
            assert after == before
        else:
            assert self.world.undo()["edited_since"] == []
            assert self.world.dump() == before
            self.world.load(policy=policy)
            assert self.world.dump() == after
        self.settle(there)

    @rule(policy=POLICIES, at=st.integers(0, 40), again=st.integers(0, 40))
    def load_and_be_killed_and_load_again(self, policy: str, at: int, again: int) -> None:
        smooth = self.world.fork()
        report = smooth.load(policy=policy)
        there = {frame: self.there(frame) for frame in self.loaded(())}
        for writes in (at, again):
            self.kill(writes % (smooth.clock.writes + 1), lambda: self.world.load(policy=policy))
        last = self.world.load(policy=policy)
        assert self.world.dump() == smooth.dump()
        assert self.base(self.world) == self.base(smooth)
        assert [last[name] for name in COUNTS] in ([report[name] for name in COUNTS], [0, 0, 0])
        self.settle(there)

    @rule(at=st.integers(0, 20))
    def undo(self, at: int) -> None:
        smooth, before = self.world.fork(), self.here()
        try:
            smooth.undo()
        except Refused:
            return
        self.kill(at % max(1, smooth.clock.writes), self.world.undo)
        self.world.undo()
        assert self.world.dump() == smooth.dump()
        assert self.base(self.world) == self.base(smooth)
        here = self.here()
        self.known_here = (self.known_here & here) | (here - before)  # what was brought back is nobody's edit

    @rule(take=st.sampled_from(["remote", "local"]), part=st.sampled_from([None, "label", "geometry", "existence"]))
    def resolve(self, take: str, part: str | None) -> None:
        before = self.here()
        result = self.world.resolve({"take": take, "part": part})
        self.check_nothing_is_lost(before, {}, result["report"])
        self.known_here = self.here()

    def kill(self, writes: int, action: Callable[[], Any]) -> None:
        """Does something that ends after so many writes."""
        self.world.clock.writes, self.world.clock.last = 0, writes
        try:
            action()
        except Killed:
            pass
        finally:
            self.world.clock.last, self.world.clock.dead = None, False

    def base(self, world: World) -> Any:
        """What both sides agreed on, job by job."""
        base = BaseStore(world.store)
        return {
            job: (
                {(label.field, label.label_id): label.model_dump_json() for label in base.labels(job) or ()},
                sorted(item.model_dump_json() for item in base.open(job)),
                mark.model_dump(),
            )
            for job, mark in base.marks().items()
        }

    def loaded(self, jobs: tuple[int, ...]) -> list[int]:
        """The frames that such a load is about."""
        frames = [frame for frame in self.there_are() if not jobs or self.world.job_of(frame).id in jobs]
        return [f for f in frames if f not in self.removed and self.world.sample_ids[f] not in self.world.labels.gone]

    def there_are(self) -> Iterable[int]:
        """The frames that can be loaded."""
        return self.frames

    def settle(self, there: dict[int, set[str]]) -> None:
        """Remembers what both sides have seen."""
        self.known_here = self.here()
        for frame, marks in there.items():
            self.known_there[frame] |= marks

    # what must hold

    def check_nothing_is_lost(self, before: set[str], there: dict[int, set[str]], report: dict[str, Any]) -> None:
        """What somebody did is in the dataset, or is listed with what became of it."""
        after = self.here()
        conflicts = report["conflicts"]
        waiting = {item["label_id"] for item in conflicts if item["outcome"] == "open"}
        given_up = self.marks_of(item["local"] for item in conflicts if item["outcome"] == "remote")
        not_taken = self.marks_of(
            item["remote"] for item in conflicts if item["outcome"] != "remote" or item["label_id"] in waiting
        )
        assert before - self.known_here <= after | given_up, "an edit made in FiftyOne is lost"
        for frame, marks in there.items():
            unseen = marks - self.known_there[frame]
            # What a load gives up of FiftyOne's may have come from another clip's task a moment before
            assert unseen <= after | not_taken | given_up, "an edit made in CVAT is lost"

    def check_the_sum(self, report: dict[str, Any]) -> None:
        """Every object of CVAT is unchanged, applied, or left for a reason."""
        objects = report["objects"]
        assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
        if report["jobs_read"] == report["jobs"]:
            assert objects["found"] == self.count_objects()

    def check_a_second_load_does_nothing(self, policy: str, jobs: tuple[int, ...]) -> None:
        before, base = self.world.dump(), self.base(self.world)
        self.world.clock.writes = 0
        report = self.world.load(policy=policy, jobs=jobs)
        assert not any(report[name] for name in (*COUNTS, "jobs_read"))
        assert (self.world.dump(), self.base(self.world)) == (before, base)
        assert self.world.clock.writes == 0
