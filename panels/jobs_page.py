"""The page of one run: its jobs as a table, and what can be done with each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.shared.safe import link, safe
from ..sync.readable import readable
from ..sync.runs import record

COLUMNS = {
    "job": "Job",
    "task": "Task",
    "frames": "Frames",
    "assignee": "Assignee",
    "stage": "Stage",
    "state": "State",
    "changed": "Changed",
}
ALL = "all"
CHANGED = {True: "yes", False: "no", None: "never loaded"}
MOST = 200
"""Jobs that are shown at once; filters find the others."""


class JobsPage:
    """Methods of the panel for its page of jobs. What is shown is kept in the panel's state."""

    def show_jobs(self, ctx: foo.ExecutionContext) -> None:
        """Opens the page of a run."""
        state = ctx.panel.state
        state.page, state.run, state.only_state, state.only_assignee = "jobs", ctx.params["run"], ALL, ALL
        self._read_jobs(ctx)

    def filter_state(self, ctx: foo.ExecutionContext) -> None:
        """The choice of a state."""
        ctx.panel.state.only_state = ctx.params.get("value") or ALL
        self._read_jobs(ctx)

    def filter_assignee(self, ctx: foo.ExecutionContext) -> None:
        """The choice of an assignee."""
        ctx.panel.state.only_assignee = ctx.params.get("value") or ALL
        self._read_jobs(ctx)

    def load_job(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Load this job"."""
        self._prompt_of(ctx, "load_annotations", jobs=[_job(ctx)])

    def change_job(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Assign, set stage and state"."""
        self._prompt_of(ctx, "change_job", job=_job(ctx))

    def _prompt_of(self, ctx: foo.ExecutionContext, operator: str, **params: Any) -> None:
        ctx.params["run"] = ctx.panel.state.run
        self._prompt(ctx, operator, **params)  # type: ignore[attr-defined]

    def _read_jobs(self, ctx: foo.ExecutionContext) -> None:
        """Chooses from what CVAT said at the last look."""
        state = ctx.panel.state
        found = record.find_all(ctx.dataset).get(state.run)
        jobs = (state.jobs or {}).get(found.run_id, []) if found else []
        state.states = sorted({job["state"] for job in jobs})
        state.assignees = sorted({job["assignee"] for job in jobs})
        chosen = choose(jobs, state.only_state, state.only_assignee)
        state.found, state.of = len(chosen), len(jobs)
        state.job_rows = [row(job) for job in chosen[:MOST]]
        state.job_links = links(chosen, found.server) if found else ""

    def _render_jobs(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        panel.btn("runs", label="All runs", icon="arrow_back", on_click=self.show_runs)  # type: ignore[attr-defined]
        panel.md(f"**{safe(state.run)}** · {state.found:,} of {state.of:,} jobs, as of {state.looked}", name="heading")
        bar = panel.h_stack("filters", gap=2, align_x="left")
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
        table = types.TableView(componentsProps={"table": {"sx": {"minWidth": 360, "& th, & td": {"px": 1}}}})
        for key, label in COLUMNS.items():
            table.add_column(key, label=label)
        table.add_row_action("load_job", self.load_job, label="Load this job", icon="download")
        table.add_row_action("change_job", self.change_job, label="Assign, set stage and state", icon="edit")
        panel.list("job_rows", types.Object(), view=table)
        panel.md(state.job_links, name="links")
        if state.found > MOST:
            panel.md(
                f"The first {MOST:,} of {state.found:,} jobs are shown; choose a state or an assignee.", name="more"
            )


def choose(jobs: Iterable[Mapping[str, Any]], state: str, assignee: str) -> list[Mapping[str, Any]]:
    """The jobs in a state, of somebody; ``"all"`` for any."""
    return [job for job in jobs if state in (ALL, job["state"]) and assignee in (ALL, job["assignee"])]


def row(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job as a row of the table."""
    return {
        "id": str(job["id"]),
        "job": job["id"],
        "task": job["task"],
        "frames": job["frames"],
        "assignee": readable(job["assignee"]) or "nobody",
        "stage": readable(job["stage"]),
        "state": readable(job["state"]),
        "changed": CHANGED[job["changed"]],
    }


def links(jobs: Sequence[Mapping[str, Any]], server: str) -> str:
    """Where the first jobs are opened, in Markdown."""
    listed = [link(f"job {job['id']}", job["url"], server) for job in jobs[:20]]
    return "Open in CVAT: " + ", ".join(listed) if listed else "No job of this kind."


def _job(ctx: foo.ExecutionContext) -> int:
    """The job of a row action. The App says which row by its number in the table that the person sees."""
    return int(ctx.panel.state.job_rows[ctx.params["row"]]["job"])
