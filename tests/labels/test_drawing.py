"""What is drawn in tasks that were not made for the run: a CVAT label is the class that a load takes it for."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import AttributeSpec, Label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.drawing import drawing_words
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary

AGE = AttributeSpec(id=7, name="age", input_type="number", default_value="1", values=("0", "20", "1"), mutable=False)
SCHEMA = LabelSchema.model_validate(
    {
        "fields": {
            "boxes": {"type": "detections", "classes": ["cat"]},
            "lines": {"type": "polylines", "classes": ["road"]},
        }
    }
)


def label(id: int, name: str, type: str = "any", **more: object) -> Label:
    return Label.model_validate({"id": id, "name": name, "type": type, **more})


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([label(1, "cat")], {("boxes", "cat"): 1, ("lines", "cat"): 1}),
        ([label(1, "cat", "rectangle")], {("boxes", "cat"): 1}),
        ([label(1, "cat", "mask"), label(2, "road", "polygon")], {("boxes", "cat"): 1, ("lines", "road"): 2}),
        ([label(1, "cat", "tag"), label(2, "dog", "points")], {}),
        ([label(1, "cat (boxes)", "rectangle"), label(2, "cat", "rectangle")], {("boxes", "cat"): 2}),
        ([label(1, "cat (lines)")], {("boxes", "cat"): 1, ("lines", "cat"): 1}),
    ],
)
def test_each_label_is_what_a_load_takes_it_for(labels: list[Label], words: dict[tuple[str, str], int]) -> None:
    known = Vocabulary(SCHEMA, (), labels)
    drawn = drawing_words(known, labels)
    assert {(word.field, word.name): word.label_id for word in drawn.words} == words
    for word in drawn.words:
        types = ["rectangle", "mask", "polygon", "polyline"] if word.drawn_as == "any" else [word.drawn_as]
        read = [known.meaning(word.label_id, type_) for type_ in types]
        assert (word.field, word.name) in {(one.field, one.name) for one in read}


def test_attributes_are_those_of_the_task() -> None:
    labels = [label(1, "dog", "rectangle", attributes=[AGE])]
    drawn = drawing_words(Vocabulary(SCHEMA, (), labels), labels)
    (word,) = drawn.words
    assert word.specs == {"age": (7, "1")}
    assert drawn.schema.fields["boxes"].attributes_of("dog")["age"].kind == "int"
    assert drawn.schema.fields["boxes"].class_names == ("cat", "dog")


def test_labels_that_are_gone_are_not_drawn_with() -> None:
    gone = label(1, "cat")
    assert drawing_words(Vocabulary(SCHEMA, (), [gone]), []).words == ()


def test_a_run_that_was_sent_has_its_words() -> None:
    schema = LabelSchema.model_validate({"fields": {"boxes": {"type": "detections", "classes": ["cat"]}}})
    sent = Vocabulary.bind(schema, [label(1, "cat")])
    assert drawing_words(sent, [label(1, "cat"), label(2, "dog")]) is sent
