"""The form "Send to CVAT" offers projects, says what they have, and begins with the last answers."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.imports import form
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import answers, project_labels
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import proposals
from operators_app import Dialog, invalid, properties
from sync_loop import Loop

PROJECT: list[dict[str, Any]] = [
    {"name": "cat", "attributes": []},
    {"name": "bird", "attributes": []},
]


def opened(loop: Loop, **params: Any) -> Dialog:
    """The form with more options."""
    dialog = Dialog(loop, "send_to_cvat")
    dialog.accept_defaults()
    dialog.fill(more=True)
    dialog.accept_defaults()
    dialog.fill(**params)
    dialog.accept_defaults()
    return dialog


@pytest.fixture
def project(filled: Loop) -> Loop:
    """A project that knows cats and birds; the dataset has a cat and a dog."""
    filled.cvat.call("POST", "projects", {"name": "zoo", "labels": PROJECT})
    return filled


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [
        ("stop", "**With what is missing, nothing can be sent.** Choose below what to do about it."),
        ("leave_out", "What is missing is left out, and stays in the dataset as it is."),
        ("extend", "What is missing is added to the project."),
    ],
)
def test_what_a_project_has_and_lacks_is_shown(project: Loop, lacks: str, sentence: str) -> None:
    dialog = opened(project, project_name="zoo", project_labels=lacks)
    text = properties(dialog.form())["project_fit"]["default"]
    assert text.startswith("The project **zoo** has 2 labels.")
    assert "| cat | cat |" in text
    assert "| dog (rectangle) | **missing** |" in text
    assert "\n\nThe project has also: bird.\n" in text
    assert text.endswith(f"\n\n{sentence}")
    problem = {"project_labels": "Choose whether it is left out, or added to the project."}
    assert invalid(dialog.form()) == (problem if lacks == "stop" else {})
    classes = properties(dialog.form())["schema"]["type"]["properties"]["gt"]["type"]["properties"]["classes"]
    assert [choice["value"] for choice in classes["view"]["choices"]] == ["cat", "dog", "bird"]
    assert classes["default"] == ["cat", "dog"]


def test_a_new_field_needs_no_classes(project: Loop) -> None:
    dialog = opened(project, project_name="zoo", label_field=[], new_field=True, new_name="fresh")
    assert invalid(dialog.form()) == {}
    hint = properties(dialog.form())["new_classes"]["view"]["description"]
    assert hint.endswith("If you give none, the labels of the project are the classes: cat, bird")
    assert "| bird | bird |" in properties(dialog.form())["project_fit"]["default"]
    assert dialog.run().notice[0] == "success"
    assert [task["project_id"] for task in project.cvat.find("tasks")] == [1]


def test_a_project_that_is_new_is_said_to_be(project: Loop) -> None:
    dialog = opened(project, project_name="zo")
    said = properties(dialog.form())["new_project"]["view"]["label"]
    assert said == "There is no project of this name yet: it will be made."
    assert "The project zo is new: CVAT had none of this name." in dialog.run().output


def test_attributes_that_a_project_lacks_are_one_row_a_label() -> None:
    fit = {"project": "zoo", "has": ["cat"], "maps": {"cat": "cat"}, "lacks": [], "unlike": [], "unused": []}
    shown = project_labels.text({**fit, "attributes": {"cat": ["age", "color"]}}, "extend")
    assert "| cat | **missing**: age, color |" in shown and shown.endswith("What is missing is added to the project.")


@pytest.mark.parametrize(
    ("status", "sentence"), [(403, proposals.NOT_SEEN), (404, proposals.GONE), (500, "internal error")]
)
def test_a_project_that_is_not_to_be_seen_is_no_dead_end(project: Loop, status: int, sentence: str) -> None:
    project.box.faults.add("status", "GET", r"/labels\?.*project_id=", status=status, times=None)
    dialog = opened(project, project_name="zoo")
    assert sentence in invalid(dialog.form())["project_problem"]
    assert invalid(dialog.fill(project_name="new")) == {}


@pytest.mark.parametrize("how", ["listed", "typed", "twin", "pressed late", "renamed", "worker"])
def test_a_project_that_is_gone_is_not_made_anew(project: Loop, how: str) -> None:
    """A project that the form listed was chosen, and nobody meant a new one of its name."""
    if how == "twin":
        project.cvat.call("POST", "projects", {"name": "zoo", "labels": PROJECT})
    dialog = opened(project)
    listed = properties(dialog.form())["project_name"]["view"]["choices"][-1]
    dialog.fill(project_name="zoo" if how == "typed" else listed["value"], project_labels="extend")
    last = len(listed_projects(project))
    if how == "renamed":
        project.cvat.call("PATCH", f"projects/{last}", {"name": "farm"})
    else:
        project.cvat.call("DELETE", f"projects/{last}")
    if how == "pressed late":
        dialog.request["prompt_id"] = "of another process"
    if how == "worker":
        ctx = dialog.context()
        ctx.request_params["delegated"] = True
        with pytest.raises(Refused, match="not made anew"):
            dialog.operator.execute(ctx)
    else:
        kind, sentence = dialog.run().notice
        assert kind == "error" and sentence.count("Nothing was sent") == 1, sentence
        assert ("is called 'farm' in CVAT now" if how == "renamed" else "not made anew") in sentence
    assert "zoo" not in listed_projects(project)[last - 1 :] and project.cvat.find("tasks") == []


def listed_projects(loop: Loop) -> list[str]:
    """The names of CVAT's projects, the oldest first."""
    return [item["name"] for item in sorted(loop.cvat.find("projects"), key=lambda item: item["id"])]


