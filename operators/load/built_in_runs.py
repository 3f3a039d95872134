"""Runs of FiftyOne's built-in CVAT integration: listed beside ours, and loaded by FiftyOne's own code."""

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo

from ...sync import connection
from ...sync.errors import Refused
from ...sync.imports.built_in_runs import SENTENCE, ForeignRun, find_foreign, load_foreign
from ..shared.safe import WHOLE, row, safe
from ..shared.texts import count


def offered(dataset: Any) -> dict[str, str]:
    """Such runs of a dataset, with a few words about each."""
    return {key: _described(run) for key, run in find_foreign(dataset).items()}


def listed(dataset: Any) -> str:
    """Such runs of a dataset in Markdown; nothing if there are none."""
    lines = [f"- **{safe(key)}**: {safe(described)}" for key, described in offered(dataset).items()]
    heading = "**Sent by FiftyOne's built-in integration**: Load annotations loads them, without merge, preview or undo"
    return "\n".join([heading, "", *lines]) if lines else ""


def load_in_app(ctx: foo.ExecutionContext, key: str) -> dict[str, Any]:
    """Load such a run with the credentials of this process; see :func:`sync.imports.built_in_runs.load_foreign`."""
    return load_foreign(ctx.dataset, key, connection.find_credentials(secret=ctx.secrets.get))


def load_from(samples: Any, key: str, login: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Loads such a run for a program.

    Raises:
        Refused: if it asks for what does not apply to such a run
    """
    if params:
        raise Refused(f"'{next(iter(params))}' can't be said of the run '{key}'. {SENTENCE} Nothing was changed.")
    return load_foreign(samples, key, connection.find_credentials(login, ask=True))


def loaded_line(report: Mapping[str, Any]) -> str:
    """Such a load in one sentence."""
    return (
        f"Loaded the run {report['anno_key']} with FiftyOne's own code: {count(report['after'], 'label')} now, "
        f"{report['before']:,} before."
    )


def loaded(report: Mapping[str, Any]) -> str:
    """Such a load in Markdown."""
    lines = [f"**{safe(loaded_line(report))}**", "", "| Field | Labels before | Labels now |", "|:--|--:|--:|"]
    lines += [row(safe(name), f"{item['before']:,}", f"{item['after']:,}") for name, item in report["fields"].items()]
    return "\n".join([*lines, "", *(safe(note, WHOLE) for note in report["notes"])])


def _described(run: ForeignRun) -> str:
    size = [] if run.samples is None else [count(run.samples, "sample")]
    return ", ".join([*size, *run.fields, "sent by FiftyOne's built-in integration"])
