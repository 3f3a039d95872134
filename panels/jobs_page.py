"""The page of one run: its jobs as a table, and what can be done with each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.shared.safe import link, safe
from ..operators.shared.texts import count
from ..sync.errors import StateUnreadable
from ..sync.readable import readable
from ..sync.runs import record
from ..sync.runs.base import BaseStore
from ..sync.runs.look import JobLook, kept_look
from ..sync.runs.marks import JobMark
from ..sync.runs.store import RunStore
from . import cards, header, server, turns
from .rows import add_button, add_row, add_text

COLUMNS = {
    "job": "Job",
    "task": "Task",
    "frames": "Frames",
    "labels": "Labels",
    "assignee": "Assignee",
    "stage": "Stage",
    "state": "State",
    "changed": "Changed",
}
ALL = "all"
CHANGED = {True: "yes", False: "no", None: "not loaded"}
NARROW = {
    "minWidth": 360,
    "& th, & td": {"px": 0.5, "fontSize": "0.8rem"},
    f"& td:nth-of-type({list(COLUMNS).index('assignee') + 1})": {"overflowWrap": "anywhere"},
}
"""How the table looks, so that the actions of a row can be seen beside a long user name."""
MOST = 25
"""Jobs that are shown, and linked, at once: no cell of a table can be a link."""


class JobsPage:
    """Methods of the panel for its page of jobs. What is shown is kept in the panel's state."""

    def show_jobs(self, ctx: foo.ExecutionContext) -> None:
        """Opens the page of a run."""
        state = ctx.panel.state
        state.run, state.only_state, state.only_assignee, state.first = ctx.params["run"], ALL, ALL, 0
        state.page = "jobs"
        self._read_jobs(ctx)

    def filter_state(self, ctx: foo.ExecutionContext) -> None:
        """The choice of a state."""
        ctx.panel.state.only_state, ctx.panel.state.first = ctx.params.get("value") or ALL, 0
        self._read_jobs(ctx)

    def filter_assignee(self, ctx: foo.ExecutionContext) -> None:
        """The choice of an assignee."""
        ctx.panel.state.only_assignee, ctx.panel.state.first = ctx.params.get("value") or ALL, 0
        self._read_jobs(ctx)

    def turn_jobs(self, ctx: foo.ExecutionContext) -> None:
        """The buttons "Previous" and "Next" of the table."""
        ctx.panel.state.first = ctx.params["first"]
        self._read_jobs(ctx)

    def load_job(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Load this job"."""
        run, job = _job(ctx)
        ctx.params["load"] = {"anno_key": run, "policy": "ask", "jobs": [job]}
        self.load_again(ctx)  # type: ignore[attr-defined]

    def change_job(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Assign, set stage and state"."""
        ctx.params["run"], job = _job(ctx)
        self._prompt(ctx, "change_job", job=job)  # type: ignore[attr-defined]

    def view_job(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Show its samples"."""
        run, number = _job(ctx)
        found = record.find(ctx.dataset, run)
        store = RunStore(ctx.dataset, found.run_id)
        look = kept_look(store)
        job = next((job for job in look.jobs if job.id == number), None) if look else None
        task = BaseStore(store).task(job.task) if job else None
        if job is None or task is None:
            ctx.ops.notify(f"It is not known which samples job {number} has.", variant="warning")
            return
        frames = task.frames if task.video else task.frames[job.start : job.stop + 1]
        self._show_view(ctx, ctx.dataset.select([frame.sample_id for frame in frames]))  # type: ignore[attr-defined]

    def _read_jobs(self, ctx: foo.ExecutionContext) -> None:
        """Chooses from what CVAT said at the last look."""
        state = ctx.panel.state
        found = record.find_all(ctx.dataset).get(state.run)
        look = kept_look(RunStore(ctx.dataset, found.run_id)) if found else None
        jobs = look.jobs if look else ()
        chosen = choose(jobs, state.only_state, state.only_assignee)
        marks = _marks(ctx, found.run_id) if found else {}
        first = first_of(len(chosen), state.first)
        shown = chosen[first : first + MOST]
        state.set(
            {
                "states": sorted({job.state for job in jobs}),
                "assignees": sorted({job.assignee for job in jobs}),
                "jobs_looked": server.clock(look.at) if look else "",
                "found": len(chosen),
                "of": len(jobs),
                "first": first,
                "gone": cards.gone(look),
                "job_rows": [row(job, marks) for job in shown],
                "job_links": links(shown, found.server) if found else "",
            }
        )

    def _render_jobs(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        bar = add_row(panel, "bar")
        bar.btn("runs", label="All runs", icon="arrow_back", on_click=self.show_runs)  # type: ignore[attr-defined]
        params = {"run": state.run}
        add_button(bar, "plots", "Plots", "bar_chart", on_click=self.show_plots, params=params)  # type: ignore[attr-defined]
        bar.btn("refresh", "Refresh", "refresh", on_click=self.refresh)  # type: ignore[attr-defined]
        header.add_problem(state, panel)
        if not state.of:
            panel.md(state.gone or "CVAT was not asked for the jobs of this run yet, or has none.", name="none")
            return
        shown = f"{state.found:,} of {count(state.of, 'job')}, as of {state.jobs_looked}"
        add_text(panel, "heading", f"**{safe(state.run)}** · {shown}")
        self._filters(state, add_row(panel, "filters", gap=2))
        table = types.TableView(componentsProps={"table": {"sx": NARROW}})
        for key, label in COLUMNS.items():
            table.add_column(key, label=label)
        table.add_row_action("load_job", self.load_job, label="Load this job", icon="download")
        table.add_row_action("change_job", self.change_job, label="Assign, set stage and state", icon="edit")
        table.add_row_action("view_job", self.view_job, label="Show its samples", icon="filter_alt")
        panel.list("job_rows", types.Object(), view=table)
        panel.md(state.job_links, name="links")
        self._turning(state, panel)

    def _turning(self, state: Any, panel: types.Object) -> None:
        """Draws what leads to the jobs before and after those that are shown."""
        first, last = state.first, state.first + len(state.job_rows)
        if state.found <= MOST:
            return
        bar = add_row(panel, "turning")
        if first > 0:
            add_button(bar, "previous", "Previous", on_click=self.turn_jobs, params={"first": first - MOST})
        if last < state.found:
            add_button(bar, "following", "Next", on_click=self.turn_jobs, params={"first": last})
        bar.md(f"{first + 1:,} to {last:,} of {count(state.found, 'job')}", name="where")

    def _filters(self, state: Any, bar: types.Object) -> None:
        for name, label, values, on_change in (
            ("only_state", "State", state.states, self.filter_state),
            ("only_assignee", "Assignee", state.assignees, self.filter_assignee),
        ):
            view = types.DropdownView(compact=True)
            view.add_choice(ALL, label=f"{label}: all")
            for value in values or ():
                view.add_choice(value, label=readable(value) or "nobody")
            chosen = getattr(state, name)
            bar.enum(name, view.values(), default=chosen, view=view, on_change=on_change)


def choose(jobs: Iterable[JobLook], state: str, assignee: str) -> list[JobLook]:
    """The jobs in a state, of somebody; ``"all"`` for any."""
    return [job for job in jobs if state in (ALL, job.state) and assignee in (ALL, job.assignee)]


def row(job: JobLook, marks: Mapping[int, JobMark]) -> dict[str, Any]:
    """A job as a row of the table.

    Args:
        job: the job
        marks: where loads stand with the jobs of its run
    """
    return {
        "id": str(job.id),
        "job": job.id,
        "task": job.task,
        "frames": job.frames,
        "labels": sum(marks[job.id].labels.values()) if job.id in marks else "",
        "assignee": readable(job.assignee) or "nobody",
        "stage": readable(job.stage),
        "state": readable(job.state),
        "changed": CHANGED[job.changed_since(marks)],
    }


def first_of(number: int, asked: int | None) -> int:
    """With which job the table begins; if there are no longer so many, on its last page.

    Args:
        number: of the jobs
        asked: with which one it was to begin, from 0
    """
    return max(0, min(asked or 0, (number - 1) // MOST * MOST))


def links(jobs: Sequence[JobLook], server: str) -> str:
    """Where jobs are opened, in Markdown."""
    listed = [link(f"job {job.id}", job.url, server) for job in jobs]
    return "Open in CVAT: " + ", ".join(listed) if listed else "No job of this kind."


def _marks(ctx: foo.ExecutionContext, run_id: str) -> Mapping[int, JobMark]:
    try:
        return BaseStore(RunStore(ctx.dataset, run_id)).marks()
    except StateUnreadable:
        return {}


def _job(ctx: foo.ExecutionContext) -> tuple[str, int]:
    """The run and the job of a row action.

    The App says the number of the row in the table that the person sees, which may have other rows by now.
    """
    shown = turns.seen(ctx)
    return shown["run"], int(shown["job_rows"][ctx.params["row"]]["job"])
