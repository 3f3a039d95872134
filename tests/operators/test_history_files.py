"""The history as a file: nothing is written over unless asked, no link is followed, no cell is a formula."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.history import COLUMNS, FORMULA, as_csv
from sync_loop import Loop, operator


@pytest.fixture
def loaded(filled: Loop) -> Loop:
    """A run whose labels came back."""
    filled.send()
    filled.cvat.move(filled.cvat.shape(0))
    filled.load()
    return filled


def save(loop: Loop, path: Path | str, **params: Any) -> Any:
    return operator("load_history")(loop.dataset, "run", path=str(path), **params)


@pytest.mark.parametrize("name", ["history.csv", "history.json"])
def test_a_file_that_is_there_stays_unless_asked(loaded: Loop, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("precious")
    with pytest.raises(Exception, match="is there already, and nothing was saved"):
        save(loaded, path)
    assert path.read_text() == "precious"
    save(loaded, path, overwrite=True)
    assert "job_id" in path.read_text()
    assert [item.name for item in tmp_path.iterdir() if item.suffix in (".csv", ".json")] == [name]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_not_followed(loaded: Loop, tmp_path: Path, there: bool) -> None:
    other, path = tmp_path / "bashrc", tmp_path / "history.csv"
    if there:
        other.write_text("precious")
    path.symlink_to(other)
    with pytest.raises(Exception, match="is there already"):
        save(loaded, path)
    save(loaded, path, overwrite=True)
    assert not path.is_symlink() and "job_id" in path.read_text()
    assert other.exists() == there and (not there or other.read_text() == "precious")


@pytest.mark.parametrize(
    "path", ["/nowhere/at/all.csv", "~nobody-of-this-name/h.csv", "h\0.csv", "x" * 300 + ".csv", ""]
)
def test_paths_that_can_not_be(loaded: Loop, tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if path:
        with pytest.raises(Exception, match="can't be written"):
            save(loaded, path)
    else:
        save(loaded, path)
    assert [item for item in tmp_path.iterdir() if item.suffix == ".csv"] == []


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "=cmd|'/c calc'!A0", '="x"']
)
def test_no_name_is_a_formula(name: str) -> None:
    job = {"job_id": 1, "task_id": 1, "assignee": name, "stage": name, "state": name}
    load = {"number": 1, "kind": "load", "status": "applied", "at": "", "user": name, "added": 1, "jobs": [job]}
    (row,) = csv.DictReader(io.StringIO(as_csv([load])))
    assert set(row) == set(COLUMNS)
    assert not [value for value in row.values() if value.strip()[:1] in FORMULA]
    assert row["assignee"] == f"'{name.strip()}" and row["added"] == "1"


def test_usual_names_stay_as_they_are() -> None:
    job = {"job_id": 1, "task_id": 1, "assignee": "ann-marie@x", "stage": "validation", "state": "in progress"}
    load = {"number": 1, "kind": "load", "status": "applied", "at": "2026-01-01", "user": "bob", "jobs": [job]}
    (row,) = csv.DictReader(io.StringIO(as_csv([load])))
    assert (row["assignee"], row["user"], row["at"]) == ("ann-marie@x", "bob", "2026-01-01")
