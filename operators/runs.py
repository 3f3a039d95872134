"""Choosing one of the dataset's runs in a form."""

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..sync import record
from ..sync.errors import Refused
from .words import count


def choose(ctx: foo.ExecutionContext, inputs: types.Object) -> record.RunRecord | None:
    """Adds the choice of a run to a form, the newest first; the record of the chosen one."""
    ctx.dataset.reload()
    runs = record.find_all(ctx.dataset)
    if not runs:
        notice = inputs.view("no_runs", types.Warning(label="This dataset has no run yet. Start with Send to CVAT."))
        notice.invalid, notice.error_message = True, "There is no run yet."
        return None
    choices = types.DropdownView()
    for key, item in runs.items():
        labels = count(sum(item.labels.values()), "label")
        choices.add_choice(key, label=key, description=f"{count(item.samples, 'sample')}, {labels}, {item.status}")
    default = next(iter(runs))
    inputs.enum("anno_key", choices.values(), default=default, label="Run", required=True, view=choices)
    return runs.get(ctx.params.get("anno_key") or default)


def key_of(run: Any) -> str:
    """The key of a run: itself, or from the summary that a send returned.

    Raises:
        Refused: if it is neither
    """
    key = run.get("anno_key") if isinstance(run, Mapping) else run
    if not isinstance(key, str):
        raise Refused("This is no run: give its key, or the summary that the send returned.")
    return key


def form(inputs: types.Object, label: str, button: str) -> types.Property:
    """A form with a heading."""
    return types.Property(inputs, view=types.PromptView(label=label, submit_button_label=button))
