"""Every cell of the three-way merge, as two tables that can be read.

The base is a cat at one place, with the attribute ``code``. A load finds what FiftyOne has now and what CVAT has now;
what becomes of FiftyOne's label depends on who changed what, and on the policy.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.merge import Decision, Rules, merge

Parts = dict[str, Any]

PARTS = """
    Who changed the class, the geometry and the attribute:
        -  nobody         F  FiftyOne       C  CVAT       =  both, alike       !  both, differently: a conflict
    What the label has then, by policy:
        o  what it had    F  FiftyOne's value             C  CVAT's value
    With "ask", a label with a conflict is left alone as a whole.

    changed | remote | local | ask
    ----- | ----- | ----- | -----
    - - - | o o o | o o o | o o o
    - - F | o o F | o o F | o o F
    - - C | o o C | o o C | o o C
    - - = | o o F | o o F | o o F
    - - ! | o o C | o o F | o o F
    - F - | o F o | o F o | o F o
    - F F | o F F | o F F | o F F
    - F C | o F C | o F C | o F C
    - F = | o F F | o F F | o F F
    - F ! | o F C | o F F | o F F
    - C - | o C o | o C o | o C o
    - C F | o C F | o C F | o C F
    - C C | o C C | o C C | o C C
    - C = | o C F | o C F | o C F
    - C ! | o C C | o C F | o o F
    - = - | o F o | o F o | o F o
    - = F | o F F | o F F | o F F
    - = C | o F C | o F C | o F C
    - = = | o F F | o F F | o F F
    - = ! | o F C | o F F | o F F
    - ! - | o C o | o F o | o F o
    - ! F | o C F | o F F | o F F
    - ! C | o C C | o F C | o F o
    - ! = | o C F | o F F | o F F
    - ! ! | o C C | o F F | o F F
    F - - | F o o | F o o | F o o
    F - F | F o F | F o F | F o F
    F - C | F o C | F o C | F o C
    F - = | F o F | F o F | F o F
    F - ! | F o C | F o F | F o F
    F F - | F F o | F F o | F F o
    F F F | F F F | F F F | F F F
    F F C | F F C | F F C | F F C
    F F = | F F F | F F F | F F F
    F F ! | F F C | F F F | F F F
    F C - | F C o | F C o | F C o
    F C F | F C F | F C F | F C F
    F C C | F C C | F C C | F C C
    F C = | F C F | F C F | F C F
    F C ! | F C C | F C F | F o F
    F = - | F F o | F F o | F F o
    F = F | F F F | F F F | F F F
    F = C | F F C | F F C | F F C
    F = = | F F F | F F F | F F F
    F = ! | F F C | F F F | F F F
    F ! - | F C o | F F o | F F o
    F ! F | F C F | F F F | F F F
    F ! C | F C C | F F C | F F o
    F ! = | F C F | F F F | F F F
    F ! ! | F C C | F F F | F F F
    C - - | C o o | C o o | C o o
    C - F | C o F | C o F | C o F
    C - C | C o C | C o C | C o C
    C - = | C o F | C o F | C o F
    C - ! | C o C | C o F | o o F
    C F - | C F o | C F o | C F o
    C F F | C F F | C F F | C F F
    C F C | C F C | C F C | C F C
    C F = | C F F | C F F | C F F
    C F ! | C F C | C F F | o F F
    C C - | C C o | C C o | C C o
    C C F | C C F | C C F | C C F
    C C C | C C C | C C C | C C C
    C C = | C C F | C C F | C C F
    C C ! | C C C | C C F | o o F
    C = - | C F o | C F o | C F o
    C = F | C F F | C F F | C F F
    C = C | C F C | C F C | C F C
    C = = | C F F | C F F | C F F
    C = ! | C F C | C F F | o F F
    C ! - | C C o | C F o | o F o
    C ! F | C C F | C F F | o F F
    C ! C | C C C | C F C | o F o
    C ! = | C C F | C F F | o F F
    C ! ! | C C C | C F F | o F F
    = - - | F o o | F o o | F o o
    = - F | F o F | F o F | F o F
    = - C | F o C | F o C | F o C
    = - = | F o F | F o F | F o F
    = - ! | F o C | F o F | F o F
    = F - | F F o | F F o | F F o
    = F F | F F F | F F F | F F F
    = F C | F F C | F F C | F F C
    = F = | F F F | F F F | F F F
    = F ! | F F C | F F F | F F F
    = C - | F C o | F C o | F C o
    = C F | F C F | F C F | F C F
    = C C | F C C | F C C | F C C
    = C = | F C F | F C F | F C F
    = C ! | F C C | F C F | F o F
    = = - | F F o | F F o | F F o
    = = F | F F F | F F F | F F F
    = = C | F F C | F F C | F F C
    = = = | F F F | F F F | F F F
    = = ! | F F C | F F F | F F F
    = ! - | F C o | F F o | F F o
    = ! F | F C F | F F F | F F F
    = ! C | F C C | F F C | F F o
    = ! = | F C F | F F F | F F F
    = ! ! | F C C | F F F | F F F
    ! - - | C o o | F o o | F o o
    ! - F | C o F | F o F | F o F
    ! - C | C o C | F o C | F o o
    ! - = | C o F | F o F | F o F
    ! - ! | C o C | F o F | F o F
    ! F - | C F o | F F o | F F o
    ! F F | C F F | F F F | F F F
    ! F C | C F C | F F C | F F o
    ! F = | C F F | F F F | F F F
    ! F ! | C F C | F F F | F F F
    ! C - | C C o | F C o | F o o
    ! C F | C C F | F C F | F o F
    ! C C | C C C | F C C | F o o
    ! C = | C C F | F C F | F o F
    ! C ! | C C C | F C F | F o F
    ! = - | C F o | F F o | F F o
    ! = F | C F F | F F F | F F F
    ! = C | C F C | F F C | F F o
    ! = = | C F F | F F F | F F F
    ! = ! | C F C | F F F | F F F
    ! ! - | C C o | F F o | F F o
    ! ! F | C C F | F F F | F F F
    ! ! C | C C C | F F C | F F o
    ! ! = | C C F | F F F | F F F
    ! ! ! | C C C | F F F | F F F
