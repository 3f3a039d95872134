"""The three-way merge of one label, part by part: a pure function of base, local and remote.

A part is the label's existence, its class, its geometry, or one attribute. The geometry is one part, because its paths
(a box and its rotation, a mask and its box) only make sense together.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...labels.codec import Parts
from ...labels.schema import FieldSchema
from ..request import Policy

Outcome = Literal["remote", "local", "open"]
Action = Literal["keep", "edit", "delete", "restore", "ask"]

EXISTENCE, LABEL, GEOMETRY = "existence", "label", "geometry"
ALL = "*"
ADDITIONS, DELETIONS, LABEL_EDITS, SPATIAL_EDITS = "additions", "deletions", "label edits", "spatial edits"

_OUTCOMES: dict[Policy, Outcome] = {"remote": "remote", "local": "local", "ask": "open"}
_SWITCHES = {LABEL: LABEL_EDITS, GEOMETRY: SPATIAL_EDITS}
_APART = " (attribute)"  # an attribute may have the name of a part


@dataclass(frozen=True)
class Conflict:
    """A part that both sides changed, differently.

    Args:
        part: which
        base, local, remote: its three values; ``None`` as a whole label means that it was deleted
        outcome: whose value counts, or ``"open"`` until somebody decides
        of_jobs: whether FiftyOne's value came from another job that has the label, too, so that two jobs differ
    """

    part: str
    base: Any
    local: Any
    remote: Any
    outcome: Outcome = "remote"
    of_jobs: bool = False

    def facts(self) -> dict[str, Any]:
        """The conflict as plain data; ``of_jobs`` only where it is so."""
        return {name: value for name, value in vars(self).items() if name != "of_jobs" or value}


@dataclass(frozen=True)
class Decision:
    """What to do with a label in FiftyOne.

    Args:
        action: ``"keep"`` it, ``"edit"`` it, ``"delete"`` it, ``"restore"`` one that was deleted here, or leave it
            alone and ``"ask"``
        changes: the new values, by path
        conflicts: what both sides changed
        refused: changes of CVAT that the run's switches forbid
        jobs_differ: whether two jobs changed the same part, differently
    """

    action: Action = "keep"
    changes: Parts = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    refused: tuple[str, ...] = ()
    jobs_differ: bool = False


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last bit: ``1``, ``1.0`` and ``True`` are not."""
    if one is other:
        return True
    kind = type(one)
    if kind is type(other):
        if kind in (str, int, bool):
            return bool(one == other)
        if kind is float:
            return one == other != 0 or repr(one) == repr(other)  # nought has a sign
        if kind is list:
            return len(one) == len(other) and all(map(same, one, other))
        if kind is dict:
            return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def alike(one: Any, other: Any) -> bool:
    """Whether two values differ at most in the last digits of their numbers."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    return same(one, other)


def forbidden(schema: FieldSchema) -> frozenset[str]:
    """The changes of CVAT that the ``allow_*`` switches of a field forbid for labels that were sent."""
    switches = {
        ADDITIONS: schema.allow_additions,
        DELETIONS: schema.allow_deletions,
        LABEL_EDITS: schema.allow_label_edits,
        SPATIAL_EDITS: schema.allow_spatial_edits,
    }
    return frozenset(name for name, allowed in switches.items() if not allowed)


@dataclass(frozen=True)
class OtherJob:
    """What another job that has the frame of a label, too, made of it.

    Args:
        is_earlier: whether its change counts where both changed the same part, differently
        parts: the label's parts there when both sides last agreed; ``None`` if it is gone there
        wrote: the paths that loads of that job wrote; :data:`EXISTENCE` if one deleted the label
    """

    is_earlier: bool
    parts: Parts | None
    wrote: Collection[str] = ()


@dataclass(frozen=True)
class Rules:
    """How labels of one field are merged.

    Args:
        policy: whose change counts where both changed the same part; with ``"ask"`` the whole label is left alone
        decided: parts that somebody decided already; :data:`ALL` stands for all that are not named
        geometry: the paths that are the geometry
        forbidden: what CVAT may not change, see :func:`forbidden`
        other: what another job made of the label
    """

    policy: Policy = "remote"
    decided: Mapping[str, Policy] = field(default_factory=dict)
    geometry: Sequence[str] = ()
    forbidden: frozenset[str] = frozenset()
    other: OtherJob | None = None

    def of(self, part: str) -> Policy:
        """Who decides about a part."""
        if _SWITCHES.get(part) in self.forbidden:
            return "local"
        return self.decided.get(part, self.decided.get(ALL, self.policy))


def merge(base: Parts, local: Parts | None, remote: Parts | None, rules: Rules | None = None) -> Decision:
    """Decides what becomes of a label.

    Args:
        base: its parts when both sides last agreed, by path
        local: its parts in FiftyOne now; ``None`` if it was deleted there
        remote: its parts in CVAT now; ``None`` if it was deleted there
        rules: of its field; by default CVAT's change counts

    Returns:
        what to do in FiftyOne. Changes of one side apply; equal changes of both agree.
    """
    rules = rules or Rules()
    if remote is None:
        return _remote_gone(base, local, rules)
    if local is None:
        return _local_gone(base, remote, rules)
    paths = _geometry_paths(rules.geometry, base, local, remote)
    was, here, there = (_as_parts(values, paths) for values in (base, local, remote))
    changes: Parts = {}
    conflicts: list[Conflict] = []
    refused: list[str] = []
    others, jobs_differ = _Others(rules, paths), False
    for part, new in there.items():
        if same(new, was.get(part)) or same(new, here.get(part)):
            continue
        refuses = _SWITCHES.get(part) in rules.forbidden
        if refuses:
            refused.append(_SWITCHES[part])
        counts: Policy = "local" if refuses else "remote"
        if not same(here.get(part), was.get(part)):
            of_jobs = others.counts(part, here.get(part))
            close = alike(here.get(part), new)  # each job, or clip, interpolates between its own keyframes
            counts = of_jobs or ("remote" if close and rules.of(part) == "ask" else rules.of(part))
            values = was.get(part), here.get(part), new
            if not close:
                conflicts.append(Conflict(part, *values, _OUTCOMES[counts], of_jobs is not None))
                jobs_differ |= of_jobs is not None
        if counts == "remote":
            changed = paths if part == GEOMETRY else (part.removesuffix(_APART),)
            changes.update({p: remote.get(p) for p in changed if not same(remote.get(p), local.get(p))})
    if any(conflict.outcome == "open" for conflict in conflicts):
        return Decision("ask", {}, tuple(conflicts), tuple(refused))
    action: Action = "edit" if changes else "keep"
    return Decision(action, changes, tuple(conflicts), tuple(refused), jobs_differ)


class _Others:
    """What another job made of the parts of a label.

    Args:
        rules: of the label
        geometry: the paths that are its geometry
    """

    def __init__(self, rules: Rules, geometry: Collection[str]) -> None:
        self._rules, self._geometry = rules, geometry
        parts = rules.other.parts if rules.other else None
        self._parts = None if parts is None else _as_parts(parts, geometry)

    def wrote(self, part: str, value: Any) -> bool:
        """Whether a value of FiftyOne is what the other job wrote there."""
        other = self._rules.other
        if other is None or self._parts is None or not same(value, self._parts.get(part)):
            return False
        paths = self._geometry if part == GEOMETRY else (part.removesuffix(_APART),)
        return any(path in other.wrote for path in paths)

    def counts(self, part: str, value: Any) -> Policy | None:
        """Which job's change counts of a part that both changed; ``None`` if it was FiftyOne that changed it."""
        other = self._rules.other
        if other is None or _SWITCHES.get(part) in self._rules.forbidden:
            return None
        agreed = self._parts is not None and same(value, self._parts.get(part))
        equal = other.is_earlier and agreed and self._rules.of(part) == "remote"  # the same was done in FiftyOne
        if not equal and not self.wrote(part, value):
            return None
        return "local" if other.is_earlier else "remote"


