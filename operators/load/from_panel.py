"""Loads and undos that go on in the background, and what it says when they have ended."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import fiftyone.operators as foo

from ...sync.errors import LoadStopped
from ...sync.load.load import load
from ...sync.load.resolve import count_open
from ...sync.load.undo import undo
from ...sync.progress import ProgressReporter
from ...sync.request import LoadRequest, parse
from ...sync.runs.record import find
from ..shared import context, panel_work, shown_samples
from ..shared.panel_work import Click, Outcome, Variant
from ..shared.texts import count
from . import changed_labels, texts


def begin_load(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> None:
    """Begins a load; parameters: :class:`sync.request.LoadRequest`."""

    def work(reporter: ProgressReporter) -> dict[str, Any]:
        request = parse(LoadRequest, dict(params))
        run = find(ctx.dataset, request.anno_key)
        with context.client_for(ctx, run.organization, server=run.server) as client:
            return load(ctx.dataset, request, client, reporter)

    key = str(params.get("anno_key", ""))
    panel_work.begin(ctx, "Loading", key, work, partial(_loaded, ctx), partial(_stopped, ctx, params))


def begin_undo(ctx: foo.ExecutionContext, key: str) -> None:
    """Begins to undo the last load of a run."""

    def work(reporter: ProgressReporter) -> dict[str, Any]:
        reporter.step("Undoing the last load")
        return undo(ctx.dataset, key)

    panel_work.begin(ctx, "Undoing the last load of", key, work, partial(_undone, ctx))


def _loaded(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Outcome:
    key, samples = report["anno_key"], report["samples"]
    open_ = count_open(ctx.dataset, find(ctx.dataset, key))
    changes = any(report[what] for what in texts.WHAT)
    clicks = []
    if open_:
        clicks.append(Click("show_conflicts", f"Resolve {count(open_, 'label')} in conflict", {"run": key}))
    if samples:
        shown_samples.keep(ctx, f"load {key}", samples)
        which = "sample" if report["conflicts"] else "changed sample"  # where both are, they are shown together
        label = f"Show the {count(min(len(samples), shown_samples.MOST), which)}"
        clicks.append(Click("show_samples", label, {"of": f"load {key}"}))
    if changes:
        clicks.append(Click("undo_now", "Undo", {"run": key}))
    said = texts.loaded_line(report) if changes or not open_ else "Nothing changed."
    line = " ".join(filter(None, [said, texts.open_line(open_), *report["notes"][:2]]))
    variant = "warning" if report["notes"] or open_ else "success"
    return _outcome(ctx, variant, line, report, clicks, before=False)


def _outcome(
    ctx: foo.ExecutionContext, variant: Variant, line: str, report: dict[str, Any], clicks: list[Click], *, before: bool
) -> Outcome:
    """What came of a load, or what it would do, with the labels one by one."""
    names, paths = shown_samples.files_of(ctx.dataset, [*report["first_changes"], *report["conflicts"]])
    listed, total = changed_labels.rows(report["first_changes"], paths), sum(report[what] for what in texts.WHAT)
    text = (texts.preview if before else texts.loaded)(report, names)
    more = partial(changed_labels.add, listed=listed, total=total, before=before)
    return Outcome(variant, line, text, tuple(clicks), more)


def _stopped(ctx: foo.ExecutionContext, params: Mapping[str, Any], error: Exception) -> Outcome | None:
    """What a load would do that has to be confirmed first."""
    if not isinstance(error, LoadStopped):
        return None
    report = error.report
    cautions = [item["caution"] for item in report["cautions"]]
    confirmed = {**params, "confirm": sorted({*cautions, *_confirmed(params)})}
    line = " ".join([*map(texts.caution_sentence, report["cautions"]), "Nothing was changed yet."])
    clicks = [
        Click("load_again", "Load nevertheless", {"load": confirmed}),
        Click("load_with", "Load with options", {"run": report["anno_key"]}),
    ]
    return _outcome(ctx, "warning", line, report, clicks, before=True)


def _confirmed(params: Mapping[str, Any]) -> tuple[str, ...]:
    confirmed = params.get("confirm")
    return tuple(confirmed) if isinstance(confirmed, (list, tuple)) else ()


def _undone(ctx: foo.ExecutionContext, result: dict[str, Any]) -> Outcome:
    kept, key = result["edited_since"], result["anno_key"]
    text = texts.undone(result, shown_samples.names_of(ctx.dataset, kept))
    line, clicks = texts.undone_line(result), []
    if kept:
        line += f" {texts.kept_line(kept)}"
        ids = list(dict.fromkeys(item["sample_id"] for item in kept))
        shown_samples.keep(ctx, f"undo {key}", ids)
        clicks.append(Click("show_samples", f"Show the {count(len(ids), 'sample')}", {"of": f"undo {key}"}))
    return Outcome("warning" if kept else "success", line, text, tuple(clicks))