"""

EXISTENCE = """
    What FiftyOne has, and what CVAT has: the label with its class, geometry and attribute, as above, or nothing.

    FiftyOne | CVAT | remote | local | ask | listed
    ----- | ----- | ----- | ----- | ----- | --------
    - - - | gone  | gone  | gone  | gone  |
    - - F | gone  | gone  | o o F | o o F | conflict
    - F - | gone  | gone  | o F o | o F o | conflict
    - F F | gone  | gone  | o F F | o F F | conflict
    F - - | gone  | gone  | F o o | F o o | conflict
    F - F | gone  | gone  | F o F | F o F | conflict
    F F - | gone  | gone  | F F o | F F o | conflict
    F F F | gone  | gone  | F F F | F F F | conflict
    gone  | - - - | gone  | gone  | gone  |
    gone  | - - C | o o C | gone  | gone  | conflict
    gone  | - C - | o C o | gone  | gone  | conflict
    gone  | - C C | o C C | gone  | gone  | conflict
    gone  | C - - | C o o | gone  | gone  | conflict
    gone  | C - C | C o C | gone  | gone  | conflict
    gone  | C C - | C C o | gone  | gone  | conflict
    gone  | C C C | C C C | gone  | gone  | conflict
    gone  | gone  | gone  | gone  | gone  |
"""

POLICIES = ("remote", "local", "ask")
NAMES = ("label", "bounding_box", "code")
VALUES: dict[str, tuple[Any, Any, Any]] = {
    # part: in the base, FiftyOne's new value, CVAT's
    "label": ("cat", "dog", "cow"),
    "bounding_box": ([0.1, 0.1, 0.2, 0.2], [0.3, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]),
    "code": ("1", "2", "3"),
}
BASE: Parts = {name: values[0] for name, values in VALUES.items()}
GEOMETRY = ("bounding_box", "rotation", "mask")


def rows(table: str) -> list[list[str]]:
    """The cells below the line of a table."""
    lines = [line.strip() for line in table.splitlines() if "|" in line]
    start = next(number for number, line in enumerate(lines) if line.startswith("-----"))
    return [[cell.strip() for cell in line.split("|")] for line in lines[start + 1 :]]


def label(letters: str, side: str) -> Parts | None:
    """A label as one side has it: ``F`` and ``C`` are values of that side, ``=`` and ``!`` changes of both."""
    if letters == "gone":
        return None
    mine = {"F": 1, "C": 2}[side]
    place = {"-": 0, "o": 0, "=": 1, "!": mine, "F": 1, "C": 2}
    shown = [letter if letter in ("-", "=", "!", "o", side) else "-" for letter in letters.split()]
    return {name: VALUES[name][place[letter]] for name, letter in zip(NAMES, shown, strict=True)}


def outcome(letters: str) -> Parts | None:
    """What a label has in the end."""
    if letters == "gone":
        return None
    place = {"o": 0, "F": 1, "C": 2}
    return {name: VALUES[name][place[letter]] for name, letter in zip(NAMES, letters.split(), strict=True)}


def carried_out(decision: Decision, local: Parts | None) -> Parts | None:
    """The label after a decision."""
    if decision.action == "delete":
        return None
    if decision.action == "restore":
        return decision.changes
    return None if local is None else {**local, **decision.changes}


@pytest.mark.parametrize("row", rows(PARTS), ids=lambda row: row[0])
def test_parts(row: list[str]) -> None:
    changed, *ends = row
    local, remote = label(changed, "F"), label(changed, "C")
    clash = [
        ("geometry" if n == "bounding_box" else n) for n, x in zip(NAMES, changed.split(), strict=True) if x == "!"
    ]
    for policy, end in zip(POLICIES, ends, strict=True):
        decision = merge(BASE, local, remote, Rules(policy, geometry=GEOMETRY))
        assert carried_out(decision, local) == outcome(end)
        assert [conflict.part for conflict in decision.conflicts] == clash
        assert {conflict.outcome for conflict in decision.conflicts} <= {"open" if policy == "ask" else policy}
        assert (decision.action == "ask") == (policy == "ask" and bool(clash))


@pytest.mark.parametrize("row", rows(EXISTENCE), ids=lambda row: f"{row[0]} and {row[1]}")
def test_existence(row: list[str]) -> None:
    here, there, *ends, listed = row
    local, remote = label(here, "F"), label(there, "C")
    for policy, end in zip(POLICIES, ends, strict=True):
        decision = merge(BASE, local, remote, Rules(policy, geometry=GEOMETRY))
        assert carried_out(decision, local) == outcome(end)
        assert [(c.part, c.base, c.local, c.remote) for c in decision.conflicts] == (
            [("existence", BASE, local, remote)] if listed else []
        )
        assert (decision.action == "ask") == (policy == "ask" and bool(listed))


def test_the_tables_are_complete() -> None:
    assert [row[0] for row in rows(PARTS)] == [" ".join(cell) for cell in itertools.product("-FC=!", repeat=3)]
    here = [" ".join(cell) for cell in itertools.product("-F", repeat=3)]
    there = [" ".join(cell) for cell in itertools.product("-C", repeat=3)]
    cells = {(row[0], row[1]) for row in rows(EXISTENCE)}
    assert cells == {*((label, "gone") for label in here), *(("gone", label) for label in there), ("gone", "gone")}