@pytest.mark.parametrize("asks", ["send", "import"])
@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("zoo (#1)", 1),
        ("zoo (#2)", "zoo (#2)"),
        ("zoo (#7)", "zoo (#7)"),
        ("night (#1)", "night (#1)"),
        ("(#1)", "(#1)"),
        ("zoo\N{NO-BREAK SPACE}(#1)", 1),
        ("farm (#1)", 2),
    ],
)
def test_a_name_with_a_number_is_an_id_only_of_a_project_of_both(
    project: Loop, typed: str, means: int | str, asks: str
) -> None:
    project.cvat.call("POST", "projects", {"name": "farm (#1)", "labels": []})
    if asks == "send":
        asked = answers.read(opened(project, project_name=typed).context())
        assert (asked.get("project_id") or asked["project_name"]) == means
    else:
        asked = form.read(Dialog(project, "import_from_cvat", project=typed).context())
        assert asked["project"] == means


def test_what_is_set_under_more_options_is_said_while_they_are_hidden(project: Loop) -> None:
    dialog = opened(project, project_name="new", segment_size=1, job_assignees=["annotator1"])
    assert properties(dialog.form())["more"]["view"].get("description") is None
    said = properties(dialog.fill(more=False))["more"]["view"]["description"]
    assert said == "Set there: project new, 1 in a job, job assignees"


def test_a_refused_send_keeps_the_answers(project: Loop) -> None:
    dialog = opened(project, project_name="zoo", project_labels="stop")
    shown = dialog.run()
    assert shown.notice[0] == "error" and "Nothing was sent" in shown.output
    again = shown.buttons["Open the form again"]
    assert (again["prompt"], again["params"]["project_name"]) == (True, "zoo")
    assert again["operator"] == "@roundtrip/cvat/send_to_cvat"


def test_typing_asks_nothing(project: Loop) -> None:
    """A project is asked about once it is named as it is called, and once only."""
    dialog = opened(project)
    clock = project.clock
    for typed in ("z", "zo", "zoom", "my", "my o"):
        dialog.fill(project_name=typed, organization=typed)
    assert project.requests(clock) == []
    dialog.fill(project_name="zoo", organization="")
    asked = len(project.requests(clock))
    assert asked == 2
    dialog.fill(schema={"gt": {"classes": ["cat"]}})
    dialog.fill(project_labels="extend")
    assert len(project.requests(clock)) == asked


def test_organizations_are_offered_with_their_projects(project: Loop) -> None:
    project.cvat.call("POST", "organizations", {"slug": "farm", "name": "The farm"})
    project.cvat.call("POST", "projects", {"name": "sheep", "labels": []}, org="farm")
    dialog = opened(project)
    (farm,) = properties(dialog.form())["organization"]["view"]["choices"]
    assert (farm["value"], farm["description"]) == ("farm", "The farm (farm)")
    projects = properties(dialog.fill(organization="farm"))["project_name"]["view"]["choices"]
    assert [choice["label"] for choice in projects] == ["sheep"]


