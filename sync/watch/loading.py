"""A load that comes by itself: what a look at a run leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...cvat import Client
from ..load.load import load
from ..progress import ProgressReporter
from ..request import LoadRequest
from ..runs.lease import is_held
from ..runs.look import JobLook
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from .decide import to_load
from .rule import WatchRule, last_undone

UNDONE = "Its last load was undone, and would come again. Load it yourself when it may, or turn this off and on."
NO_JOBS = "CVAT lists no job of it: its tasks were deleted, or moved where this login does not look."


@dataclass(frozen=True)
class Outcome:
    """What a look at a run led to.

    Args:
        jobs: those that were to be loaded, with their dates
        report: of the load, if there was one
        text: the same as a sentence
        trouble: what is wrong; it is tried again later
        stop: why nothing is loaded by itself any more
    """

    jobs: frozenset[tuple[int, str]] = frozenset()
    report: dict[str, Any] | None = None
    text: str = ""
    trouble: str = ""
    stop: str = ""


def load_now(
    dataset: Any,
    key: str,
    record: RunRecord,
    rule: WatchRule,
    jobs: Sequence[JobLook],
    client: Client,
    reporter: ProgressReporter,
) -> Outcome:
    """Loads a run, if the rule wants that of its jobs.

    Raises:
        LoadStopped: if it would do something that a person has to confirm; nothing was changed
        RoundtripError, CvatError: if it can't be loaded now
    """
    store = RunStore(dataset, record.run_id)
    if not jobs and record.complete_tasks:
        return Outcome(trouble=NO_JOBS)
    chosen = to_load(rule, jobs)
    if not chosen or is_held(store):  # whoever sends or loads it now is not disturbed: the next look sees it
        return Outcome()
    if (undone := last_undone(store)) and undone != rule.undone:
        return Outcome(stop=UNDONE)
    request = LoadRequest(anno_key=key, states=rule.states, stages=rule.stages, policy=rule.policy)
    report = load(dataset, request, client, reporter, by_itself=True)
    failed = report["jobs_failed"]
    trouble = " ".join(report["notes"]) or "Jobs could not be read." if failed else ""
    return Outcome(frozenset((job.id, job.updated_date) for job in chosen), report, loaded_line(report), trouble)


def loaded_line(report: Mapping[str, Any]) -> str:
    """A load in a sentence."""
    counts = ", ".join(f"{report[name]:,} {name}" for name in ("added", "changed", "deleted"))
    open_ = sum(item["outcome"] == "open" for item in report["conflicts"])
    waits = f", {open_:,} in conflict to be decided" if open_ else ""
    return f"Loaded by itself from {report['jobs_read']:,} of {report['jobs']:,} jobs: {counts} labels{waits}."
