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
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import faults_shared
import pytest
from faults_ground import Ground, strike
from faults_points import Death, Point
from faults_scenario import SCENES
from faults_work import Processes, Told

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
WHAT_TO_DO = ("Resume the run", "you can send again", "Nothing was sent", "you can try again", "Send the changes again")
"""One of these is said whenever a send, a growth or a refresh ends early."""

Case = tuple[Point, str]
CameTo = Callable[[Point, bool], None]


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
        return ground(name).find_points()
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
AGAIN = ("tasks", "videos", "growth", "refresh")
"""What is killed again and again if not all is."""
CASES = {"death": (deaths, 12), "end": (ends, 4), "answer": (answers, 8), "long_answer": (long_answers, 4)}
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


def chosen(happening: str) -> list[tuple[str, Point, str]]:
    """The cases of what happens that are tried, each with the name of its send."""
    make, some = CASES[happening]
    names = [name for name in SCENES if happening != "end" or name not in NOT_GIVEN_UP]
    found = [(name, *case) for name in names for case in make(points(name))]
    return found if ALL else spread(found)[:some]


@pytest.fixture(scope="session")
def most_missed() -> int:
    """How many points of the sample a run of all tests may miss, in whatever processes: one in twenty.

    How often CVAT is asked whether a task is ready varies; nothing else does.
    """
    return sum(len(chosen(happening)) for happening in CASES) // 20


@pytest.fixture
def came_to(most_missed: int, say: Callable[[str], None]) -> CameTo:
    """Takes down whether a send came to the point that was to be tried."""
    return partial(take_down, most_missed, say)


def take_down(most_missed: int, say: Callable[[str], None], point: Point, came: bool) -> None:
    """Says which point was missed, and fails if those are too many by now."""
    if not came:
        say(f"faults: a send did not come to {point}")
        assert faults_shared.miss(point) <= most_missed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test of each case: the send, the point, and what happens there."""
    for happening in CASES.keys() & set(metafunc.fixturenames):
        found = chosen(happening)
        ids = [f"{name}-{what}-{point}" for name, point, what in found]
        metafunc.parametrize(("name", "point", happening), found, ids=ids)


def goes_on(box: Sandbox, on: Ground, *, in_two: bool = False) -> None:
    """Ends a send in another process, and proves that nothing tells it from an undisturbed one."""
    told = on.work(box, on.scene.again)
    assert told is not None and not told.error, told
    is_as_undisturbed(box, on, in_two=in_two)


def is_as_undisturbed(box: Sandbox, on: Ground, *, in_two: bool = False) -> None:
    assert on.differs(box, in_two=in_two) == []
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
    assert on.differs_taken_back(box) == []


def test_points_may_be_missed_up_to_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults_shared, "FOLDER", tmp_path)  # these are no points of a send
    said: list[str] = []
    point = Point("call", "GET /a", 1)
    for came in (False, True, False, True, True):
        take_down(2, said.append, point, came)
    with pytest.raises(AssertionError):
        take_down(2, said.append, point, False)
    assert said == ["faults: a send did not come to GET /a 1"] * 3


@pytest.mark.parametrize("name", SCENES)
def test_undisturbed(name: str) -> None:
    on = ground(name)
    assert points(name)
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


def test_killed(name: str, point: Point, death: Any, came_to: CameTo) -> None:
    on = ground(name)
    with on.server() as box:
        told = on.work(box, on.scene.act, death=Death(point, death))
        came_to(point, told is None)
        goes_on(box, on)


def test_killed_and_given_up(name: str, point: Point, end: Any, came_to: CameTo) -> None:
    on = ground(name)
    with on.server() as box:
        came_to(point, on.work(box, on.scene.act, death=Death(point, end)) is None)
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


def test_a_bad_answer(name: str, point: Point, answer: str, came_to: CameTo) -> None:
    meets(name, point, answer, 1, came_to)


def test_bad_answers_for_long(name: str, point: Point, long_answer: str, came_to: CameTo) -> None:
    meets(name, point, long_answer, LONG, came_to)


def meets(name: str, point: Point, answer: str, times: int, came_to: CameTo) -> None:
    on = ground(name)
    with on.server() as box:
        fault = strike(box, point, ANSWERS[answer], times)
        told = on.work(box, on.scene.act)
        came_to(point, fault.applied > 0)
        box.faults.clear()
        assert told is not None
        assert not told.error or any(words in told.error for words in WHAT_TO_DO), told.error
        goes_on(box, on, in_two=wrote_some(told))


def wrote_some(told: Told) -> bool:
    """Whether a refresh ended by itself and wrote into some jobs only: it can't read others, and says so. What brings
    these is then another refresh, and each of the two is taken back by itself."""
    report = told.answers.get("refresh")
    if report is None or not 0 < report["jobs_written"] < report["jobs"]:
        return False
    assert len(report["notes"]) > 1, "what was left out is told, besides what is said of CVAT's editor"
    return True


@pytest.mark.parametrize("seed", range(20 if ALL else 1))
@pytest.mark.parametrize("name", SCENES if ALL else AGAIN)
def test_killed_again_and_again(name: str, seed: int) -> None:
    on = ground(name)
    chance = random.Random(seed)
    with on.server() as box:
        for act in (on.scene.act, *[on.scene.again] * 30):
            death = Death(chance.choice(points(name)), chance.choice(("before", "after")))
            told = on.work(box, act, death=death)
            if told is not None:
                assert not told.error, told
                break
        goes_on(box, on)
