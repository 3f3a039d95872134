"""Review comments in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..conflicts.texts import cell
from ..shared.texts import count

MOST = 100
"""Remarks that are listed; open ones first."""


def listed(found: Sequence[Mapping[str, Any]], tasks: Mapping[int, str], names: Mapping[str, str]) -> str:
    """The remarks of a run as a table in Markdown, the open ones first.

    Args:
        found: as of :func:`sync.runs.comments.list_comments`
        tasks: the addresses of the tasks, by id
        names: of the samples, by id
    """
    if not found:
        return "No remark was made in CVAT about this run, as of the last load."
    open_ = sum(not item["resolved"] for item in found)
    lines = [
        f"**{count(len(found), 'remark')}, {open_:,} open**",
        "",
        "| Sample | Frame | Remark | State |",
        "|:--|--:|:--|:--|",
    ]
    for item in sorted(found, key=lambda item: item["resolved"])[:MOST]:
        url = tasks.get(item["task"])
        frame = f"[{item['frame']}]({url}/jobs/{item['job']}?frame={item['frame']})" if url else str(item["frame"])
        sample = names.get(item["sample_id"], item["sample_id"] or "no sample of the run")
        text = cell("; ".join(item["text"].splitlines()))
        lines.append(f"| {sample} | {frame} | {text} | {'resolved' if item['resolved'] else 'open'} |")
    if len(found) > MOST:
        lines += ["", f"... and {len(found) - MOST:,} more."]
    return "\n".join(lines)


def line(counts: Mapping[str, int]) -> str:
    """How many remarks there are, for the report of a load; nothing if there are none."""
    if not counts:
        return ""
    remarks = f"{counts['open']:,} open, {counts['resolved']:,} resolved, {counts['new']:,} new"
    return f"Review comments in CVAT: {remarks}; **CVAT review comments** lists them."
