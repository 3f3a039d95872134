"""The dialog "Send to CVAT": its form, what its answers mean, and what is shown while and after it sends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import answers as send_answers
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.reloading import BUTTONS
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest, parse
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import ask_to_stop
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.record import find
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.status import status_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from operators_app import Dialog, defaults, invalid, properties
from sync_loop import Loop


def dialog(loop: Loop, **given: Any) -> Dialog:
    return Dialog(loop, "send_to_cvat", **given)


def request_of(opened: Dialog) -> SendRequest:
    """What would be sent."""
    return parse(SendRequest, send_answers.read(opened.context()))


def test_two_clicks(filled: Loop) -> None:
    """With a selection and a field of labels, the form needs no answer."""
    first = filled.dataset.first().id
    opened = dialog(filled, selected=[first])
    form = opened.accept_defaults()
    assert invalid(form) == {}
    targets = properties(form)["target"]["view"]["choices"]
    assert [choice["label"] for choice in targets] == ["The 1 sample selected", "The whole dataset: 2 samples"]
    assert "logged in as admin" in properties(form)["server"]["view"]["label"]
    shown = opened.run()
    assert shown.notice == ("success", "Sent 1 sample with 1 label to CVAT, in 1 task.")
    assert filled.box.url in shown.output
    assert "**Load annotations** with the run `cvat`" in shown.output
    assert filled.dataset.load_annotation_view("cvat").values("id") == [first]


def test_progress_goes_forward(filled: Loop) -> None:
    opened = dialog(filled)
    opened.accept_defaults()
    opened.fill(task_size=1)
    shown = opened.run()
    assert [name for name, _ in shown.steps[-4:]] == ["notify", BUTTONS, "reload_dataset", "show_output"]
    steps = shown.of("set_progress")
    parts = [step["progress"] for step in steps if "progress" in step]
    assert parts == sorted(parts)
    assert all(0 <= part <= 1 for part in parts)
    assert len(parts) > 4
    assert {step["label"].split()[0] for step in steps} >= {"Looking", "Connecting", "Making", "CVAT", "Writing"}


@pytest.mark.parametrize("fields", [0, 1, 3])
def test_fields(loop: Loop, fields: int) -> None:
    loop.fill(None, None)
    for number in range(fields):
        loop.dataset.set_values(
            f"f{number}", [fo.Detections(detections=[fo.Detection(label=f"c{number}", bounding_box=[0, 0, 1, 1])])] * 2
        )
    loop.dataset.add_sample_field("meters", fo.FloatField)
    form = dialog(loop).accept_defaults()
    offered = [choice["value"] for choice in properties(form)["label_field"]["view"]["choices"]]
    assert offered[:fields] == [f"f{number}" for number in range(fields)]
    assert "filepath" not in offered
    if not fields:
        assert "new_name" in properties(form) or offered


def test_no_samples(loop: Loop) -> None:
    opened = dialog(loop)
    opened.accept_defaults()
    opened.fill(label_field=[], new_field=True, new_name="gt", new_type="detections", new_classes=["cat"])
    assert opened.run().notice == (
        "error",
        "There are no samples to send: the selection or view is empty. Nothing was sent.",
    )


def test_a_new_field(filled: Loop) -> None:
    opened = dialog(filled)
    opened.accept_defaults()
    form = opened.fill(label_field=[], new_field=True, new_name="gt")
    assert invalid(form)["new_name"] == "The dataset has a field of this name; choose it above."
    opened.fill(new_name="fresh")
    opened.accept_defaults()
    opened.fill(new_classes=["cat"])
    request = request_of(opened)
    assert request.label_schema == {"fresh": {"type": "detections", "classes": ["cat"]}}
    assert opened.run().notice[0] == "success"
    filled.cvat.draw("cat", 1)
    filled.load("cvat")
    assert [len(labels) for labels in filled.labels("fresh")] == [0, 1]


def test_nothing_chosen(filled: Loop) -> None:
    opened = dialog(filled)
    opened.accept_defaults()
    assert invalid(opened.fill(label_field=[])) == {"label_field": "Choose at least one field, or annotate a new one."}
    assert opened.run().notice[0] == "error"


@pytest.mark.parametrize(
    ("key", "sentence"),
    [("night shift", "Use letters, digits"), ("taken", "There is a run of this name already.")],
)
def test_keys(filled: Loop, key: str, sentence: str) -> None:
    filled.send(anno_key="taken")
    opened = dialog(filled)
    assert defaults(opened.form())["anno_key"] == "cvat"
    assert invalid(opened.fill(anno_key=key))["anno_key"].startswith(sentence)


@pytest.fixture
def rich(loop: Loop) -> Loop:
    """Labels with an attribute of each kind."""
    attributes = [
        {"colour": colour, "code": f"00{number}", "size": number, "speed": 0.5 * number, "parked": bool(number % 2)}
        for number, colour in enumerate(["red", "blue"] * 3)
    ]
    boxes = [fo.Detection(label="car", bounding_box=[0.1, 0.1, 0.2, 0.2], **given) for given in attributes]
    loop.fill(fo.Detections(detections=boxes), None)
    return loop


def test_attributes_as_they_are_proposed(rich: Loop) -> None:
    """Opening the editor and changing nothing sends what would have been sent without it."""
    opened = dialog(rich)
    opened.accept_defaults()
    plain = dict(opened.request["params"])
    opened.fill(schema={"gt": {"classes": ["car"], "edit": True}})
    form = opened.form()
    rows = properties(form)["schema"]["type"]["properties"]["gt"]["type"]["properties"]["attributes"]["default"]
    assert {row["name"]: row["type"] for row in rows} == {
        "colour": "select",
        "code": "text",
        "size": "number",
        "speed": "number",
        "parked": "checkbox",
    }
    assert not any(row["fixed"] for row in rows)
    opened.fill(schema={"gt": {"classes": ["car"], "edit": True, "attributes": rows}})
    opened.run()
    before = rich.documents()
    edited = rich.execute("run_info", anno_key="cvat")["label_schema"]
    opened.request["params"] = {**plain, "anno_key": "plain"}
    opened.run()
    assert rich.execute("run_info", anno_key="plain")["label_schema"] == edited
    rich.load("cvat")
    assert rich.documents() == before


def test_edited_attributes(rich: Loop) -> None:
    opened = dialog(rich)
    opened.accept_defaults()
    rows = [
        {"name": "colour", "type": "radio", "values": ["red", "blue", "green"], "default": "green"},
        {"name": "size", "type": "select", "values": ["0", "1", "2", "3", "4", "5"], "default": "", "fixed": True},
        {"name": "speed", "type": "number", "values": ["0", "99.5", "0.5"], "read_only": True},
        {"name": "wheels", "type": "number", "default": "4"},
        {"name": "note", "type": "text"},
    ]
    opened.fill(schema={"gt": {"classes": ["car", "bus"], "edit": True, "attributes": rows}})
    request = request_of(opened)
    assert request.label_schema is not None
    said = request.label_schema["gt"]["attributes"]
    assert said["colour"] | {"kind": "str"} == {
        "type": "radio",
        "values": ["red", "blue", "green"],
        "default": "green",
        "mutable": True,
        "read_only": False,
        "kind": "str",
    }
    assert (said["size"]["values"], said["size"]["kind"], said["size"]["mutable"]) == ([0, 1, 2, 3, 4, 5], "int", False)
    assert (said["speed"]["values"], said["speed"]["read_only"]) == ([0, 99.5, 0.5], True)
    assert (said["wheels"]["default"], said["note"]["kind"]) == (4, "str")
    assert opened.run().notice[0] == "success"
    label = rich.cvat.labels()["bus"]
    assert {spec["name"]: spec["input_type"] for spec in label["attributes"]} == {
        row["name"] + " (read-only)" * bool(row.get("read_only")): row["type"] for row in rows
    }
    drawn = rich.cvat.draw("bus", 1)
    rich.cvat.set(rich.cvat.shape(0), "size", "5")
    rich.load("cvat")
    assert drawn["id"]
    made = rich.labels()[1][0]
    assert (made.colour, made.wheels) == ("green", 4)
    assert rich.labels()[0][0]["size"] == 5


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"name": "size", "type": "select", "values": ["1", "big"]}, "'big' is not a whole number."),
        ({"name": "x", "type": "number", "default": "much"}, "'much' is not a number."),
        ({"name": "x", "type": "select"}, "needs a list of values."),
        ({"name": "x", "type": "radio", "values": ["a"], "default": "b"}, "is not among the values."),
        ({"name": "", "type": "text"}, "an attribute can't be named '': it is empty."),
        ({"name": "label", "type": "text"}, "it has a meaning of its own in FiftyOne's Detection."),
    ],
)
def test_attributes_that_cannot_be(rich: Loop, row: dict[str, Any], sentence: str) -> None:
    opened = dialog(rich)
    opened.accept_defaults()
    opened.fill(schema={"gt": {"classes": ["car"], "edit": True, "attributes": [row]}})
    kind, said = opened.run().notice
    assert (kind, said.removesuffix(" Nothing was sent.").endswith(sentence)) == ("error", True), said
    assert rich.dataset.list_annotation_runs() == []


def test_labels_that_would_stay_behind_are_announced(filled: Loop) -> None:
    opened = dialog(filled)
    opened.accept_defaults()
    form = opened.fill(schema={"gt": {"classes": ["cat"]}})
    notice = properties(form)["schema"]["type"]["properties"]["gt"]["type"]["properties"]["behind"]["view"]["label"]
    assert notice == "Left out, as their class is not listed: 1 dog"
    assert "Left out (it stays in the dataset as it is)" in opened.run().output


def test_more_options(filled: Loop) -> None:
    filled.cvat.call("POST", "projects", {"name": "streets", "labels": []})
    opened = dialog(filled)
    opened.accept_defaults()
    opened.fill(more=True)
    form = opened.accept_defaults()
    offered = {
        name: [choice["label"] for choice in properties(form)[name]["view"]["choices"]]
        for name in ("project_name", "task_assignee", "job_assignees")
    }
    assert "project_labels" not in properties(form)
    people = ["admin", "annotator1", "annotator2"]
    assert offered == {"project_name": ["streets"], "task_assignee": people, "job_assignees": people}
    assert properties(opened.fill(project_name="streets"))["project_labels"]["default"] == "stop"
    filled.cvat.call("POST", "projects", {"name": "streets", "labels": []})
    again = dialog(filled)
    again.accept_defaults()
    again.fill(more=True)
    choices = properties(again.accept_defaults())["project_name"]["view"]["choices"]
    assert [choice["label"] for choice in choices] == ["streets (#1)", "streets (#2)"]
    again.fill(project_name="streets (#2)")
    assert request_of(again).project_id == 2
    opened.fill(project_name="new one", segment_size=1, job_assignees=["annotator1"], task_name="")
    assert opened.run().notice[0] == "success"
    assert [job["assignee"]["username"] for job in filled.cvat.jobs()] == ["annotator1"] * 2


def run_state(filled: Loop) -> str:
    filled.dataset.reload()
    return status_of(filled.dataset, find(filled.dataset, "cvat")).state


def wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def close_while_preparing(opened: Dialog) -> None:
    steps = opened.operator.execute(opened.context())
    for step in steps:
        if "preparing" in str(step.body.params):
            break
    steps.close()


def test_a_dialog_that_is_closed_lets_the_send_go_on(filled: Loop) -> None:
    """People close their laptops; the server of the App does not."""
    opened = dialog(filled)
    opened.accept_defaults()
    with filled.box.hold_creations():
        close_while_preparing(opened)
        assert run_state(filled) == "sending"
    wait_until(lambda: run_state(filled) == "sent")


def test_a_send_can_be_stopped_from_elsewhere(filled: Loop) -> None:
    before = filled.documents()
    opened = dialog(filled)
    opened.accept_defaults()
    with filled.box.hold_creations():
        close_while_preparing(opened)
        ask_to_stop(RunStore(filled.dataset, find(filled.dataset, "cvat").run_id))
        wait_until(lambda: run_state(filled) == "interrupted")
    assert filled.documents() == before
    assert filled.send(anno_key="cvat", resume=True)["labels"] == 2
    assert len(filled.cvat.find("tasks")) == 1


def test_a_failure_is_a_sentence(filled: Loop) -> None:
    filled.box.faults.add("status", "PATCH", "/annotations", status=500)
    opened = dialog(filled)
    opened.accept_defaults()
    shown = opened.run()
    kind, sentence = shown.notice
    assert kind == "error"
    assert "internal error (500)" in sentence
    assert shown.output == f"**It did not work.** {sentence}"
    assert shown.of("reload_dataset") == []
    assert filled.send(anno_key="cvat", resume=True)["labels"] == 2


def test_the_unit_of_rotations_is_asked_where_there_are_any(filled: Loop) -> None:
    opened = dialog(filled)
    opened.accept_defaults()
    opened.fill(more=True)
    assert "rotation_unit" not in properties(opened.form())
    filled.dataset.add_sample_field("gt.detections.rotation", fo.FloatField)
    assert properties(opened.form())["rotation_unit"]["default"] == "degrees"
    opened.fill(rotation_unit="radians")
    assert request_of(opened).rotation_unit == "radians"


def test_fields_that_cannot_be_sent_are_named(filled: Loop) -> None:
    opened = dialog(filled)
    assert properties(opened.accept_defaults())["label_field"]["view"]["description"] is None
    filled.dataset.add_sample_field("heat", fo.EmbeddedDocumentField, embedded_doc_type=fo.Heatmap)
    field = properties(opened.form())["label_field"]["view"]
    assert field["description"] == "Can't be sent: heat (Heatmap)"
    assert "heat" not in [choice["value"] for choice in field["choices"]]
