"""The three-way merge, cell by cell: what becomes of a label that either side edited, deleted or left alone.

The base is a cat at one place, with the attribute ``code``. Each row says what FiftyOne and CVAT have now, and what a
load makes of it. A load takes CVAT's part where both changed it; the policy ``local`` keeps FiftyOne's.
"""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema
from fiftyone.plugins.orgs.roundtrip.cvat.sync.merge import Conflict, Decision, merge, permit

Parts = dict[str, Any]
HERE, THERE, ELSEWHERE = [0.1, 0.1, 0.2, 0.2], [0.3, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]
BASE: Parts = {"label": "cat", "bounding_box": HERE, "code": "1"}
GONE = None


def cat(**changes: Any) -> Parts:
    """The base with changes."""
    return {**BASE, **changes}


KEEP: Parts = {}
SAME = cat()

PARTS: dict[str, tuple[Parts, Parts, Parts, list[str]]] = {
    # what happened: FiftyOne now, CVAT now, changes to FiftyOne's label, conflicts
    "nothing": (SAME, SAME, KEEP, []),
    # one side
    "class in CVAT": (SAME, cat(label="dog"), {"label": "dog"}, []),
    "place in CVAT": (SAME, cat(bounding_box=THERE), {"bounding_box": THERE}, []),
    "attribute in CVAT": (SAME, cat(code="2"), {"code": "2"}, []),
    "all in CVAT": (
        SAME,
        cat(label="dog", bounding_box=THERE, code="2"),
        {"label": "dog", "bounding_box": THERE, "code": "2"},
        [],
    ),
    "class in FiftyOne": (cat(label="dog"), SAME, KEEP, []),
    "place in FiftyOne": (cat(bounding_box=THERE), SAME, KEEP, []),
    "attribute in FiftyOne": (cat(code="2"), SAME, KEEP, []),
    # different parts: both count
    "class here, place there": (cat(label="dog"), cat(bounding_box=THERE), {"bounding_box": THERE}, []),
    "place here, class there": (cat(bounding_box=THERE), cat(label="dog"), {"label": "dog"}, []),
    "attribute here, place there": (cat(code="2"), cat(bounding_box=THERE), {"bounding_box": THERE}, []),
    "class here, attribute there": (cat(label="dog"), cat(code="2"), {"code": "2"}, []),
    "place here, attribute there": (cat(bounding_box=THERE), cat(code="2"), {"code": "2"}, []),
    "attribute here, class there": (cat(code="2"), cat(label="dog"), {"label": "dog"}, []),
    # the same part, alike: agreed
    "class alike": (cat(label="dog"), cat(label="dog"), KEEP, []),
    "place alike": (cat(bounding_box=THERE), cat(bounding_box=THERE), KEEP, []),
    "attribute alike": (cat(code="2"), cat(code="2"), KEEP, []),
    # the same part, differently: a conflict
    "class": (cat(label="dog"), cat(label="cow"), {"label": "cow"}, ["label"]),
    "place": (cat(bounding_box=ELSEWHERE), cat(bounding_box=THERE), {"bounding_box": THERE}, ["bounding_box"]),
    "attribute": (cat(code="2"), cat(code="3"), {"code": "3"}, ["code"]),
    "attribute emptied there": (cat(code="2"), cat(code=None), {"code": None}, ["code"]),
    "attribute emptied here": (cat(code=None), cat(code="2"), {"code": "2"}, ["code"]),
    "class in conflict, place there": (
        cat(label="dog"),
        cat(label="cow", bounding_box=THERE),
        {"label": "cow", "bounding_box": THERE},
        ["label"],
    ),
    # values are compared by type, too
    "text and number": (SAME, cat(code=1), {"code": 1}, []),
    "whole and float": (cat(code=1), cat(code=1.0), {"code": 1.0}, ["code"]),
    "true and one": (cat(code=1), cat(code=True), {"code": True}, ["code"]),
    # parts that the base does not have
    "new attribute there": (SAME, cat(extra="x"), {"extra": "x"}, []),
    "new attribute alike": (cat(extra="x"), cat(extra="x"), KEEP, []),
    "new attribute on both sides": (cat(extra="y"), cat(extra="x"), {"extra": "x"}, ["extra"]),
    "new attribute here": (cat(extra="x"), SAME, KEEP, []),
}


