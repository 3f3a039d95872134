"""Sends that go on in the background, and what it says when they have ended."""

from typing import Any

import fiftyone.operators as foo

from ...sync.errors import Refused
from ...sync.progress import ProgressReporter
from ...sync.runs.record import find
from ...sync.send.send import resume
from ..shared import context, panel_work, texts
from ..shared.as_in_forms import as_in_forms
from ..shared.panel_work import Click, Outcome, Work

SENDING = "Sending"


def begin_send(ctx: foo.ExecutionContext, key: str, work: Work) -> None:
    """Begins a send whose form the panel opened."""
    answers = context.answers(ctx)

    def fail(error: Exception) -> Outcome | None:
        if not isinstance(error, Refused):
            return None
        return Outcome(
            "error", as_in_forms(error), clicks=(Click("send", "Open the form again", {"answers": answers}),)
        )

    panel_work.begin(ctx, SENDING, key, work, sent, fail, into_cvat=True)


def begin_growth(ctx: foo.ExecutionContext, key: str, work: Work) -> None:
    """Begins to add samples to a run."""

    def fail(error: Exception) -> Outcome | None:
        if not isinstance(error, Refused):
            return None
        return Outcome("error", as_in_forms(error), clicks=(Click("add_samples", "Open the form again", {"run": key}),))

    panel_work.begin(ctx, "Adding samples to", key, work, added, fail, into_cvat=True)


def begin_resume(ctx: foo.ExecutionContext, key: str, bad_files: str | None = None) -> None:
    """Goes on with a send that was interrupted.

    Args:
        ctx: the context
        key: the run
        bad_files: what to do from now on about files that CVAT can't read; ``None`` for what the send said
    """

    def work(reporter: ProgressReporter) -> dict[str, Any]:
        run = find(ctx.dataset, key)
        with context.client_for(ctx, run.organization, server=run.server) as client:
            return resume(ctx.dataset, key, client, reporter, bad_files=bad_files)

    panel_work.begin(ctx, SENDING, key, work, sent, into_cvat=True)


def sent(summary: dict[str, Any]) -> Outcome:
    """What was sent."""
    left_out = bool(summary["left_out"])
    line = texts.sent_line(summary)
    if left_out:  # no sum: some of the counts are of labels, others of classes, attributes, values or files
        line += " Something was left out: see Details."
    clicks = (Click("show_jobs", "Show its jobs", {"run": summary["anno_key"]}),)
    return Outcome("warning" if left_out or summary.get("notes") else "success", line, texts.sent(summary), clicks)


def added(summary: dict[str, Any]) -> Outcome:
    """What was added."""
    clicks = (Click("show_jobs", "Show its jobs", {"run": summary["anno_key"]}),)
    return Outcome("success", texts.added_line(summary), texts.added(summary), clicks)
