"""Running something long: progress while it runs, one sentence for a person in the App if it fails."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.errors import CvatError, RoundtripError, redacted_traceback
from ...sync.progress import Progress, ProgressReporter
from .as_in_forms import as_in_forms
from .context import answers, in_app
from .safe import WHOLE, safe

logger = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds between two notes of a delegated operation's progress, each of which is a write to the database."""

Work = Callable[[ProgressReporter], dict[str, Any]]
Finish = Callable[[dict[str, Any]], Iterator[Any]]


def perform(ctx: foo.ExecutionContext, work: Work, finish: Finish) -> Any:
    """Does something long where it was asked for: in the App, by a worker, or in a program.

    Args:
        ctx: the operator's context
        work: does it
        finish: what to show in the App in the end

    Returns:
        what the work returns; in the App, the steps that are shown
    """
    if in_app(ctx):
        return stream(ctx, work, finish)
    if ctx.delegated:
        return work(ProgressReporter(report=_noting(ctx)))
    with terminal.watching() as reporter:
        return work(reporter)


def _noting(ctx: foo.ExecutionContext) -> Callable[[Progress], None]:
    """Notes the progress of a delegated operation, now and then."""
    last = -PATIENCE

    def report(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= PATIENCE:
            last = time.monotonic()
            ctx.set_progress(progress=progress.done, label=progress.text)

    return report


def stream(ctx: foo.ExecutionContext, work: Work, finish: Finish) -> Iterator[Any]:
    """Runs work in a thread and shows its progress; a generator for the App.

    Args:
        ctx: the operator's context
        work: does it; is stopped if the App goes away
        finish: what to show in the end
    """
    updates: queue.SimpleQueue[Progress | None] = queue.SimpleQueue()
    reporter = ProgressReporter(report=updates.put)
    outcome: list[dict[str, Any] | BaseException] = []

    def run() -> None:
        try:
            outcome.append(work(reporter))
        except BaseException as error:
            outcome.append(error)
        finally:
            updates.put(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while (update := updates.get()) is not None:
            yield ctx.ops.set_progress(label=update.text, progress=update.done)
    except GeneratorExit:
        reporter.stop.set()
        raise
    thread.join()
    result = outcome[0]
    if isinstance(result, dict):
        yield from finish(result)
    else:
        yield from _failed(ctx, result)


def _failed(ctx: foo.ExecutionContext, error: BaseException) -> Iterator[Any]:
    """Says why in the App. A fault of the program is shown there, too: raised here, it would only freeze the dialog."""
    if isinstance(error, (RoundtripError, CvatError)):
        sentence = as_in_forms(error)
    else:
        logger.error("Unexpected error\n%s", redacted_traceback(error))
        sentence = unexpected(error)
    yield ctx.ops.notify(sentence, variant="error")
    form = output("Result")
    again = types.Button(
        label="Open the form again", operator=ctx.operator_uri, prompt=True, params=answers(ctx), variant="outlined"
    )
    form.type.view("again", again)
    text = f"**It did not work.** {safe(sentence, WHOLE)}"
    yield ctx.ops.show_output(outputs=form.to_json(), results={"text": text})


def unexpected(error: BaseException) -> str:
    """A fault of the program, for the person."""
    return (
        f"Something went wrong that should not ({type(error).__name__}). The log of the FiftyOne server has the "
        "details."
    )


def answer(ctx: foo.ExecutionContext, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Does something short; in the App, a failure is a sentence and no stack trace."""
    try:
        return work()
    except (RoundtripError, CvatError) as error:
        if not in_app(ctx):
            raise
        ctx.ops.notify(as_in_forms(error), variant="error")
        return {"text": safe(as_in_forms(error), WHOLE)}


def show(ctx: foo.ExecutionContext, text: str) -> Any:
    """Shows a text in Markdown as the operator's output."""
    return ctx.ops.show_output(outputs=output("Result").to_json(), results={"text": text})


def output(label: str) -> types.Property:
    """An output that is a text in Markdown, under the name ``text``."""
    outputs = types.Object()
    outputs.str("text", view=types.MarkdownView())
    return types.Property(outputs, view=types.View(label=label))
