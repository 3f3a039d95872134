"""The dialogs of a run: open, info, view, rename, delete; of a load, what they have in common with these."""

from __future__ import annotations

from typing import Any

import pytest
from operators_app import Dialog, every_operator, invalid, properties
from sync_loop import Loop

OF_A_LOAD = ["undo_load", "resolve_conflicts", "load_history", "comments"]
OTHERS = ["view_samples", "show_form", "import_from_cvat", "send_to_cvat", "resume_run", "stop_run"]
OF_A_RUN = ["load_annotations", "open_in_cvat", "run_info", "view_run", "rename_run", "move_run", "delete_run"]

AT_ONCE = ["open_in_cvat", "run_info", "view_run", "comments"]

NEW_KEY = {"rename_run": {"new_key": "other"}}


def test_these_are_all() -> None:
    assert sorted(every_operator()) == sorted(
        [
            *OF_A_RUN,
            *OF_A_LOAD,
            "change_job",
            "view_samples",
            "show_form",
            "look_at_load",
            "look_at_import",
            "import_from_cvat",
            "send_to_cvat",
            "add_samples",
            "refresh_run",
            "undo_refresh",
            "watch_runs",
            "resume_run",
            "stop_run",
        ]
    )


@pytest.mark.parametrize("name", [*OF_A_RUN, *OF_A_LOAD, "resume_run", "stop_run"])
def test_without_a_run(filled: Loop, name: str) -> None:
    form = Dialog(filled, name).form()
    assert invalid(form) == {"no_runs": "This dataset has no run yet. Start with Send to CVAT."}
    assert "Send to CVAT" in properties(form)["no_runs"]["view"]["label"]


def test_what_asks_for_nothing_else_opens_at_once(filled: Loop) -> None:
    """With one run, or from a run: without a question. With several: a choice, and no more."""
    filled.send(anno_key="first")
    for name in AT_ONCE:
        assert Dialog(filled, name).opens_at_once(), name
        assert Dialog(filled, name).run().steps or Dialog(filled, name).run().result["text"]
    filled.send(anno_key="second")
    for name in AT_ONCE:
        dialog = Dialog(filled, name)
        assert not dialog.opens_at_once(), name
        assert list(properties(dialog.accept_defaults())) == ["anno_key"], name
        assert Dialog(filled, name, anno_key="first").opens_at_once(), name


@pytest.mark.parametrize("name", OF_A_RUN)
def test_with_runs(filled: Loop, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest is offered first; the form needs no server, and no login."""
    filled.send(anno_key="first")
    filled.send(anno_key="second")
    for setting in ("URL", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"FIFTYONE_CVAT_{setting}")
    clock = filled.clock
    form = Dialog(filled, name).accept_defaults()
    choices = properties(form)["anno_key"]["view"]["choices"]
    assert {choice["value"] for choice in choices} == {"first", "second"}
    assert choices[0]["description"] == "2 samples, 2 labels, sent"
    assert invalid(form) == {}
    assert filled.requests(clock) == []


@pytest.mark.parametrize("name", OF_A_RUN)
def test_a_run_that_is_gone_meanwhile(filled: Loop, name: str) -> None:
    """Somebody deleted it while the dialog was open: a sentence, and no stack trace."""
    shown = Dialog(filled, name, anno_key="gone", **NEW_KEY.get(name, {})).run()
    kind, sentence = shown.notice
    assert kind == "error"
    assert sentence.endswith("has no annotation run 'gone'; there are none.")
    told = shown.result["text"] if shown.result else shown.output
    assert sentence in told


@pytest.mark.parametrize("name", OF_A_RUN)
def test_a_program_gets_the_exception(filled: Loop, name: str) -> None:
    with pytest.raises(Exception, match=r"RunMissing: .* has no annotation run 'gone'"):
        filled.execute(name, anno_key="gone", **NEW_KEY.get(name, {}))


def test_a_fault_of_the_program_is_told_too(filled: Loop, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import load as module

    filled.send()
    monkeypatch.setattr(module, "find_remote_changes", lambda *args: 1 / 0)
    dialog = Dialog(filled, "load_annotations")
    dialog.accept_defaults()
    shown = dialog.run()
    assert shown.notice[0] == "error"
    assert "Something went wrong that should not (ZeroDivisionError" in shown.notice[1]
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(("new", "wrong"), [("night", None), ("a b", "Use letters"), ("run", "There is a run of this")])
def test_rename(filled: Loop, new: str, wrong: str | None) -> None:
    filled.send()
    dialog = Dialog(filled, "rename_run")
    dialog.accept_defaults()
    form = dialog.fill(new_key=new)
    assert [sentence.startswith(wrong or "") for sentence in invalid(form).values()] == [True] * bool(wrong)
    shown = dialog.run()
    if wrong:
        assert shown.notice[0] == "error"
    else:
        assert shown.notice == ("success", "The run 'run' is now 'night'.")
    assert filled.dataset.list_annotation_runs() == [new if not wrong else "run"]


@pytest.mark.parametrize("with_tasks", [True, False])
def test_delete(filled: Loop, with_tasks: bool) -> None:
    filled.send()
    dialog = Dialog(filled, "delete_run")
    form = dialog.accept_defaults()
    assert properties(form)["delete_tasks"]["default"] is False
    dialog.fill(delete_tasks=with_tasks)
    kind, sentence = dialog.run().notice
    assert kind == "success"
    assert ("Deleted in CVAT: task 1." if with_tasks else "Still in CVAT: task 1.") in sentence
    assert filled.dataset.list_annotation_runs() == []
    assert bool(filled.cvat.find("tasks")) is not with_tasks


def test_delete_what_an_interrupted_send_left(filled: Loop) -> None:
    """Its tasks are of no use without it: the dialog proposes to delete them, and never those of another run."""
    filled.send(anno_key="whole")
    filled.box.faults.add("status", "PATCH", "/annotations", status=500)
    with pytest.raises(Exception, match="Resume the run 'run' to go on from there"):
        filled.send()
    dialog = Dialog(filled, "delete_run")
    form = dialog.accept_defaults()
    assert properties(form)["delete_unused_tasks"]["default"] is True
    other = Dialog(filled, "delete_run", **{**dialog.request["params"], "anno_key": "whole"})
    assert properties(other.form())["delete_tasks"]["default"] is False
    assert "Still in CVAT: task 1." in other.run().notice[1], "the App keeps what was ticked for the run before"
    assert dialog.run().notice[0] == "success"
    assert [task["id"] for task in filled.cvat.find("tasks")] == [1]


def test_links_info_view(filled: Loop) -> None:
    filled.send(filled.dataset.limit(1))
    links = Dialog(filled, "open_in_cvat", anno_key="run").run().result
    assert f"[Job 1]({filled.box.url}/tasks/1/jobs/1)" in links["text"]
    info = Dialog(filled, "run_info", anno_key="run").run().result
    assert info["text"].startswith("**run**: sent, 1 sample, 1 label")
    shown = Dialog(filled, "view_run", anno_key="run").run()
    assert shown.result == {"samples": 1}
    assert [name for name, _ in shown.steps] == ["set_view"]
