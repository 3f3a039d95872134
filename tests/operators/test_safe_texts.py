"""Whatever somebody typed in CVAT is shown as it is: nothing of it becomes a picture, a link or a heading."""

from __future__ import annotations

import inspect
import json
import pkgutil
import re
from collections.abc import Callable
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat import operators, panels
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.operators.comments import texts as comments
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts import differences
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts import texts as conflicts
from fiftyone.plugins.orgs.roundtrip.cvat.operators.history import texts as histories
from fiftyone.plugins.orgs.roundtrip.cvat.operators.imports import texts as imports
from fiftyone.plugins.orgs.roundtrip.cvat.operators.load import built_in_runs, changed_labels
from fiftyone.plugins.orgs.roundtrip.cvat.operators.load import texts as loads
from fiftyone.plugins.orgs.roundtrip.cvat.operators.refresh import texts as refreshes
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import dry_run_text, project_labels
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared import panel_work, safe, texts
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.choose_run import Run
from fiftyone.plugins.orgs.roundtrip.cvat.operators.watch import texts as watching
from fiftyone.plugins.orgs.roundtrip.cvat.panels import cards, conflicts_page, jobs_page, plots, work_part
from fiftyone.plugins.orgs.roundtrip.cvat.panels.steps import Step
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import Progress, ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.readable import readable
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.changed_label import ChangedLabel
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.look import JobLook
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.report import LoadReport
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.run_record import RunRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.status import RunStatus
from hypothesis import example, given, settings
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


MARKDOWN: dict[Callable[..., Any], Callable[[str], Any]] = {
    safe.safe: safe.safe,
    safe.code: safe.code,
    safe.link: lambda n: [safe.link(n, f"{SERVER}/tasks/1", SERVER), safe.link(n, n, SERVER)],
    safe.place: lambda n: safe.place(SERVER),
    texts.sent: lambda n: texts.sent(sent(n)),
    texts.added: lambda n: texts.added({**sent(n), "added": {"samples": 1, "labels": 1, "tasks": [1], "already": 1}}),
    texts.table: lambda n: texts.table("Left out", {n: 1}),
    texts.run_info: lambda n: texts.run_info(n, record(n).model_dump(mode="json"), RunStatus("interrupted", n)),
    loads.loaded: lambda n: loads.loaded(report(n), {n: n}),
    loads.preview: lambda n: loads.preview(report(n), {}),
    changed_labels.text: lambda n: [changed_labels.text(changed(n), ""), changed_labels.text(changed(n), f"/x/{n}")],
    project_labels.text: lambda n: project_labels.text(project(n), "extend"),
    loads.undone: lambda n: loads.undone(undone(n), {n: n}),
    conflicts.table: lambda n: conflicts.table(conflict_list(n), {n: n}),
    differences.table: lambda n: differences.table(conflict_list(n), None),
    comments.listed: lambda n: comments.listed([comment(n)], {1: f"{SERVER}/tasks/1"}, {n: n}, SERVER),
    comments.line: lambda n: comments.line({"open": 1, "resolved": 1, "new": 1}),
    histories.loads: lambda n: [histories.loads(n, [load(n)]), histories.loads(n, [])],
    histories.label: lambda n: [histories.label(n, [change(n)]), histories.label(n, [])],
    imports.preview: lambda n: imports.preview(found(n)),
    built_in_runs.loaded: lambda n: built_in_runs.loaded(foreign(n)),
    imports.not_fetched: lambda n: imports.not_fetched({"not_fetched": [{"name": n, "reason": n}]}),
    refreshes.text: lambda n: refreshes.text(refreshed(n)),
    dry_run_text.text: lambda n: dry_run_text.text(forecast(n)),
    cards.card: lambda n: [cards.card(run(n))[name] for name in ("title", "facts", "problem", "tasks")],
    cards.damages: lambda n: cards.damages({n: n}),
    jobs_page.links: lambda n: jobs_page.links([job(n)._replace(url=n)], SERVER),
    conflicts_page.describe: lambda n: conflicts_page.describe(n, 0, 1, 1, n, Step(n, n, (n,), (n,))),
}
"""What is shown as Markdown, and how to make it with a text in all places."""

PLAIN: dict[Callable[..., Any], Callable[[str], Any]] = {
    readable: readable,
    Progress: lambda n: Progress(n).text,
    Refused: lambda n: str(Refused(n)),
    cards.jobs_done: lambda n: cards.jobs_done(cards.job_states([job(n)])),
    jobs_page.row: lambda n: jobs_page.row(job(n), {})["assignee"],
    plots.name: plots.name,
    work_part.notice: lambda n: work_part.notice(work(n))["line"],
    work_part.shown: lambda n: work_part.shown(work(n))["key"],
}
"""What is shown as it is, on a line."""

NOTHING_TYPED = {
    *(texts.count, texts.short_date, texts.status_words, texts.run_words, texts.sent_line, texts.images_left_out),
    *(loads.loaded_line, loads.preview_line, loads.caution, loads.caution_sentence, loads.kept_line),
    *(loads.undone_line, imports.imported_line, cards.second_step, cards.in_order),
    *(watching.clock, watching.state_line, watching.rule_line, texts.added_line, refreshes.line, loads.refusal),
    *(
        conflicts.part,
        conflicts.value,
        conflicts.sentences,
        conflicts.outcome,
        histories.last_load,
        dry_run_text.line,
        safe.row,
    ),
    *(built_in_runs.offered, built_in_runs.listed, built_in_runs.loaded_line, built_in_runs.load_from),
    *(
        built_in_runs.load_in_app,
        conflicts.decided,
        cards.waits,
        cards.gone,
        cards.job_states,
        loads.open_line,
        cards.next_step,
        cards.menu,
    ),
}
"""Texts of numbers and words of ours; parts of the ones above; and what is made plain where it is shown."""

