"""What there is to say of rotated boxes, which not every version of FiftyOne draws."""

from collections.abc import Iterable

import fiftyone as fo

from ...labels.rotation import draws_rotation
from ..runs.change import Change

UPRIGHT = (
    "Rotated boxes were loaded. The App of FiftyOne {version} draws them upright; their `rotation` is in the dataset."
)


def upright_notes(changes: Iterable[Change]) -> list[str]:
    """A sentence about the boxes among these that the App draws otherwise than CVAT."""
    if draws_rotation(fo.__version__):
        return []
    return [UPRIGHT.format(version=fo.__version__)] if any(_is_turned(change) for change in changes) else []


def _is_turned(change: Change) -> bool:
    """Whether a box is rotated that came, or was turned."""
    after, before = change.after or {}, change.before or {}
    return bool(
        after.get("_cls") == "Detection" and after.get("rotation") and after["rotation"] != before.get("rotation")
    )
