"""What loads changed, when, and whose work it was."""

from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused
from ...sync.runs.history import as_csv, as_json, history, label_history
from ..shared import choose_run, context
from ..shared.running import answer, output
from ..shared.safe import code
from . import texts

WRITERS = {".csv": as_csv, ".json": as_json}


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
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.in_app(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent")
        if run is not None:
            default = next((label["label_id"] for label in ctx.selected_labels or ()), "")
            inputs.str(
                "label_id",
                default=default,
                label="Only of one label",
                description="Its id; that of the selected label, if there is one",
            )
            path = inputs.str(
                "path", label="Save to a file", description="Ends in .csv or .json; on the machine of the App's server"
            )
            said = ctx.params.get("path")
            if said and Path(said).suffix not in WRITERS:
                path.invalid, path.error_message = True, "The name has to end in .csv or .json."
        return choose_run.form(inputs, "Load history", "Save" if ctx.params.get("path") else "Show")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The loads of the run ``anno_key``, or those that changed ``label_id``; saved, if there is a ``path``."""

        def work() -> dict[str, Any]:
            key, label_id = ctx.params.get("anno_key", ""), ctx.params.get("label_id") or None
            path = ctx.params.get("path") or None
            listed = self(ctx.dataset, key, label_id=label_id, path=path)
            text = texts.label(label_id, listed) if label_id else texts.loads(key, listed)
            if path:
                text = f"Saved to {code(Path(path).expanduser())}.\n\n{text}"
            return {"loads": listed, "text": text}

        return answer(ctx, work)

    def __call__(
        self, samples: Any, anno_key: Any, *, label_id: str | None = None, path: str | None = None
    ) -> list[dict[str, Any]]:
        """The loads of a run, from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            label_id: only the loads that changed this label
            path: of a file to save the list to, ``.csv`` or ``.json``; of a label only ``.json``

        Returns:
            see :func:`sync.runs.history.history`, and of a label :func:`sync.runs.history.label_history`

        Raises:
            Refused: if the file can't be written
        """
        key = choose_run.key_of(anno_key)
        listed = label_history(samples, key, label_id) if label_id else history(samples, key)
        if path:
            _save(Path(path).expanduser(), listed, of_label=bool(label_id))
        return listed

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        return output("Load history")


def _save(path: Path, listed: list[dict[str, Any]], *, of_label: bool) -> None:
    write = WRITERS.get(path.suffix)
    if write is None or (of_label and write is as_csv):
        endings = ".json" if of_label else ".csv or .json"
        raise Refused(f"'{path}' can't be written: the history is saved as {endings}. Nothing was saved.")
    try:
        path.write_text(write(listed), encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(f"'{path}' can't be written: {why}. Nothing was saved; choose another place.") from None
