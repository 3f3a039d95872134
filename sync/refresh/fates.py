"""What becomes in CVAT of a label that may have changed here: a pure function of base, local and remote."""

from collections.abc import Mapping
from typing import Any, Literal

from ...labels.codec import Parts
from ..load.merge import same

Remote = Literal["kept", "edited", "deleted"]
"""What became of a label in CVAT since both sides last agreed."""

Fate = Literal["unchanged", "create", "update", "delete", "agreed", "theirs", "both"]
"""``"theirs"``: only CVAT changed it, which a load brings. ``"both"``: both sides did, so that a load has to merge it.
``"agreed"``: both sides have the same by now."""


def fate_of(base: Parts | None, local: Parts | None, remote: Remote = "kept", now: Parts | None = None) -> Fate:
    """What becomes of a label in CVAT. What an annotator touched stays as it is.

    Args:
        base: its parts when both sides last agreed; ``None`` if CVAT never had it
        local: its parts in FiftyOne now; ``None`` if it was deleted here
        remote: what became of it in CVAT
        now: its parts in CVAT now, if it was edited there
    """
    if base is None:
        return "create" if local is not None else "agreed"
    changed = local is None or differs(base, local)
    if remote == "kept":
        if not changed:
            return "unchanged"
        return "delete" if local is None else "update"
    if remote == "deleted":
        if local is None:
            return "agreed"
        return "both" if changed else "theirs"
    if not changed:
        return "theirs"
    return "agreed" if local is not None and now is not None and not differs(now, local) else "both"


def differs(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether parts are not the same, to the last bit."""
    return any(not same(one.get(path), other.get(path)) for path in {*one, *other})
