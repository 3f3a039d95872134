"""What the form "Send to CVAT" can mean: selected labels, patches, the slice of a group, a look for review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import pytest
from operators_app import Dialog, invalid, properties
from sync_loop import Loop


@pytest.fixture
def pairs(loop: Loop) -> Loop:
    """A cat and a dog on each of two samples, and another field."""
    boxes = [fo.Detection(label=name, bounding_box=[x, 0.1, 0.2, 0.2]) for name, x in (("cat", 0.1), ("dog", 0.5))]
    loop.fill(*(fo.Detections(detections=[box.copy() for box in boxes]) for _ in "ab"))
    loop.dataset.set_values("other", [fo.Classification(label="sunny")] * 2)
    return loop


def opened(loop: Loop, **given: Any) -> Dialog:
    dialog = Dialog(loop, "send_to_cvat", **given)
    dialog.accept_defaults()
    return dialog


def offered(dialog: Dialog) -> list[str]:
    """What can be sent."""
    return [choice["label"] for choice in properties(dialog.form())["target"]["view"]["choices"]]


def test_only_the_selected_labels(pairs: Loop) -> None:
    sample = pairs.dataset.last()
    label = {"label_id": sample.gt.detections[1].id, "sample_id": sample.id, "field": "gt"}
    dialog = opened(pairs, shown={"selected_labels": [label]})
    assert offered(dialog) == ["Only the 1 label selected, on their samples", "The whole dataset: 2 samples"]
    assert dialog.run().notice == ("success", "Sent 1 sample with 1 label to CVAT, in 1 task.")
    assert set(pairs.cvat.labels()) == {"cat", "dog"}
    assert [pairs.cvat.labels()["dog"]["id"]] == [shape["label_id"] for shape in pairs.cvat.objects()]


def test_patches(pairs: Loop) -> None:
    """Their samples, with just these labels; under the name that the field has in the dataset."""
    patches = pairs.dataset.to_patches("gt").match(fo.ViewField("gt.label") == "dog")
    dialog = opened(pairs, view=patches)
    assert offered(dialog)[0] == "The current view: 2 patches"
    assert dialog.request["params"]["label_field"] == ["gt"]
    assert dialog.run().notice == ("success", "Sent 2 samples with 2 labels to CVAT, in 1 task.")


def test_evaluation_patches(pairs: Loop) -> None:
    pairs.dataset.clone_sample_field("gt", "pred")
    pairs.dataset.evaluate_detections("pred", gt_field="gt", eval_key="eval")
    patches = pairs.dataset.to_evaluation_patches("eval").limit(1)
    dialog = opened(pairs, view=patches)
    dialog.fill(label_field=["gt", "pred"])
    dialog.accept_defaults()
    assert dialog.run().notice == ("success", "Sent 1 sample with 2 labels to CVAT, in 1 task.")


@pytest.fixture
def grouped(pairs: Loop) -> Iterator[Loop]:
    """A group of two images."""
    dataset = fo.Dataset()
    dataset.add_group_field("group", default="left")
    group = fo.Group()
    for side, sample in zip(("left", "right"), pairs.dataset, strict=True):
        boxes = fo.Detections(detections=[fo.Detection(label=side, bounding_box=[0.1, 0.1, 0.2, 0.2])])
        dataset.add_sample(fo.Sample(sample.filepath, group=group.element(side), gt=boxes))
    yield Loop(dataset, pairs.box, pairs.requests)
    dataset.delete()


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_slice_of_a_group_is_chosen(grouped: Loop, side: str) -> None:
    dialog = opened(grouped, shown={"group_slice": "right"})
    assert offered(dialog) == ["The whole dataset: 1 group"]
    assert properties(dialog.form())["slice"]["default"] == "right"
    dialog.fill(slice=side)
    dialog.accept_defaults()
    assert invalid(dialog.form()) == {}
    assert dialog.run().notice == ("success", "Sent 1 sample with 1 label to CVAT, in 1 task.")
    assert set(grouped.cvat.labels()) == {"left", "right"}  # the classes are those of all slices
    frames = grouped.cvat.call("GET", "tasks/1/data/meta")["frames"]
    assert [frame["name"] for frame in frames] == [{"left": "photo_000.jpg", "right": "photo_001.jpg"}[side]]


def test_a_program_still_says_which_slice(grouped: Loop) -> None:
    with pytest.raises(Exception, match="grouped dataset; choose the slice"):
        grouped.execute("send_to_cvat", anno_key="run", label_field="gt")
    assert grouped.execute("send_to_cvat", anno_key="run", label_field="gt", slice="left")["samples"] == 1


def test_for_review(loop: Loop) -> None:
    """What people change in CVAT all the same is not loaded, and counted."""
    loop.fill(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2], age=3)] * 1))
    dialog = opened(loop)
    dialog.fill(for_review=True)
    assert dialog.run().notice[0] == "success"
    assert [spec["name"] for spec in loop.cvat.labels()["cat"]["attributes"]] == ["age (read-only)"]
    before = loop.documents()
    loop.cvat.move(loop.cvat.shape())
    loop.cvat.draw("cat")
    report = loop.load("cvat")
    assert loop.documents() == before
    assert sum(report["fields"]["gt"]["refused"].values()) == 2
