"""The loads and refreshes of a run in words: when, by whom, from whose jobs, and how much."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...sync.readable import NO_BREAK_SPACE
from ..shared.safe import code, row, safe
from ..shared.texts import count, short_date

MOST = 50
"""Loads that are listed; the newest."""

COUNTED = {"added": "added", "changed": "changed", "deleted": "deleted", "conflicts": "in conflict"}

WHAT = {"resolve": "decisions", "refresh": "to CVAT"}

STATUS = {"applied": "", "undone": "undone", "applying": "interrupted", "undoing": "undo interrupted"}


def last_load(load: Mapping[str, Any]) -> str:
    """The load that would be undone."""
    what = "the decisions about conflicts" if load["kind"] == "resolve" else "the load"
    from_ = f", from {_jobs(load)}" if load["jobs"] else ""
    return (
        f"This undoes {what} of {short_date(load['at'])} by {load['user']}{from_}: "
        f"{load['added']:,} added, {load['changed']:,} changed, {count(load['deleted'], 'label')} deleted."
    )


def loads(key: str, listed: Sequence[Mapping[str, Any]]) -> str:
    """The loads of a run as a table in Markdown, the newest first."""
    if not listed:
        return f"No load of **{safe(key)}** has changed anything yet."
    sent = sum(load["kind"] == "refresh" for load in listed)
    counted = [count(len(listed) - sent, "load")] if len(listed) > sent else []
    counted += [f"{count(sent, 'send', 'sends')} of changed labels"] if sent else []
    lines = [
        f"**{' and '.join(counted)} of {safe(key)}**",
        "",
        "| Load | When | Who | Jobs | Labels | |",
        "|--:|:--|:--|:--|:--|:--|",
    ]
    for load in list(reversed(listed))[:MOST]:
        # of decisions, the conflicts are those that were there before
        known = {name: words for name, words in COUNTED.items() if (load["kind"], name) != ("resolve", "conflicts")}
        counts = ", ".join(f"{load[name]:,} {words}" for name, words in known.items() if load[name]) or "no change"
        what = "by itself" if load["by_itself"] else WHAT.get(load["kind"], "")
        note = ", ".join(filter(None, [what, STATUS[load["status"]]]))
        who = safe(load["user"]), safe(_jobs(load))
        lines.append(row(load["number"], short_date(load["at"]), *who, counts, note))
    if len(listed) > MOST:
        lines += ["", f"... and {len(listed) - MOST:,} older ones; save the history as a file to have them all."]
    return "\n".join(lines)


def label(label_id: str, listed: Sequence[Mapping[str, Any]]) -> str:
    """What loads did to a label, as a table in Markdown, the last first."""
    if not listed:
        return f"No load of this run changed the label {code(label_id)}."
    lines = [
        f"**The label {code(label_id)}**",
        "",
        "| Load | When | Who | Job | Field | What |",
        "|--:|:--|:--|:--|:--|:--|",
    ]
    for item in reversed(listed):
        what = "marked as in conflict, or no longer" if item["change"] == "marked" else item["change"]
        who = safe(item["user"]), safe(_job(item["job_id"], item["assignee"]))
        lines.append(row(item["load"], short_date(item["at"]), *who, safe(item["field"]), safe(what)))
    return "\n".join(lines)


def _jobs(load: Mapping[str, Any]) -> str:
    """The jobs of a load, with whom they are given to; of many, only how many and to whom."""
    jobs = load["jobs"]
    if len(jobs) <= 3:
        return ", ".join(_job(job["job_id"], job["assignee"]) for job in jobs) or "no job"
    people = sorted({job["assignee"] for job in jobs if job["assignee"]})
    return count(len(jobs), "job") + (f" of {', '.join(people)}" if people else "")


def _job(job_id: int, assignee: str | None) -> str:
    return f"job{NO_BREAK_SPACE}{job_id}" + (f" of {assignee}" if assignee else "")
