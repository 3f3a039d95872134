"""What the operators that send have in common."""

from collections.abc import Iterator
from typing import Any

import fiftyone.operators as foo

from ...sync.progress import ProgressReporter
from ..shared import texts
from ..shared.running import show


def unstoppable(reporter: ProgressReporter) -> ProgressReporter:
    """A reporter of which only the progress is taken: whoever closes a dialog does not mean to stop a send."""
    return ProgressReporter(report=reporter.report)


def finish(ctx: foo.ExecutionContext, summary: dict[str, Any]) -> Iterator[Any]:
    """Shows what was sent."""
    yield ctx.ops.notify(texts.sent_line(summary), variant="success")
    yield ctx.ops.reload_dataset()
    yield show(ctx, texts.sent(summary))
