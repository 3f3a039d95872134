"""What the operators that send have in common."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.progress import ProgressReporter
from ..shared import shown_samples, texts
from ..shared.reloading import BUTTONS

LOAD = "@roundtrip/cvat/load_annotations"


def unstoppable(reporter: ProgressReporter) -> ProgressReporter:
    """A reporter of which only the progress is taken: whoever closes a dialog does not mean to stop a send."""
    return ProgressReporter(report=reporter.report)


def finish(ctx: foo.ExecutionContext, summary: dict[str, Any]) -> Iterator[Any]:
    """Shows what was sent."""
    yield ctx.ops.notify(texts.sent_line(summary), variant="success")
    yield ctx.trigger(BUTTONS)  # there is something to load now
    yield ctx.ops.reload_dataset()
    yield shown_samples.result(ctx, texts.sent(summary), more=partial(_next, key=summary["anno_key"]))


def _next(outputs: types.Object, key: str) -> None:
    """Adds what one can do next."""
    row = outputs.h_stack("next", gap=1, align_x="left")
    panel = {"name": "cvat", "isActive": True, "layout": "horizontal"}
    follow = types.Button(label="Follow it in the panel CVAT", operator="open_panel", params=panel, variant="outlined")
    row.view("follow", follow)
    load = types.Button(
        label="Load annotations", operator=LOAD, prompt=True, params={"anno_key": key}, variant="outlined"
    )
    row.view("load", load)
