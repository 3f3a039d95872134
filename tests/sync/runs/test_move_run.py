"""A CVAT server gets another address: its runs follow, once their tasks are known to be the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import NoCredentials, Refused, RunMissing
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from sync_loop import Loop, operator

from sandbox import Sandbox

LOGIN = {"username": "admin", "password": "admin"}


def move(loop: Loop, url: str, key: str = "run", **login: Any) -> dict[str, Any]:
    return dict(operator("move_run")(loop.dataset, key, url, **{**LOGIN, **login}))


@pytest.fixture
def sent(filled: Loop) -> Loop:
    filled.send(task_size=1)
    filled.cvat.move(filled.cvat.shape())
    return filled


def other_name(loop: Loop) -> str:
    """The same server by another name."""
    return loop.box.url.replace("127.0.0.1", "localhost")


def test_a_run_follows_its_server(sent: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    url = other_name(sent)
    monkeypatch.setenv("FIFTYONE_CVAT_URL", url)
    with pytest.raises(Refused, match=r"move the run there first \(`move_run`\)"):
        sent.load()
    was = sent.box.url
    result = move(sent, url)
    assert {name: result[name] for name in ("server", "was", "tasks", "tasks_gone")} == {
        "server": url,
        "was": was,
        "tasks": [1, 2],
        "tasks_gone": [],
    }
    assert [task.url for task in records.find(sent.dataset, "run").tasks] == [f"{url}/tasks/{i}" for i in (1, 2)]
    assert sent.load()["changed"] == 1
    assert sent.execute("delete_run", anno_key="run", delete_tasks=True)["tasks_deleted"] == [1, 2]


def test_the_address_that_is_configured_is_the_default(sent: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIFTYONE_CVAT_URL", other_name(sent))
    assert sent.execute("move_run", anno_key="run")["server"] == other_name(sent)


def test_a_login_that_belongs_to_another_address_is_not_sent(sent: Loop) -> None:
    with pytest.raises(NoCredentials):
        operator("move_run")(sent.dataset, "run", other_name(sent))


@pytest.fixture
def another() -> Iterator[Sandbox]:
    """Another server altogether."""
    with Sandbox(port=0, creation_delay=0.0) as box:
        yield box


def refused(loop: Loop, url: str, words: str, **login: Any) -> None:
    before = records.find(loop.dataset, "run")
    with pytest.raises(Refused, match=words) as caught:
        move(loop, url, **login)
    assert str(caught.value).endswith("Nothing was changed.")
    assert records.find(loop.dataset, "run") == before


def test_a_server_without_the_tasks(sent: Loop, another: Sandbox) -> None:
    refused(sent, another.url, "has none of the run's tasks")


def test_a_server_with_other_tasks_of_these_ids(
    sent: Loop, another: Sandbox, photos: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is with a new installation, or a copy of a backup."""
    dataset = fo.Dataset()
    try:
        other = Loop(dataset, another, photos)
        other.fill(None, None)
        monkeypatch.setenv("FIFTYONE_CVAT_URL", another.url)
        other.send(anno_key="other", task_size=1, label_field="new", label_type="detections", classes=["cat"])
        refused(sent, another.url, "task 1 is called '.*' there, and not '.*'")
        for task in sent.box.store.tasks.values():
            another.store.task(str(task.id)).name = task.name
        another.store.task("1").data.frames[0].name = "elsewhere.jpg"
        refused(sent, another.url, "task 1 has other frames there")
    finally:
        dataset.delete()


def test_other_jobs(sent: Loop) -> None:
    sent.box.faults.add("change", "GET", r"/api/jobs\?", times=None, change=lambda data: {**data, "results": []})
    refused(sent, other_name(sent), "task 1 has no job 1 there")


def test_no_access(sent: Loop) -> None:
    refused(sent, other_name(sent), "you have no access to task 1 there", username="annotator1", password="annotator1")


def test_a_task_that_was_deleted_does_not_hinder(sent: Loop) -> None:
    sent.cvat.call("DELETE", "tasks/2")
    result = move(sent, other_name(sent))
    assert (result["tasks"], result["tasks_gone"]) == ([1], [2])
    assert result["text"].endswith("There are no more there: task 2.")


def test_nothing_to_do(sent: Loop) -> None:
    with pytest.raises(Refused, match=r"is at .* already"):
        move(sent, sent.box.url)
    with pytest.raises(RunMissing):
        move(sent, other_name(sent), key="nope")
