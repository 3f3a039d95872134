"""The gate for names that become a path in a document: what passes can be stored, read and copied."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.facts import FACTS
from fiftyone.plugins.orgs.roundtrip.cvat.labels.names import attribute_problem, field_problem, property_problem
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from hypothesis import example, given
from hypothesis import strategies as st
from labels_server import schema_of
from pydantic import ValidationError

DOCUMENTS = sorted({item.codec.document for item in LABEL_TYPES.values()} - {""})
NEEDED: dict[str, Any] = {"TemporalDetection": {"support": [1, 1]}}
"""What FiftyOne does not make a label without."""


def blank(document: str) -> fo.Label:
    return getattr(fo, document)(**NEEDED.get(document, {}))


OF_A_CLASS = sorted({name for document in DOCUMENTS for name in dir(blank(document))})
NASTY = ["", " ", "\t", "a.b", ".", "$x", "$", "_id", "_cls", "_", "__class__", "id", "tags", "a\0b", "x" * 65]
NASTY += ["\ud800", "\u202egnp", "\x1b[31m", "mask_path", "mask", "points", "bounding_box", "label", "logits"]

names = st.sampled_from([*NASTY, *OF_A_CLASS]) | st.text(max_size=70)


@pytest.mark.parametrize("document", DOCUMENTS)
@given(name=names)
@example(name="clean")
def test_a_label_with_a_name_that_passes_is_stored_and_read_and_copied(document: str, name: str) -> None:
    if attribute_problem(name, document) is not None:
        return
    cls = getattr(fo, document)
    value = 0.5 if name in ("confidence", "value") else "made by an annotator"
    label = cls.from_dict({**blank(document).to_dict(), name: value})
    label.validate()
    assert label[name] == value
    assert label.copy()[name] == value
    assert fo.Label.from_json(label.to_json())[name] == value
    assert getattr(blank(document), name, None) is None


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("name", [*NASTY, None, 3, b"x", ["a"]], ids=ascii)
def test_what_no_document_can_have_does_not_pass(document: str, name: Any) -> None:
    assert attribute_problem(name, document)
    assert field_problem(name) or name in ("x" * 65, "mask_path", "mask", "points", "bounding_box", "label", "logits")
    assert all(property_problem(name, document, what) for what in FACTS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_label_of_the_class_has_already_does_not_pass(document: str) -> None:
    passed = {name for name in dir(blank(document)) if attribute_problem(name, document) is None}
    expected = {
        "Classification": {"confidence"},
        "Detection": {"confidence"},
        "Polyline": {"confidence"},
        "Regression": {"confidence", "value"},
        "TemporalDetection": {"confidence"},
        "Keypoint": set(),  # its confidence is a list
        "Segmentation": set(),
    }
    assert passed == expected[document]


@pytest.mark.parametrize(
    ("what", "name", "passes"),
    [
        ("score", "confidence", True),
        ("source", "confidence", False),
        ("group", "index", True),
        ("z_order", "index", False),
        ("source", "mask_path", False),
        ("source", "to_dict", False),
        ("source", "made_by", True),
        ("occluded", "tags", False),
    ],
)
def test_where_what_cvat_knows_of_an_object_can_be_kept(what: str, name: str, passes: bool) -> None:
    assert (property_problem(name, "Detection", what) is None) is passes
    if passes:
        assert schema_of(gt={"facts": {what: name}})
    else:
        with pytest.raises(ValidationError, match=rf"the attribute '{name}' can't hold .*: it "):
            schema_of(gt={"facts": {what: name}})


def test_two_of_them_can_t_share_an_attribute_nor_take_that_of_a_value() -> None:
    with pytest.raises(ValidationError, match="'by' can't hold both 'source' and 'score'"):
        schema_of(gt={"facts": {"source": "by", "score": "by"}})
    with pytest.raises(ValidationError, match="'by' is an attribute, and can't hold the 'source' too"):
        schema_of(gt={"attributes": ["by"], "facts": {"source": "by"}})


@pytest.mark.parametrize("name", ["clean", "has_mask", "copy", "to_dict", "instance_id", "tags", "$x", "a.b", "_id"])
def test_a_schema_with_such_a_name_says_which(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        schema_of(gt={"attributes": [name]})
    assert f"an attribute can't be named '{name}'" in str(caught.value)


@pytest.mark.parametrize("name", ["save", "to_dict", "copy", "field_names", "in_db", "dataset", "_id", "a.b", "", "id"])
def test_what_would_break_a_sample_is_no_field(name: str) -> None:
    assert field_problem(name)


@pytest.mark.parametrize("name", ["ground_truth", "gt 2", "weather", "filepath", "metadata2"])
def test_other_fields_pass(name: str) -> None:
    assert field_problem(name) is None
