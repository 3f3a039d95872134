"""Texts that are more than text to somebody who shows them, and all that may hold one: runs, reports, conflicts.

Each function gives what others made up, with such a text in all places.
"""

from __future__ import annotations

from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared import panel_work
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.choose_run import Run
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import Progress, ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.changed_label import ChangedLabel
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.look import JobLook
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.report import LoadReport
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.run_record import RunRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.status import RunStatus
from hypothesis import strategies as st

SERVER = "http://127.0.0.1:8080"

MARKUP = (
    *("![x](http://evil.example/p.png)", "[x](http://evil.example)", "<http://evil.example>", "<img src=http://e.ex>"),
    *("](http://evil.example) [", "a|b", "|", "\\", "\\|", "`", "``", "```py\nx", "**b**", "*", "_x_", "__init__"),
    *("~~s~~", "# h", "## h", "> q", "- l", "+ l", "* l", "1. l", "12) l", "---", "===", "[ ] t", "[^1]", "[^1]: n"),
    *(
        "[x]: http://e.ex",
        "&lt;b&gt;",
        "&#33;",
        "&amp;",
        "a\r\n\r\n# h",
        "a  \nb",
        "    code",
        "<" * 5_000,
        "[" * 5_000,
    ),
)
ADDRESSES = (
    *("http://evil.example/a_b", "https://evil.example", "www.evil.example", "me@evil.example", "HTTP://EVIL.example"),
    *("javascript:alert(1)", "mailto:x@e.ex", "xmpp:a@b.c", "ftp://e.ex", "//e.ex"),
)
UNSEEN = (
    *("a\nb", "a\u2028b", "\t x", "\x00", "\x1b[31mred\x1b[0m", "\x9b1m", "\x1b]0;t\x07", "a\u202ecod.exe", "\u2066x"),
    *("a\u200bb", "\ufeffx", "\xadx", "e" + "\u0301" * 60, "\U000e0041", "", " ", "🎉", "ل", "x" * 5_000),
)
NASTY = MARKUP + ADDRESSES + UNSEEN
"""Texts that mean something in Markdown, on a terminal, or to who reads."""

text = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), max_size=4).map("".join),
    st.lists(st.sampled_from("[]()<>!*_`~|\\#-+=&:/.@ \nabc1"), max_size=30).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),  # no JSON has halves of a character
)


def record(nasty: str) -> RunRecord:
    """A run of which others made up the words, as with an imported dataset."""
    task = {"id": 1, "name": nasty, "url": f"{SERVER}/tasks/1", "frames": 2, "jobs": [1, 2]}
    return RunRecord.model_validate(
        {
            "run_id": "a1",
            "status": "sending",
            "server": SERVER,
            "project_name": nasty or None,
            "created_by": nasty,
            "label_schema": {nasty or "gt": {"type": "detections", "classes": [nasty or "cat"]}},
            "tasks": [task, {**task, "url": nasty}, {**task, "url": f"{SERVER}/x) ![x](http://evil.example"}],
            "left_out": {nasty: 1, f"images: {nasty}": 2},
            "created_at": nasty,
            "loaded_at": nasty,
        }
    )


def conflict(nasty: str, part: str = "", **values: Any) -> dict[str, Any]:
    where = {"field": nasty, "sample_id": nasty, "label_id": nasty, "outcome": "open", "job_id": 1}
    return {**where, "part": part or nasty, "base": nasty, "local": nasty, "remote": nasty, **values}


def conflict_list(nasty: str) -> list[dict[str, Any]]:
    whole = {"label": nasty, nasty: nasty}
    return [
        conflict(nasty),
        conflict(nasty, "label"),
        conflict(nasty, "existence", base={**whole, nasty: "y"}, local=None, remote=whole),
        conflict(nasty, "geometry", base=None, local={"bounding_box": [0, 0, 1, 1]}, remote={"points": [[0, 0]]}),
        {**conflict(nasty, nasty), "track": 5, "frame": 3, "step": 1},
    ]


