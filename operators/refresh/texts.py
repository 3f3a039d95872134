"""What a refresh did, or would do, in words."""

from collections.abc import Mapping
from typing import Any

from ..shared.safe import WHOLE, row, safe
from ..shared.texts import count, table

MOST_JOBS, MOST_CLASSES = 20, 50
"""Jobs, and classes of a field, that are listed one by one."""
COMPLETED = "Also jobs that are completed"
IN_PROGRESS = "Also jobs that somebody is working on (in progress, with an assignee)"
KINDS = ("created", "changed", "deleted")


def line(report: Mapping[str, Any]) -> str:
    """A refresh in one sentence."""
    counts = ", ".join(f"{report[kind]:,} {kind}" for kind in KINDS)
    begin = "This would write into" if report["preview"] else "Wrote into"
    return f"{begin} {count(report['jobs_written'], 'job')} in CVAT: labels {counts}."


def text(report: Mapping[str, Any]) -> str:
    """A refresh in Markdown."""
    lines = [f"**{safe(line(report), WHOLE)}**" + (" Nothing is written yet." if report["preview"] else ""), ""]
    lines += [f"- {safe(note, WHOLE)}" for note in report["notes"]]
    rows = [
        row(safe(field), kind, f"{sum(classes.values()):,}", _classes(classes))
        for field, kinds in report["fields"].items()
        for kind in KINDS
        if (classes := kinds.get(kind))
    ]
    if rows:
        lines += ["", "| Field | In CVAT | Labels | By class |", "|:--|:--|--:|:--|", *rows]
    lines += table("Left as it is", {item["reason"]: item["count"] for item in report["left"]})
    lines += _jobs(report["jobs_left"])
    return "\n".join(lines)


def _classes(classes: Mapping[str, int]) -> str:
    named = [f"{number:,} {safe(name)}" for name, number in list(classes.items())[:MOST_CLASSES] if name]
    return ", ".join([*named, *([f"and {len(classes) - MOST_CLASSES:,} more"] if len(classes) > MOST_CLASSES else [])])


def _jobs(jobs: list[dict[str, Any]]) -> list[str]:
    if not jobs:
        return []
    rows = [row(f"{job['job_id']}", safe(job["why"]), f"{job['labels']:,}") for job in jobs[:MOST_JOBS]]
    more = ["", f"... and {count(len(jobs) - MOST_JOBS, 'more job')}."] if len(jobs) > MOST_JOBS else []
    return ["", "| Job that is left out | Why | Labels that wait |", "|--:|:--|--:|", *rows, *more]
