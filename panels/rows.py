"""What the panel "CVAT runs" shows of each run, and what can be done with it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..operators.shared import texts
from ..operators.shared.choose_run import Run, is_usable
from ..operators.shared.safe import WHOLE, link, safe
from ..sync.readable import readable

COLUMNS = {
    "run": "Run",
    "status": "Status",
    "samples": "Samples",
    "labels": "Labels",
    "sent": "Sent",
    "loaded": "Loaded",
}


UNREADABLE = "Its record is damaged, or a newer version of the plugin wrote it."


class RowAction(NamedTuple):
    """An action of a row.

    Args:
        method: of the panel
        label: for the person
        icon: its name
        states: in which a run can be for it; empty for any
        needs: what a row must have for it; empty for nothing
    """

    method: str
    label: str
    icon: str
    states: tuple[str, ...] = ()
    needs: str = ""


ACTIONS = (
    RowAction("load", "Load annotations", "download", needs="usable"),
    RowAction("resolve", "Resolve conflicts", "rule", needs="conflicts"),
    RowAction("undo", "Undo the last load", "undo", needs="was_loaded"),
    RowAction("history", "History", "history", needs="was_loaded"),
    RowAction("comments", "Review comments", "comment", needs="was_loaded"),
    RowAction("resume", "Resume", "play_arrow", ("interrupted",)),
    RowAction("stop", "Stop", "stop", ("sending",)),
    RowAction("view", "View samples", "filter_alt"),
    RowAction("info", "Info", "info"),
    RowAction("rename", "Rename", "edit", ("sent",)),
    RowAction("delete", "Delete", "delete", ("sent", "interrupted")),
)


def row(run: Run, conflicts: int = 0) -> dict[str, Any]:
    """A run as a row of the table.

    Args:
        run: the run
        conflicts: how many of its labels are in conflict
    """
    record, is_sent = run.record, run.status.state == "sent"
    waiting = [texts.count(conflicts, "conflict")] if conflicts else []
    return {
        "id": record.run_id,
        "run": run.key,
        "state": run.status.state,
        "status": ", ".join([texts.run_words(record, run.status), *waiting]),
        "conflicts": conflicts,
        "usable": is_usable(run),
        "was_loaded": bool(record.loaded_at),
        "samples": record.samples,
        "labels": sum(record.labels.values()) if is_sent and not record.imported else "",
        "sent": texts.short_date(record.created_at) if is_sent else "",
        "loaded": (texts.short_date(record.loaded_at) or "never") if is_sent else "",
    }


def shown_for(action: RowAction, rows: Sequence[dict[str, Any]]) -> list[bool]:
    """For which rows an action is offered."""
    return [
        (not action.states or row["state"] in action.states) and (not action.needs or bool(row[action.needs]))
        for row in rows
    ]


def progress(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """What is being sent: ``label`` and ``done``, which may be unknown."""
    sending = [run for run in runs if run.status.state == "sending"]
    return [
        {"label": readable(f"{run.key}: {run.status.text or 'Starting'}"), "done": run.status.done} for run in sending
    ]


def interruptions(runs: Sequence[Run]) -> str:
    """Why runs were interrupted, in Markdown."""
    lines = [
        f"- **{safe(run.key)}**: {safe(run.status.text, WHOLE)}" for run in runs if run.status.state == "interrupted"
    ]
    return "\n".join(["**Interrupted**: resume or delete them", "", *lines]) if lines else ""


def damages(problems: Mapping[str, str]) -> str:
    """The runs of which something can't be read, with what it is, in Markdown."""
    lines = [f"- **{safe(key)}**: {safe(problem, WHOLE)}" for key, problem in problems.items()]
    return "\n".join(["**Can't be read**", "", *lines]) if lines else ""


def links(runs: Sequence[Run]) -> str:
    """The tasks of all runs in Markdown."""
    lines = [
        f"- **{safe(run.key)}**: {link(task.name, task.url, run.record.server)}"
        for run in runs
        for task in run.record.tasks
    ]
    return "\n".join(["**Tasks in CVAT**", "", *lines]) if lines else ""