@pytest.mark.parametrize(("local", "remote", "changes", "conflicts"), PARTS.values(), ids=PARTS)
def test_parts(local: Parts, remote: Parts, changes: Parts, conflicts: list[str]) -> None:
    listed = tuple(Conflict(part, BASE.get(part), local.get(part), remote[part]) for part in conflicts)
    assert merge(BASE, local, remote) == Decision("edit" if changes else "keep", changes, listed)


@pytest.mark.parametrize(("local", "remote", "changes", "conflicts"), PARTS.values(), ids=PARTS)
def test_parts_when_fiftyone_counts(local: Parts, remote: Parts, changes: Parts, conflicts: list[str]) -> None:
    """Only what is in conflict differs between the policies."""
    decision = merge(BASE, local, remote, "local")
    left = {part: value for part, value in changes.items() if part not in conflicts}
    assert decision == Decision("edit" if left else "keep", left, merge(BASE, local, remote).conflicts)


EXISTENCE: dict[str, tuple[Parts | None, Parts | None, str, str, bool]] = {
    # what happened: FiftyOne now, CVAT now, action, action when FiftyOne counts, whether it is a conflict
    "deleted in CVAT": (SAME, GONE, "delete", "delete", False),
    "deleted in FiftyOne": (GONE, SAME, "keep", "keep", False),
    "deleted on both sides": (GONE, GONE, "keep", "keep", False),
    "deleted in CVAT, class changed here": (cat(label="dog"), GONE, "delete", "keep", True),
    "deleted in CVAT, moved here": (cat(bounding_box=THERE), GONE, "delete", "keep", True),
    "deleted in CVAT, attribute changed here": (cat(code="2"), GONE, "delete", "keep", True),
    "deleted in CVAT, attribute added here": (cat(extra="x"), GONE, "delete", "keep", True),
    "deleted here, class changed in CVAT": (GONE, cat(label="dog"), "restore", "keep", True),
    "deleted here, moved in CVAT": (GONE, cat(bounding_box=THERE), "restore", "keep", True),
    "deleted here, attribute changed in CVAT": (GONE, cat(code="2"), "restore", "keep", True),
}


@pytest.mark.parametrize(("local", "remote", "action", "ours", "conflict"), EXISTENCE.values(), ids=EXISTENCE)
def test_existence(local: Parts | None, remote: Parts | None, action: str, ours: str, conflict: bool) -> None:
    listed = (Conflict("existence", BASE, local, remote),) if conflict else ()
    restored = remote if action == "restore" and remote else {}
    assert merge(BASE, local, remote) == Decision(action, restored, listed)
    assert merge(BASE, local, remote, "local") == Decision(ours, {}, listed)


DECISIONS = {
    "restore": Decision("restore", SAME),
    "delete": Decision("delete"),
    "edit": Decision("edit", {"label": "dog", "bounding_box": THERE, "code": "2"}),
}
FORBIDDEN: dict[tuple[str, str], tuple[Decision, dict[str, int]]] = {
    # switch, decision: what is left of it, what is reported
    ("allow_additions", "restore"): (Decision(), {"additions": 1}),
    ("allow_deletions", "delete"): (Decision(), {"deletions": 1}),
    ("allow_label_edits", "edit"): (Decision("edit", {"bounding_box": THERE, "code": "2"}), {"label edits": 1}),
    ("allow_spatial_edits", "edit"): (Decision("edit", {"label": "dog", "code": "2"}), {"spatial edits": 1}),
}


@pytest.mark.parametrize("action", DECISIONS)
@pytest.mark.parametrize(
    "switch",
    ["allow_additions", "allow_deletions", "allow_label_edits", "allow_spatial_edits", "allow_index_edits"],
)
def test_permits(switch: str, action: str) -> None:
    """A switch forbids its own kind of edit, and no other."""
    schema = FieldSchema.model_validate({"type": "detections", "classes": ["cat", "dog"], switch: False})
    decision = DECISIONS[action]
    assert permit(decision, schema) == FORBIDDEN.get((switch, action), (decision, {}))


def test_what_is_left_of_an_edit_may_be_nothing() -> None:
    schema = FieldSchema(type="detections", classes=("cat",), allow_label_edits=False)
    decision, refused = permit(Decision("edit", {"label": "dog"}), schema)
    assert decision == Decision()
    assert refused == {"label edits": 1}


def test_a_conflict_is_listed_even_if_its_outcome_is_forbidden() -> None:
    schema = FieldSchema(type="detections", classes=("cat",), allow_deletions=False)
    decision = merge(BASE, cat(label="dog"), GONE)
    assert permit(decision, schema)[0] == Decision("keep", {}, decision.conflicts)