def _remote_gone(base: Parts, local: Parts | None, rules: Rules) -> Decision:
    if local is None:
        return Decision()
    forbids = DELETIONS in rules.forbidden
    refused = (DELETIONS,) if forbids else ()
    paths = [path for path in {*base, *local} if not same(local.get(path), base.get(path))]
    if not paths:
        return Decision("keep" if forbids else "delete", refused=refused)
    others = _Others(rules, ())
    if not forbids and all(others.wrote(path, local.get(path)) for path in paths):
        # A label that one job deletes is deleted
        conflict = Conflict(EXISTENCE, base, local, None, "remote", of_jobs=True)
        return Decision("delete", {}, (conflict,), jobs_differ=True)
    counts = "local" if forbids else rules.of(EXISTENCE)
    actions: dict[Policy, Action] = {"remote": "delete", "local": "keep", "ask": "ask"}
    return Decision(actions[counts], {}, (Conflict(EXISTENCE, base, local, None, _OUTCOMES[counts]),), refused)


def _local_gone(base: Parts, remote: Parts, rules: Rules) -> Decision:
    if all(same(remote.get(path), base.get(path)) for path in {*base, *remote}):
        return Decision()
    forbids = ADDITIONS in rules.forbidden
    counts = "local" if forbids else rules.of(EXISTENCE)
    actions: dict[Policy, Action] = {"remote": "restore", "local": "keep", "ask": "ask"}
    changes = dict(remote) if counts == "remote" else {}
    gone = rules.other is not None and rules.other.parts is None
    if rules.other and gone and (counts == "remote" or EXISTENCE in rules.other.wrote):
        return Decision("keep", {}, (Conflict(EXISTENCE, base, None, remote, "local", of_jobs=True),), jobs_differ=True)
    conflict = Conflict(EXISTENCE, base, None, remote, _OUTCOMES[counts])
    return Decision(actions[counts], changes, (conflict,), (ADDITIONS,) if forbids else ())


def _geometry_paths(geometry: Sequence[str], *versions: Parts) -> tuple[str, ...]:
    """The paths of the geometry, with lists of one entry for each point if points came or went."""
    lists = {path for values in versions for path, value in values.items() if isinstance(value, list)}
    uneven = (
        path
        for path in sorted(lists.difference(geometry))
        if len({len(v) for values in versions if isinstance(v := values.get(path), list)}) > 1
    )
    return (*geometry, *uneven) if geometry else ()


def _as_parts(values: Parts, geometry: Collection[str]) -> Parts:
    """Values by part instead of by path."""
    own = (EXISTENCE, GEOMETRY)
    parts = {path + _APART * (path in own): value for path, value in values.items() if path not in geometry}
    drawn = {path: values[path] for path in geometry if values.get(path) is not None}
    named = {LABEL: parts.pop(LABEL)} if LABEL in parts else {}
    return {**named, **({GEOMETRY: drawn} if drawn else {}), **parts}
