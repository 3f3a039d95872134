"""Open a form again, once the one that asks for it is closed."""

import time
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

URI = "@roundtrip/cvat/show_form"
CLOSED = 0.5
"""Seconds. The App closes whatever form is open when an operator ends: one opened by its last step would be gone."""


class ShowForm(foo.Operator):
    """Opens the form of an operator, filled in."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="show_form", label="Open a CVAT form", unlisted=True, risk_level=types.RiskLevel.LOW
        )

    def execute(self, ctx: foo.ExecutionContext) -> None:
        """Opens the form of the operator ``uri`` with the answers ``params``."""
        time.sleep(CLOSED)
        ctx.prompt(ctx.params["uri"], params=ctx.params["answers"])


def again(ctx: foo.ExecutionContext, answers: dict[str, Any]) -> Any:
    """Opens the form of the operator that runs once more, with these answers."""
    kept = {"in_panel": True} if ctx.params.get("in_panel") else {}
    return ctx.trigger(URI, {"uri": ctx.operator_uri, "answers": {**answers, **kept}})
