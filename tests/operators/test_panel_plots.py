"""The plots of a run: what they are made of, and that there is a sentence where there is nothing."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.panels import plots
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.log import JobNote, LoadRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.look import (
    MOST,
    JobLook,
    Look,
    Moment,
    keep_look,
    kept_look,
    thinned,
)
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from panels_app import Panel
from sync_loop import Loop


def job(state: str, number: int = 1) -> JobLook:
    return JobLook(number, 1, 1, "", "annotation", state, None, "", "today")


def values(traces: list[dict[str, Any]], axis: str) -> dict[str, list[Any]]:
    return {trace["name"]: trace[axis] for trace in traces}


def test_states_over_time() -> None:
    past = (Moment(0.0, {"new": 2}), Moment(60.0, {"new": 1, "completed": 1}))
    traces = plots.states_over_time(Look(at=120.0, jobs=(job("new"), job("completed", 2)), past=past))
    assert values(traces, "y") == {"completed": [0, 1, 1], "new": [2, 1, 1]}
    assert all(len(set(trace["x"])) == 3 for trace in traces)
    bars = plots.states_over_time(Look(at=0.0, jobs=(job("new"), job("new", 2)), past=past[:1]))
    assert [(bar["type"], bar["x"], len(bar["y"])) for bar in bars] == [("bar", [2], 1)], "one moment has no width"
    assert plots.states_over_time(None) == plots.states_over_time(Look(at=1.0)) == []


def test_looks_are_kept_when_something_changed(filled: Loop) -> None:
    filled.send()
    run_id = records.find(filled.dataset, "run").run_id
    for at, state in enumerate(("new", "new", "in progress", "in progress", "completed")):
        keep_look(filled.dataset, run_id, [job(state)], float(at))
    look = kept_look(RunStore(filled.dataset, run_id))
    assert look is not None and look.at == 4.0
    assert [(moment.at, moment.states) for moment in look.past] == [
        (0.0, {"new": 1}),
        (2.0, {"in progress": 1}),
        (4.0, {"completed": 1}),
    ]
    RunStore(filled.dataset, run_id).save("look", b"[1]")
    assert kept_look(RunStore(filled.dataset, run_id)) is None, "the next look mends it"


def test_the_past_is_bounded() -> None:
    past: tuple[Moment, ...] = ()
    for number in range(5 * MOST):
        past = thinned((*past, Moment(float(number), {"new": number})))
        assert len(past) <= MOST
    assert (past[0].at, past[-1].at) == (0.0, 5.0 * MOST - 1)
    assert [moment.at for moment in past] == sorted({moment.at for moment in past})


@pytest.mark.parametrize(
    ("sent", "now", "expected"),
    [
        ({"gt": {"car": 2, "cat": 9}}, {"gt": {"car": 3}}, {"sent": [9, 2], "now": [0, 3]}),
        ({}, {"gt": {"car": 3}}, {"now": [3]}),
        ({}, {}, {}),
    ],
)
def test_labels_by_class(sent: Any, now: Any, expected: Any) -> None:
    assert values(plots.labels_by_class(sent, now), "x") == expected


def test_names_of_several_fields_and_of_others() -> None:
    (trace,) = plots.labels_by_class({}, {"gt": {"car": 2}, "weather": {"": 1, "<b>x</b>": 1}})
    assert trace["y"] == ["gt: car", "weather: (no class)", "weather: &lt;b&gt;x&lt;/b&gt;"]
    many = {"gt": {f"class {number}": number for number in range(100)}}
    assert len(plots.labels_by_class(many, many)[0]["y"]) == plots.MOST


def load(*people: str | None, status: Any = "applied", kind: Any = "load") -> LoadRecord:
    jobs = tuple(JobNote(job_id=n, task_id=1, assignee=who, added=1, changed=2) for n, who in enumerate(people))
    return LoadRecord(number=1, status=status, kind=kind, jobs=jobs)


def test_edits_by_annotator() -> None:
    traces = plots.edits_by_annotator([load("ann", "ben"), load("ben", None), load("eve", status="undone")])
    assert values(traces, "x") == {"added": [2, 1, 1], "changed": [4, 2, 2], "deleted": [0, 0, 0]}
    assert traces[0]["y"] == ["ben", "ann", "nobody"]
    assert plots.edits_by_annotator([load("eve", status="undone")]) == []


@pytest.mark.parametrize(
    ("numbers", "stacked", "each"), [((3, 3), True, True), ((3, 4), True, False), ((6, 4), False, True)]
)
def test_few_have_a_mark_each(numbers: tuple[int, int], stacked: bool, each: bool) -> None:
    traces = [{"type": "bar", "x": [number], "y": ["car"]} for number in numbers]
    assert ("dtick" in plots.layout(traces, of="labels", stacked=stacked)["xaxis"]) == each


def test_the_page(filled: Loop) -> None:
    filled.send()
    panel = Panel(filled, "cvat")
    panel.event("show_plots", run="run")
    headings = {name: item["default"] for name, item in panel.shown.items() if name.endswith("_heading")}
    assert headings["states_heading"].endswith("CVAT was not asked for the jobs of this run yet.")
    assert headings["people_heading"].endswith("No load has changed a label yet.")
    assert headings["classes_heading"] == "**Labels by class**"
    bars = panel.shown["plot_classes"]["view"]["data"]
    assert values(bars, "x") == {"sent": [1, 1], "now": [1, 1]} and bars[0]["y"] == ["cat", "dog"]

    filled.cvat.move(filled.cvat.shape())
    filled.load()
    panel.event("show_runs")
    panel.event("refresh")
    panel.event("show_plots", run="run")
    assert {"plot_states", "plot_classes", "plot_people"} <= set(panel.shown)
    panel.event("show_plots", run="no such run")
    assert "no annotation run" in panel.shown["problem"]["default"]
