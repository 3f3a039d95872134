"""View the samples of a result, and go back: what the buttons below it do."""

from typing import Any

import fiftyone.core.view as fov
import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused
from . import shown_samples
from .running import answer

BEFORE = "view before"
"""The name of the view that the grid showed before that of a result."""


class ViewSamples(foo.Operator):
    """Shows the samples of a load, a preview or an undo in the grid."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="view_samples", label="View the samples of a CVAT load", unlisted=True, risk_level=types.RiskLevel.LOW
        )

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Shows the samples that were kept under the name ``of``, or goes ``back``; how many ``samples`` are shown."""
        return answer(ctx, lambda: go_back(ctx) if ctx.params.get("back") else _show(ctx))


def _show(ctx: foo.ExecutionContext) -> dict[str, Any]:
    ids = shown_samples.kept(ctx, ctx.params.get("of", ""))
    view = ctx.dataset.select(ids)
    if not ids or not len(view):
        raise Refused("These samples are not known any more. Load or preview again.")
    remember(ctx, view)
    ctx.ops.set_view(view)
    ctx.ops.notify(f"The grid shows {len(view):,} of the dataset's samples.")
    return {"samples": len(view)}


def remember(ctx: foo.ExecutionContext, view: Any) -> None:
    """Keeps the view that the grid shows, unless it is one that was shown so.

    Args:
        ctx: the context
        view: what is shown next
    """
    now, before = _stages(ctx.request_params.get("view")), shown_samples.kept_dict(ctx, BEFORE)
    if before is None or now != before["shown"]:
        before = {"view": ctx.request_params.get("view") or []}
    shown_samples.keep_dict(ctx, BEFORE, {**before, "shown": _stages(view._serialize())})


def go_back(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """Shows the view again that was shown before that of a result.

    Args:
        ctx: the context

    Returns:
        how many ``samples`` the view has

    Raises:
        Refused: if the person has chosen another view meanwhile
    """
    before = shown_samples.kept_dict(ctx, BEFORE)
    if before is None or _stages(ctx.request_params.get("view")) != before["shown"]:
        raise Refused("The grid shows your own view.")
    view = fov.DatasetView._build(ctx.dataset, before["view"])
    ctx.ops.set_view(view)
    ctx.ops.notify("The grid shows your view again.")
    return {"samples": len(view)}


def _stages(view: Any) -> list[Any]:
    """The stages of a view, without what is new each time that one is made."""
    return [{name: stage.get(name) for name in ("_cls", "kwargs")} for stage in view or ()]
