"""The whole loop without a person: send, edit on the server, load, and look at every label in the database."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

import bson
import fiftyone as fo
import fiftyone.operators as foo

from .annotator import Annotator
from .dataset import LABEL_FIELDS
from .edits import Document, Edit, Labels, annotate, expected, get, labels_of, put
from .trouble import DemoError

Operator = Callable[..., Any]

ANNO_KEY = "headless_demo"


def play(dataset: fo.Dataset) -> bool:
    """Play the loop on a dataset and print what happened; returns whether all is as it must be.

    Raises:
        DemoError: if CVAT refuses something; the text says what.
    """
    send, load, delete = (
        foo.get_operator(f"@roundtrip/cvat/{name}") for name in ("send_to_cvat", "load_annotations", "delete_run")
    )
    errors = importlib.import_module("fiftyone.plugins.orgs.roundtrip.cvat.sync.errors")
    try:
        return _play(dataset, send, load, delete)
    except (errors.RoundtripError, errors.CvatError) as error:
        raise DemoError(str(error)) from None


def _play(dataset: fo.Dataset, send: Operator, load: Operator, delete: Operator) -> bool:
    before = _labels(dataset)
    run = send(dataset, anno_key=ANNO_KEY, label_field=list(LABEL_FIELDS), launch_editor=False)
    print(f"Sent {run['samples']} samples with {run['labels']} labels: {run['tasks'][0]['url']}")
    edits = annotate(Annotator([task["id"] for task in run["tasks"]]), before)
    report = load(dataset, run)
    counts = ", ".join(f"{report[name]} {name}" for name in ("added", "changed", "deleted", "unchanged"))
    print(f"Loaded: {counts}.\n")
    after = _labels(dataset)
    complaints = _compare(expected(before, edits), after, edits)
    _print_table(edits, before, after)

    stored = _documents(dataset)
    again = load(dataset, run)
    if _documents(dataset) != stored or any(again[name] for name in ("added", "changed", "deleted")):
        complaints.append("The second load changed something.")
    delete(dataset, run, delete_tasks=True)

    untouched = len(after) - sum(edit.after is not None for edit in edits)
    if not complaints:
        print(f"\nThe other {untouched} labels are the same to the last bit. A second load changed nothing.")
    for complaint in complaints:
        print(f"WRONG: {complaint}")
    return not complaints


def _documents(dataset: fo.Dataset) -> list[bytes]:
    """Every sample as the database stores it, to the byte."""
    return [bson.encode(document) for document in dataset._sample_collection.find().sort("_id")]


def _labels(dataset: fo.Dataset) -> Labels:
    found: Labels = {}
    for document in dataset._sample_collection.find().sort("_id"):
        found.update(labels_of(document, LABEL_FIELDS))
    return found


def _compare(wanted: Labels, found: Labels, edits: list[Edit]) -> list[str]:
    """What differs. Only the edited parts are numbers that two computations may round differently."""
    complaints = []
    paths = {(edit.file, edit.field, edit.label_id): edit.path for edit in edits if edit.path}
    for key, label in wanted.items():
        if key not in found:
            complaints.append(f"{key} is gone.")
        elif not _same(label, found[key], paths.get((key[0], key[1], key[2]))):
            complaints.append(f"{key} is {found[key]}, not {label}.")
    new = [(key, label) for key, label in found.items() if key not in wanted]
    added = [edit for edit in edits if edit.label_id is None]
    if len(new) != len(added):
        complaints.append(f"{len(new)} labels are new, not {len(added)}: {new}")
    for edit in added:
        if not any(key[:2] == (edit.file, edit.field) and _is_new(edit.after, label) for key, label in new):
            complaints.append(f"{edit.after} was added on {edit.file}, and is not among {new}.")
    return complaints


def _same(wanted: Document, found: Document, path: tuple[str | int, ...] | None) -> bool:
    """Whether two labels are the same to the bit, but for the edited part, which must be equal as numbers are."""
    if path:
        if not _close(get(wanted, path), get(found, path)):
            return False
        put(wanted, path, get(found, path))
    return bson.encode(wanted) == bson.encode(found)


def _is_new(wanted: Document, found: Document) -> bool:
    """Whether a label has what was drawn and nothing else but an id and FiftyOne's own empty parts."""
    rest = {name: value for name, value in found.items() if name not in wanted and name not in ("_id", "_cls")}
    return not any(rest.values()) and all(_close(value, found.get(name)) for name, value in wanted.items())


def _close(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_close, wanted, found))
    if isinstance(wanted, float) and isinstance(found, float):
        return math.isclose(wanted, found, rel_tol=0, abs_tol=1e-9)
    return type(wanted) is type(found) and bool(wanted == found)


def _print_table(edits: list[Edit], before: Labels, after: Labels) -> None:
    """Each edit with what the dataset held before and what it holds now."""
    rows = [("edit", "picture", "field", "before", "after")]
    for edit in edits:
        key = (edit.file, edit.field, edit.label_id or "")
        was = _text(get(before[key], edit.path)) if key in before else "-"
        now = _text(get(after[key], edit.path)) if key in after else "-"
        if edit.label_id is None:
            now = "; ".join(_text(label) for k, label in after.items() if k[:2] == key[:2] and k not in before) or "-"
        rows.append((edit.what, edit.file, edit.field, was, now))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['label']} {_text(value['bounding_box'])}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text, value))}]"
    return f"{value:.4f}" if isinstance(value, float) else repr(value)
