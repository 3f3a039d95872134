"""The panel "CVAT runs": what was sent, where it is, and what can be done with it."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators import running, words
from ..sync import record

PREFIX = "@roundtrip/cvat"


class CvatRuns(foo.Panel):
    """The dataset's runs, newest first, with links to their tasks."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="cvat_runs",
            label="CVAT runs",
            icon="send",
            allow_multiple=False,
            help_markdown="The annotation runs that were sent to CVAT. Load brings people's work back.",
        )

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Reads the records."""
        ctx.dataset.reload()
        runs = record.find_all(ctx.dataset)
        ctx.panel.state.rows = [row(key, item) for key, item in runs.items()]
        ctx.panel.state.links = links(runs)

    on_change_dataset = on_load
    on_change_ctx = on_load

    def refresh(self, ctx: foo.ExecutionContext) -> None:
        """The button "Refresh"."""
        self.on_load(ctx)

    def send(self, ctx: foo.ExecutionContext) -> None:
        """The button "Send to CVAT"."""
        ctx.prompt(f"{PREFIX}/send_to_cvat", on_success=self.refresh)

    def load(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Load annotations"."""
        self._prompt(ctx, "load_annotations")

    def view(self, ctx: foo.ExecutionContext) -> None:
        """The row action "View samples"."""
        key = _key(ctx)
        ctx.ops.set_view(ctx.dataset.load_annotation_view(key))

    def info(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Info"."""
        key = _key(ctx)
        running.show(ctx, words.run_info(key, record.find(ctx.dataset, key).model_dump(mode="json")))

    def rename(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Rename"."""
        self._prompt(ctx, "rename_run")

    def delete(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Delete"."""
        self._prompt(ctx, "delete_run")

    def _prompt(self, ctx: foo.ExecutionContext, operator: str) -> None:
        ctx.prompt(f"{PREFIX}/{operator}", params={"anno_key": _key(ctx)}, on_success=self.refresh)

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        panel = types.Object()
        bar = panel.h_stack("bar", gap=1, align_x="left")
        bar.btn("send", label="Send to CVAT", icon="send", on_click=self.send, variant="contained")
        bar.btn("refresh", label="Refresh", icon="refresh", on_click=self.refresh)
        frame = types.GridView(px=2, py=2, gap=2)
        if not ctx.panel.state.rows:
            panel.md("No run yet. Select samples and press **Send to CVAT**.", name="empty")
            return types.Property(panel, view=frame)
        table = types.TableView(componentsProps={"table": {"sx": {"minWidth": 360, "& th, & td": {"px": 1}}}})
        for key, label in COLUMNS.items():
            table.add_column(key, label=label)
        table.add_row_action("load", self.load, label="Load annotations", icon="download", tooltip="Load annotations")
        table.add_row_action("view", self.view, label="View samples", icon="filter_alt", tooltip="View samples")
        table.add_row_action("info", self.info, label="Info", icon="info", tooltip="Info")
        table.add_row_action("rename", self.rename, label="Rename", icon="edit", tooltip="Rename")
        table.add_row_action("delete", self.delete, label="Delete", icon="delete", tooltip="Delete")
        panel.list("rows", types.Object(), view=table)
        panel.md(ctx.panel.state.links or "", name="tasks")
        return types.Property(panel, view=frame)


COLUMNS = {
    "run": "Run",
    "status": "Status",
    "samples": "Samples",
    "labels": "Labels",
    "sent": "Sent",
    "loaded": "Loaded",
}


def row(key: str, item: record.RunRecord) -> dict[str, Any]:
    """A run as a row of the table."""
    return {
        "run": key,
        "status": item.status,
        "samples": item.samples,
        "labels": sum(item.labels.values()),
        "sent": words.short_date(item.created_at),
        "loaded": words.short_date(item.loaded_at) or "never",
    }


def links(runs: dict[str, record.RunRecord]) -> str:
    """The tasks of all runs in Markdown."""
    lines = [f"- **{key}**: [{task.name}]({task.url})" for key, item in runs.items() for task in item.tasks]
    return "\n".join(["**Tasks in CVAT**", "", *lines]) if lines else ""


def _key(ctx: foo.ExecutionContext) -> str:
    """The run of a row action. The App says which row by its number in the table that the person sees."""
    return str(ctx.panel.state.rows[ctx.params["row"]]["run"])
