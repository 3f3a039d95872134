"""A send survives anything, and so do a growth and a refresh: whatever happens at whatever point, going on ends as if
nothing had happened.

The points are found by the suite itself: the calls and writes that two undisturbed ones make. A sample of them is
tried, and with ``ROUNDTRIP_ALL`` each.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import faults_shared
import pytest
from faults_ground import Ground, strike
from faults_points import Death, Point
from faults_scenario import SCENES
from faults_shared import Struck
from faults_work import Processes

from sandbox import Sandbox

ALL = bool(os.environ.get("ROUNDTRIP_ALL"))
SEED = 20_250

ANSWERS: dict[str, dict[str, Any]] = {
    "reply lost": {"kind": "lost_reply"},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    "502": {"kind": "html", "status": 502},
    "504": {"kind": "html", "status": 504},
    "504 though done": {"kind": "late_html", "status": 504},
    "504 before it is done": {"kind": "gateway", "status": 504, "later": 0.1},
    "reset amid the request": {"kind": "reset", "at": "body"},
    "half of the answer": {"kind": "half_body"},
}
LONG = 20
"""Times that a fault lasts: more often than any request is repeated."""
WHAT_TO_DO = ("Resume the run", "you can send again", "Nothing was sent", "you can try again", "Call it again")
"""One of these is said whenever a send, a growth or a refresh ends early."""

Case = tuple[Point, str]


@cache
def processes() -> Processes:
    here = Path(__file__).resolve().parent
    return Processes([here, here.parents[1]])


@cache
def ground(name: str) -> Ground:
    return Ground(f"faults of {name}", SCENES[name], processes())


def find_points(name: str) -> list[Point]:
    """The points of a send; none if that fails: a test of its own says so."""
    try:
        return ground(name).points
    except Exception:
        return []


@cache
def points(name: str) -> list[Point]:
    """The points of a send, the same ones in all processes of a run."""
    return faults_shared.points(name, lambda: find_points(name))


def first_and_last(found: Sequence[Point]) -> list[Point]:
    """The first and the last point of each name."""
    return [p for p in found if p.nth == 1 or Point(p.kind, p.name, p.nth + 1) not in found]


def deaths(found: Sequence[Point]) -> Iterator[Case]:
    """A process is killed before and after each point."""
    return product(found, ("before", "after"))


def ends(found: Sequence[Point]) -> Iterator[Case]:
    """The same, once for each point: after one is before the next."""
    return product(found, ("after",))


def answers(found: Sequence[Point]) -> Iterator[Case]:
    """Each call gets each bad answer."""
    return product([point for point in found if point.kind == "call"], ANSWERS)


def long_answers(found: Sequence[Point]) -> Iterator[Case]:
    """Each kind of call gets bad answers, early and late."""
    return answers(first_and_last(found))


NOT_GIVEN_UP = ("refresh",)
"""What leaves a run that is complete, so that it is not deleted with its tasks."""
CASES = {"death": (deaths, 36), "end": (ends, 10), "answer": (answers, 24), "long_answer": (long_answers, 10)}
"""What happens at which points; and how many of that are tried, if not all."""


def spread(found: Sequence[tuple[str, Point, str]]) -> list[tuple[str, Point, str]]:
    """The cases in random order, but first one of each name of a point, then a second: rare points are not missed.

    Points of videos are others than those of images, and so are those of refreshes.
    """
    mixed = random.Random(SEED).sample(found, len(found))
    seen: Counter[tuple[bool, str, str]] = Counter()
    ranks = []
    for name, point, _ in mixed:
        key = bool(SCENES[name].videos), SCENES[name].again, point.name
        seen[key] += 1
        ranks.append(seen[key])
    return [case for _, case in sorted(zip(ranks, mixed, strict=True), key=lambda ranked: ranked[0])]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test of each case: the send, the point, and what happens there."""
    for happening in CASES.keys() & set(metafunc.fixturenames):
        make, some = CASES[happening]
        names = [name for name in SCENES if happening != "end" or name not in NOT_GIVEN_UP]
        found = [(name, *case) for name in names for case in make(points(name))]
        if not ALL:
            found = spread(found)[:some]
        ids = [f"{name}-{what}-{point}" for name, point, what in found]
        metafunc.parametrize(("name", "point", happening), found, ids=ids)


