"""What the tables of every cell (`test_merge_cells.py`) leave out: types of values, odd parts, switches, decisions."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.merge import (
    Conflict,
    Decision,
    OtherJob,
    Rules,
    forbidden,
    merge,
    same,
)

Parts = dict[str, Any]
HERE, THERE, ELSEWHERE = [0.1, 0.1, 0.2, 0.2], [0.3, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]
BASE: Parts = {"label": "cat", "bounding_box": HERE, "rotation": None, "code": "1"}
GEOMETRY = ("bounding_box", "rotation", "mask")
RULES = Rules(geometry=GEOMETRY)


def cat(**changes: Any) -> Parts:
    """The base with changes."""
    return {**BASE, **changes}


SAME = cat()
KEEP: Parts = {}

PARTS: dict[str, tuple[Parts, Parts, Parts, list[str]]] = {
    # what happened: FiftyOne now, CVAT now, changes to FiftyOne's label, conflicts
    "attribute emptied there": (cat(code="2"), cat(code=None), {"code": None}, ["code"]),
    "attribute emptied here": (cat(code=None), cat(code="2"), {"code": "2"}, ["code"]),
    # values are compared by type, too
    "text and number": (SAME, cat(code=1), {"code": 1}, []),
    "whole and float": (cat(code=1), cat(code=1.0), {"code": 1.0}, ["code"]),
    "true and one": (cat(code=1), cat(code=True), {"code": True}, ["code"]),
    "no number": (cat(code=float("nan")), cat(code=float("nan")), KEEP, []),
    # parts that the base does not have
    "new attribute there": (SAME, cat(extra="x"), {"extra": "x"}, []),
    "new attribute alike": (cat(extra="x"), cat(extra="x"), KEEP, []),
    "new attribute on both sides": (cat(extra="y"), cat(extra="x"), {"extra": "x"}, ["extra"]),
    "new attribute here": (cat(extra="x"), SAME, KEEP, []),
    # the paths of the geometry are one part
    "moved here, rotated there": (
        cat(bounding_box=THERE),
        cat(rotation=30.0),
        {"bounding_box": HERE, "rotation": 30.0},
        ["geometry"],
    ),
    "rotated alike": (cat(rotation=30.0), cat(rotation=30.0), KEEP, []),
    "a mask became a box there": (
        cat(mask={"sha1": "a"}),
        cat(mask=None, bounding_box=THERE),
        {"bounding_box": THERE, "mask": None},
        ["geometry"],
    ),
    # attributes may be called like parts
    "an attribute 'geometry'": (SAME, cat(geometry="x"), {"geometry": "x"}, []),
    "an attribute 'existence'": (cat(existence="y"), cat(existence="x"), {"existence": "x"}, ["existence (attribute)"]),
}


@pytest.mark.parametrize(("local", "remote", "changes", "conflicts"), PARTS.values(), ids=PARTS)
def test_parts(local: Parts, remote: Parts, changes: Parts, conflicts: list[str]) -> None:
    decision = merge(BASE, local, remote, RULES)
    assert (decision.action, decision.changes) == ("edit" if changes else "keep", changes)
    assert [conflict.part for conflict in decision.conflicts] == conflicts


POINTS: Parts = {"points": [[0.1, 0.1], [0.2, 0.2]], "seen": [True, False]}
FEWER: Parts = {"points": [[0.1, 0.1]], "seen": [True]}
DOTS: dict[str, tuple[Parts, Parts, Parts, list[str]]] = {
    "a point moved there, a list changed here": (
        {**POINTS, "seen": [True, True]},
        {**POINTS, "points": [[0.1, 0.1], [0.3, 0.2]]},
        {"points": [[0.1, 0.1], [0.3, 0.2]]},
        [],
    ),
    "a point deleted there": (POINTS, FEWER, FEWER, []),
    "a point deleted there, a list changed here": ({**POINTS, "seen": [True, True]}, FEWER, FEWER, ["geometry"]),
}


@pytest.mark.parametrize(("local", "remote", "changes", "conflicts"), DOTS.values(), ids=DOTS)
def test_lists_that_follow_the_points(local: Parts, remote: Parts, changes: Parts, conflicts: list[str]) -> None:
    """They are attributes, until points come or go."""
    decision = merge(POINTS, local, remote, Rules(geometry=("points",)))
    assert decision.changes == changes
    assert [conflict.part for conflict in decision.conflicts] == conflicts


def test_a_conflict_has_all_three_values() -> None:
    assert merge(BASE, cat(label="dog"), cat(label="cow"), RULES).conflicts == (
        Conflict("label", "cat", "dog", "cow", "remote"),
    )
    (conflict,) = merge(BASE, cat(bounding_box=ELSEWHERE), cat(bounding_box=THERE), RULES).conflicts
    assert (conflict.base, conflict.local, conflict.remote) == (
        {"bounding_box": HERE},
        {"bounding_box": ELSEWHERE},
        {"bounding_box": THERE},
    )


IN_OTHER = [0.3, 0.1 + 1e-16, 0.2, 0.2]
OTHERS: dict[str, tuple[bool, list[float], Parts, int]] = {
    # is the other job the earlier one, what it wrote, changes to FiftyOne's label, conflicts
    "the earlier one wrote another place": (True, ELSEWHERE, KEEP, 1),
    "the later one wrote another place": (False, ELSEWHERE, {"bounding_box": THERE}, 1),
    "the earlier one wrote the same but for the last digit": (True, IN_OTHER, KEEP, 0),
    "the later one wrote the same but for the last digit": (False, IN_OTHER, {"bounding_box": THERE}, 0),
}


@pytest.mark.parametrize("policy", ["remote", "ask"])
@pytest.mark.parametrize(("is_earlier", "wrote", "changes", "conflicts"), OTHERS.values(), ids=OTHERS)
def test_two_jobs(is_earlier: bool, wrote: list[float], changes: Parts, conflicts: int, policy: Any) -> None:
    """Whose change counts does not depend on how little they differ; whether it is told does."""
    assert wrote != THERE
    other = OtherJob(is_earlier, cat(bounding_box=wrote), ("bounding_box",))
    decision = merge(BASE, cat(bounding_box=wrote), cat(bounding_box=THERE), Rules(policy, {}, GEOMETRY, other=other))
    assert (decision.changes, len(decision.conflicts)) == (changes, conflicts)
    assert decision.jobs_differ == bool(conflicts)


@pytest.mark.parametrize(
    ("policy", "changes"), [("remote", {"bounding_box": THERE}), ("ask", {"bounding_box": THERE}), ("local", KEEP)]
)
def test_the_same_edit_but_for_the_last_digits_is_no_conflict(policy: Any, changes: Parts) -> None:
    """As where two clips of a video have the same frame, and an object is moved alike in both."""
    decision = merge(BASE, cat(bounding_box=IN_OTHER), cat(bounding_box=THERE), Rules(policy, {}, GEOMETRY))
    assert (decision.changes, decision.conflicts) == (changes, ())


BOTH = cat(label="dog", code="2"), cat(label="cow", code="3")
DECIDED: dict[str, tuple[Parts, str, Parts, list[str]]] = {
    # what was decided: action, changes, outcomes of the class and of the attribute
    "nothing": ({}, "ask", {}, ["open", "open"]),
    "one of two": ({"label": "remote"}, "ask", {}, ["remote", "open"]),
    "both for CVAT": ({"label": "remote", "code": "remote"}, "edit", {"label": "cow", "code": "3"}, ["remote"] * 2),
    "both for FiftyOne": ({"label": "local", "code": "local"}, "keep", {}, ["local"] * 2),
    "one each": ({"label": "local", "code": "remote"}, "edit", {"code": "3"}, ["local", "remote"]),
}


@pytest.mark.parametrize(("decided", "action", "changes", "outcomes"), DECIDED.values(), ids=DECIDED)
def test_a_label_is_left_alone_until_all_is_decided(
    decided: Any, action: str, changes: Parts, outcomes: list[str]
) -> None:
    decision = merge(BASE, *BOTH, Rules("ask", decided, GEOMETRY))
    assert (decision.action, decision.changes) == (action, changes)
    assert [conflict.outcome for conflict in decision.conflicts] == outcomes


def rules(switch: str, policy: Any = "remote") -> Rules:
    schema = FieldSchema.model_validate({"type": "detections", "classes": ["cat", "dog"], switch: False})
    return Rules(policy, geometry=GEOMETRY, forbidden=forbidden(schema))


SWITCHES = ["allow_additions", "allow_deletions", "allow_label_edits", "allow_spatial_edits", "allow_index_edits"]
EDITED = cat(label="dog", bounding_box=THERE, code="2")
SIDES: dict[str, tuple[Parts | None, Parts | None]] = {
    "restore": (None, SAME | {"code": "2"}),
    "delete": (SAME, None),
    "edit": (SAME, EDITED),
}
FORBIDDEN: dict[tuple[str, str], Decision] = {
    ("allow_deletions", "delete"): Decision(refused=("deletions",)),
    ("allow_label_edits", "edit"): Decision("edit", {"bounding_box": THERE, "code": "2"}, refused=("label edits",)),
    ("allow_spatial_edits", "edit"): Decision("edit", {"label": "dog", "code": "2"}, refused=("spatial edits",)),
    ("allow_additions", "restore"): Decision(
        conflicts=(Conflict("existence", BASE, None, SAME | {"code": "2"}, "local"),), refused=("additions",)
    ),
}


@pytest.mark.parametrize("action", SIDES)
@pytest.mark.parametrize("switch", SWITCHES)
def test_switches(switch: str, action: str) -> None:
    """A switch forbids its own kind of change, and no other."""
    free = merge(BASE, *SIDES[action], RULES)
    assert free.action == action
    assert merge(BASE, *SIDES[action], rules(switch)) == FORBIDDEN.get((switch, action), free)


def test_what_is_left_of_an_edit_may_be_nothing() -> None:
    assert merge(BASE, SAME, cat(label="dog"), rules("allow_label_edits")) == Decision(refused=("label edits",))


@pytest.mark.parametrize("policy", ["remote", "local", "ask"])
def test_a_conflict_with_a_forbidden_change_is_listed_and_ends_in_favour_of_fiftyone(policy: str) -> None:
    decision = merge(BASE, cat(label="dog"), None, rules("allow_deletions", policy))
    assert (decision.action, [c.outcome for c in decision.conflicts]) == ("keep", ["local"])
    decision = merge(BASE, cat(label="dog"), cat(label="cow"), rules("allow_label_edits", policy))
    assert (decision.action, [c.outcome for c in decision.conflicts]) == ("keep", ["local"])


NAN = float("nan")
ALIKE: list[tuple[Any, Any, bool]] = [
    (1, 1.0, False),
    (1, True, False),
    (0.0, -0.0, False),
    (NAN, -NAN, True),
    (NAN, 1.0, False),
    ([0.1, [NAN]], [0.1, [NAN]], True),
    ([0.1], [0.1, 0.1], False),
    ([1], [1.0], False),
    ([1], (1,), True),
    ({"a": [1.0], "b": None}, {"b": None, "a": [1.0]}, True),
    ({"a": 1}, {"a": 1, "b": None}, False),
    ({"a": 0.0}, {"a": -0.0}, False),
    ("1", 1, False),
    (None, "", False),
    (None, 0, False),
]


@pytest.mark.parametrize(("one", "other", "alike"), ALIKE)
def test_values_are_the_same_to_the_last_bit(one: Any, other: Any, alike: bool) -> None:
    assert same(one, other) is same(other, one) is alike
