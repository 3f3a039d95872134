"""What a load would change, in the form: found out while the form is open, and shown in it."""

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import CvatError, RoundtripError
from ...sync.load.load import load
from ...sync.progress import ProgressReporter
from ...sync.request import LoadRequest, parse
from ...sync.runs.record import find
from ..shared import context, shown_samples
from ..shared.as_in_forms import as_in_forms
from ..shared.safe import WHOLE, safe
from . import changed_labels, texts

URI = "@roundtrip/cvat/look_at_load"
WAIT = "Asking CVAT what would change. Nothing is loaded yet ..."


class LookAtLoad(foo.Operator):
    """Finds out what a load would change."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="look_at_load", label="Look at a CVAT load", unlisted=True, risk_level=types.RiskLevel.LOW
        )

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Finds out what a load with the parameters ``asked`` would change, and keeps it under the name ``of``."""
        of = str(ctx.params.get("of") or "")
        try:
            asked = ctx.params.get("asked") or {}
            request = parse(LoadRequest, {**asked, "preview": True} if isinstance(asked, Mapping) else asked)
            run = find(ctx.dataset, request.anno_key)
            with context.client_for(ctx, run.organization, server=run.server) as client:
                report = load(ctx.dataset, request, client, ProgressReporter())
        except (RoundtripError, CvatError) as error:
            shown_samples.keep_dict(ctx, f"{_name(of)} as text", {"error": as_in_forms(error), "cautions": []})
        else:
            keep(ctx, report, of)
        return {"of": of}


def loader(inputs: types.Object, asked: dict[str, Any], of: str) -> None:
    """Has a form find out what a load would change, as soon as it is shown and whenever another load is asked for.

    Args:
        inputs: the form
        asked: the parameters of the load
        of: says which load it is
    """
    given = {"asked": asked, "of": of}
    inputs.loader("seen", types.Object(), operator=URI, params=given, label=WAIT, dependencies=["of"])


def keep(ctx: foo.ExecutionContext, report: dict[str, Any], of: str) -> None:
    """Keeps what a load would change, for forms that ask for the same."""
    names, paths = shown_samples.files_of(ctx.dataset, [*report["first_changes"], *report["conflicts"]])
    shown_samples.keep(ctx, _name(of), report["samples"])
    found = {
        "text": texts.preview(report, names),
        "labels": changed_labels.rows(report["first_changes"], paths),
        "total": sum(report[what] for what in texts.WHAT),
        "samples": len(report["samples"]),
        "cautions": report["cautions"],
        "error": "",
    }
    shown_samples.keep_dict(ctx, f"{_name(of)} as text", found)


def kept(ctx: foo.ExecutionContext, of: str) -> dict[str, Any] | None:
    """What was kept of a load; ``None`` if it was not, or for too long."""
    return shown_samples.kept_dict(ctx, f"{_name(of)} as text")


def show(inputs: types.Object, found: dict[str, Any], of: str) -> None:
    """Shows in a form what a load would change."""
    if found["error"]:
        inputs.view("problem", types.Warning(label=safe(found["error"], WHOLE)))
        return
    inputs.md(found["text"], name="preview_text")
    changed_labels.add(inputs, listed=found["labels"], total=found["total"], before=True)
    shown_samples.button(inputs, _name(of), found["samples"], "concerned")


def _name(of: str) -> str:
    return f"look {of[:24]}"
