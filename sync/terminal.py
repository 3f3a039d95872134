"""A progress bar for programs, on a terminal or in a notebook: FiftyOne's own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import fiftyone as fo
import fiftyone.core.context as foc
import fiftyone.core.utils as fou

from .progress import Progress, ProgressReporter

STEPS = 1000
"""Into how many the bar is divided."""


@contextmanager
def watching() -> Iterator[ProgressReporter]:
    """Shows how far the work in this block is, if somebody can see it and FiftyOne's bars are not turned off."""
    if not _is_seen():
        yield ProgressReporter()
        return
    with fou.ProgressBar(STEPS, show_iteration=False, show_remaining_time=False, show_iter_rate=False) as bar:

        def report(progress: Progress) -> None:
            done = bar.iteration if progress.done is None else int(STEPS * progress.done)
            bar.set_iteration(done, suffix=progress.text)

        yield ProgressReporter(report=report)
        bar.set_iteration(STEPS, suffix="done", draw=False)


def _is_seen() -> bool:
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    return bool(fo.config.show_progress_bars and (on_terminal or foc.is_notebook_context()))
