"""What is said about a send and a load: every reason, for one and for many."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts import texts as conflict_texts
from fiftyone.plugins.orgs.roundtrip.cvat.operators.load import texts as load_texts
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import from_panel
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared import texts
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.report import LoadReport
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.status import RunStatus

LEFT_OUT = [
    "images: the file is missing",
    "not in the project: the label 'dog' (rectangle)",
    "not in the project: the attribute 'age' of 'cat'",
    "gt: labels without a class",
    "gt: labels of class 'bus', which is not in the schema",
    "gt: labels that lie absurdly far outside their image",
    "gt: detections without a bounding box",
    "gt: detections whose bounding box is not four finite numbers",
    "gt: detections whose rotation is not a finite number",
    "gt: detections whose mask can't be read",
    "gt: detections whose mask has no pixel in the image",
    "gt: polylines without points",
    "gt: polylines whose points are not pairs of finite numbers",
    "gt: polylines with a part of less than two points",
    "gt: keypoints without points",
    "gt: keypoints without a visible point",
    "gt: keypoints whose points are not pairs of numbers",
    "gt: keypoints that do not have the skeleton's 3 points",
    "gt: segmentations without a mask that can be read",
    "gt: segmentations in colours, whose targets are numbers",
    "gt: values of type list in attribute 'note'",
    "gt: texts over 4096 characters in attribute 'note'",
    "gt: texts with a zero byte in attribute 'note'",
    "gt: values of attribute 'words' that are no text, number or bool",
]
REFUSED = [
    "additions",
    "deletions",
    "label edits",
    "spatial edits",
    "edits of the read-only attribute 'code'",
    "edits of 'note' where CVAT could not show the value",
    "edits of segmentations that were deleted here",
    "edits of shapes that could not be read (the runs of a mask do not fill its box)",
    "edits that turned a Detection into an ellipse",
    "edits that turned a value into a rectangle",
    "attribute 'color' at its default after a change of class",
    "values of 'doors' that could not be read ('many' is not a whole number)",
    "second labels on a sample, for which the field has no room",
]
SAID = {
    "additions": "new labels, which this run does not allow",
    "deletions": "deletions, which this run does not allow",
    "label edits": "changes of the class, which this run does not allow",
    "spatial edits": "changes of the shape, which this run or the label does not allow",
    "attribute 'color' at its default after a change of class": (
        "'color' is at its default, as CVAT sets it when the class is changed; your value stays"
    ),
}
"""How a person says it, where that is not what a report counts."""
UNEXPECTED = [
    "polygon: put into 'polylines'",
    "polygon: ignored",
    "a second keyframe on one frame: not loaded, it stays in CVAT",
]
LEFT = [
    {"reason": reason, "type": "rectangle", "name": "a|b", "frames": dict.fromkeys(frames)}
    for reason, frames in [
        ("exact copies of other objects, as an editor's double save makes them", ["1.jpg"]),
        ("on frames that the task does not have", ["frame 7", "frame 8", "frame 9", "frame 10"]),
        ("not readable: a mask has at least one run and a box", []),
    ]
]


def report(**given: Any) -> dict[str, Any]:
    """The report of a load."""
    return LoadReport.model_validate({"anno_key": "run", "fields": {"gt": {}}, **given}).as_dict()


def rows(text: str, heading: str) -> list[str]:
    """The rows of a table in Markdown."""
    lines = text.splitlines()
    start = lines.index(f"| {heading} | How\u00a0many |")
    assert lines[start - 1] == "", "a table needs a blank line before it"
    rest = lines[start + 2 :]
    return rest[: rest.index("")] if "" in rest else rest


def test_attributes_at_their_defaults_are_one_line() -> None:
    names = [f"size_{number}" for number in range(8)]
    refused = {f"attribute '{name}' at its default after a change of class": 2 for name in names}
    text = load_texts.loaded(report(fields={"gt": {"refused": {**refused, "additions": 1}}}))
    others, defaults = rows(text, "Done in CVAT, but not applied")
    assert others == "| gt: new labels, which this run does not allow | 1 |"
    assert defaults.endswith("(size_0, size_1, size_2, size_3, size_4, size_5, ...) | 16 |")


@pytest.mark.parametrize(("number", "shown"), [(1, "1"), (1200, "1,200")])
def test_every_reason(number: int, shown: str) -> None:
    summary = {
        "anno_key": "run",
        "samples": 1,
        "labels": 1,
        "tasks": [],
        "left_out": [{"what": what, "count": number} for what in LEFT_OUT],
    }
    assert rows(texts.sent(summary), "Left out (it stays in the dataset as it is)") == [
        f"| {what} | {shown} |" for what in LEFT_OUT
    ]
    text = load_texts.loaded(
        report(fields={"gt": {"refused": dict.fromkeys(REFUSED, number)}}, unexpected=dict.fromkeys(UNEXPECTED, number))
    )
    assert rows(text, "Done in CVAT, but not applied") == [
        f"| gt: {SAID.get(what, what)} | {shown} |" for what in REFUSED
    ]
    assert rows(text, "Drawn in CVAT, but in no field of the run") == [f"| {what} | {shown} |" for what in UNEXPECTED]
    left = {str(place): {**item, "count": number} for place, item in enumerate(LEFT)}
    text = load_texts.loaded(report(objects={"found": 3 * number, "left": left}))
    assert rows(text, "In CVAT, and not loaded") == [
        f"| rectangle 'a\\|b': {LEFT[0]['reason']} (1.jpg) | {shown} |",
        f"| rectangle 'a\\|b': {LEFT[1]['reason']} (frame 7, frame 8, frame 9, ...) | {shown} |",
        f"| rectangle 'a\\|b': {LEFT[2]['reason']} | {shown} |",
    ]
    many = f"{3 * number:,}"
    assert f"CVAT has {many} objects in the jobs that were read: 0 unchanged, 0 applied, {many} left there." in text


def test_labels_and_classes_that_were_left_out_are_not_added_up() -> None:
    left_out = [{"what": "gt: labels without a class", "count": 30}, {"what": LEFT_OUT[1], "count": 1}]
    said = from_panel.sent({"anno_key": "run", "samples": 2, "labels": 1, "tasks": [], "left_out": left_out})
    assert said.line == "Sent 2 samples with 1 label to CVAT, in 0 tasks. Something was left out: see Details."
    assert "| gt: labels without a class | 30 |" in said.details


def test_a_bar_in_a_name_is_no_border() -> None:
    text = load_texts.loaded(report(unexpected={"a|b": 1}))
    assert rows(text, "Drawn in CVAT, but in no field of the run") == [r"| a\|b | 1 |"]


def test_no_table_without_rows() -> None:
    assert "How\u00a0many" not in load_texts.loaded(report())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"matches": {"exact": 1, "by_id": 5}},
            "1 label had a new id in CVAT and was found again: 1 as exactly the same.",
        ),
        (
            {"matches": {"exact": 1, "overlap": 1}},
            "2 labels had a new id in CVAT and were found again: 1 as exactly the same, 1 by overlap.",
        ),
        ({"matches": {"overlap": 2}}, "2 labels had a new id in CVAT and were found again: 2 by overlap."),
        ({"samples_gone": 1}, "1 label belongs to a sample that is no longer in the dataset."),
        ({"samples_gone": 2}, "2 labels belong to samples that are no longer in the dataset."),
        ({"fields": {"gt": {"unchanged": 1}}}, "Nothing changed: 1 label is as it was."),
        ({"fields": {"gt": {"unchanged": 2}}}, "Nothing changed: 2 labels are as they were."),
        ({"fields": {"gt": {"copied": 1}}}, "1 label copied into `gt`."),
        ({"jobs": 3, "jobs_read": 2}, "1 job of 3 had not changed since the last load and needed no reading."),
        ({"jobs": 3, "jobs_read": 2, "jobs_failed": 1}, "1 job could not be read; load again for the labels there."),
        ({"jobs_left": 1}, "1 changed job is left for a later load, as it was not among those you chose."),
        ({"jobs_left": 2}, "2 changed jobs are left for later, as they were not among those you chose."),
    ],
)
def test_sentences_for_one_and_for_many(given: dict[str, Any], sentence: str) -> None:
    assert sentence in load_texts.loaded(report(**given))


@pytest.mark.parametrize(("done", "said"), [(None, "sending"), (0.824, "sending, 82%"), (0.825, "sending, 83%")])
def test_a_card_says_as_many_percent_as_the_bar_that_the_app_draws(done: float | None, said: str) -> None:
    assert texts.status_words(RunStatus("sending", done=done)) == said


def test_what_came_of_conflicts_has_a_column_if_it_is_not_the_same_of_all() -> None:
    one = {"sample_id": "1", "field": "gt", "part": "label", "base": "cat", "local": "hen", "remote": "cow"}
    taken, kept = {**one, "outcome": "remote"}, {**one, "outcome": "local"}
    assert conflict_texts.table([taken, taken], {})[-1] == "| 1 | gt | class | cat | hen | cow |"
    assert conflict_texts.table([taken, kept], {})[-1] == "| 1 | gt | class | cat | hen | cow | yours counts |"
