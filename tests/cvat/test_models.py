"""Models: what may be written, what is refused before it is sent, and how fast reading is."""

from __future__ import annotations

import json
import math
import time
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cvat import (
    About,
    Annotations,
    AttributeSpec,
    AttributeValue,
    Credentials,
    Label,
    LabelSpec,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat.models import nest
from cvat.models.annotations import LARGEST_COORDINATE


def box(**changes: Any) -> Shape:
    return Shape(**{"type": "rectangle", "frame": 2, "label_id": 5, "points": (1.0, 2.0, 3.5, 4.0), **changes})


def shapes(*items: Shape) -> Annotations:
    return Annotations(shapes=items)


def test_create_drops_every_id_and_update_keeps_them() -> None:
    skeleton = box(id=9, type="skeleton", points=(), elements=(box(id=10, type="points", points=(1.0, 2.0)),))
    track = Track(id=4, frame=0, label_id=1, shapes=(TrackedShape(id=6, type="points", frame=0, points=(1.0, 1.0)),))
    both = Annotations(tags=(Tag(id=3, frame=0, label_id=1),), shapes=(skeleton,), tracks=(track,))
    assert '"id"' not in json.dumps(both.for_create())
    body = both.for_update()
    assert [body["tags"][0]["id"], body["shapes"][0]["id"], body["shapes"][0]["elements"][0]["id"]] == [
        3,
        9,
        10,
    ]
    assert body["tracks"][0]["id"], body["tracks"][0]["shapes"][0]["id"] == (4, 6)


def test_nothing_is_written_as_null() -> None:
    body = Annotations(shapes=(box(),), tags=(Tag(frame=1, label_id=2),)).dump()
    assert "null" not in json.dumps(body)
    assert body["shapes"][0] == {
        "frame": 2, "label_id": 5, "source": "manual", "attributes": [], "type": "rectangle",
        "points": [1.0, 2.0, 3.5, 4.0], "rotation": 0.0, "occluded": False, "outside": False, "z_order": 0,
    }  # fmt: skip


def test_an_update_needs_ids() -> None:
    with pytest.raises(ValueError, match=r"shape 1 \(rectangle, frame 2\) has no id"):
        shapes(box(id=1), box()).for_update()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300, -2e101])
@pytest.mark.parametrize("field", ["points", "rotation", "score"])
def test_harmful_numbers_are_refused(number: float, field: str) -> None:
    value: Any = (1.0, number, 3.0, 4.0) if field == "points" else number
    with pytest.raises(ValueError, match=rf"{field}.* of shape 1 \(rectangle, frame 2\) is"):
        shapes(box(), box(**{field: value})).for_create()


@pytest.mark.parametrize("change", [{"frame": -1}, {"frame": 2**31}, {"group": 2**31}, {"z_order": -(2**40)}])
def test_harmful_integers_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="which CVAT cannot store"):
        shapes(box(**change)).for_create()


def test_harmful_numbers_in_keyframes_and_elements_are_refused() -> None:
    bad = TrackedShape(type="rectangle", frame=0, points=(math.nan,) * 4)
    with pytest.raises(ValueError, match=r"keyframe of track 0 \(frame 0\)"):
        Annotations(tracks=(Track(frame=0, label_id=1, shapes=(bad,)),)).for_create()
    with pytest.raises(ValueError, match="no keyframes"):
        Annotations(tracks=(Track(frame=0, label_id=1),)).for_create()
    element = box(type="points", points=(math.inf, 1.0))
    with pytest.raises(ValueError, match="element of shape 0"):
        shapes(box(type="skeleton", points=(), elements=(element,))).for_create()


def test_elements_must_be_on_the_frame_of_their_skeleton() -> None:
    skeleton = box(type="skeleton", points=(), elements=(box(frame=3, type="points", points=(1.0, 2.0)),))
    with pytest.raises(ValueError, match=r"shape 0 \(skeleton, frame 2\) has an element on frame 3"):
        shapes(skeleton).for_create()


def test_mask_run_lengths_are_written_as_whole_numbers() -> None:
    mask = box(type="mask", points=(2.0, 3.0, 0.0, 0.0, 4.0, 0.0))
    assert json.dumps(shapes(mask).for_create()["shapes"][0]["points"]) == "[2, 3, 0, 0, 4, 0]"


finite = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(finite, finite, finite, finite), max_size=4), st.floats(0, 360))
def test_what_is_written_reads_back_bit_for_bit(points: list[tuple[float, ...]], rotation: float) -> None:
    given_ = shapes(*(box(points=item, rotation=rotation) for item in points))
    assert Annotations.model_validate_json(json.dumps(given_.for_create())) == given_


