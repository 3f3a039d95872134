"""What is sent: datasets, views, selections, patches; what is outside of it is neither sent nor lost."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone import ViewField as F
from sync_loop import Loop


def boxes(*classes: str, confidence: float = 0.5) -> fo.Detections:
    return fo.Detections(
        detections=[
            fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2], confidence=confidence) for name in classes
        ]
    )


@pytest.fixture
def ids(loop: Loop) -> list[str]:
    """Three samples: a cat and a dog, a dog, nothing."""
    return loop.fill(boxes("cat", "dog"), boxes("dog"), None)


def test_labels_outside_the_view_are_neither_sent_nor_lost(loop: Loop, ids: list[str]) -> None:
    before = loop.documents()
    view = loop.dataset.filter_labels("gt", F("label") == "cat", only_matches=False)
    run = loop.send(view, classes=["cat"])
    assert (run["samples"], run["labels"]) == (3, 1)
    assert set(loop.cvat.labels()) == {"cat"}
    loop.cvat.delete(loop.cvat.shape(0))
    loop.cvat.draw("cat", 0, [200.0, 120.0, 300.0, 200.0])
    loop.cvat.draw("cat", 1)
    loop.load(run)
    assert loop.since(before) == {
        "0/gt/detections/0": ("cat", ...),
        "0/gt/detections/+0": (..., "cat"),
        "1/gt/detections/+0": (..., "cat"),
    }


def test_a_filtered_field_of_one_label(loop: Loop) -> None:
    loop.fill(fo.Classification(label="sunny"), fo.Classification(label="rainy"), field="sky")
    before = loop.documents()
    view = loop.dataset.filter_labels("sky", F("label") == "sunny", only_matches=False)
    run = loop.send(view, label_field="sky")
    loop.cvat.draw("sunny", 1, type="tag")
    report = loop.load(run)
    assert loop.documents() == before
    assert sum(report["fields"]["sky"]["refused"].values()) == 1


def test_a_view_keeps_its_order_and_shows_the_run(loop: Loop, ids: list[str]) -> None:
    view = loop.dataset.select([ids[2], ids[0]], ordered=True)
    run = loop.send(view)
    names = [frame["name"] for frame in loop.cvat.call("GET", "tasks/1/data/meta")["frames"]]
    assert names == ["photo_002.jpg", "photo_000.jpg"]
    assert loop.dataset.load_annotation_view("run").values("id") == [ids[2], ids[0]]
    loop.cvat.draw("cat", 0)
    loop.load(run)
    assert [len(labels) for labels in loop.labels()] == [2, 1, 1]


def test_a_view_of_some_fields(loop: Loop, ids: list[str]) -> None:
    loop.dataset.set_values("other", [boxes("cow"), boxes("cow"), boxes("cow")])
    before = loop.documents()
    run = loop.send(loop.dataset.select_fields("gt"))
    loop.load(run)
    assert loop.documents() == before
    with pytest.raises(Exception, match="'other' is not in this view") as caught:
        loop.send(
            loop.dataset.select_fields("gt"),
            anno_key="two",
            label_field="other",
            label_type="detections",
            classes=["cow"],
        )
    assert "There is no field" not in str(caught.value)


def test_a_sample_that_a_view_has_twice_is_sent_once(loop: Loop, ids: list[str]) -> None:
    run = loop.send(loop.dataset.limit(1).concat(loop.dataset))
    assert (run["samples"], run["labels"]) == (3, 3)
    assert loop.load(run)["unchanged"] == 3


def test_labels_inside_of_another_document(loop: Loop, ids: list[str]) -> None:
    loop.dataset.set_values("meta", [fo.DynamicEmbeddedDocument(gt=boxes("cow"))] * 3, dynamic=True)
    before = loop.documents()
    run = loop.send(label_field="meta.gt")
    loop.load(run)
    assert loop.documents() == before
    loop.cvat.move(loop.cvat.shape(1))
    loop.load(run)
    assert loop.since(before).keys() == {"1/meta/gt/detections/0/bounding_box"}


def test_patches_are_sent_as_their_samples(loop: Loop, ids: list[str]) -> None:
    before = loop.documents()
    patches = loop.dataset.to_patches("gt").match(F("gt.label") == "dog")
    run = loop.send(patches)
    assert (run["samples"], run["labels"]) == (2, 2)
    assert set(loop.cvat.labels()) == {"cat", "dog"}  # classes are those of the dataset
    loop.cvat.move(loop.cvat.shape(0))
    loop.load(run)
    assert loop.since(before).keys() == {"0/gt/detections/1/bounding_box"}


def test_a_selection_of_patches(loop: Loop, ids: list[str]) -> None:
    patches = loop.dataset.to_patches("gt")
    chosen = patches.match(F("gt.label") == "cat").values("id")
    run = loop.execute("send_to_cvat", patches, chosen, anno_key="run", label_field="gt")
    assert (run["samples"], run["labels"]) == (1, 1)


def test_the_selection_counts_before_the_view(loop: Loop, ids: list[str]) -> None:
    view = loop.dataset.limit(2)
    targets: list[tuple[dict[str, Any], int]] = [
        ({"view": view, "selected": ids[:1]}, 1),
        ({"view": view}, 2),
        ({}, 3),
        ({"view": view, "selected": ids[:1], "target": "current_view"}, 2),
        ({"view": view, "selected": ids[:1], "target": "dataset"}, 3),
        ({"view": view, "target": "selected_samples"}, 2),
    ]
    for number, (given, samples) in enumerate(targets):
        run = loop.execute("send_to_cvat", anno_key=f"run_{number}", label_field="gt", **given)
        assert run["samples"] == samples, given


def test_a_selection_in_a_filtered_view(loop: Loop, ids: list[str]) -> None:
    view = loop.dataset.filter_labels("gt", F("label") == "dog")
    run = loop.execute("send_to_cvat", view, ids[:1], anno_key="run", label_field="gt")
    assert (run["samples"], run["labels"]) == (1, 1)


def test_the_slice_of_a_group(loop: Loop, ids: list[str]) -> None:
    grouped = fo.Dataset()
    try:
        paths = loop.dataset.values("filepath")
        grouped.add_group_field("group", default="left")
        group = fo.Group()
        for side, path in zip(("left", "right"), paths[:2], strict=True):
            grouped.add_sample(fo.Sample(path, group=group.element(side), gt=boxes("cat")))
        with pytest.raises(Exception, match="grouped dataset; choose the slice"):
            loop.send(grouped)
        run = loop.send(grouped.select_group_slices("right"))
        assert run["samples"] == 1
        loop.cvat.relabel(loop.cvat.move(loop.cvat.shape(0)), "cat")
        other = Loop(grouped, loop.box, lambda *_, **__: [])
        assert other.load(run)["changed"] == 1
        assert grouped.select_group_slices("right").first().gt.detections[0].bounding_box != [0.1, 0.1, 0.2, 0.2]
    finally:
        grouped.delete()
