"""Views that group their samples by a field: how they do so, and the samples themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone.core.stages as fost

from ..errors import Refused


@dataclass(frozen=True)
class Grouping:
    """How a view groups its samples.

    Args:
        fields: the fields by which it does so; none if it is an expression
        order: the field that gives the order in a group; ``None`` if there is none
        reverse: whether the order is from the largest value on
    """

    fields: tuple[str, ...]
    order: str | None
    reverse: bool = False


def grouping_of(target: Any) -> Grouping | None:
    """How a view groups its samples, flat or not; ``None`` if it does not."""
    found = _group_stage(target)
    if found is None:
        return None
    stage = target._stages[found]
    said = stage._get_mongo_field_or_expr()
    names = [said] if isinstance(said, str) else said if isinstance(said, (list, tuple)) else []
    plain = all(isinstance(name, str) for name in names)
    fields = tuple(name.removeprefix("$") for name in names) if plain else ()
    return Grouping(fields, stage.order_by, bool(stage.reverse))


def ungrouped(target: Any) -> Any:
    """The samples of a view that groups them, each by itself: all that are in the groups that it has.

    Raises:
        Refused: if something comes after the grouping that FiftyOne applies to the first sample of each group only
    """
    found = _group_stage(target)
    if found is None:
        return target
    stage, later = target._stages[found], target._stages[found + 1 :]
    if not stage.flat and not target._is_dynamic_groups:
        return target  # a later stage made it flat
    before = target._base_view
    for item in target._stages[:found]:
        before = before.add_stage(item)
    if stage.flat:
        return target if stage._match_expr is not None else _with_stages(before, later)
    if changing := [type(item).__name__ for item in later if not isinstance(item, CHOOSING)]:
        raise Refused(
            f"The stage {changing[0]} comes after the grouping of this view, where FiftyOne applies it to the first "
            "sample of each group only. Put it before the grouping."
        )
    return _of_groups(before, target, stage) if later else before


CHOOSING = (
    fost.Exclude,
    fost.ExcludeBy,
    fost.Exists,
    fost.Limit,
    fost.Match,
    fost.MatchTags,
    fost.Select,
    fost.SelectBy,
    fost.Shuffle,
    fost.Skip,
    fost.SortBy,
    fost.Take,
)
"""The stages that choose among groups, by the first sample of each, and change nothing of them."""


def _group_stage(target: Any) -> int | None:
    """Where the stage is that groups a view."""
    stages = getattr(target, "_stages", ())
    return next((n for n in reversed(range(len(stages))) if isinstance(stages[n], fost.GroupBy)), None)


def _with_stages(view: Any, stages: Sequence[Any]) -> Any:
    for stage in stages:
        view = view.add_stage(stage)
    return view


def _of_groups(before: Any, target: Any, stage: Any) -> Any:
    """The samples of those groups that a view has."""
    expression, _ = stage._get_group_expr(before)
    first = target._aggregate(post_pipeline=[{"$project": {"group": expression}}])
    values = [document.get("group") for document in first]
    return before.mongo([{"$match": {"$expr": {"$in": [_or_null(expression), values]}}}])


def _or_null(expression: Any) -> Any:
    """A group's value; of a sample without the field it is ``null``, as MongoDB groups it."""
    return expression if isinstance(expression, list) else {"$ifNull": [expression, None]}