def test_the_last_answers_are_the_next_defaults(project: Loop) -> None:
    first = opened(project, project_name="zoo", project_labels="extend", segment_size=1, job_assignees=["annotator1"])
    first.fill(issue_tracker="https://tracker/?token=secret", anno_key="first")
    assert first.run().notice[0] == "success"
    second = Dialog(project, "send_to_cvat")
    second.accept_defaults()
    said = second.request["params"]
    assert "project_labels" not in said, "the project lacks nothing any more"
    kept = {name: said[name] for name in ("project_name", "segment_size", "job_assignees", "more")}
    assert kept == {
        "project_name": "zoo\N{NO-BREAK SPACE}(#1)",
        "segment_size": 1,
        "job_assignees": ["annotator1"],
        "more": True,
    }
    assert "secret" not in str(said)
    assert said["anno_key"] == "cvat"
    assert second.run().notice[0] == "success"


def next_defaults(loop: Loop) -> tuple[dict[str, Any], str]:
    """What a new form is filled in with, and what it says that it is not filled in with."""
    dialog = Dialog(loop, "send_to_cvat")
    form = dialog.accept_defaults()
    gone = properties(form).get("gone")
    return dialog.request["params"], gone["view"]["label"] if gone else ""


def test_only_a_send_that_went_out_gives_defaults(project: Loop) -> None:
    refused = opened(project, project_name="zoo", project_labels="stop", segment_size=1)
    assert refused.run().notice[0] == "error"
    assert not {"project_name", "segment_size"} & set(next_defaults(project)[0])
    looked = opened(project, project_name="zoo", project_labels="extend", segment_size=1, dry_run=True)
    looked.run()
    assert not {"project_name", "segment_size"} & set(next_defaults(project)[0])


def test_what_is_gone_from_cvat_is_no_default(project: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    project.cvat.call("POST", "organizations", {"slug": "farm", "name": "The farm"})
    project.cvat.call("POST", "projects", {"name": "sheep", "labels": PROJECT}, org="farm")
    first = opened(project, organization="farm", project_name="sheep", task_assignee="admin", segment_size=1)
    first.fill(project_labels="extend")
    assert first.run().notice[0] == "success"
    said, gone = next_defaults(project)
    chosen = {"organization": "farm", "project_name": "sheep\N{NO-BREAK SPACE}(#2)", "task_assignee": "admin"}
    assert chosen.items() <= said.items() and gone == ""

    with monkeypatch.context() as patch:
        patch.setenv("FIFTYONE_CVAT_URL", "http://127.0.0.1:9")
        assert not {*chosen, "segment_size"} & set(next_defaults(project)[0]), "they are of another server"

    project.cvat.call("DELETE", "projects/2", org="farm")
    said, gone = next_defaults(project)
    assert "project_name" not in said and said["organization"] == "farm" and said["segment_size"] == 1
    sentence = "Not filled in as the last time, as CVAT does not show it any more: "
    assert gone == f"{sentence}project sheep"
    project.box.store.organizations.clear()
    said, gone = next_defaults(project)
    assert not {"organization", "project_name"} & set(said)
    assert gone == f"{sentence}organization farm, project sheep"


def test_people_who_are_gone_are_no_default(project: Loop) -> None:
    first = opened(project, task_assignee="annotator1", job_assignees=["annotator1", "annotator2"])
    assert first.run().notice[0] == "success"
    users = project.box.store.users
    del users[next(number for number, user in users.items() if user.username == "annotator1")]
    said, gone = next_defaults(project)
    assert "task_assignee" not in said and said["job_assignees"] == ["annotator2"]
    assert gone.endswith("any more: task assignee annotator1, job assignee annotator1")


def test_what_was_added_to_one_project_is_not_to_another(project: Loop) -> None:
    project.cvat.call("POST", "projects", {"name": "farm", "labels": PROJECT})
    assert opened(project, project_name="zoo", project_labels="extend").run().notice[0] == "success"
    dialog = Dialog(project, "send_to_cvat")
    dialog.accept_defaults()
    assert properties(dialog.fill(project_name="farm"))["project_labels"]["default"] == "stop"


def test_answers_that_are_not_offered_any_more_are_none(project: Loop) -> None:
    project.dataset.clone_sample_field("gt", "old")
    first = opened(project, label_field=["old"])
    assert first.run().notice[0] == "success"
    project.dataset.delete_sample_field("old")
    second = Dialog(project, "send_to_cvat")
    second.accept_defaults()
    assert second.request["params"]["label_field"] == ["gt"]
