"""What loads changed, when, and whose work it was."""

import base64
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused, RoundtripError
from ...sync.new_files import write_new, write_over
from ...sync.runs.history import as_csv, as_json, history, label_history
from ...sync.runs.record import find
from ...sync.watch.status import watch_status
from ..shared import choose_run, context
from ..shared.running import answer, output
from ..shared.safe import WHOLE, code, safe
from ..watch.texts import state_line
from . import texts

WRITERS = {".csv": as_csv, ".json": as_json}
MEDIA = {"csv": "text/csv", "json": "application/json"}


class LoadHistory(foo.Operator):
    """Lists the loads of a run, or those that changed a label, and saves the list."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="load_history",
            label="CVAT load history",
            description="What was loaded, when, by whom and from whose jobs",
            icon="history",
            dynamic=True,
            risk_level=types.RiskLevel.MEDIUM,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent")
        can_save = run is not None and _show(ctx, inputs, run.key)
        return choose_run.form(inputs, "Load history", "Save" if can_save else "Close")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The loads of the run ``anno_key``, or those that changed ``label_id``; saved, if there is a ``path``.

        In the App they are saved by the browser, if it is said as what: ``save_as`` is ``"csv"`` or ``"json"``.
        """

        def work() -> dict[str, Any]:
            key, label_id = ctx.params.get("anno_key", ""), ctx.params.get("label_id") or None
            path = ctx.params.get("path") or None
            over = bool(ctx.params.get("overwrite"))
            listed = self(ctx.dataset, key, label_id=label_id, path=path, overwrite=over)
            text = _text(ctx, key, label_id, listed)
            if path:
                text = f"Saved to {code(_expanded(path))}.\n\n{text}"
            elif ctx.params.get("save_as"):
                _download(ctx, key, listed, of_label=bool(label_id))
            return {"loads": listed, "text": text}

        return answer(ctx, work)

    def __call__(
        self,
        samples: Any,
        anno_key: Any,
        *,
        label_id: str | None = None,
        path: str | None = None,
        overwrite: bool = False,
    ) -> list[dict[str, Any]]:
        """The loads of a run, from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            label_id: only the loads that changed this label
            path: of a file to save the list to, ``.csv`` or ``.json``; of a label only ``.json``
            overwrite: whether a file that is there may go for it

        Returns:
            see :func:`sync.runs.history.history`, and of a label :func:`sync.runs.history.label_history`

        Raises:
            Refused: if the file can't be written
        """
        if path is not None and not isinstance(path, (str, Path)):
            raise Refused("The path of a file is a text. Nothing was saved.")
        key = choose_run.key_of(anno_key)
        listed = label_history(samples, key, label_id) if label_id else history(samples, key)
        if path:
            _save(_expanded(path), listed, of_label=bool(label_id), overwrite=overwrite)
        return listed

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property | None:
        return None if context.in_app(ctx) else output("Load history")


def _show(ctx: foo.ExecutionContext, inputs: types.Object, key: str) -> bool:
    """Shows the list in the form, and asks as what it is to be saved; whether there is anything to be saved."""
    default = next((label["label_id"] for label in ctx.selected_labels or ()), "")
    label_id = ctx.params.get("label_id", default)
    try:
        listed = label_history(ctx.dataset, key, label_id) if label_id else history(ctx.dataset, key)
    except RoundtripError as error:
        inputs.view("problem", types.Warning(label=safe(error, WHOLE)))
        return False
    inputs.md(_text(ctx, key, label_id, listed), name="list")
    if listed or label_id:
        hint = "Its id; that of the selected label, if there is one"
        inputs.str("label_id", default=default, label="Only of one label", description=hint)
    if not listed:
        return False
    choices = types.RadioGroup(orientation="horizontal")
    if not label_id:
        choices.add_choice("csv", label="CSV, for a spreadsheet")
    choices.add_choice("json", label="JSON")
    inputs.enum("save_as", choices.values(), default=choices.values()[0], label="Save as", view=choices)
    return True


def _text(ctx: foo.ExecutionContext, key: str, label_id: str | None, listed: list[dict[str, Any]]) -> str:
    """The list in words; first, why nothing comes by itself any more, if it does not."""
    if label_id:
        return texts.label(label_id, listed)
    status = watch_status(ctx.dataset, find(ctx.dataset, key))
    stopped = safe(f"Loads by itself: {state_line(status)}", WHOLE) if status.state == "stopped" else ""
    return "\n\n".join(filter(None, [stopped, texts.loads(key, listed)]))


def _download(ctx: foo.ExecutionContext, key: str, listed: list[dict[str, Any]], *, of_label: bool) -> None:
    """Has the browser save the list."""
    ending = "json" if of_label or ctx.params["save_as"] != "csv" else "csv"
    held = base64.b64encode(WRITERS[f".{ending}"](listed).encode()).decode()
    name = f"{key}_{'label' if of_label else 'loads'}.{ending}"
    ctx.ops.browser_download(f"data:{MEDIA[ending]};base64,{held}", name)
    ctx.ops.notify(f"Your browser saves the history as {name}.", variant="success")


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # nobody's home
        return Path(path)


def _save(path: Path, listed: list[dict[str, Any]], *, of_label: bool, overwrite: bool) -> None:
    write = WRITERS.get(path.suffix)
    if write is None or (of_label and write is as_csv):
        endings = ".json" if of_label else ".csv or .json"
        raise Refused(f"'{path}' can't be written: the history is saved as {endings}. Nothing was saved.")
    try:
        put = write_over if overwrite else write_new
        put(path, lambda temporary: _write(temporary, write(listed)))
    except FileExistsError:
        raise Refused(
            f"'{path}' is there already, and nothing was saved. Choose another name, or set `overwrite` to save in its "
            "place."
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise Refused(f"'{path}' can't be written: {why}. Nothing was saved; choose another place.") from None


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
