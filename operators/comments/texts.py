"""Review comments in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..shared.safe import link, row, safe
from ..shared.texts import count

MOST, LONGEST = 100, 1_000
"""Comments that are listed, open ones first, and characters that are shown of each."""


def listed(found: Sequence[Mapping[str, Any]], tasks: Mapping[int, str], names: Mapping[str, str], server: str) -> str:
    """The comments of a run as a table in Markdown, the open ones first.

    Args:
        found: as of :func:`sync.runs.comments.list_comments`
        tasks: the addresses of the tasks, by id
        names: of the samples, by id
        server: the address of the run's server
    """
    if not found:
        return "Nobody commented on this run in CVAT, as of the last load."
    open_ = sum(not item["resolved"] for item in found)
    lines = [
        f"**{count(len(found), 'comment')}, {open_:,} open**",
        "",
        "| Sample | Frame in CVAT | Comment | State |",
        "|:--|--:|:--|:--|",
    ]
    for item in sorted(found, key=lambda item: item["resolved"])[:MOST]:
        place = f"{tasks.get(item['task'], '')}/jobs/{item['job']}?frame={item['frame']}"
        sample = names.get(item["sample_id"], item["sample_id"] or "no sample of the run")
        text = safe("; ".join(item["text"].splitlines()), LONGEST)
        state = "resolved" if item["resolved"] else "open"
        lines.append(row(safe(sample), link(item["frame"], place, server), text, state))
    if len(found) > MOST:
        lines += ["", f"... and {len(found) - MOST:,} more."]
    return "\n".join(lines)


def line(counts: Mapping[str, int]) -> str:
    """How many comments there are, for the report of a load; nothing if there are none."""
    if not counts:
        return ""
    found = f"{counts['open']:,} open, {counts['resolved']:,} resolved, {counts['new']:,} new"
    return f"Review comments in CVAT: {found}; **CVAT review comments** lists them."
