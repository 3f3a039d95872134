"""Forms offer the names that CVAT has; where those are too many for a list, what is typed is searched for there."""

from __future__ import annotations

from typing import Any

import pytest
from operators_app import Dialog, invalid, properties
from sync_loop import Loop

from sandbox.store import Account

MANY = 2_000
PERSON = "zoe"
PEOPLE: list[tuple[str, dict[str, Any], str, str]] = [
    ("send_to_cvat", {}, "task_assignee", "task_assignee"),
    ("send_to_cvat", {}, "job_assignees", "find_job_assignees"),
    ("load_annotations", {}, "assignees", "find_assignees"),
    ("change_job", {"anno_key": "run", "job": 1}, "assignee", "assignee"),
]
"""Forms that ask for people, the field, and where one types to find somebody."""


@pytest.fixture
def crowded(filled: Loop) -> Loop:
    """A run on a server with thousands of users, the one that is looked for the oldest of them; and many projects."""
    filled.send()
    store = filled.box.store
    store.add_user(Account(PERSON, "secret"))
    for number in range(MANY):
        store.add_user(Account(f"user{number:04d}", "secret"))
    for name in ("twins", "streets", "twins", *(f"project {number}" for number in range(120))):
        filled.cvat.call("POST", "projects", {"name": name, "labels": []})
    return filled


def choices(form: dict[str, Any], name: str) -> list[str]:
    """What a field offers."""
    return [choice["value"] for choice in properties(form)[name]["view"]["choices"]]


def projects(form: dict[str, Any], name: str = "project_name") -> dict[str, str]:
    """What a field offers of projects: what is sent, by what one reads."""
    return {choice["label"]: choice["value"] for choice in properties(form)[name]["view"]["choices"]}


def opened(loop: Loop, operator: str, **params: Any) -> Dialog:
    """A form with its options."""
    dialog = Dialog(loop, operator, **params)
    dialog.accept_defaults()
    if "more" in properties(dialog.form()):
        dialog.fill(more=True)
        dialog.accept_defaults()
    return dialog


def test_a_person_is_found_among_thousands(crowded: Loop) -> None:
    for operator, params, name, typed in PEOPLE:
        dialog = opened(crowded, operator, **params)
        offered = choices(dialog.form(), name)
        assert 0 < len(offered) <= 100 and PERSON not in offered, operator
        clock = crowded.clock
        for text in ("Zo", "ZOE", "zoe"):
            assert choices(dialog.fill(**{typed: text}), name) == [PERSON], operator
        dialog.fill(**{typed: "Zo"})
        assert len(crowded.requests(clock)) == 3, "a search each, once, and no list of everybody"
        assert choices(dialog.fill(**{typed: ""}), name) == offered
    dialog = opened(crowded, "send_to_cvat", anno_key="other")
    dialog.fill(find_job_assignees="zo", job_assignees=[PERSON])
    kind, sentence = dialog.run().notice
    assert kind == "success", sentence
    assert [job.assignee.username for job in crowded.box.store.jobs.values() if job.assignee] == [PERSON]


def test_a_project_is_found_among_many(crowded: Loop) -> None:
    dialog = opened(crowded, "send_to_cvat")
    assert "streets" not in projects(dialog.form())
    form = dialog.fill(project_name="streets")
    assert "new_project" not in properties(form) and "project_fit" in properties(form)
    form = dialog.fill(project_name="twins")
    assert list(projects(form)) == ["twins (#1)", "twins (#3)"]
    assert "several projects of this name" in invalid(form)["several_projects"]
    form = dialog.fill(project_name="twins (#3)", project_labels="extend")
    assert "project_fit" in properties(form) and invalid(form) == {}
    form = dialog.fill(project_name=projects(form)["twins (#1)"])
    assert "project_fit" in properties(form) and invalid(form) == {}
    assert "new_project" in properties(dialog.fill(project_name="project"))


def test_a_task_is_found_among_many(filled: Loop) -> None:
    filled.send(anno_key="oldest")
    filled.dataset.delete_annotation_run("oldest")
    (task,) = filled.box.store.tasks.values()
    task.name = "the old one"
    for number in range(210):
        filled.cvat.call("POST", "tasks", {"name": f"task {number}", "labels": []})
    dialog = opened(filled, "import_from_cvat")
    assert choices(dialog.form(), "tasks") == []
    assert choices(dialog.fill(find_tasks="OLD one"), "tasks") == ["1"]
    dialog.fill(tasks=["1"], anno_key="import")
    assert dialog.run().notice[0] == "success"


@pytest.mark.parametrize(("setting", "value"), [("URL", "http://127.0.0.1:9"), ("PASSWORD", "wrong")])
def test_forms_say_why_there_is_nothing_to_choose(
    filled: Loop, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    filled.send()
    monkeypatch.setenv(f"FIFTYONE_CVAT_{setting}", value)
    for dialog in (Dialog(filled, "import_from_cvat"), Dialog(filled, "change_job", anno_key="run", job=1)):
        form = dialog.accept_defaults()
        assert properties(form)["server"]["view"]["name"] == "Error"
        assert properties(form)["server"]["view"]["description"].endswith(". Open this form again when that is mended.")
        assert "CVAT" in invalid(form)["server"] and "Traceback" not in invalid(form)["server"]
