"""Classifications: tags without geometry."""

from __future__ import annotations

import fiftyone as fo
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Tag
from fiftyone.plugins.orgs.roundtrip.cvat.labels.classification import ClassificationCodec
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Size
from hypothesis import given
from labels_server import bits, echo, edited, schema_of, send
from labels_strategies import sizes, values

SCHEMA = schema_of(
    gt={
        "type": "classification",
        "classes": ["day", "night"],
        "attributes": {"sure": {"type": "text", "kind": "float"}},
    }
)


@given(values, sizes)
def test_an_unedited_tag_keeps_every_bit(sure: object, size: tuple[int, int]) -> None:
    document = {**fo.Classification(label="day", confidence=0.1 + 0.2).to_dict(), "sure": sure}
    sent = send(document, SCHEMA, size)
    assert isinstance(sent.objects[0], Tag)
    assert bits(sent.base.parts) == bits({"label": "day", "sure": sure})
    assert sent.changes(echo(sent.objects[0])) == {}


def test_an_edited_tag_changes_only_its_part() -> None:
    sent = send({"label": "day", "sure": 0.5}, SCHEMA)
    assert sent.write("0.75", "sure") == {"sure": 0.75}
    night = Tag(
        id=1,
        frame=0,
        label_id=sent.label_id("night"),
        attributes=[{"spec_id": sent.spec("sure", "night"), "value": "0.5"}],
    )
    assert sent.changes(night) == {"label": "night"}
    assert sent.changes(edited(night, {sent.spec("sure", "night"): "1"})) == {"label": "night", "sure": 1.0}


def test_a_new_tag_is_stored_as_fiftyone_would() -> None:
    codec = ClassificationCodec()
    ours = codec.blank() | {"label": "day"} | codec.decode_new([CvatShape("tag")], Size(640, 480), SCHEMA.fields["gt"])
    theirs = fo.Classification(label="day").to_dict()
    del theirs["_id"]
    assert bits(ours) == bits(theirs)