def goes_on(box: Sandbox, on: Ground) -> None:
    """Ends a send in another process, and proves that nothing tells it from an undisturbed one."""
    told = on.work(box, on.scene.again)
    assert told is not None and not told.error, told
    is_as_undisturbed(box, on)


def is_as_undisturbed(box: Sandbox, on: Ground) -> None:
    assert on.differs(box) == []
    told = on.work(box, "load")
    assert told is not None and not told.error, told
    report = told.answers["load"]
    counts = {name: report[name] for name in ("added", "changed", "deleted", "unchanged")}
    assert counts == {
        "added": 0,
        "changed": 0,
        "deleted": 0,
        "unchanged": on.labels,
    }
    assert [point for point in told.points if "samples." in point.name] == []
    assert not on.samples_moved()


def count(struck: Struck, test: str, came: bool) -> None:
    struck.add(test if came else "missed")


@pytest.mark.parametrize("name", SCENES)
def test_undisturbed(name: str) -> None:
    on = ground(name)
    assert on.points
    assert on.changes_samples == bool(on.scene.unreadable or on.scene.edits)
    with on.server() as box:
        told = on.work(box, on.scene.act)
        assert told is not None
        if on.scene.act == "refresh":
            assert [told.answers["refresh"][what] for what in ("created", "changed", "deleted")] == [1, 7, 2]
            assert told.answers["refresh"]["left"] == []
        else:
            assert told.answers[on.scene.act]["samples"] == on.scene.samples
            assert told.answers[on.scene.act]["labels"] >= on.scene.labels
        is_as_undisturbed(box, on)


def test_killed(name: str, point: Point, death: Any, struck: Struck) -> None:
    on = ground(name)
    with on.server() as box:
        told = on.work(box, on.scene.act, death=Death(point, death))
        count(struck, "death", told is None)
        goes_on(box, on)


def test_killed_and_given_up(name: str, point: Point, end: Any, struck: Struck) -> None:
    on = ground(name)
    with on.server() as box:
        count(struck, "end", on.work(box, on.scene.act, death=Death(point, end)) is None)
        if on.is_sent():
            return  # a complete run: what it made may be in use
        told = on.work(box, "delete")
        assert told is not None and not told.error, told
        if "extend" in name or on.scene.act == "grow":
            box.store.projects.clear()  # it was there before, or is that of a run that had been complete
        left = on.leftovers(box)
        if told.answers["delete"] is None:  # there was no run yet; the next send takes away what was kept for it
            left = [line for line in left if not line.startswith("/kept")]
        assert left == []


def test_a_bad_answer(name: str, point: Point, answer: str, struck: Struck) -> None:
    meets(name, point, answer, 1, struck)


def test_bad_answers_for_long(name: str, point: Point, long_answer: str, struck: Struck) -> None:
    meets(name, point, long_answer, LONG, struck)


def meets(name: str, point: Point, answer: str, times: int, struck: Struck) -> None:
    on = ground(name)
    with on.server() as box:
        fault = strike(box, point, ANSWERS[answer], times)
        told = on.work(box, on.scene.act)
        count(struck, answer, fault.applied > 0)
        box.faults.clear()
        assert told is not None
        assert not told.error or any(words in told.error for words in WHAT_TO_DO), told.error
        goes_on(box, on)


@pytest.mark.parametrize("seed", range(20 if ALL else 1))
@pytest.mark.parametrize("name", SCENES)
def test_killed_again_and_again(name: str, seed: int, struck: Struck) -> None:
    on = ground(name)
    chance = random.Random(seed)
    with on.server() as box:
        for act in (on.scene.act, *[on.scene.again] * 30):
            death = Death(chance.choice(on.points), chance.choice(("before", "after")))
            told = on.work(box, act, death=death)
            if told is None:
                struck.add("again")
            else:
                assert not told.error, told
                break
        goes_on(box, on)


def test_nearly_all_points_are_come_to(struck: Struck, say: Callable[[str], None]) -> None:
    """How often CVAT is asked whether a task is ready varies; nothing else does."""
    counts = struck.counts()
    tried, missed = sum(counts.values()), counts["missed"]
    say(f"faults: {tried} points of sends were tried, {missed} of them were not come to")
    assert missed <= tried / 20