def report(nasty: str) -> dict[str, Any]:
    counts = {"added": 1, "changed": 2, "classes": {nasty: {"added": 1}}, "refused": {nasty: 1}, "copied": 1}
    made = LoadReport.model_validate(
        {
            "anno_key": nasty,
            "fields": {nasty: counts},
            "unexpected": {nasty: 1},
            "conflicts": conflict_list(nasty),
            "comments": {"open": 1, "resolved": 0, "new": 1},
            "matches": {"exact": 1},
        }
    )
    made.note(nasty)
    found = made.as_dict()
    return {**found, "notes": [*found["notes"], nasty], "imported": {"linked": 1, "tasks": [1]}}


def load(nasty: str) -> dict[str, Any]:
    jobs = [{"job_id": n, "assignee": nasty or None} for n in (1, 2)]
    counts = dict.fromkeys(("added", "changed", "deleted", "conflicts"), 1)
    how = {"kind": "load", "status": "applied", "by_itself": False}
    return {"number": 1, **how, "at": nasty, "user": nasty, "jobs": jobs, **counts}


def change(nasty: str) -> dict[str, Any]:
    return {"load": 1, "at": nasty, "user": nasty, "job_id": 1, "assignee": nasty, "field": nasty, "change": nasty}


def comment(nasty: str) -> dict[str, Any]:
    return {"task": 1, "job": 1, "frame": 1, "sample_id": nasty, "text": nasty, "resolved": False}


def forecast(nasty: str) -> dict[str, Any]:
    return {
        "media": "image",
        "images": 1,
        "bytes": 1,
        "labels": 1,
        "jobs": 1,
        "project": nasty,
        "project_exists": True,
        "server": SERVER,
        "tasks": [{"name": nasty, "images": 1, "bytes": 1, "jobs": 1}],
        "labels_by_field": {nasty: {nasty: 1}},
        "left_out": [{"what": nasty, "count": 1}],
        "notes": [nasty],
        "bad_files": [{"path": nasty, "reason": nasty}],
    }


def run(nasty: str) -> Run:
    return Run(nasty, record(nasty), RunStatus("interrupted", nasty))


def undone(nasty: str) -> dict[str, Any]:
    kept = [{"field": nasty, "sample_id": nasty, "label_id": nasty, "class": nasty, "edited": [nasty]}]
    return {"load": 1, "removed": 1, "restored": 1, "changed": 1, "edited_since": kept, "samples_gone": 1}


def sent(nasty: str) -> dict[str, Any]:
    return record(nasty).summary(nasty)


def foreign(nasty: str) -> dict[str, Any]:
    return {"anno_key": nasty, "fields": {nasty: {"before": 1, "after": 2}}, "before": 1, "after": 2, "notes": [nasty]}


def found(nasty: str) -> dict[str, Any]:
    size = {"objects": 1, "linked": 1, "frames": 1, "media": "image"}
    return {"tasks": [1], **size, "fields": {nasty: nasty}, "unmatched": [nasty], "notes": [nasty]}


def refreshed(nasty: str) -> dict[str, Any]:
    counts = {"created": 1, "changed": 1, "deleted": 1, "jobs_written": 1, "preview": True, "notes": [nasty]}
    left = {"left": [{"reason": nasty, "count": 1}], "jobs_left": [{"job_id": 1, "why": nasty, "labels": 1}]}
    return {**counts, **left, "fields": {nasty: {"created": {nasty: 1}}}}


def changed(nasty: str) -> ChangedLabel:
    where = {"what": "changed", "field": nasty, "sample_id": nasty, "label_id": nasty, "name": nasty}
    return ChangedLabel.model_validate({**where, "was": {nasty: nasty}, "now": {nasty: 1}, "size": Size(9, 9)})


def project(nasty: str) -> dict[str, Any]:
    names = [nasty]
    rest = {"unlike": names, "unused": names}
    return {
        "project": nasty,
        "has": names,
        "maps": {nasty: nasty},
        "lacks": names,
        "attributes": {nasty: names},
        **rest,
    }


def job(nasty: str) -> JobLook:
    return JobLook(1, 1, 1, nasty, nasty, nasty, None, nasty, nasty)


def work(nasty: str) -> panel_work.PanelWork:
    outcome = panel_work.Outcome("error", nasty, nasty)
    return panel_work.PanelWork(1, "Loading", nasty, "", ProgressReporter(), Progress(nasty), outcome)
