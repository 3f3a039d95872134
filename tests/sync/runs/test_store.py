"""The plugin's bulky state: any size, never half of it, and gone when it is deleted."""

from __future__ import annotations

import contextlib
import os
from itertools import pairwise
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import store as module
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import NAME, PIECE, RunStore


@pytest.fixture
def store(dataset: fo.Dataset) -> RunStore:
    return RunStore(dataset, "one")


def kept(dataset: fo.Dataset) -> Any:
    """The store as FiftyOne has it."""
    return foo.ExecutionStore.create(NAME, dataset_id=dataset._doc.id)


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_what_is_kept_comes_back(store: RunStore, size: int) -> None:
    text = '"' + "ü" * size + '"'
    assert store.load("x") is None
    store.save("x", text)
    assert store.load("x") == text.encode()


def test_more_than_a_document_can_hold(dataset: fo.Dataset, store: RunStore) -> None:
    """MongoDB refuses documents of over 16 MB; random bytes do not get smaller by being compressed."""
    big = os.urandom(2 * PIECE + 1000)
    store.save("big", big)
    assert store.load("big") == big
    assert len(kept(dataset).list_keys()) == 3
    assert PIECE < 16 << 20
    store.save("big", b"small")
    assert store.load("big") == b"small"


def test_half_a_save_is_none(dataset: fo.Dataset, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the process ends, what is kept is the old value or the new one."""
    monkeypatch.setattr(module, "PIECE", 1000)
    values = [os.urandom(size) for size in (2500, 3500, 1500, 500, 2500, 2500)]
    store.save("x", values[0])
    for old, new in pairwise(values):
        for allowed in range(9):
            left = iter(range(allowed))
            real = type(store._store).set

            def limited(self: Any, *args: Any, left: Any = left, real: Any = real, **more: Any) -> Any:
                if next(left, None) is None:
                    raise KeyboardInterrupt
                return real(self, *args, **more)

            with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
                patch.setattr(type(store._store), "set", limited)
                store.save("x", new)
            assert RunStore(dataset, "one").load("x") in (old, new)
        assert store.load("x") == new


def test_json_values(store: RunStore) -> None:
    value = {"a": [1, 2.5, None, True, "ü"]}
    store.save_json("x", value)
    assert store.load_json("x") == value
    assert store.load_json("y") is None


def test_runs_know_nothing_of_each_other(dataset: fo.Dataset, store: RunStore) -> None:
    other = RunStore(dataset, "two")
    store.save("x", b"1")
    other.save("x", b"2")
    store.drop()
    assert store.load("x") is None
    assert other.load("x") == b"2"
    other.drop()
    assert kept(dataset).list_keys() == []


def test_a_run_whose_id_begins_like_another(dataset: fo.Dataset) -> None:
    long = RunStore(dataset, "one-more")
    long.save("x", b"1")
    RunStore(dataset, "one").drop()
    assert long.load("x") == b"1"


def _other_piece(dataset: fo.Dataset) -> None:
    kept(dataset).set("one/x#1", {"data": b"other"})


def _no_piece(dataset: fo.Dataset) -> None:
    kept(dataset).delete("one/x#1")


def _other_head(dataset: fo.Dataset) -> None:
    head = kept(dataset).get("one/x")
    kept(dataset).set("one/x", {**head, "data": head["data"][:-1] + b"?"})


@pytest.mark.parametrize("damage", [_other_piece, _no_piece, _other_head])
def test_damage_is_noticed(dataset: fo.Dataset, store: RunStore, monkeypatch: pytest.MonkeyPatch, damage: Any) -> None:
    monkeypatch.setattr(module, "PIECE", 1000)
    store.save("x", os.urandom(1500))
    damage(dataset)
    with pytest.raises(RoundtripError, match="damaged"):
        store.load("x")


def test_a_later_format_is_not_guessed_at(dataset: fo.Dataset, store: RunStore) -> None:
    store.save("x", b"1")
    kept(dataset).set("one/x", {**kept(dataset).get("one/x"), "format": module.FORMAT + 1})
    with pytest.raises(RoundtripError, match="newer version of the plugin"):
        store.load("x")
