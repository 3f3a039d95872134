"""Each kind of edit in CVAT changes exactly that in the dataset, and the next load changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
import pytest
from sync_annotator import Annotator
from sync_loop import Change, Loop

Edit = Callable[[Annotator], Any]

BOX = [1 / 3, 0.1, 0.3, 0.2]
"""In the photos of 320 x 240 pixels: 106.67, 24 to 202.67, 72."""


def boxes(*classes: str, **attributes: Any) -> fo.Detections:
    """One box for each class, all at the same place and with the same attributes."""
    return fo.Detections(
        detections=[fo.Detection(label=name, bounding_box=BOX, confidence=0.5, **attributes) for name in classes]
    )


def lines(*parts: list[list[float]], **settings: Any) -> fo.Polylines:
    return fo.Polylines(polylines=[fo.Polyline(label="lawn", points=[list(p) for p in parts], **settings)])


def through(loop: Loop, edit: Edit, **settings: Any) -> tuple[dict[str, Any], dict[str, Change]]:
    """Sends, edits and loads, and loads again; the report and the changes."""
    before = loop.documents()
    run = loop.send(**settings)
    edit(loop.cvat)
    report = loop.load(run)
    changes = loop.since(before)
    after, clock = loop.documents(), loop.clock
    again = loop.load(run)
    assert loop.documents() == after
    assert not any(again[name] for name in ("added", "changed", "deleted", "jobs_read"))
    assert len(loop.requests(clock)) == 2
    return report, changes


BOX_EDITS: dict[str, tuple[Edit, dict[str, Change]]] = {
    "moved": (
        lambda cvat: cvat.edit(cvat.shape(), points=[32.0, 24.0, 160.0, 96.0]),
        {"0/gt/detections/0/bounding_box": (BOX, [0.1, 0.1, 0.4, 0.3])},
    ),
    "right side dragged: the others keep every bit": (
        lambda cvat: cvat.edit(cvat.shape(), points=[*cvat.shape()["points"][:2], 320.0, cvat.shape()["points"][3]]),
        {"0/gt/detections/0/bounding_box": (BOX, [1 / 3, 0.1, 1 - 1 / 3, 0.2])},
    ),
    "turned": (lambda cvat: cvat.edit(cvat.shape(), rotation=12.5), {"0/gt/detections/0/rotation": (..., 12.5)}),
    "another class": (lambda cvat: cvat.relabel(cvat.shape(), "dog"), {"0/gt/detections/0/label": ("cat", "dog")}),
    "text that looks like a number": (
        lambda cvat: cvat.set(cvat.shape(), "code", "000700"),
        {"0/gt/detections/0/code": ("002100", "000700")},
    ),
    "a number": (lambda cvat: cvat.set(cvat.shape(), "score", "2.5"), {"0/gt/detections/0/score": (1.25, 2.5)}),
    "a whole number stays one": (
        lambda cvat: cvat.set(cvat.shape(), "count", "8"),
        {"0/gt/detections/0/count": (7, 8)},
    ),
    "a checkbox": (
        lambda cvat: cvat.set(cvat.shape(), "checked", "false"),
        {"0/gt/detections/0/checked": (True, False)},
    ),
    "a text emptied": (lambda cvat: cvat.set(cvat.shape(), "code", ""), {"0/gt/detections/0/code": ("002100", None)}),
    "a text where was nothing": (
        lambda cvat: cvat.set(cvat.shape(number=1), "code", "0"),
        {"0/gt/detections/1/code": (..., "0")},
    ),
    "deleted": (lambda cvat: cvat.delete(cvat.shape()), {"0/gt/detections/0": ("cat", ...)}),
    "drawn where nothing was": (lambda cvat: cvat.draw("dog", 1), {"1/gt": (..., ...)}),
    "drawn beside another": (lambda cvat: cvat.draw("dog", 0), {"0/gt/detections/+0": (..., "dog")}),
    "deleted and brought back": (lambda cvat: cvat.undo_deletion(cvat.shape()), {}),
    "what FiftyOne has no place for": (
        lambda cvat: cvat.edit(cvat.shape(), occluded=True, z_order=4, source="semi-auto"),
        {},
    ),
    "the editor's noise on an untouched corner": (
        lambda cvat: cvat.edit(cvat.shape(), points=[32.0, 24.0004, *cvat.shape()["points"][2:]]),
        {"0/gt/detections/0/bounding_box": (BOX, [0.1, 0.1, 1 / 3 + 0.3 - 0.1, 0.2])},
    ),
}


@pytest.mark.parametrize(("edit", "expected"), BOX_EDITS.values(), ids=BOX_EDITS)
def test_box(loop: Loop, edit: Edit, expected: dict[str, Change]) -> None:
    full = boxes("cat", code="002100", score=1.25, count=7, checked=True)
    full.detections += boxes("dog").detections
    loop.fill(full, None)
    report, changes = through(loop, edit)
    assert changes.keys() == expected.keys()
    for path, (old, new) in expected.items():
        assert changes[path][0] == old
        if isinstance(new, list):
            assert changes[path][1] == pytest.approx(new, abs=1e-12)
            kept = [n for n, (one, other) in enumerate(zip(old, new, strict=True)) if one == other]
            assert [changes[path][1][n] for n in kept] == [old[n] for n in kept]
        elif new is not ...:
            assert changes[path][1] == new
            assert type(changes[path][1]) is type(new)
    assert report["added"] + report["changed"] + report["deleted"] == len(expected)


def test_a_drawn_label_is_as_if_made_in_fiftyone(loop: Loop) -> None:
    loop.fill(boxes("cat", code="a"), None)
    through(loop, lambda cvat: cvat.set(cvat.draw("cat", 1, [32.0, 24.0, 160.0, 96.0]), "code", "00"))
    drawn = loop.labels()[1][0]
    assert (drawn.label, drawn.bounding_box, drawn.code) == ("cat", [0.1, 0.1, 0.4, pytest.approx(0.3)], "00")
    assert (drawn.tags, drawn.confidence, drawn.attributes) == ([], None, {})
    assert fo.Detection(**{"label": "cat"}).to_dict().keys() <= drawn.to_dict().keys()


def test_an_undone_deletion_keeps_all_that_cvat_does_not_know(loop: Loop) -> None:
    loop.fill(boxes("cat", "cat", words=["a"], code="1"))
    before = loop.documents()
    run = loop.send()
    again = loop.cvat.undo_deletion(loop.cvat.shape())
    loop.cvat.set(again, "code", "2")
    report = loop.load(run)
    assert loop.since(before) == {"0/gt/detections/0/code": ("1", "2")}
    assert (report["matched"], report["changed"]) == (1, 1)
    again = loop.cvat.undo_deletion(loop.cvat.objects()[-1])
    report = loop.load(run)
    assert (report["matched"], report["changed"]) == (1, 0)
    loop.cvat.move(again)
    report = loop.load(run)
    assert (report["matched"], report["changed"]) == (0, 1)
    assert loop.since(before).keys() == {"0/gt/detections/0/code", "0/gt/detections/0/bounding_box"}


def test_moved_to_another_image(loop: Loop) -> None:
    loop.fill(boxes("cat"), boxes("dog"))
    report, changes = through(loop, lambda cvat: cvat.edit(cvat.shape(0), frame=1))
    assert changes == {"0/gt/detections/0": ("cat", ...), "1/gt/detections/+0": (..., "cat")}
    assert (report["added"], report["deleted"]) == (1, 1)
    assert loop.labels()[1][1].bounding_box == pytest.approx(BOX)


TRIANGLE = [[0.1, 0.1], [0.5, 0.2], [1 / 3, 0.7]]
SQUARE = [[0.6, 0.6], [0.9, 0.6], [0.9, 0.9], [0.6, 0.9]]


def _vertex(cvat: Annotator) -> None:
    points = list(cvat.shape()["points"])
    cvat.edit(cvat.shape(), points=[*points[:2], 16.0, 24.0, *points[4:]])


def _extra_vertex(cvat: Annotator) -> None:
    cvat.edit(cvat.shape(), points=[*cvat.shape()["points"], 16.0, 24.0])


LINE_EDITS: dict[str, tuple[dict[str, bool], Edit, dict[str, Any]]] = {
    "a vertex": (
        {"filled": True, "closed": True},
        _vertex,
        {"points": [[TRIANGLE[0], [0.05, 0.1], TRIANGLE[2]], SQUARE]},
    ),
    "a vertex of a closed line": (
        {"filled": False, "closed": True},
        _vertex,
        {"points": [[TRIANGLE[0], [0.05, 0.1], TRIANGLE[2]], SQUARE]},
    ),
    "one more vertex": (
        {"filled": False, "closed": False},
        _extra_vertex,
        {"points": [[*TRIANGLE, [0.05, 0.1]], SQUARE]},
    ),
    "a part deleted": (
        {"filled": True, "closed": True},
        lambda cvat: cvat.delete(cvat.shape(number=1)),
        {"points": [TRIANGLE]},
    ),
    "one part relabelled": (
        {"filled": False, "closed": False},
        lambda cvat: cvat.relabel(cvat.shape(number=1), "road"),
        {"label": "road"},
    ),
}


@pytest.mark.parametrize(("settings", "edit", "expected"), LINE_EDITS.values(), ids=LINE_EDITS)
def test_line(loop: Loop, settings: dict[str, bool], edit: Edit, expected: dict[str, Any]) -> None:
    loop.fill(lines(TRIANGLE, SQUARE, confidence=0.5, **settings))
    _, changes = through(loop, edit, classes=["lawn", "road"])
    assert {path: new for path, (_, new) in changes.items()} == {
        f"0/gt/polylines/0/{path}": value for path, value in expected.items()
    }


def test_drawn_polygons_and_lines(loop: Loop) -> None:
    loop.fill(lines(TRIANGLE), None)
    points = [32.0, 24.0, 160.0, 96.0, 32.0, 96.0]
    through(
        loop,
        lambda cvat: [cvat.draw("lawn", 1, points, type) for type in ("polygon", "polyline")],
        label_schema={"gt": {"drawn_as": "any"}},
    )
    area, line = loop.labels()[1]
    assert (area.closed, area.filled, line.closed, line.filled) == (True, True, False, False)
    assert area.points == line.points == [[[0.1, 0.1], [0.5, 0.4], [0.1, 0.4]]]


def single(kind: str) -> tuple[fo.Label, fo.Label, str]:
    """A label of its own field, the same with another class, and its CVAT figure."""
    if kind == "classification":
        return fo.Classification(label="cat", confidence=0.5), fo.Classification(label="dog"), "tag"
    if kind == "detection":
        return fo.Detection(label="cat", bounding_box=BOX, confidence=0.5), fo.Detection(label="dog"), "rectangle"
    return fo.Polyline(label="cat", points=[TRIANGLE]), fo.Polyline(label="dog"), "polyline"


@pytest.mark.parametrize("kind", ["classification", "detection", "polyline"])
def test_a_field_of_one_label(loop: Loop, kind: str) -> None:
    label, other, figure = single(kind)
    points = None if figure != "polyline" else [1.0, 2.0, 3.0, 4.0]
    first = (lambda cvat, frame=0: cvat.tag(frame)) if figure == "tag" else (lambda cvat, frame=0: cvat.shape(frame))
    loop.fill(label, label.copy(), None, label.copy())
    before = loop.documents()
    run = loop.send(classes=["cat", "dog"])
    cvat = loop.cvat
    cvat.relabel(first(cvat, 0), "dog")
    cvat.delete(first(cvat, 1))
    cvat.draw("dog", 2, points, figure)
    cvat.draw("dog", 3, points, figure)
    report = loop.load(run)
    changes = loop.since(before)
    assert changes.pop("0/gt/label") == ("cat", "dog")
    assert changes.pop("1/gt")[1] is None
    assert changes.pop("2/gt")[1]["label"] == "dog"
    assert changes == {}
    assert report["fields"]["gt"]["refused"] == {"second labels on a sample, for which the field has no room": 1}
    assert other.label == loop.labels()[2][0].label


def test_a_class_replaced_by_deleting_and_drawing_anew(loop: Loop) -> None:
    """In a field of one label that is an edit, but what was known of the other class does not belong to this one."""
    loop.fill(fo.Classification(label="sunny", confidence=0.5, tags=["of the sun"]))
    _, changes = through(
        loop, lambda cvat: (cvat.delete(cvat.tag()), cvat.draw("rainy", type="tag")), classes=["sunny", "rainy"]
    )
    assert changes == {
        "0/gt/label": ("sunny", "rainy"),
        "0/gt/confidence": (0.5, None),
        "0/gt/tags": (["of the sun"], []),
    }


def test_classifications(loop: Loop) -> None:
    loop.fill(fo.Classifications(classifications=[fo.Classification(label=name) for name in ("a", "b")]), None)

    def edit(cvat: Annotator) -> None:
        cvat.delete(cvat.tag(0, 0))
        cvat.relabel(cvat.tag(0, 0), "a")
        cvat.draw("b", 1, type="tag")

    report, changes = through(loop, edit)
    assert changes.pop("1/gt")[1]["classifications"][0]["label"] == "b"
    assert changes == {"0/gt/classifications/0": ("a", ...), "0/gt/classifications/1/label": ("b", "a")}
    assert (report["added"], report["changed"], report["deleted"]) == (1, 1, 1)


@pytest.mark.parametrize(("turns", "version", "said"), [(True, "1.22.1", 1), (False, "1.22.1", 0), (True, "1.23.0", 0)])
def test_a_rotated_box_that_the_app_draws_upright_is_said(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, turns: bool, version: str, said: int
) -> None:
    loop.fill(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=BOX, rotation=10.0)]))
    loop.send(rotation_unit="degrees")
    loop.cvat.edit(loop.cvat.move(loop.cvat.shape()), rotation=20.0 if turns else 10.0)
    monkeypatch.setattr(fo, "__version__", version)
    report = loop.load()
    assert report["changed"] == 1
    assert sum("draws them upright" in note for note in report["notes"]) == said
