"""Which labels a load changes, one by one: a small picture, where the label is, and what differs in words."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import fiftyone.operators.types as types

from ...sync.load.versions import Versions
from ...sync.runs.changed_label import ChangedLabel
from ..conflicts import texts as conflict_texts
from ..conflicts.differences import from_to, shapes_changed
from ..conflicts.picture import SMALL, read_image, thumbnail
from ..shared.safe import code, safe

LEGEND = {
    True: "Grey: the label as it is. Orange, dashed: as it will be.",
    False: "Grey: the label as it was. Orange, dashed: as it is now.",
}
"""What the colours mean before a load (``True``), and after it."""

ALIGNED = {"container": {"sx": {"width": SMALL[0]}}}
"""Pictures of different widths take the same room."""

Row = dict[str, str]


def rows(changed: Iterable[Mapping[str, Any]], paths: Mapping[str, str]) -> list[Row]:
    """What is shown of labels that a load changes.

    Args:
        changed: as of :class:`sync.runs.changed_label.ChangedLabel`
        paths: the files of the samples, by id

    Returns:
        for each label the ``sample``, the ``label`` (their ids) and the ``field``, a ``text`` in Markdown, and a
        ``picture``: an address that holds it, or nothing
    """
    read = lru_cache(maxsize=1)(read_image)  # labels of one image follow each other

    def picture(item: ChangedLabel, path: str) -> str:
        image = read(path, item.frame)
        if image is None:
            return ""
        return thumbnail(image, Versions(path, item.frame, item.size, base=item.before, remote=item.after))

    found = []
    for item in map(ChangedLabel.model_validate, changed):
        path = paths.get(item.sample_id, "")
        where = {"sample": item.sample_id, "field": item.field, "label": item.label_id}
        found.append({**where, "text": text(item, path), "picture": picture(item, path)})
    return found


def add(form: types.Object, opens: Any = None, *, listed: list[Row], total: int, before: bool) -> None:
    """Adds them to a form, to a result, or to a panel.

    Args:
        form: to what
        opens: the method of a panel that opens a sample; without it, samples are opened in a new tab
        listed: as of :func:`rows`
        total: how many labels are changed in all
        before: whether the load is still to come
    """
    if not listed:
        return
    heading = "**Which labels**" if total <= len(listed) else f"**The first {len(listed):,} of {total:,} labels**"
    how = "A picture opens its sample." if opens else "A picture opens its sample in a new tab."
    form.md(f"{heading}\n\n{LEGEND[before]} {how}", name="labels")
    for number, row in enumerate(listed):
        line = form.h_stack(f"label_{number}", gap=2, align_x="left", align_y="center")
        _way_to_sample(line, row, opens)
        line.md(row["text"], name="text")


def _way_to_sample(line: types.Object, row: Row, opens: Any) -> None:
    address = f"?id={row['sample']}"
    params = {name: row[name] for name in ("sample", "field", "label")}
    way = {"operator": opens, "params": params} if opens else {"href": address}
    if row["picture"]:
        view = types.ImageView(**way, alt="The label on its image", componentsProps=ALIGNED)
        line.str("picture", default=row["picture"], view=view)
    elif opens:
        line.btn("open", "Open sample", on_click=opens, params=params)
    else:
        line.view("open", types.LinkView(label="Open sample", href=address, new_window=True))


def text(item: ChangedLabel, path: str) -> str:
    """Where a label is, and what happens to it, in Markdown.

    Args:
        item: the label
        path: the file of its sample
    """
    where = [safe(path.rpartition("/")[2] or item.sample_id)]
    where += [f"frame {item.frame:,}"] if item.frame is not None else []
    where += [code(item.field)]
    name = f"**{safe(item.name)}**: " if item.name else ""
    return f"{', '.join(where)}\n\n{name}{safe(words(item))}"


def words(item: ChangedLabel) -> str:
    """What happens to a label: ``new``, ``deleted``, or what differs."""
    if item.what != "changed":
        return {"added": "new", "deleted": "deleted"}[item.what]
    return ", ".join(_differences(item)) or "changed"


def _differences(item: ChangedLabel) -> Iterator[str]:
    if drawn := shapes_changed(item.before, item.after, item.size):
        yield drawn
    for name in dict.fromkeys((*item.was, *item.now)):
        yield f"{conflict_texts.part(name)} {from_to(name, item.was.get(name), item.now.get(name))}"
