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
from fiftyone.plugins.orgs.roundtrip.cvat.operators.comments import texts as comments
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts import differences
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts import texts as conflicts
from fiftyone.plugins.orgs.roundtrip.cvat.operators.history import texts as histories
from fiftyone.plugins.orgs.roundtrip.cvat.operators.imports import texts as imports
from fiftyone.plugins.orgs.roundtrip.cvat.operators.load import built_in_runs, changed_labels
from fiftyone.plugins.orgs.roundtrip.cvat.operators.load import texts as loads
from fiftyone.plugins.orgs.roundtrip.cvat.operators.refresh import texts as refreshes
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import dry_run_text, project_labels
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared import safe, texts
from fiftyone.plugins.orgs.roundtrip.cvat.operators.watch import texts as watching
from fiftyone.plugins.orgs.roundtrip.cvat.panels import cards, conflicts_page, jobs_page, plots, work_part
from fiftyone.plugins.orgs.roundtrip.cvat.panels.steps import Step
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import Progress
from fiftyone.plugins.orgs.roundtrip.cvat.sync.readable import readable
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.status import RunStatus
from hypothesis import example, given, settings
from nasty_texts import (
    NASTY,
    SERVER,
    change,
    changed,
    comment,
    conflict_list,
    forecast,
    foreign,
    found,
    job,
    load,
    project,
    record,
    refreshed,
    report,
    run,
    sent,
    text,
    undone,
    work,
)

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
    conflicts_page.describe: lambda n: conflicts_page.describe(n, 0, 1, 1, n, Step(n, n, (n,), (n,), (n,))),
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
