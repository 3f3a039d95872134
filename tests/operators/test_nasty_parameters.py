"""Whatever a program gives as a parameter: a value, or a sentence of ours; and the run that was there still works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import answers
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared import context, shown_samples
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.request import ImportRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import (
    LoadRequest,
    RefreshRequest,
    SendRequest,
    UndoRefreshRequest,
    parse,
)
from operators_app import Dialog
from sync_loop import Loop, operator

LONG = "x" * 100_000
TEXTS = ("", " ", LONG, "\x00", "a\x00b", "\u202e\u200b\x1b[31mX", "a\nb", "../../etc", "$where", "a.b", ".a", "\ud800")
NAMES = ("_id", "id", "filepath", "tags", "метка", "🙂", "http://[::1", "1", "%s{0}", "'", '"')
NUMBERS = (None, True, -1, 0, 10**30, 1.5, float("nan"), float("inf"))
OTHERS = ([], [[]], {}, {"a": 1}, [1, 2], ["1"], ["\ud800"], b"x", object())
NASTY: tuple[Any, ...] = (*TEXTS, *NAMES, *NUMBERS, *OTHERS)
FEW: tuple[Any, ...] = (LONG, "\ud800", "a\x00b", 3, float("nan"), None, True, [[]], {"a": 1}, object())
"""Of each kind one, for what is tried in very many places."""
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


ANSWERS = (
    *("schema", "label_field", "project_name", "target", "slice", "for_review", "new_name", "new_type", "new_classes"),
    *("media_prefix", "media_folder", "media_storage", "sequence_order", "anno_key", "server", "resume"),
)
"""What the form of a send asks, and what a program can give in its place."""
SCHEMAS: tuple[Any, ...] = (
    {"gt": ...},
    {"gt": {"classes": ...}},
    {"gt": {"edit": True, "attributes": ...}},
    {"gt": {"edit": True, "attributes": [...]}},
    *(
        {"gt": {"edit": True, "attributes": [{"name": "a", "type": type_, key: ...}]}}
        for key in ("name", "type", "values", "default", "fixed", "read_only")
        for type_ in ("text", "number", "select")
    ),
)
"""Answers about a field, with a place for something nasty."""


def meanings(loop: Loop) -> dict[str, Callable[[Any], Any]]:
    """What a program gives as an answer of the form of a send, as far as it is found out what that means."""
    said = {"anno_key": "k", "label_field": ["gt"], "schema": {"gt": {}}, "new_field": True, "new_name": "fresh"}
    givens: list[tuple[str, dict[str, Any]]] = [(name, {**said, name: ...}) for name in ANSWERS]
    givens += [("label_field", {"anno_key": "k", "label_field": ...})]
    givens += [("new_classes", {**said, "new_type": "segmentation", "new_classes": ...})]
    givens += [("media_prefix", {**said, "media_source": where, "media_prefix": ...}) for where in SERVERS]
    givens += [(str(schema), {**said, "schema": schema}) for schema in SCHEMAS]
    found: dict[str, Callable[[Any], Any]] = {}
    for number, (name, given) in enumerate(givens):
        found[f"{number} {name}"] = lambda value, given=given: meaning(loop, put(given, value))
    return found


SERVERS = ("share", "cloud_storage")


def meaning(loop: Loop, given: dict[str, Any]) -> None:
    """Reads answers, as the send does."""
    ctx = by_program(loop, "send_to_cvat", given).context()
    context.target(ctx)
    parse(SendRequest, answers.read(ctx))


def executions(loop: Loop) -> dict[str, Callable[[Any], Any]]:
    """What operators do with one parameter that a program gives to ``foo.execute_operator()``."""
    asked: list[tuple[str, str, dict[str, Any]]] = []
    asked += [("send_to_cvat", name, {"anno_key": "k", "dry_run": True}) for name in ("label_field", "schema")]
    asked += [("add_samples", name, {"anno_key": "run", "dry_run": True}) for name in ("anno_key", "target", "classes")]
    asked += [("refresh_run", name, {"anno_key": "run", "preview": True}) for name in RefreshRequest.model_fields]
    asked += [("undo_refresh", name, {"anno_key": "run"}) for name in UndoRefreshRequest.model_fields]
    given = {"anno_key": "run", "preview": True}
    asked += [("load_annotations", name, given) for name in ("anno_key", "tasks", "jobs", "most_deleted")]
    given = {"anno_key": "run", "job": 1}
    asked += [("change_job", name, given) for name in ("anno_key", "job", "assignee", "stage", "state")]
    asked += [("view_samples", name, {}) for name in ("of", "back")]
    asked += [("look_at_load", name, {"asked": {"anno_key": "run"}}) for name in ("asked", "of")]
    asked += [("look_at_import", name, {"asked": {"tasks": [1], "anno_key": "k"}}) for name in ("asked", "target")]
    found: dict[str, Callable[[Any], Any]] = {}
    for verb, name, given in asked:
        found[f"{verb} {name} by a program"] = lambda value, verb=verb, name=name, given=given: execute(
            loop, verb, {**given, name: value}
        )
    return found


def by_program(loop: Loop, name: str, params: dict[str, Any]) -> Dialog:
    """An operator as a program calls it, which has no filters of a sidebar."""
    dialog = Dialog(loop, name, **params)
    del dialog.request["filters"]
    return dialog


def execute(loop: Loop, name: str, params: dict[str, Any]) -> Any:
    """Executes an operator for a program."""
    dialog = by_program(loop, name, params)
    return dialog.operator.execute(dialog.context())


def put(inner: Any, value: Any) -> Any:
    """A value in the place of the dots."""
    if isinstance(inner, dict):
        return {name: put(item, value) for name, item in inner.items()}
    if isinstance(inner, list):
        return [put(item, value) for item in inner]
    return value if inner is ... else inner


@pytest.mark.parametrize("part", range(4))
def test_parameters(filled: Loop, tmp_path: Path, part: int) -> None:
    filled.send()
    found = verbs(filled, tmp_path)
    before = filled.documents()
    for name in sorted(found)[part::4]:
        for value in NASTY[hash_of(name) % 3 :: 3]:
            attempt(name, found[name], value)
            if name == "rename" and "run" not in filled.dataset.list_annotation_runs():
                operator("rename_run")(filled.dataset, value, "run")
    assert filled.documents() == before
    assert filled.load()["unchanged"] == 2


def test_parameters_of_programs(filled: Loop) -> None:
    filled.send()
    before = filled.documents()
    for name, do in {**executions(filled), **meanings(filled)}.items():
        for value in FEW[hash_of(name) % 2 :: 2]:
            attempt(name, do, value)
    assert filled.documents() == before
    assert filled.load()["unchanged"] == 2


@pytest.mark.parametrize("kept", [{"a": 1}, "text", 3])
def test_only_samples_that_were_kept_are_shown(filled: Loop, kept: Any) -> None:
    by_program(filled, "view_samples", {}).context().store(shown_samples.STORE).set("x", kept)
    attempt("view_samples", lambda name: execute(filled, "view_samples", {"of": name}), "x")


def attempt(name: str, do: Callable[[Any], Any], value: Any) -> None:
    """Tries a value: what it can end in is a sentence of ours."""
    try:
        do(value)
    except (RoundtripError, CvatError) as error:
        text = str(error)
        assert text.endswith((".", "?", "…")) and not set(INVISIBLE) & set(text), (name, value, text)
        assert len(text) < 3_000, (name, value)
    except Exception as error:
        raise AssertionError(f"{name} with {value!r:.50}: {error!r:.300}") from error


def hash_of(name: str) -> int:
    """A number that is the same in every process."""
    return sum(name.encode())
