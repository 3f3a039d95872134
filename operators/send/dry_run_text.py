"""What would be sent, in words."""

from collections.abc import Mapping
from typing import Any

from ...sync.send.send_progress import megabytes
from ..shared.safe import WHOLE, place, row, safe
from ..shared.texts import count, table

MOST_TASKS, MOST_FILES, MOST_CLASSES = 20, 10, 50
"""Tasks, bad files, and classes of a field that are listed one by one."""


def line(found: Mapping[str, Any]) -> str:
    """What would be sent, in one sentence."""
    size = f" ({megabytes(found['bytes'])})" if found["bytes"] else ""
    return (
        f"This would send {count(found['images'], found['media'])}{size} with {count(found['labels'], 'label')}, in "
        f"{count(len(found['tasks']), 'task')} with {count(found['jobs'], 'job')}."
    )


def text(found: Mapping[str, Any]) -> str:
    """What would be sent, in Markdown.

    Args:
        found: as of :func:`sync.send.prepare.describe`
    """
    lines = [f"**{line(found)}** Nothing is sent yet.", ""]
    if found["project"]:
        state = "which exists" if found["project_exists"] else "which will be made"
        lines.append(f"Into the project {safe(found['project'])}, {state}, on {place(found['server'])}.")
    else:
        lines.append(f"To {place(found['server'])}.")
    lines += ["", *(f"- {safe(note, WHOLE)}" for note in found["notes"])] if found["notes"] else []
    lines += _tasks(found["tasks"], found["media"])
    lines += _labels(found["labels_by_field"])
    lines += table("Left out (it stays in the dataset as it is)", {i["what"]: i["count"] for i in found["left_out"]})
    lines += _bad(found["bad_files"])
    return "\n".join(lines)


def _tasks(tasks: list[dict[str, Any]], media: str) -> list[str]:
    rows = [
        row(safe(task["name"]), f"{task['images']:,}", megabytes(task["bytes"]) if task["bytes"] else "-", task["jobs"])
        for task in tasks[:MOST_TASKS]
    ]
    more = ["", f"... and {count(len(tasks) - MOST_TASKS, 'more task')}."] if len(tasks) > MOST_TASKS else []
    return [
        "",
        "**Tasks**",
        "",
        f"| Task | {media.capitalize()}s | To upload | Jobs |",
        "|:--|--:|--:|--:|",
        *rows,
        *more,
    ]


def _labels(fields: Mapping[str, Mapping[str, int]]) -> list[str]:
    rows = []
    for name, classes in fields.items():
        by_class = [f"{number:,} {safe(cls)}" for cls, number in list(classes.items())[:MOST_CLASSES]]
        more = [f"and {len(classes) - MOST_CLASSES:,} more"] if len(classes) > MOST_CLASSES else []
        rows.append(row(safe(name), f"{sum(classes.values()):,}", ", ".join([*by_class, *more])))
    return ["", "**Labels**", "", "| Field | Labels | By class |", "|:--|--:|:--|", *rows]


def _bad(files: list[dict[str, Any]]) -> list[str]:
    if not files:
        return []
    named = [f"- {safe(file['path'] or 'a sample')} {safe(file['reason'])}" for file in files[:MOST_FILES]]
    more = [f"- ... and {len(files) - MOST_FILES:,} more"] if len(files) > MOST_FILES else []
    return ["", "Files that can't be sent:", "", *named, *more]
