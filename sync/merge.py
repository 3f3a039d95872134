"""The three-way merge of one label, part by part: a pure function of base, local and remote."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..labels.codec import Parts
from ..labels.schema import FieldSchema
from ..labels.types import LABEL_TYPES

Policy = Literal["remote", "local"]
EXISTENCE = "existence"


@dataclass(frozen=True)
class Conflict:
    """A part that both sides changed, differently. ``None`` as a whole label means that it was deleted."""

    part: str
    base: Any
    local: Any
    remote: Any


@dataclass(frozen=True)
class Decision:
    """What to do with a label in FiftyOne.

    Args:
        action: ``"keep"`` it, ``"edit"`` it, ``"delete"`` it, or ``"restore"`` one that was deleted here
        changes: the new values of its parts
        conflicts: what both sides changed
    """

    action: Literal["keep", "edit", "delete", "restore"] = "keep"
    changes: Parts = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last bit: ``1``, ``1.0`` and ``True`` are not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def merge(base: Parts, local: Parts | None, remote: Parts | None, policy: Policy = "remote") -> Decision:
    """Decides what becomes of a label.

    Args:
        base: its parts when both sides last agreed
        local: its parts in FiftyOne now; ``None`` if it was deleted there
        remote: its parts in CVAT now; ``None`` if it was deleted there
        policy: whose change counts where both changed the same part

    Returns:
        what to do in FiftyOne. Changes of one side apply; equal changes of both agree.
    """
    if remote is None:
        return _remote_gone(base, local, policy)
    if local is None:
        return _local_gone(base, remote, policy)
    changes: Parts = {}
    conflicts: list[Conflict] = []
    for part in remote:
        was, here, there = base.get(part), local.get(part), remote[part]
        if same(there, was) or same(there, here):
            continue
        if not same(here, was):
            conflicts.append(Conflict(part, was, here, there))
            if policy == "local":
                continue
        changes[part] = there
    return Decision("edit" if changes else "keep", changes, tuple(conflicts))


def _remote_gone(base: Parts, local: Parts | None, policy: Policy) -> Decision:
    if local is None:
        return Decision()
    if all(same(local.get(part), base.get(part)) for part in {*base, *local}):
        return Decision("delete")
    conflict = Conflict(EXISTENCE, base, local, None)
    return Decision("delete" if policy == "remote" else "keep", {}, (conflict,))


def _local_gone(base: Parts, remote: Parts, policy: Policy) -> Decision:
    if all(same(remote.get(part), base.get(part)) for part in {*base, *remote}):
        return Decision()
    conflict = Conflict(EXISTENCE, base, None, remote)
    return Decision("restore", dict(remote), (conflict,)) if policy == "remote" else Decision("keep", {}, (conflict,))


def permit(decision: Decision, schema: FieldSchema) -> tuple[Decision, Counter[str]]:
    """Takes out of a decision what the schema's ``allow_*`` switches forbid; what was refused, counted."""
    refused: Counter[str] = Counter()
    if decision.action == "delete" and not schema.allow_deletions:
        refused["deletions"] += 1
        return Decision(conflicts=decision.conflicts), refused
    if decision.action == "restore" and not schema.allow_additions:
        refused["additions"] += 1
        return Decision(conflicts=decision.conflicts), refused
    if decision.action != "edit":
        return decision, refused
    changes = dict(decision.changes)
    if "label" in changes and not schema.allow_label_edits:
        del changes["label"]
        refused["label edits"] += 1
    spatial = [path for path in LABEL_TYPES[schema.type].codec.geometry if path in changes]
    if spatial and not schema.allow_spatial_edits:
        refused["spatial edits"] += 1
        changes = {path: value for path, value in changes.items() if path not in spatial}
    return Decision("edit" if changes else "keep", changes, decision.conflicts), refused


def as_dict(conflict: Conflict) -> Mapping[str, Any]:
    """A conflict for a report."""
    return {"part": conflict.part, "base": conflict.base, "local": conflict.local, "remote": conflict.remote}
