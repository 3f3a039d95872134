"""What becomes of each label in CVAT: every case of what changed here and there."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh.fates import fate_of

WAS = {"label": "cat", "bounding_box": [0.1, 0.1, 0.2, 0.2], "code": None}
CLASS, BOX = {**WAS, "label": "dog"}, {**WAS, "bounding_box": [0.3, 0.1, 0.2, 0.2]}

CASES: dict[str, tuple[Any, Any, str, Any, str]] = {
    # base, local, what CVAT did, its parts now: the fate
    "new here": (None, WAS, "kept", None, "create"),
    "never there": (None, None, "kept", None, "agreed"),
    "nobody touched it": (WAS, dict(WAS), "kept", None, "unchanged"),
    "class changed here": (WAS, CLASS, "kept", None, "update"),
    "attribute that is new here": (WAS, {**WAS, "code": "#1"}, "kept", None, "update"),
    "one is no true": ({"a": 1}, {"a": True}, "kept", None, "update"),
    "deleted here": (WAS, None, "kept", None, "delete"),
    "edited there": (WAS, dict(WAS), "edited", BOX, "theirs"),
    "deleted there": (WAS, dict(WAS), "deleted", None, "theirs"),
    "both changed the same part": (WAS, CLASS, "edited", {**WAS, "label": "cow"}, "both"),
    "both changed other parts": (WAS, CLASS, "edited", BOX, "both"),
    "both changed it equally": (WAS, CLASS, "edited", dict(CLASS), "agreed"),
    "deleted here, edited there": (WAS, None, "edited", BOX, "both"),
    "edited here, deleted there": (WAS, CLASS, "deleted", None, "both"),
    "both deleted it": (WAS, None, "deleted", None, "agreed"),
}


@pytest.mark.parametrize(("base", "local", "remote", "now", "fate"), CASES.values(), ids=CASES)
def test_the_fate_of_a_label(base: Any, local: Any, remote: Any, now: Any, fate: str) -> None:
    assert fate_of(base, local, remote, now) == fate


def test_only_what_nobody_else_touched_is_written() -> None:
    """Whatever is written over or deleted in CVAT is there as both sides knew it."""
    for base, local, remote, now, _ in CASES.values():
        if fate_of(base, local, remote, now) in ("update", "delete"):
            assert remote == "kept"
