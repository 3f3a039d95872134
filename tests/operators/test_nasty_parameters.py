"""Whatever a program gives as a parameter: a value, or a sentence of ours; and the run that was there still works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.request import ImportRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import LoadRequest, SendRequest
from sync_loop import Loop, operator

LONG = "x" * 100_000
TEXTS = ("", " ", LONG, "\x00", "a\x00b", "\u202e\u200b\x1b[31mX", "a\nb", "../../etc", "$where", "a.b", ".a", "\ud800")
NAMES = ("_id", "id", "filepath", "tags", "метка", "🙂", "http://[::1", "1", "%s{0}", "'", '"')
NUMBERS = (None, True, -1, 0, 10**30, 1.5, float("nan"), float("inf"))
OTHERS = ([], [[]], {}, {"a": 1}, [1, 2], ["1"], ["\ud800"], b"x", object())
NASTY: tuple[Any, ...] = (*TEXTS, *NAMES, *NUMBERS, *OTHERS)
LOGIN = ("url", "token", "username", "password", "organization")
INVISIBLE = "\u202e\u200b\x1b\x00\n"


def verbs(loop: Loop, folder: Path) -> dict[str, Callable[[Any], Any]]:
    """Everything that takes one parameter."""
    found: dict[str, Callable[[Any], Any]] = {}
    for name in (*SendRequest.model_fields, *LOGIN):
        given = {"anno_key": "k", "dry_run": True}
        found[f"send {name}"] = lambda value, name=name, given=given: loop.send(**{**given, name: value})
    for name in (*LoadRequest.model_fields, "url", "token"):
        key = "run" if name == "anno_key" else name
        found[f"load {name}"] = lambda value, key=key: loop.load(**{"preview": True, key: value})
    for name in (*ImportRequest.model_fields, "url", "token"):
        given = {"anno_key": "k", "tasks": [1], "label_field": "imported", "dry_run": True}
        found[f"import {name}"] = lambda value, name=name, given=given: operator("import_from_cvat")(
            loop.dataset, **{**given, name: value}
        )
    for name in ("undo_load", "comments", "delete_run", "resolve_conflicts", "run_info", "view_run", "load_history"):
        found[name] = lambda value, name=name: operator(name)(loop.dataset, value)
    for name in ("open_in_cvat", "stop_run", "resume_run"):
        found[name] = lambda value, name=name: operator(name)(loop.dataset, value)
    found["watch"] = lambda value: operator("watch_runs")(loop.dataset, value, once=True)
    for name in ("states", "stages", "policy", "every", "on", "url"):
        given = {"once": True}
        found[f"watch {name}"] = lambda value, name=name, given=given: operator("watch_runs")(
            loop.dataset, "run", **{**given, name: value}
        )
    found["rename"] = lambda value: operator("rename_run")(loop.dataset, "run", value)
    found["move"] = lambda value: operator("move_run")(loop.dataset, "run", url=value)
    found["decisions"] = lambda value: operator("resolve_conflicts")(loop.dataset, "run", value)
    found["decision"] = lambda value: operator("resolve_conflicts")(loop.dataset, "run", [value])
    found["take"] = lambda value: operator("resolve_conflicts")(loop.dataset, "run", [{"take": value}])
    found["label"] = lambda value: operator("load_history")(loop.dataset, "run", label_id=value)
    found["file"] = lambda value: operator("load_history")(
        loop.dataset, "run", path=str(folder / f"{value}.json") if isinstance(value, str) else value
    )
    return found


@pytest.mark.parametrize("part", range(4))
def test_parameters(filled: Loop, tmp_path: Path, part: int) -> None:
    filled.send()
    found = verbs(filled, tmp_path)
    before = filled.documents()
    for name in sorted(found)[part::4]:
        for value in NASTY[hash_of(name) % 3 :: 3]:
            try:
                found[name](value)
            except (RoundtripError, CvatError) as error:
                text = str(error)
                assert text.endswith((".", "?", "…")) and not set(INVISIBLE) & set(text), (name, value, text)
                assert len(text) < 3_000, (name, value)
            except Exception as error:
                raise AssertionError(f"{name} with {value!r:.50}: {error!r:.300}") from error
            if name == "rename" and "run" not in filled.dataset.list_annotation_runs():
                operator("rename_run")(filled.dataset, value, "run")
    assert filled.documents() == before
    assert filled.load()["unchanged"] == 2


def hash_of(name: str) -> int:
    """A number that is the same in every process."""
    return sum(name.encode())
