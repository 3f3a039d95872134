"""Samples that a result is about: their names, and a button that shows them in the grid."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from .texts import count

STORE = "roundtrip_cvat_shown"
URI = "@roundtrip/cvat/view_samples"
MOST, A_DAY = 10_000, 24 * 3600
"""Samples that are shown of one result, and the seconds for which they are kept."""


def names_of(dataset: Any, items: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The file names of the samples that a list of labels or conflicts is about, as far as lists show them."""
    return files_of(dataset, items)[0]


def files_of(dataset: Any, items: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the files of such samples, and their paths; both by id."""
    ids = list(dict.fromkeys(item["sample_id"] for item in items))[:50]
    found = dataset.select(ids) if ids else None
    paths = dict(zip(found.values("id"), found.values("filepath"), strict=True)) if found is not None else {}
    return {sample_id: Path(path).name for sample_id, path in paths.items()}, paths


def keep(ctx: foo.ExecutionContext, name: str, ids: Sequence[str]) -> None:
    """Keeps the samples of a result, until there is another of this name."""
    ctx.store(STORE).set(_name(name), list(ids)[:MOST], ttl=A_DAY)


def kept(ctx: foo.ExecutionContext, name: str) -> list[str]:
    """The samples of a result; none if they were not kept, or for too long."""
    found = ctx.store(STORE).get(_name(name))
    return found if isinstance(found, list) else []


def _name(said: Any) -> str:
    """A name as the database takes it, whatever a program says."""
    return str(said)[:200].encode(errors="replace").decode()


def keep_dict(ctx: foo.ExecutionContext, name: str, value: dict[str, Any]) -> None:
    """Keeps something else that forms show, until there is another of this name."""
    ctx.store(STORE).set(_name(name), value, ttl=A_DAY)


def kept_dict(ctx: foo.ExecutionContext, name: str) -> dict[str, Any] | None:
    """What was kept so; ``None`` if it was not, or for too long."""
    found = ctx.store(STORE).get(_name(name))
    return found if isinstance(found, dict) else None


def take(ctx: foo.ExecutionContext, name: str) -> list[str]:
    """What was kept under a name, which is then kept no more."""
    store = ctx.store(STORE)
    found = list(store.get(name) or ())
    if found:
        store.delete(name)
    return found


def button(outputs: types.Object, name: str, number: int, what: str = "") -> None:
    """Adds the button that shows the samples of a result, if there are any.

    Args:
        outputs: the result, or a form
        name: under which they are kept
        number: how many there are
        what: which they are
    """
    if not number:
        return
    first = "first " if number > MOST else ""
    label = f"View the {first}{count(min(number, MOST), 'sample')}{what and ' ' + what}"
    row = outputs.h_stack("samples", gap=1, align_x="left")
    look = types.Button(label=label, operator=URI, params={"of": name}, icon="filter_alt", variant="outlined")
    row.view("view_samples", look)
    back = types.Button(label="Back to the view before", operator=URI, params={"back": True}, variant="outlined")
    row.view("view_before", back)


def result(
    ctx: foo.ExecutionContext,
    text: str,
    name: str = "",
    ids: Sequence[str] = (),
    what: str = "",
    more: Callable[[types.Object], None] = lambda outputs: None,
) -> Any:
    """Shows a text in Markdown as the operator's output, with a button that shows the samples it is about.

    Args:
        ctx: the operator's context
        text: the text
        name: under which the samples are kept
        ids: the samples
        what: which they are
        more: adds what stands between the text and the button
    """
    outputs = types.Object()
    outputs.str("text", view=types.MarkdownView())
    more(outputs)
    if ids:
        keep(ctx, name, ids)
        button(outputs, name, len(ids), what)
    form = types.Property(outputs, view=types.View(label="Result"))
    return ctx.ops.show_output(outputs=form.to_json(), results={"text": text})
