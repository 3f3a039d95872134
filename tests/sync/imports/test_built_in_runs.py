"""Runs that FiftyOne's built-in integration sent: they are found, and loaded by its own code."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.connection import find_credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import LoadFailed, Refused, RunMissing
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.built_in_runs import (
    SENTENCE,
    find_foreign,
    foreign_tasks,
    load_foreign,
)
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from sync_loop import Loop


def annotate(loop: Loop, key: str = "old", view: Any = None, **settings: Any) -> int:
    """Sends with the built-in integration; the task."""
    login = {"url": loop.box.url, "username": "admin", "password": "admin"}
    target = loop.dataset if view is None else view
    results = target.annotate(key, backend="cvat", label_field="gt", **login, **settings)
    return int(results.task_ids[0])


def as_tomorrow(loop: Loop) -> None:
    """Another process: nothing of the run is in memory."""
    loop.dataset._annotation_cache.clear()


def test_a_dataset_without_runs_has_none(filled: Loop) -> None:
    assert find_foreign(filled.dataset) == {}


def test_a_run_is_found(filled: Loop) -> None:
    task = annotate(filled, view=filled.dataset.limit(1))
    filled.send()
    as_tomorrow(filled)
    clock = filled.clock
    runs = find_foreign(filled.dataset.limit(1))
    assert list(runs) == ["old"]  # and ours is none of them
    run = runs["old"]
    assert (run.backend, run.server, run.fields, run.samples) == ("cvat", filled.box.url, ("gt",), 1)
    assert run.created_at.startswith("20") and run.created_at.endswith("+00:00")
    assert foreign_tasks(filled.dataset, "old") == (task,)
    assert filled.requests(clock) == []
    assert list(records.find_all(filled.dataset)) == ["run"]


def test_newest_first(filled: Loop) -> None:
    for key in ("first", "second"):
        annotate(filled, key)
        info = filled.dataset.get_annotation_info(key)
        assert info.timestamp is not None
    found = find_foreign(filled.dataset)
    assert [run.created_at for run in found.values()] == sorted((r.created_at for r in found.values()), reverse=True)


def test_a_run_is_loaded_by_its_own_code(filled: Loop) -> None:
    task = annotate(filled)
    cvat = filled.cvat
    cvat.relabel(cvat.shape(0, task=task), "dog", task=task)
    cvat.draw("dog", 1, task=task)
    cvat.draw("cat", 0, [10.0, 10.0, 50.0, 20.0], "points", task=task)
    as_tomorrow(filled)
    report = load_foreign(filled.dataset, "old", find_credentials())
    assert report["fields"] == {"gt": {"before": 2, "after": 3}, "keypoints": {"before": 0, "after": 1}}
    assert (report["before"], report["after"], report["notes"]) == (2, 4, [SENTENCE])
    assert [[label.label for label in labels] for labels in filled.labels()] == [["dog"], ["dog", "dog"]]
    assert load_foreign(filled.dataset, "old", find_credentials())["fields"] == {"gt": {"before": 3, "after": 3}}


def test_a_run_whose_samples_are_gone_is_still_listed(filled: Loop) -> None:
    annotate(filled, view=filled.dataset.match(fo.ViewField("gt.detections").length() == 1))
    filled.dataset.clear()
    assert find_foreign(filled.dataset)["old"].samples == 0
    assert len(foreign_tasks(filled.dataset, "old")) == 1


def test_results_that_can_not_be_read(filled: Loop) -> None:
    assert foreign_tasks(filled.dataset, "nothing") == ()


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ({"token": "abc"}, "logs in with a user name and a password"),
        ({"email": "admin@example.com", "password": "admin"}, "logs in with a user name and a password"),
        ({"url": "https://other.example.com", "username": "a", "password": "b"}, "connected to https://other"),
    ],
)
def test_what_can_not_be_loaded_so(filled: Loop, login: dict[str, str], words: str) -> None:
    annotate(filled)
    before, clock = filled.documents(), filled.clock
    with pytest.raises(Refused, match=words):
        load_foreign(filled.dataset, "old", Credentials(**{"url": filled.box.url, **login}))
    assert (filled.documents(), filled.requests(clock)) == (before, [])


def test_a_failure_of_its_code_says_so(filled: Loop) -> None:
    annotate(filled)
    as_tomorrow(filled)
    before = filled.documents()
    wrong = Credentials(url=filled.box.url, username="admin", password="wrong password")
    with pytest.raises(LoadFailed, match="built-in integration could not load the run 'old'") as failure:
        load_foreign(filled.dataset, "old", wrong)
    assert "wrong password" not in str(failure.value)
    assert filled.documents() == before
    load_foreign(filled.dataset, "old", find_credentials())


def test_another_key(filled: Loop) -> None:
    filled.send()
    for key in ("run", "nothing"):
        with pytest.raises(RunMissing, match="built-in CVAT integration"):
            load_foreign(filled.dataset, key, find_credentials())


def test_secrets_are_not_kept(filled: Loop) -> None:
    annotate(filled)
    as_tomorrow(filled)
    load_foreign(filled.dataset, "old", find_credentials())
    assert "password" not in filled.dataset.get_annotation_info("old").config.serialize()


@pytest.mark.parametrize("password", ["admin", "wrong pw-5e1f"])
def test_the_login_is_not_kept_in_memory(
    filled: Loop, password: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FiftyOne keeps results, and in them the login with which they were loaded."""
    annotate(filled)
    as_tomorrow(filled)
    credentials = Credentials(url=filled.box.url, username="admin", password=password)
    if password == "admin":
        load_foreign(filled.dataset, "old", credentials)
    else:
        with pytest.raises(LoadFailed) as failure:
            load_foreign(filled.dataset, "old", credentials)
        assert failure.value.__cause__ is None and "Bad Request" not in str(failure.value)
        assert "integration failed" in caplog.text and password not in caplog.text
    assert filled.dataset._annotation_cache == {}
    assert "old" in filled.dataset.list_annotation_runs()
