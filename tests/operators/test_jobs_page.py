"""What the panel knows of CVAT: the jobs of the runs, asked with one request; and what can be done with a job."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.panels import jobs_page, states_bar
from fiftyone.plugins.orgs.roundtrip.cvat.panels.cards import gone, job_states, jobs_done, waits
from fiftyone.plugins.orgs.roundtrip.cvat.panels.jobs_page import choose, first_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.look import JobLook, Look, Moment
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.marks import JobMark
from operators_app import Dialog, properties
from panels_app import Panel
from sync_loop import URI, Loop


def job(state: str = "new", assignee: str = "", number: int = 1, updated: str = "today") -> JobLook:
    return JobLook(number, 1, 10, assignee, "annotation", state, None, "http://cvat/tasks/1/jobs/1", updated)


@pytest.mark.parametrize(
    ("states", "widths", "words"),
    [
        (
            ["new"] * 2 + ["completed"] * 5 + ["in progress"] * 3,
            [500, 300, 200],
            "5 of 10 jobs completed (3 in progress, 2 new)",
        ),
        (["completed"], [1000], "1 of 1 job completed"),
        (["rejected", "new", "odd", "new"], [500, 250, 250], "0 of 4 jobs completed (2 new, 1 rejected, 1 odd)"),
        ([], [], "0 of 0 jobs completed"),
    ],
)
def test_how_far_jobs_are(states: list[str], widths: list[float], words: str) -> None:
    counts = job_states([job(state) for state in states])
    assert jobs_done(counts) == words
    drawn = re.findall('width="([0-9.]+)"', unquote(states_bar.picture(counts)))
    assert [float(width) for width in drawn] == widths


@pytest.mark.parametrize(
    ("before", "known", "now", "said"),
    [
        (0, 0, 0, ""),
        (2, 2, 2, ""),
        (2, 0, 3, ""),
        (3, 0, 2, "CVAT does not list 1 of the 3 jobs of this run any more: deleted there, or you may not see them."),
        (3, 3, 0, "CVAT does not list the jobs of this run any more: deleted there, or you may not see them."),
        (1, 3, 1, "CVAT does not list 2 of the 3 jobs of this run any more: deleted there, or you may not see them."),
        (0, 1, 0, "CVAT does not list the jobs of this run any more: deleted there, or you may not see them."),
    ],
)
def test_jobs_that_are_not_listed_any_more(before: int, known: int, now: int, said: str) -> None:
    look = Look(at=2.0, jobs=tuple(job() for _ in range(now)), past=(Moment(1.0, {"new": before}),), known=known)
    assert gone(look).startswith(said) and bool(gone(look)) == bool(said)


def test_what_waits() -> None:
    jobs = [job(number=number) for number in (1, 2, 3, 4)]
    dates = {1: "yesterday", 2: "yesterday", 3: "today", 4: None}
    marks = {number: JobMark(updated_date=date) for number, date in dates.items()}
    assert waits(jobs, marks, 3, 2) == "2 jobs changed since the last load · 3 labels in conflict · 2 open comments"
    assert waits(jobs[2:], marks, 0, 0) == ""
    assert waits(jobs, {}, 0, 1) == "1 open comment"


def test_jobs_are_chosen_by_state_and_assignee() -> None:
    jobs = [job("new", "ann"), job("completed", "ann"), job("new")]
    assert choose(jobs, "all", "all") == jobs
    assert choose(jobs, "new", "all") == [jobs[0], jobs[2]]
    assert choose(jobs, "new", "ann") == [jobs[0]]
    assert choose(jobs, "new", "") == [jobs[2]]


@pytest.mark.parametrize(
    ("number", "asked", "first"), [(0, None, 0), (3, 0, 0), (60, 25, 25), (60, 50, 50), (50, 50, 25), (20, 50, 0)]
)
def test_the_table_has_pages(number: int, asked: int | None, first: int) -> None:
    assert first_of(number, asked) == first


@pytest.fixture
def two_runs(filled: Loop) -> Loop:
    """Two runs of two jobs each."""
    for key in ("first", "second"):
        filled.send(anno_key=key, segment_size=1, job_assignees=["annotator1"])
    return filled


def test_one_request_lists_the_jobs_of_all_runs(two_runs: Loop) -> None:
    before = two_runs.clock
    panel = Panel(two_runs, "cvat")
    assert two_runs.requests(before) == [], "the panel opens without CVAT"
    panel.event("tick")
    asked = [request for request in two_runs.requests(before) if request.startswith("GET /api/jobs")]
    assert len(asked) == 1
    assert "0 of 2 jobs completed (2 new)" in str(panel.drawn[0]) and len(panel.drawn) == 2
    clock = two_runs.clock
    for event in ("tick", "on_change_ctx", "tick"):
        panel.event(event)
    assert two_runs.requests(clock) == [], "CVAT is asked seldom"


def test_jobs_that_were_deleted_before_the_first_look(two_runs: Loop) -> None:
    two_runs.cvat.call("DELETE", "tasks/2")
    panel = Panel(two_runs, "cvat")
    panel.event("refresh")
    told = {card["title"]["default"]: card.get("gone", {}).get("default", "") for card in panel.drawn}
    assert [text[:46] for title, text in told.items() if "second" in title] == [
        "CVAT does not list the jobs of this run any mo"
    ]
    assert [text for title, text in told.items() if "first" in title] == [""]


def test_what_changed_since_the_last_load(two_runs: Loop) -> None:
    two_runs.load("first")
    two_runs.cvat.move(two_runs.cvat.shape(0))
    panel = Panel(two_runs, "cvat")
    panel.event("refresh")
    (card,) = (item for item in panel.shown.values() if "**first**" in str(item) and "actions" in str(item))
    assert card["type"]["properties"]["waits"]["default"] == "**1 job changed since the last load**"


def test_the_jobs_of_a_run(two_runs: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel(two_runs, "cvat")
    panel.event("refresh")
    panel.event("show_jobs", run="first")
    assert [(row["job"], row["assignee"], row["state"]) for row in panel.state["job_rows"]] == [
        (1, "annotator1", "new"),
        (2, "annotator1", "new"),
    ]
    assert f"({two_runs.box.url}/tasks/1/jobs/2)" in panel.state["job_links"]
    for frame in (0, 1):
        two_runs.cvat.move(two_runs.cvat.shape(frame))
    panel.event("load_job", row=1)
    panel.wait_for_work()
    assert panel.notice["line"].startswith("Added 0, changed 1, deleted 0 labels.")
    assert [row["changed"] for row in panel.state["job_rows"]] == ["not loaded", "no"]
    panel.event("view_job", row=1)
    (shown,) = panel.of("set_view")
    assert two_runs.dataset.values("id")[1] in str(shown) and two_runs.dataset.values("id")[0] not in str(shown)
    form = Dialog(two_runs, "load_annotations", anno_key="first", jobs=[2]).accept_defaults()
    assert properties(form)["only"]["view"]["label"] == "Only job 2 of the run; the others are left for later."
    monkeypatch.setattr(jobs_page, "MOST", 1)
    panel.event("filter_state", value="new")
    assert "previous" not in str(panel.shown) and panel.shown["turning"]["type"]["properties"]["where"]
    sent = panel.send("change_job", row=0)
    panel.event("turn_jobs", first=1)
    panel.answer(sent)
    assert panel.of("prompt_user_for_operation")[0]["params"]["job"] == 1, "the row that was seen at the click"
    assert [row["job"] for row in panel.state["job_rows"]] == [2]
    assert "tasks/1/jobs/2)" in panel.state["job_links"] and "tasks/1/jobs/1)" not in panel.state["job_links"]
    assert "2 to 2 of 2 jobs" in str(panel.shown["turning"]) and "following" not in str(panel.shown)
    panel.event("filter_state", value="completed")
    assert panel.state["job_rows"] == [] and panel.state["job_links"] == "No job of this kind."
    assert "problem" not in panel.shown
    two_runs.box.faults.add("status", "GET", "", status=403, times=None)
    panel.event("refresh")
    assert "problem" in panel.shown, "it is told where the person is"
    panel.event("show_runs")
    assert panel.drawn


def test_a_job_is_changed(two_runs: Loop) -> None:
    panel = Panel(two_runs, "cvat")
    panel.event("refresh")
    panel.event("show_jobs", run="first")
    panel.event("change_job", row=0)
    (asked,) = panel.of("prompt_user_for_operation")
    params = asked["params"]
    assert (asked["operator_uri"], params["job"]) == (f"{URI}/change_job", 1)
    dialog = Dialog(two_runs, "change_job", anno_key="first", job=1)
    dialog.accept_defaults()
    assert "Nothing was chosen" in dialog.run().notice[1]
    dialog.fill(assignee="admin", stage="validation", state="completed")
    assert dialog.run().notice == ("success", "Job 1: validation, completed, assigned to admin.")
    dialog.fill(assignee="nobody_else")
    assert "no user 'nobody_else'" in dialog.run().notice[1]
    dialog.fill(assignee="", nobody=True, stage="as it is", state="as it is")
    assert "assigned to nobody" in dialog.run().notice[1]
    assert "no job 3" in Dialog(two_runs, "change_job", anno_key="first", job=3, state="new").run().notice[1]


def test_the_menu_of_a_run_does_only_what_it_offers(two_runs: Loop) -> None:
    panel = Panel(two_runs, "cvat")
    panel.event("more", value="rename:second")
    (asked,) = panel.of("prompt_user_for_operation")
    assert (asked["operator_uri"], asked["params"]["anno_key"]) == (f"{URI}/rename_run", "second")
    panel.event("more", value="__init__:second")
    assert panel.asked == [] or all(name != "prompt_user_for_operation" for name, _ in panel.asked)
