"""Refreshes that go on in the background, and what it says when they have ended."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import fiftyone.operators as foo

from ...sync.errors import Refused
from ...sync.progress import ProgressReporter
from ...sync.refresh.refresh import refresh
from ...sync.refresh.undo import undo_refresh
from ...sync.request import RefreshRequest, UndoRefreshRequest, parse
from ...sync.runs.record import find
from ..shared import context, panel_work
from ..shared.as_in_forms import as_in_forms
from ..shared.panel_work import Click, Outcome
from ..shared.safe import WHOLE, safe
from . import texts


def given(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """What a person or a program has said."""
    return {name: value for name, value in context.answers(ctx).items() if value is not None}


def carry_out(ctx: foo.ExecutionContext, params: Mapping[str, Any], reporter: ProgressReporter) -> dict[str, Any]:
    """Refreshes a run, or says what that would do; parameters: :class:`sync.request.RefreshRequest`."""
    request = parse(RefreshRequest, dict(params))
    run = find(ctx.dataset, request.anno_key)
    with context.client_for(ctx, run.organization, server=run.server) as client:
        return refresh(ctx.dataset, request, client, reporter)


def take_back(ctx: foo.ExecutionContext, params: Mapping[str, Any], reporter: ProgressReporter) -> dict[str, Any]:
    """Takes a refresh back; parameters: :class:`sync.request.UndoRefreshRequest`."""
    request = parse(UndoRefreshRequest, dict(params))
    run = find(ctx.dataset, request.anno_key)
    with context.client_for(ctx, run.organization, server=run.server) as client:
        return undo_refresh(ctx.dataset, request, client, reporter)


def begin_refresh(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> None:
    """Begins a refresh, or a look at what it would do."""
    key = str(params.get("anno_key", ""))
    verb = "Looking at changed labels of" if params.get("preview") else "Sending changed labels of"
    work, tell = partial(carry_out, ctx, params), partial(_refreshed, params)
    panel_work.begin(ctx, verb, key, work, tell, partial(_refused, "refresh_run", key), into_cvat=True)


def begin_take_back(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> None:
    """Begins to take a refresh back."""
    key = str(params.get("anno_key", ""))
    work, fail = partial(take_back, ctx, params), partial(_refused, "undo_refresh", key)
    panel_work.begin(ctx, "Taking back what was sent into", key, work, _taken_back, fail, into_cvat=True)


def _refreshed(params: Mapping[str, Any], report: dict[str, Any]) -> Outcome:
    line, key = texts.line(report), str(params["anno_key"])
    does_something = any(report[kind] for kind in texts.KINDS)
    clicks = []
    if report["preview"]:
        line += " Nothing is written yet."
        if does_something:
            clicks.append(Click("refresh_again", "Send them", {"refresh": {**params, "preview": False}}))
        clicks.append(Click("refresh_run", "Open the form again", {"run": key}))
    elif does_something:
        clicks.append(Click("undo_refresh", "Take back", {"run": key}))
    left = sum(item["count"] for item in report["left"])
    return Outcome("warning" if left or report["preview"] else "success", line, texts.text(report), tuple(clicks))


def _taken_back(result: dict[str, Any]) -> Outcome:
    is_whole = not result["left"] and not result["jobs_left"]
    return Outcome("success" if is_whole else "warning", result["text"], safe(result["text"], WHOLE))


def _refused(method: str, key: str, error: Exception) -> Outcome | None:
    if not isinstance(error, Refused):
        return None
    return Outcome("error", as_in_forms(error), clicks=(Click(method, "Open the form again", {"run": key}),))
