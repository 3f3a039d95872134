"""Work that goes on in the background: it shows the progress, can stop it, and says in the end what came of it.

The work is this process's: it goes on if the panel, or the browser, is closed. What came of it is kept for a while, for
whoever opens the panel then.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import CvatError, RoundtripError, redacted_traceback
from ...sync.progress import Progress, ProgressReporter
from .as_in_forms import as_in_forms
from .context import in_app
from .running import unexpected

logger = logging.getLogger(__name__)

AN_HOUR = 3_600.0
"""Seconds for which is kept what came of a work."""
MOST = 50
"""Works that are kept in all."""

STARTING = Progress("Starting")

Variant = Literal["success", "warning", "error"]


class Click(NamedTuple):
    """What can be done next.

    Args:
        method: of the panel
        label: of the button
        params: for the method
    """

    method: str
    label: str
    params: Mapping[str, Any] = MappingProxyType({})


def nothing_more(panel: types.Object, opens: Any) -> None:
    """Adds nothing to what came of a work."""


class Outcome(NamedTuple):
    """What came of a work.

    Args:
        variant: how well it went
        line: it in a sentence or two
        details: the rest, in Markdown
        clicks: what can be done next, the most likely first
        more: adds to a panel what stands below the details; its second argument is the method that opens a sample
    """

    variant: Variant
    line: str
    details: str = ""
    clicks: tuple[Click, ...] = ()
    more: Callable[[types.Object, Any], None] = nothing_more


@dataclass
class PanelWork:
    """Something that is being done with a run, or was.

    Attributes:
        number: counted in this process, from 1
        verb: what is done, such as ``"Loading"``
        key: the run
        dataset: the id of its dataset
        progress: how far it is
        outcome: what came of it; ``None`` as long as it goes on
        ended: when, in seconds since the epoch
        into_cvat: whether it writes into CVAT, and so changes no label of the dataset
    """

    number: int
    verb: str
    key: str
    dataset: str
    reporter: ProgressReporter
    progress: Progress = STARTING
    outcome: Outcome | None = None
    ended: float = 0.0
    into_cvat: bool = False

    def stop(self) -> None:
        """Asks it to end; it does so within some seconds."""
        self.reporter.stop.set()


_works: list[PanelWork] = []
_numbers = itertools.count(1)
_lock = threading.Lock()

Work = Callable[[ProgressReporter], dict[str, Any]]
Tell = Callable[[dict[str, Any]], Outcome]
Fail = Callable[[Exception], Outcome | None]


def begin(
    ctx: foo.ExecutionContext,
    verb: str,
    key: str,
    work: Work,
    tell: Tell,
    fail: Fail = lambda error: None,
    *,
    into_cvat: bool = False,
) -> PanelWork:
    """Begins to do something with a run. What is done already is not begun twice.

    Args:
        ctx: the context in which it was asked for
        verb: what is done, such as ``"Loading"``
        key: the run
        work: does it
        tell: what came of it, if it went well
        fail: what came of it, if the error is one that it knows
        into_cvat: whether it changes no label of the dataset
    """
    dataset = str(ctx.dataset._doc.id)
    with _lock:
        for other in _works:
            if (other.dataset, other.key, other.outcome) == (dataset, key, None):
                return other
        found = PanelWork(next(_numbers), verb, key, dataset, ProgressReporter(), into_cvat=into_cvat)
        _forget_old()
        _works.append(found)
    reporter = ProgressReporter(report=lambda progress: setattr(found, "progress", progress), stop=found.reporter.stop)

    def run() -> None:
        try:
            outcome = tell(work(reporter))
        except Exception as error:
            outcome = fail(error) or _failed(error, stopped=reporter.stop.is_set())
        found.ended = time.time()
        found.outcome = outcome

    threading.Thread(target=run, name=f"cvat-panel-{found.number}", daemon=True).start()
    return found


def works(ctx: foo.ExecutionContext) -> list[PanelWork]:
    """The works with runs of the dataset, under way or ended, the first one first."""
    dataset = str(ctx.dataset._doc.id)
    with _lock:
        _forget_old()
        return [work for work in _works if work.dataset == dataset]


def forget(ctx: foo.ExecutionContext, number: int) -> None:
    """Forgets what came of a work with a run of the dataset, and of those before it."""
    dataset = str(ctx.dataset._doc.id)
    with _lock:
        _works[:] = [work for work in _works if work.dataset != dataset or work.number > number or work.outcome is None]


def is_asked_for(ctx: foo.ExecutionContext) -> bool:
    """Whether the panel opened the form of an operator, and so shows what comes of it."""
    return in_app(ctx) and bool(ctx.params.get("in_panel"))


def _forget_old() -> None:
    now = time.time()
    kept = [work for work in _works if work.outcome is None or now - work.ended < AN_HOUR]
    _works[:] = kept[-MOST:]


def _failed(error: Exception, *, stopped: bool) -> Outcome:
    if isinstance(error, (RoundtripError, CvatError)):
        return Outcome("warning" if stopped else "error", as_in_forms(error))
    logger.error("Unexpected error\n%s", redacted_traceback(error))
    return Outcome("error", unexpected(error))
