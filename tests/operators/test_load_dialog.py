"""The dialog of a load: looked at before, confirmed, loaded, beside, in part; and what it says in the end."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.reloading import BUTTONS
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.reloading import URI as RELOAD
from operators_app import Dialog, Shown, invalid, properties, reopened
from sync_loop import URI, Loop

NAME = "load_annotations"
FIRST = [32.0, 24.0, 96.0, 72.0]


def opened(loop: Loop, **params: Any) -> Dialog:
    """The dialog, with its defaults."""
    dialog = Dialog(loop, NAME, **params)
    dialog.accept_defaults()
    return dialog


def again(loop: Loop, shown: Shown) -> Dialog:
    """The dialog that a look ahead, or a load that stopped, opened."""
    return opened(loop, **reopened(loop, shown, NAME))


@pytest.fixture
def many(loop: Loop) -> Loop:
    """Ten cats on two samples, each a job."""
    boxes = [[0.1, 0.15 * number, 0.2, 0.1] for number in range(5)]
    cats = [fo.Detections(detections=[fo.Detection(label="cat", bounding_box=box) for box in boxes]) for _ in "ab"]
    loop.fill(*cats)
    loop.send(segment_size=1, classes=["cat", "dog"])
    return loop


def test_load(many: Loop) -> None:
    many.cvat.relabel(many.cvat.shape(0), "dog")
    many.cvat.delete(many.cvat.shape(1))
    many.cvat.draw("cat", 1, [200.0, 120.0, 300.0, 200.0])
    shown = opened(many).run()
    assert [name for name, _ in shown.steps if name != "set_progress"] == [
        "notify",
        RELOAD,
        BUTTONS,
        "reload_dataset",
        "show_output",
    ]
    assert shown.notice == ("success", "Added 1, changed 1, deleted 1 label.")
    assert "| gt | 1 | 1 | 1 | 8 |" in shown.output
    again_ = opened(many).run()
    assert again_.notice == ("success", "Nothing changed: 10 labels are as they were.")


def view_button(shown: dict[str, Any], name: str = "view_samples") -> dict[str, Any]:
    """The button that shows the samples concerned, or goes back."""
    return dict(properties(properties(shown)["samples"])[name]["view"])


def looking(loop: Loop, **params: Any) -> Dialog:
    """The dialog, with what would change shown in it."""
    dialog = opened(loop, **params)
    dialog.fill(look=True)
    dialog.let_load()
    dialog.accept_defaults()
    return dialog


def boxes(dialog: Dialog) -> dict[str, str]:
    """The boxes that have to be ticked: their labels, by name without the load that is meant."""
    found = {name: properties(dialog.form())[name]["view"]["label"] for name in invalid(dialog.form())}
    return {name.rpartition("_")[0]: label for name, label in found.items()}


def tick(dialog: Dialog, *names: str) -> None:
    """Ticks such boxes."""
    dialog.fill(**{name: True for name in invalid(dialog.form()) if name.rpartition("_")[0] in names})


def press(loop: Loop, button: dict[str, Any], view: Any = None) -> Shown:
    """Presses the button below a result, while the grid shows a view."""
    assert button["operator"] == f"{URI}/view_samples"
    return Dialog(loop, "view_samples", view=view, **button["params"]).run()


def test_the_samples_of_a_load_are_one_click_away(many: Loop) -> None:
    many.cvat.move(many.cvat.shape(1))
    (output,) = opened(many).run().of("show_output")
    button = view_button(output["outputs"])
    assert button["label"] == "View the 1 sample concerned"
    (shown,) = press(many, button).of("set_view")
    assert str(many.dataset.last().id) in str(shown["view"])
    assert str(many.dataset.first().id) not in str(shown["view"])


def test_the_view_before_comes_back(many: Loop) -> None:
    """However often the samples of results were looked at in between."""
    many.cvat.move(many.cvat.shape(1))
    output = opened(many).run().of("show_output")[0]["outputs"]
    view, back = view_button(output), view_button(output, "view_before")
    mine = many.dataset.limit(1)
    assert press(many, back, mine).notice == ("error", "The grid shows your own view.")
    shown = many.dataset.select(many.dataset.last().id)
    press(many, view, mine)
    press(many, view, shown)
    (restored,) = press(many, back, shown).of("set_view")
    assert [stage["_cls"] for stage in restored["view"]] == ["fiftyone.core.stages.Limit"]
    press(many, view)
    (restored,) = press(many, back, shown).of("set_view")
    assert restored["view"] == []


def test_without_changes_there_is_no_button(many: Loop) -> None:
    (output,) = opened(many).run().of("show_output")
    assert list(properties(output["outputs"])) == ["text"]


def test_samples_that_are_not_known_any_more(many: Loop) -> None:
    shown = Dialog(many, "view_samples", of="load of long ago").run()
    assert shown.notice == ("error", "These samples are not known any more. Load or preview again.")


def test_looked_at_and_loaded(many: Loop) -> None:
    many.cvat.relabel(many.cvat.shape(0), "dog")
    many.cvat.delete(many.cvat.shape(1))
    before = many.documents()
    dialog = looking(many)
    form = dialog.form()
    assert many.documents() == before
    text = properties(form)["preview_text"]["default"]
    assert text.startswith("**This would add 0, change 1 and delete 1 label.** Nothing was changed yet.")
    assert "| gt | dog | 0 | 1 | 0 |" in text
    assert "| gt | cat | 0 | 0 | 1 |" in text
    assert view_button(form)["label"] == "View the 2 samples concerned"
    assert press(many, view_button(form)).result == {"samples": 2}
    assert form["view"]["submit_button_label"] == "Load"
    assert invalid(form) == {}
    assert dialog.run().notice == ("success", "Added 0, changed 1, deleted 1 label.")


def test_the_labels_are_listed_with_what_differs(many: Loop) -> None:
    shape = many.cvat.move(many.cvat.shape(0))
    many.cvat.relabel(shape, "dog")
    many.cvat.delete(many.cvat.shape(1))
    many.cvat.draw("cat", 1, [200.0, 120.0, 300.0, 200.0])
    ids = many.dataset.values("id")
    dialog = looking(many)
    listed = labels_in(dialog.form())
    assert [row["text"] for row in listed] == [
        "photo_000.jpg, `gt`\n\n**dog**: moved by 5 px, class cat → dog",
        "photo_001.jpg, `gt`\n\n**cat**: deleted",
        "photo_001.jpg, `gt`\n\n**cat**: new",
    ]
    assert [row["address"] for row in listed] == [f"?id={ids[number]}" for number in (0, 1, 1)]
    assert all(row["picture"].startswith("data:image/jpeg;base64,") for row in listed)
    (output,) = dialog.run().of("show_output")
    assert [row["text"] for row in labels_in(output["outputs"])] == [row["text"] for row in listed]


def test_a_sample_without_its_file_is_listed_without_a_picture(many: Loop) -> None:
    many.cvat.move(many.cvat.shape(0))
    sample = many.dataset.first()
    sample.filepath = "/nowhere/lost.jpg"
    sample.save()
    (row,) = labels_in(looking(many).form())
    assert (row["picture"], row["address"]) == ("", f"?id={sample.id}")


def labels_in(form: dict[str, Any]) -> list[dict[str, Any]]:
    """The labels that are listed one by one."""
    lines = [properties(item) for name, item in properties(form).items() if name.startswith("label_")]
    return [
        {
            "text": line["text"]["default"],
            "picture": line.get("picture", {}).get("default", ""),
            "address": (line.get("picture") or line["open"])["view"]["href"],
        }
        for line in lines
    ]


def test_answers_that_changed_since(many: Loop) -> None:
    many.cvat.move(many.cvat.shape(0))
    dialog = looking(many)
    assert "preview_text" in properties(dialog.fill(more=True))
    assert "preview_text" in properties(dialog.accept_defaults())
    form = dialog.fill(policy="local")
    assert not {"preview_text", "samples"} & set(properties(form))
    assert "preview_text" in properties(dialog.let_load())


def test_a_look_that_fails_says_why(many: Loop) -> None:
    many.box.faults.add("status", "GET", "/api/jobs", status=500, times=None)
    form = looking(many).form()
    assert "internal error (500)" in properties(form)["problem"]["view"]["label"]
    assert "preview_text" not in properties(form)


def wipe(loop: Loop) -> None:
    """Everything on the first frame is deleted: half of all."""
    loop.cvat.write("delete", *loop.cvat.objects(frame=0))


DELETED = "Load although it deletes 5 of 10 labels"
EMPTIED = "Load although CVAT has nothing any more in job 1, where it had 5 labels"


@pytest.mark.parametrize("stopped", [True, False])
def test_what_has_to_be_confirmed_is_confirmed_in_the_form(many: Loop, stopped: bool) -> None:
    """Whether one looks first, or a load stops."""
    wipe(many)
    before = many.documents()
    dialog = again(many, opened(many).run()) if stopped else looking(many)
    assert many.documents() == before
    assert "preview_text" in properties(dialog.form())
    assert boxes(dialog) == {"confirm_deleted": DELETED, "confirm_emptied": EMPTIED}
    tick(dialog, "confirm_deleted")
    assert boxes(dialog) == {"confirm_emptied": EMPTIED}
    tick(dialog, "confirm_emptied")
    assert invalid(dialog.form()) == {}
    assert dialog.run().notice == ("success", "Added 0, changed 0, deleted 5 labels.")


def test_what_was_confirmed_is_not_confirmed_for_another_load(many: Loop) -> None:
    wipe(many)
    dialog = again(many, opened(many).run())
    tick(dialog, "confirm_deleted", "confirm_emptied")
    dialog.fill(policy="local")
    before = many.documents()
    dialog = again(many, dialog.run())
    assert many.documents() == before
    assert set(boxes(dialog)) == {"confirm_deleted", "confirm_emptied"}


def test_less_may_be_deleted_without_asking(many: Loop) -> None:
    many.cvat.delete(many.cvat.shape(0))
    dialog = opened(many, more=True)
    dialog.fill(most_deleted=5)
    assert set(boxes(again(many, dialog.run()))) == {"confirm_deleted"}


def test_a_program_gets_the_exception(many: Loop) -> None:
    wipe(many)
    with pytest.raises(Exception, match="LoadStopped: The load stopped before it changed anything"):
        many.execute(NAME, anno_key="run")


@pytest.mark.parametrize(
    ("choice", "read"),
    [({"states": ["completed"]}, 1), ({"stages": ["annotation"]}, 2), ({"assignees": ["annotator1"]}, 0)],
)
def test_jobs_that_are_chosen(many: Loop, choice: dict[str, Any], read: int) -> None:
    for frame in (0, 1):
        many.cvat.move(many.cvat.shape(frame))
    many.cvat.call("PATCH", "jobs/2", {"state": "completed"})
    dialog = opened(many, more=True)
    dialog.fill(**choice)
    output = dialog.run().output
    assert f"**Added 0, changed {read}, deleted 0 labels.**" in output or not read
    assert ("for later" in output or "for a later" in output) == (read < 2)


def test_tasks_that_are_chosen(filled: Loop) -> None:
    filled.send(task_size=1)
    for task in (1, 2):
        filled.cvat.move(filled.cvat.shape(task=task), task=task)
    dialog = opened(filled, more=True)
    choices = properties(dialog.form())["tasks"]["view"]["choices"]
    assert [choice["value"] for choice in choices] == ["1", "2"]
    dialog.fill(tasks=["2"])
    assert dialog.run().notice[1] == "Added 0, changed 1, deleted 0 labels."
    assert opened(filled).run().notice[1] == "Added 0, changed 1, deleted 0 labels."


def test_load_with_news(filled: Loop) -> None:
    """What the person should know is not hidden behind a green tick."""
    filled.send(task_size=1)
    filled.cvat.call("DELETE", "tasks/1")
    kind, sentence = opened(filled).run().notice
    assert kind == "warning"
    assert "Task 1" in sentence
    assert "was deleted in CVAT" in sentence


def test_load_beside(filled: Loop) -> None:
    filled.send()
    filled.cvat.move(filled.cvat.shape(0))
    before = filled.labels("gt")
    dialog = opened(filled, more=True)
    form = dialog.fill(beside=True)
    into = properties(form)["into"]["type"]["properties"]
    assert into["gt"]["default"] == "gt_cvat"
    dialog.accept_defaults()
    shown = dialog.run()
    assert shown.notice[0] == "success"
    assert "2 labels copied into `gt_cvat`" in shown.output
    assert filled.labels("gt") == before
    assert [len(labels) for labels in filled.labels("gt_cvat")] == [1, 1]


def test_load_fails(filled: Loop) -> None:
    filled.send()
    filled.cvat.move(filled.cvat.shape(0))
    filled.box.faults.add("status", "GET", "/annotations", status=500)
    shown = opened(filled).run()
    assert shown.notice[0] == "error"
    assert shown.notice[1].endswith("Nothing was changed.")
    assert shown.output == f"**It did not work.** {shown.notice[1]}"
    assert opened(filled).run().notice[1] == "Added 0, changed 1, deleted 0 labels."


@pytest.mark.parametrize(
    ("policy", "kind", "sentence"),
    [
        ("remote", "success", "CVAT's value counts."),
        ("local", "success", "Your value counts."),
        ("ask", "warning", "decide with **Resolve conflicts**."),
    ],
)
def test_conflicts_are_told_with_their_outcome(filled: Loop, policy: str, kind: str, sentence: str) -> None:
    filled.send(classes=["cat", "dog", "cow"])
    filled.cvat.relabel(filled.cvat.shape(0), "cow")
    sample = filled.dataset.first()
    sample.gt.detections[0].label = "dog"
    sample.save()
    dialog = opened(filled)
    dialog.fill(policy=policy)
    shown = dialog.run()
    assert shown.notice[0] == kind
    assert "- 1 label was changed on both sides. " in shown.output
    assert sentence in shown.output
    assert "| photo_000.jpg | gt | class | cat | dog | cow |" in shown.output


def test_a_button_of_a_result_opens_the_form(filled: Loop) -> None:
    """The App adds to the parameters of a button where it is; a program that gives such a one is told."""
    filled.send()
    dialog = Dialog(filled, "load_annotations", anno_key="run", path="next.load")
    dialog.accept_defaults()
    assert dialog.run().notice[0] == "success"
    with pytest.raises(Exception, match="There is no parameter 'path'"):
        filled.execute("load_annotations", anno_key="run", path="next.load")
