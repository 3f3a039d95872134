"""What a watcher decides."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.look import JobLook
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.decide import is_due, pause_after, to_load
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.rule import WatchRule

USUAL, ANY = WatchRule(), WatchRule(states=())
ACCEPTED = WatchRule(states=("completed", "rejected"), stages=("acceptance",))


@pytest.mark.parametrize(
    ("rule", "stage", "state", "changed", "loads"),
    [
        (USUAL, "annotation", "completed", True, True),
        (USUAL, "annotation", "completed", None, True),
        (USUAL, "annotation", "completed", False, False),
        (USUAL, "acceptance", "completed", True, True),
        (USUAL, "annotation", "in progress", True, False),
        (USUAL, "annotation", "rejected", True, False),
        (USUAL, "annotation", "", True, False),
        (ANY, "validation", "new", True, True),
        (ANY, "validation", "new", False, False),
        (ACCEPTED, "acceptance", "rejected", True, True),
        (ACCEPTED, "validation", "completed", True, False),
        (ACCEPTED, "acceptance", "in progress", True, False),
    ],
)
def test_what_is_to_be_loaded_now(rule: WatchRule, stage: str, state: str, changed: bool | None, loads: bool) -> None:
    job = JobLook(7, 1, 10, "ann", stage, state, changed, "")
    assert to_load(rule, [job]) == ([job] if loads else [])


@pytest.mark.parametrize(
    ("every", "failures", "asked", "pause"),
    [
        (60, 0, None, 60),
        (60, 1, None, 120),
        (60, 3, None, 480),
        (60, 4, None, 900),
        (60, 10**9, None, 900),
        (5, 2, None, 20),
        (3_600, 5, None, 3_600),  # who wants to look once an hour does so
        (60, 0, 300, 300),
        (60, 4, 300, 900),
        (60, 1, 10**12, 1_800),
    ],
)
def test_how_long_it_waits(every: float, failures: int, asked: float | None, pause: float) -> None:
    assert pause_after(every, failures, asked) == pause


@pytest.mark.parametrize(
    ("due", "now", "looks"),
    [
        (0, 1_000, True),
        (1_000, 1_000, True),
        (1_000.5, 1_000, True),
        (1_100, 1_000, False),
        (2_800, 1_000, False),
        (2_801, 1_000, True),  # the clock was put back
        (90_000, 1_000, True),
    ],
)
def test_when_it_looks(due: float, now: float, looks: bool) -> None:
    assert is_due(due, now, 60) == looks
