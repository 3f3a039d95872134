"""Filters of a load that match nothing say so."""

from __future__ import annotations

from typing import Any

import pytest
from sync_loop import Loop

NONE_SUCH: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a state": ({"states": "completed"}, ["No job of this run has the state completed."]),
    "one of two states": ({"states": ["new", "rejected"]}, ["No job of this run has the state rejected."]),
    "somebody": ({"assignees": "bob"}, ["No job of this run has the assignee bob."]),
    "a task": ({"tasks": 99}, ["No job of this run has the task 99."]),
    "jobs": ({"jobs": [1, 98, 99]}, ["No job of this run has the id 98 or 99."]),
    "two things": (
        {"stages": "acceptance", "assignees": "bob"},
        ["No job of this run has the stage acceptance.", "No job of this run has the assignee bob."],
    ),
    "two together": (
        {"assignees": "annotator1", "jobs": 2},
        ["No job of this run has all that was asked for, so nothing was looked at."],
    ),
    "what is there": ({"assignees": "annotator1", "jobs": 1}, []),
    "all": ({}, []),
}


@pytest.fixture
def dealt(filled: Loop) -> Loop:
    """Two jobs, for two people."""
    filled.send(segment_size=1, job_assignees=["annotator1", "admin"])
    return filled


def test_filters_that_match_nothing_say_so(dealt: Loop) -> None:
    for frame in (0, 1):
        dealt.cvat.move(dealt.cvat.shape(frame))
    for name, (params, notes) in NONE_SUCH.items():
        report = dealt.load(preview=True, **params)
        assert report["notes"] == notes, name
        looked_at = {"one of two states": 2, "jobs": 1, "what is there": 1, "all": 2}.get(name, 0)
        assert report["changed"] == looked_at, name
