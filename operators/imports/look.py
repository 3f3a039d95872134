"""What an import would bring, in the form: found out while the form is open, and shown in it."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import CvatError, RoundtripError
from ...sync.imports.plan import prepare_import
from ...sync.imports.request import ImportRequest
from ...sync.request import parse
from ..shared import context
from ..shared.as_in_forms import as_in_forms
from ..shared.safe import WHOLE, safe
from . import texts

URI = "@roundtrip/cvat/look_at_import"
WAIT = "Looking into CVAT. Nothing is imported yet ..."


class LookAtImport(foo.Operator):
    """Finds out what an import would bring."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="look_at_import", label="Look at a CVAT import", unlisted=True, risk_level=types.RiskLevel.LOW
        )

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Finds out what an import with the parameters ``asked`` would bring: a ``text``, or a ``problem``."""
        try:
            request = parse(ImportRequest, ctx.params.get("asked") or {})
            with context.client_for(ctx, request.organization) as client:
                found = prepare_import(context.target(ctx), request, client).as_dict()
        except (RoundtripError, CvatError) as error:
            return {"of": ctx.params.get("of"), "text": "", "problem": as_in_forms(error)}
        return {"of": ctx.params.get("of"), "text": texts.preview(found), "problem": ""}


def add(ctx: foo.ExecutionContext, inputs: types.Object, asked: dict[str, Any], of: str) -> None:
    """Has a form find out what an import would bring, and shows it.

    Args:
        ctx: the form's context
        inputs: the form
        asked: the parameters of the import
        of: says which import it is
    """
    given = {"asked": asked, "of": of, "target": ctx.params.get("target"), "slice": ctx.params.get("slice")}
    inputs.loader("seen", types.Object(), operator=URI, params=given, label=WAIT, dependencies=["of"])
    seen = ctx.params.get("seen") or {}
    found = seen.get("data") or {}
    if seen.get("state") != "loaded" or found.get("of") != of:
        return
    if found.get("problem"):
        inputs.view("problem", types.Warning(label=safe(found["problem"], WHOLE)))
    else:
        inputs.md(found["text"], name="preview")