def test_recorded_annotations_survive_reading_and_writing(all_recorded: list[dict[str, Any]]) -> None:
    seen = 0
    for exchange in all_recorded:
        if exchange["method"] != "GET" or not exchange["path"].endswith("/annotations") or exchange["status"] != 200:
            continue
        read = Annotations.model_validate_json(json.dumps(exchange["json"]))
        same_frames = all(part.frame == shape.frame for shape in read.shapes for part in shape.elements)
        if any(abs(point) > LARGEST_COORDINATE for shape in read.shapes for point in shape.points):
            with pytest.raises(ValueError, match="which CVAT cannot store"):
                read.dump()
        elif same_frames and all(track.shapes for track in read.tracks):
            assert Annotations.model_validate_json(json.dumps(read.dump())) == read
            seen += read.count
    assert seen > 10


def test_reading_is_fast() -> None:
    attributes = [{"spec_id": 1, "value": "a"}, {"spec_id": 2, "value": "b"}]
    item = {**box(id=1).model_dump(), "attributes": attributes, "elements": []}
    content = json.dumps({"version": 0, "tags": [], "shapes": [item] * 10_000, "tracks": []}).encode()
    times = []
    for _ in range(3):
        start = time.process_time()
        read = Annotations.model_validate_json(content)
        times.append(time.process_time() - start)
    assert read.shapes[-1].attributes[1] == AttributeValue(spec_id=2, value="b")
    assert min(times) < 0.3


def test_models_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        box().frame = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        Annotations().version = 3  # type: ignore[misc]


def test_a_label_is_written_without_ids() -> None:
    label = LabelSpec(
        name="car",
        color="#ff0000",
        attributes=(AttributeSpec(id=4, name="make", values=("a",), default_value="a", input_type="select"),),
    )
    assert label.dump() == {
        "name": "car",
        "color": "#ff0000",
        "type": "any",
        "attributes": [
            {"name": "make", "mutable": False, "input_type": "select", "default_value": "a", "values": ["a"]}
        ],
    }


def test_a_label_can_be_made_anew() -> None:
    point = Label(id=2, name="head", type="points", has_parent=True, color="#112233")
    fish = Label(id=1, name="fish", type="skeleton", sublabels=(point,), svg="<circle/>")
    body = fish.spec().dump()
    assert body["svg"] == "<circle/>"
    assert body["sublabels"] == [{"name": "head", "type": "points", "color": "#112233", "attributes": []}]


def test_labels_that_name_a_parent_are_put_into_it() -> None:
    fish, head = (
        Label(id=1, name="fish", type="skeleton"),
        Label(id=2, name="head", parent_id=1, has_parent=True),
    )
    assert [label.name for label in nest([fish, head])] == ["fish"]
    assert nest([head, fish])[0].sublabels == (head,)
    whole = fish.model_copy(update={"sublabels": (head,)})
    assert nest([whole, head]) == [whole]


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("2.54.1", (2, 54, 1)),
        ("2.16.0-alpha", (2, 16, 0)),
        ("2.7", (2, 7, 0)),
        ("v3", (3, 0, 0)),
        ("dev", (0, 0, 0)),
    ],
)
def test_versions(version: str, numbers: tuple[int, int, int]) -> None:
    assert About(version=version).version_numbers == numbers


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("app.cvat.ai", "https://app.cvat.ai"),
        (" http://LocalHost:8080/ ", "http://localhost:8080"),
        ("https://host/cvat/", "https://host/cvat"),
        ("https://host/?a=1#b", "https://host"),
        ("localhost:8080", "https://localhost:8080"),
    ],
)
def test_urls_are_normalised(given_url: str, url: str) -> None:
    assert Credentials(url=given_url).url == url


@pytest.mark.parametrize("url", ["", "ftp://host", "https://", "https://me:secret@host", "http://host:port"])
def test_bad_urls_are_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Credentials(url=url)
    assert "secret" not in str(caught.value)


def test_secrets_never_show() -> None:
    who = Credentials(url="h", token="tok-secret", username="ann", password="pass-secret")
    for text in (repr(who), str(who), str(who.model_dump()), who.model_dump_json()):
        assert "secret" not in text
    assert Credentials(url="h", token=" ", username=" ", password="").model_dump(exclude_none=True) == {
        "url": "https://h"
    }


def test_the_drawing_of_a_skeleton_names_its_points_when_it_is_made_again() -> None:
    """As CVAT gives it, it has the ids of points that another skeleton does not have."""
    drawn = '<circle data-node-id="1" data-label-{}></circle><circle data-node-id="2" data-label-{}></circle>'
    points = (Label(id=95, name="head & <x>", type="points"), Label(id=96, name="tail", type="points"))
    read = drawn.format('id="95"', 'id="96"') + '<circle data-label-id="7"></circle>'
    spec = Label(id=94, name="fish", type="skeleton", sublabels=points, svg=read).spec()
    made = drawn.format('name="head &amp; &lt;x&gt;"', 'name="tail"') + '<circle data-label-id="7"></circle>'
    assert (spec.svg, Label(id=1, name="box").spec().svg) == (made, None)