TEXTS = (
    safe,
    texts,
    loads,
    conflicts,
    comments,
    histories,
    imports,
    built_in_runs,
    dry_run_text,
    cards,
    watching,
    refreshes,
)


def test_every_function_that_makes_texts_is_looked_at() -> None:
    named = {
        info.name
        for package in (operators, panels)
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if re.search(r"texts$|_text$", info.name)
    }
    assert named <= {module.__name__ for module in TEXTS}
    here = {
        value
        for module in TEXTS
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert here - MARKDOWN.keys() - PLAIN.keys() - NOTHING_TYPED == set()


def job(nasty: str) -> JobLook:
    return JobLook(1, 1, 1, nasty, nasty, nasty, None, nasty, nasty)


def work(nasty: str) -> panel_work.PanelWork:
    outcome = panel_work.Outcome("error", nasty, nasty)
    return panel_work.PanelWork(1, "Loading", nasty, "", ProgressReporter(), Progress(nasty), outcome)


def flat(made: Any) -> str:
    if isinstance(made, str):
        return made
    return "\n".join(map(flat, made))


def structure(markdown: str) -> list[str]:
    """What is no text in Markdown: brackets, bars, stars, beginnings of lines and so on, but for what is escaped."""
    rest = re.sub(r"\\[!-/:-@\[-`{-~]", "x", markdown)
    rest = re.sub(r"\[([^\[\]]*)\]\(" + re.escape(SERVER) + r"[^\s()<>]*\)", r"\1", rest)
    rest = re.sub(r"`[^`\n]*`", "", rest)
    found = re.findall(r"[\[\]<*|~`\n]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])", rest)
    for line in rest.splitlines():
        content = re.sub(r"^( *- |\| )+", "", line)
        found += re.findall(r"^(?:#|>|=|[-+] |---|\d+[.)] | {4})", content)
    return found


ADDRESS = re.compile(r"(?i)https?://|www\.\w|[\w.+-]@[\w-]|ftp://|mailto:|xmpp:")


@pytest.mark.parametrize(
    "function", MARKDOWN, ids=lambda function: f"{function.__module__.split('.')[-2]}.{function.__name__}"
)
@given(nasty=text)
@settings(max_examples=60, deadline=None)
def test_markdown(function: Callable[..., Any], nasty: str) -> None:
    check_markdown(MARKDOWN[function], nasty)


@pytest.mark.parametrize("nasty", NASTY)
def test_every_nasty_text_everywhere(nasty: str) -> None:
    for make in MARKDOWN.values():
        check_markdown(make, nasty)


def check_markdown(make: Callable[[str], Any], nasty: str) -> None:
    made, usual = flat(make(nasty)), flat(make("abc"))
    assert all(character.isprintable() or character in "\n\N{NO-BREAK SPACE}\N{WORD JOINER}" for character in made)
    empty = not readable(nasty)
    if not empty:  # some places say something else of nothing
        assert structure(made) == structure(usual)
    without = re.sub(r"\]\(" + re.escape(SERVER) + r"[^\s()<>]*\)|`[^`\n]*`", "]", made)  # no link either
    assert not ADDRESS.search(without), without
    made.encode()
    assert len(made) < 60_000


@pytest.mark.parametrize("function", PLAIN, ids=lambda function: function.__name__)
@given(nasty=text)
@example(nasty="x\x1b[2J\u202ey")
@settings(max_examples=100, deadline=None)
def test_plain_texts(function: Callable[..., Any], nasty: str) -> None:
    made = flat(PLAIN[function](nasty))
    assert all(character.isprintable() or character == "\N{NO-BREAK SPACE}" for character in made)
    assert "[31m" not in made or "\x1b" not in nasty or "[31m" in nasty.replace("\x1b[31m", "")
    assert len(made) <= 2_100
    json.dumps(made).encode()


@pytest.mark.parametrize(
    ("address", "server", "linked"),
    [
        (f"{SERVER}/tasks/1", SERVER, True),
        (f"{SERVER}/tasks/1/jobs/2?frame=3", SERVER, True),
        ("http://127.0.0.1:8080.evil.example/tasks/1", SERVER, False),
        ("http://127.0.0.1:8081/tasks/1", SERVER, False),
        ("https://127.0.0.1:8080/tasks/1", SERVER, False),
        ("http://x@127.0.0.1:8080/tasks/1", SERVER, False),
        ("//evil.example/tasks/1", SERVER, False),
        ("/tasks/1", SERVER, False),
        ("", SERVER, False),
        ("javascript:alert(1)", "javascript:alert(1)", False),
        ("http://[::1/tasks", "http://[::1", False),
        ("file:///etc/passwd", "file:///etc", False),
    ],
)
def test_links_go_to_the_server_of_the_run_alone(address: str, server: str, linked: bool) -> None:
    assert safe.link("task", address, server) == (f"[task]({address})" if linked else "task")


def test_usual_names_stay_readable() -> None:
    for name in (
        "car",
        "traffic light",
        "polylines_cvat",
        "it's 50% of (a+b)",
        "gt: labels without a class",
        "street-01.jpg",
    ):
        assert safe.safe(name) == name
