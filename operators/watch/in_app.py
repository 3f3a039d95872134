"""Loads that come by themselves in the App: its server watches, in a thread that goes on when the App is closed."""

from typing import Any

import fiftyone.operators as foo

from ...sync.errors import StateUnreadable
from ...sync.request import parse
from ...sync.runs.run_record import RunRecord
from ...sync.runs.store import RunStore
from ...sync.watch.background import ensure_watched
from ...sync.watch.rule import WatchRequest, WatchRule, read_rule, turn_off, turn_on
from ..shared import context
from ..shared.safe import code, safe
from . import texts

NOTE = (
    "The App's server looks as long as it runs. It stops, and waits for you, before a load that would delete many "
    "labels, and after you undid a load."
)


def rule_of(dataset: Any, record: RunRecord) -> WatchRule:
    """The rule of a run, or the usual one if it has none that can be read."""
    try:
        return read_rule(RunStore(dataset, record.run_id)) or WatchRule()
    except StateUnreadable:
        return WatchRule()


def turn(ctx: foo.ExecutionContext, key: str, said: dict[str, Any] | None) -> dict[str, Any]:
    """Turns it on for a run, or off.

    Args:
        ctx: the operator's context
        key: the run
        said: values of the rule; ``None`` to turn it off

    Returns:
        a ``text`` in Markdown
    """
    if said is None:
        turn_off(ctx.dataset, key)
        ctx.ops.notify(f"The run {key} is not loaded by itself any more.")
        return {"text": f"{code(key)} is not loaded by itself any more."}
    request = parse(WatchRequest, said)
    pace = {"every": request.every} if "every" in request.model_fields_set else {}
    rule = turn_on(ctx.dataset, key, {**request.said, **pace}, here=True)
    begin(ctx)
    ctx.ops.notify(f"The run {key} is loaded by itself from now on.", variant="success")
    return {"text": f"{code(key)} is loaded by itself: {safe(texts.rule_line(rule))}. {NOTE}"}


def begin(ctx: foo.ExecutionContext) -> None:
    """Has the runs of the dataset watched that the App's server is to watch."""

    def connect(record: RunRecord) -> Any:
        return context.client_for(ctx, record.organization, server=record.server)

    ensure_watched(ctx.dataset, connect)
