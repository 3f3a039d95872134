"""Choosing one of the dataset's runs in a form."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused
from ...sync.runs import record
from ...sync.runs.run_record import RunRecord
from ...sync.runs.status import RunStatus, State, status_of
from .texts import count, run_words

NONE_SUCH: dict[State, str] = {
    "sent": "No run is complete yet.",
    "sending": "Nothing is being sent at this moment.",
    "interrupted": "No run was interrupted; there is nothing to resume.",
}


class Run(NamedTuple):
    """A run and its state."""

    key: str
    record: RunRecord
    status: RunStatus


def find_all(dataset: Any) -> list[Run]:
    """All runs of a dataset as they are now, the newest first."""
    dataset.reload()
    return [Run(key, item, status_of(dataset, item)) for key, item in record.find_all(dataset).items()]


def choose(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    only: State | None = None,
    others: Mapping[str, str] | None = None,
    *,
    whole: bool = False,
) -> Run | None:
    """Adds the choice of a run to a form, the newest first.

    Args:
        ctx: the operator's context
        inputs: the form
        only: the state of the runs that are offered; ``None`` for all
        others: runs of other tools that are offered, too, with a few words about each
        whole: whether runs are left out that were interrupted after some of their tasks were complete

    Returns:
        the chosen run; ``None`` if there is none, or it is one of the others
    """
    found = find_all(ctx.dataset)
    offered = {run.key: run for run in _among(found, only, whole=whole)}
    others = others or {}
    if not offered and not others:
        sentence = NONE_SUCH[only] if found and only else "This dataset has no run yet. Start with Send to CVAT."
        notice = inputs.view("no_runs", types.Warning(label=sentence))
        notice.invalid, notice.error_message = True, sentence
        return None
    choices = types.DropdownView()
    for run in offered.values():
        choices.add_choice(run.key, label=run.key, description=_described(run))
    for key, described in others.items():
        choices.add_choice(key, label=key, description=described)
    default = next(iter([*offered, *others]))
    prop = inputs.enum("anno_key", choices.values(), default=default, label="Run", required=True, view=choices)
    said = ctx.params.get("anno_key") or default
    now = next((run.status.state for run in found if run.key == said), "gone")
    if said not in offered and said not in others:
        prop.invalid, prop.error_message = True, f"The run '{said}' is {now}; choose another one."
    return offered.get(said)


def without_question(ctx: foo.ExecutionContext, only: State | None = None) -> str | None:
    """The run that is meant without asking: the one that was said, or the only one that :func:`choose` would offer.

    An operator that needs no more than that has no form then, and the App runs it at once.
    """
    said = ctx.params.get("anno_key")
    if said:
        return str(said)
    offered = _among(find_all(ctx.dataset), only)
    return offered[0].key if len(offered) == 1 else None


def _among(found: list[Run], only: State | None, *, whole: bool = False) -> list[Run]:
    """The runs in a state; of complete ones also those that are so in part, unless only whole ones will do."""
    partly = only == "sent" and not whole
    return [run for run in found if only in (None, run.status.state) or (partly and is_usable(run))]


def is_usable(run: Run) -> bool:
    """Whether some of a run can be loaded: all of a complete one, of an interrupted one the tasks that are complete."""
    return run.status.state == "sent" or (run.status.state == "interrupted" and bool(run.record.complete_tasks))


def is_any_usable(dataset: Any) -> bool:
    """Whether there is a run that can be loaded, as the records say; CVAT is not asked."""
    return any(item.status == "sent" or item.complete_tasks for item in record.find_all(dataset).values())


def _described(run: Run) -> str:
    size = [count(run.record.samples, "sample")]
    if run.status.state == "sent" and not run.record.imported:
        size.append(count(sum(run.record.labels.values()), "label"))
    return ", ".join([*size, run_words(run.record, run.status)])


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
