"""What would be sent, in words."""

from collections.abc import Mapping
from typing import Any

from ...sync.send.send_progress import megabytes
from ..shared.texts import count, table

MOST_TASKS, MOST_FILES = 20, 10
"""Tasks and bad files that are listed one by one."""


def line(found: Mapping[str, Any]) -> str:
    """What would be sent, in one sentence."""
    size = f" ({megabytes(found['bytes'])})" if found["bytes"] else ""
    return (
        f"This would send {count(found['images'], 'image')}{size} with {count(found['labels'], 'label')}, in "
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
        lines.append(f"Into the project {found['project']}, {state}, on {found['server']}.")
    else:
        lines.append(f"To {found['server']}.")
    lines += ["", *(f"- {note}" for note in found["notes"])] if found["notes"] else []
    lines += _tasks(found["tasks"])
    lines += _labels(found["labels_by_field"])
    lines += table("Left out (it stays in the dataset as it is)", {i["what"]: i["count"] for i in found["left_out"]})
    lines += _bad(found["bad_files"])
    return "\n".join(lines)


def _tasks(tasks: list[dict[str, Any]]) -> list[str]:
    rows = [
        f"| {_cell(task['name'])} | {task['images']:,} | {megabytes(task['bytes']) if task['bytes'] else '-'} "
        f"| {task['jobs']:,} |"
        for task in tasks[:MOST_TASKS]
    ]
    more = ["", f"... and {count(len(tasks) - MOST_TASKS, 'more task')}."] if len(tasks) > MOST_TASKS else []
    return ["", "| Task | Images | To upload | Jobs |", "|:--|--:|--:|--:|", *rows, *more]


def _labels(fields: Mapping[str, Mapping[str, int]]) -> list[str]:
    rows = []
    for name, classes in fields.items():
        by_class = ", ".join(f"{number:,} {_cell(cls)}" for cls, number in classes.items())
        rows.append(f"| {name} | {sum(classes.values()):,} | {by_class} |")
    return ["", "| Field | Labels | By class |", "|:--|--:|:--|", *rows]


def _bad(files: list[dict[str, Any]]) -> list[str]:
    if not files:
        return []
    named = [f"- {file['path'] or 'a sample'} {file['reason']}" for file in files[:MOST_FILES]]
    more = [f"- ... and {len(files) - MOST_FILES:,} more"] if len(files) > MOST_FILES else []
    return ["", "Files that can't be sent:", "", *named, *more]


def _cell(name: str) -> str:
    return name.replace("|", "\\|")
