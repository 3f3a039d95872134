"""Numbers, dates, sends and runs in words, for a person."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...sync.readable import NO_BREAK_SPACE
from ...sync.runs.run_record import RunRecord
from ...sync.runs.status import RunStatus
from ...sync.send.send import LEFT_OUT_TAG
from .safe import WHOLE, code, link, place, row, safe

MOST_REASONS = 100
"""Rows of a table of reasons: some reasons name a value, of which there can be thousands."""


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 label``, ``1,200 labels``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def short_date(date: str | None) -> str:
    """``31 Jan 12:30`` of an ISO date, in local time and on one line; with its year if that is not the present one."""
    if not date:
        return ""
    try:
        local = datetime.fromisoformat(date).astimezone()
    except (ValueError, OverflowError, OSError):  # of a record from elsewhere
        return "on an unknown day"
    year = "" if local.year == datetime.now().year else " %Y"
    return local.strftime(f"%d %b{year} %H:%M").replace(" ", NO_BREAK_SPACE)


def status_words(status: RunStatus) -> str:
    """``sent``, ``interrupted``, or ``sending, 45%``."""
    known = status.state == "sending" and status.done is not None
    return f"{status.state}, {math.floor(status.done * 100 + 0.5)}%" if known else status.state  # as the bar beside it


def run_words(record: RunRecord, status: RunStatus) -> str:
    """The state of a run as of :func:`status_words`; ``imported`` if its tasks were there before it."""
    return "imported" if record.imported else status_words(status)


def sent_line(summary: Mapping[str, Any]) -> str:
    """A send in one sentence."""
    return (
        f"Sent {count(summary['samples'], 'sample')} with {count(summary['labels'], 'label')} to CVAT, "
        f"in {count(len(summary['tasks']), 'task')}."
    )


def sent(summary: Mapping[str, Any]) -> str:
    """A send in Markdown."""
    lines = [f"**{sent_line(summary)}**", ""]
    for task in summary["tasks"]:
        jobs = count(len(task["jobs"]), "job")
        where = link(task["name"], task["url"], summary["server"])
        lines.append(f"- {where}: {_frames(task, summary)}, {jobs}")
    if summary.get("project_made"):
        lines += ["", f"The project {safe(summary['project'])} is new: CVAT had none of this name."]
    lines += ["", *(f"- {safe(note, WHOLE)}" for note in summary["notes"])] if summary.get("notes") else []
    counts = {item["what"]: item["count"] for item in summary["left_out"]}
    lines += table("Left out (it stays in the dataset as it is)", counts)
    lines += _tagged(counts)
    lines += ["", f"When the annotators are done, use **Load annotations** with the run {code(summary['anno_key'])}."]
    return "\n".join(lines)


def added_line(summary: Mapping[str, Any]) -> str:
    """What was added to a run, in one sentence."""
    added = summary["added"]
    return (
        f"Added {count(added['samples'], 'sample')} with {count(added['labels'], 'label')} to the run "
        f"'{summary['anno_key']}', in {count(len(added['tasks']), 'new task')}."
    )


def added(summary: Mapping[str, Any]) -> str:
    """What was added to a run, in Markdown."""
    new, already = set(summary["added"]["tasks"]), summary["added"]["already"]
    lines = [f"**{safe(added_line(summary), WHOLE)}**", ""]
    lines += [f"{count(already, 'sample')} it had already; nothing was sent of them.", ""] if already else []
    for task in summary["tasks"]:
        if task["id"] in new:
            where = link(task["name"], task["url"], summary["server"])
            lines.append(f"- {where}: {_frames(task, summary)}, {count(len(task['jobs']), 'job')}")
    lines += table(
        "Left out of the whole run (it stays in the dataset as it is)",
        {item["what"]: item["count"] for item in summary["left_out"]},
    )
    return "\n".join(lines)


def _frames(task: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """How many frames a task has."""
    return count(task["frames"], "frame" if run.get("media_type") == "video" else "image")


def table(heading: str, counts: Mapping[str, int]) -> list[str]:
    """A table in Markdown: what there is how often. Beside a number, one wording is right for one and for many."""
    rows = [row(safe(what), f"{number:,}") for what, number in list(counts.items())[:MOST_REASONS]]
    more = ["", f"... and {len(counts) - MOST_REASONS:,} more."] if len(counts) > MOST_REASONS else []
    return ["", f"| {heading} | How\u00a0many |", "|:--|--:|", *rows, *more] if rows else []


def images_left_out(left_out: Mapping[str, int]) -> int:
    """How many samples were not sent because of their files."""
    return sum(number for what, number in left_out.items() if what.startswith(("images: ", "videos: ")))


def _tagged(left_out: Mapping[str, int]) -> list[str]:
    number = images_left_out(left_out)
    were = "was not sent; it has" if number == 1 else "were not sent; they have"
    return ["", f"{count(number, 'sample')} {were} the tag `{LEFT_OUT_TAG}`."] if number else []


def run_info(key: str, record: Mapping[str, Any], status: RunStatus) -> str:
    """A run in Markdown."""
    labels = count(sum(record["labels"].values()), "label")
    is_sent = status.state == "sent" and not record["imported"]
    size = f"{count(record['samples'], 'sample')}" + (f", {labels}" if is_sent else "")
    begun, to = ("Imported", "from") if record["imported"] else ("Sent" if is_sent else "Begun", "to")
    lines = [
        f"**{safe(key)}**: {run_words(RunRecord.model_validate(record), status)}, {size}",
        "",
        f"- {begun} {short_date(record['created_at'])} by {safe(record['created_by'])} {to} {place(record['server'])}",
        f"- Last loaded: {short_date(record['loaded_at']) or 'never'}",
    ]
    if status.state != "sent" and status.text:
        lines.insert(2, f"- {safe(status.text, WHOLE)}")
    if record["project_name"]:
        lines.append(f"- Project {safe(record['project_name'])}")
    lines += [f"- Field {code(name)}: {safe(item['type'])}" for name, item in record["label_schema"].items()]
    for task in record["tasks"]:
        size = _frames(task, record) + (f", {count(len(task['jobs']), 'job')}" if task["jobs"] else "")
        lines.append(f"- Task {link(task['name'], task['url'], record['server'])}: {size}")
    lines += table("Left out (it stays in the dataset as it is)", record["left_out"])
    lines += _tagged(record["left_out"])
    return "\n".join(lines)
