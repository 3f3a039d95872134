"""The words annotators see, and what they mean in FiftyOne, also after people changed them in CVAT."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeSpec, Label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.specs import cvat_names, label_specs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from hypothesis import given
from hypothesis import strategies as st
from labels_server import bound, edited, make_labels, schema_of, send

BOX = {"label": "car", "bounding_box": [0.25, 0.5, 0.5, 0.25]}

words = st.text(st.sampled_from("ab ()~2\t☃"), min_size=1, max_size=8).filter(str.strip) | st.builds(
    lambda start, end: start * 64 + end, st.sampled_from("ab "), st.sampled_from(["x", "y", " z", ""])
).filter(str.strip)


@st.composite
def schemas(draw: st.DrawFn) -> LabelSchema:
    fields = draw(st.lists(st.sampled_from(["a", "gt", "b (a)", "f" * 70]), min_size=1, unique=True))
    return schema_of(
        **{field: {"classes": draw(st.lists(words, min_size=1, max_size=5, unique=True))} for field in fields}
    )


def rename(labels: list[Label], then: str, now: str) -> list[Label]:
    assert then in [label.name for label in labels]
    return [label.model_copy(update={"name": now}) if label.name == then else label for label in labels]


def added(name: str, *attributes: dict[str, Any], label_id: int = 900) -> Label:
    specs = [AttributeSpec(id=label_id + 1 + n, **attribute) for n, attribute in enumerate(attributes)]
    return Label(id=label_id, name=name, attributes=tuple(specs))


def kept(vocabulary: Vocabulary) -> Vocabulary:
    """A vocabulary as the next load finds it."""
    return Vocabulary.load(vocabulary.schema, json.loads(json.dumps(vocabulary.settled().dump())))


class TestNames:
    @pytest.mark.parametrize(
        ("fields", "names"),
        [
            ({"gt": ["car", "bus"]}, ["car", "bus"]),
            ({"gt": ["car", "bus"], "pred": ["car"]}, ["car (gt)", "bus", "car (pred)"]),
            ({"gt": ["Car", "car"]}, ["Car", "car"]),  # CVAT tells them apart
            ({"gt": [" car "]}, ["car"]),
            ({"gt": ["car", "car "]}, ["car ~f64c44 (gt)", "car ~422441 (gt)"]),
            ({"gt": ["car", "car (gt)"], "pred": ["car"]}, ["car (gt)", "car (gt) (gt)", "car (pred)"]),
            (
                {"gt": ["dog", "dog (pred)"], "pred": ["dog", "dog (pred)"]},
                ["dog (gt)", "dog (pred) (gt)", "dog (pred)", "dog (pred) (pred)"],
            ),
            ({"gt": ["x" * 64]}, ["x" * 64]),
            ({"gt": ["x" * 65]}, ["x" * 31 + "…" + "x" * 32]),
            (
                {"gt": ["x" * 65, "x" * 66]},
                ["x" * 25 + "…" + "x" * 25 + " ~745b93 (gt)", "x" * 25 + "…" + "x" * 25 + " ~379a67 (gt)"],
            ),
            (
                {"gt": ["a" * 70], "pred": ["a" * 70]},
                ["a" * 29 + "…" + "a" * 29 + " (gt)", "a" * 28 + "…" + "a" * 28 + " (pred)"],
            ),
            (
                {"f" * 70: ["car"], "g": ["car"]},
                ["car (" + "f" * 11 + "…" + "f" * 12 + ")", "car (g)"],
            ),
        ],
    )
    def test_what_annotators_see(self, fields: dict[str, list[str]], names: list[str]) -> None:
        schema = schema_of(**{field: {"classes": classes} for field, classes in fields.items()})
        assert list(cvat_names(schema).values()) == names
        assert [spec.name for spec in label_specs(schema)] == names

    @given(schemas())
    def test_they_are_unique_and_fit_and_are_found_again(self, schema: LabelSchema) -> None:
        names = list(cvat_names(schema).values())
        assert len({name.strip() for name in names}) == len(names)
        assert all(0 < len(name) <= 64 and name == name.strip() for name in names)
        vocabulary = Vocabulary.bind(schema, reversed(make_labels(schema)))
        for field, item in schema.fields.items():
            for name in item.class_names:
                word = vocabulary.word(field, name)
                assert word is not None
                meaning = vocabulary.meaning(word.label_id, "rectangle")
                assert (meaning.field, meaning.name) == (field, name)

    @given(schemas())
    def test_a_name_that_two_could_have_says_its_field(self, schema: LabelSchema) -> None:
        names = cvat_names(schema)
        plain = Counter(name.strip() for _, name in names)
        for (field, name), called in names.items():
            if plain[name.strip()] > 1:
                assert called.endswith(f" ({field})") or (len(field) > 24 and called.endswith(f"{field[-10:]})"))

    @given(schemas(), st.randoms())
    def test_they_do_not_depend_on_the_order(self, schema: LabelSchema, random: Any) -> None:
        fields = [(name, [*item.class_names]) for name, item in schema.fields.items()]
        random.shuffle(fields)
        for _, classes in fields:
            random.shuffle(classes)
        other = schema_of(**{name: {"classes": classes} for name, classes in fields})
        assert cvat_names(other) == cvat_names(schema)

    @pytest.mark.parametrize("field", ["gt", "f" * 70])
    def test_a_label_that_is_renamed_or_added_with_a_field_in_its_name_is_of_that_field(self, field: str) -> None:
        schema = schema_of(**{field: {"classes": ["car"]}, "pred": {"classes": ["car"]}})
        labels = make_labels(schema)
        ending = labels[0].name.removeprefix("car")
        now = rename([*labels, added(f"tree{ending}")], labels[0].name, f"bus{ending}")
        vocabulary = bound(schema).refreshed(now)
        assert (vocabulary.name_now(labels[0].id), vocabulary.meaning(900, "rectangle").field) == ("bus", field)
        assert vocabulary.meaning(900, "rectangle").name == "tree"

    @given(schemas())
    def test_a_load_without_changes_changes_nothing(self, schema: LabelSchema) -> None:
        labels = make_labels(schema)
        vocabulary = bound(schema)
        again = kept(vocabulary.refreshed(labels))
        assert again.words == vocabulary.words
        assert not again.refreshed(labels).renamed
        assert not again.added

    def test_a_project_without_one_of_them(self) -> None:
        schema = schema_of(gt={"classes": ["car", "bus"]})
        with pytest.raises(ValueError, match=r"^CVAT has no label 'bus'$"):
            Vocabulary.bind(schema, make_labels(schema)[:1])
        schema = schema_of(gt={"attributes": ["plate"]})
        with pytest.raises(ValueError, match=r"^CVAT's label 'car' has no attribute 'plate'$"):
            Vocabulary.bind(schema, [label.model_copy(update={"attributes": ()}) for label in make_labels(schema)])


class TestWidgets:
    @pytest.mark.parametrize(
        ("settings", "values", "default"),
        [
            ({"type": "text"}, (), ""),
            ({"type": "text", "values": ["a"], "default": "a"}, (), "a"),
            ({"type": "select", "values": ["a", "b"]}, ("", "a", "b"), ""),
            ({"type": "radio", "values": [1, 2.5, True], "default": 1}, ("", "1", "2.5", "true"), "1"),
            ({"type": "select", "values": [None, "a"]}, ("", "a"), ""),
            ({"type": "checkbox"}, ("false",), "false"),
            ({"type": "checkbox", "default": True}, ("false",), "true"),
            ({"type": "number"}, ("-9007199254740991", "9007199254740991", "0.01"), "0"),
            ({"type": "number", "kind": "int"}, ("-9007199254740991", "9007199254740991", "1"), "0"),
            ({"type": "number", "values": [0, 9, 3], "default": 3}, ("0", "9", "3"), "3"),
            ({"type": "number", "values": [1, 9, 1]}, ("1", "9", "1"), "1"),
        ],
    )
    def test_what_cvat_is_asked_for(self, settings: dict[str, Any], values: tuple[str, ...], default: str) -> None:
        """ "No value" is always among what the widget accepts."""
        (label,) = label_specs(schema_of(gt={"attributes": {"it": settings}}))
        (spec,) = label.attributes
        assert (spec.input_type, spec.values, spec.default_value) == (settings["type"], values, default)

    def test_attributes_of_single_classes(self) -> None:
        schema = schema_of(
            gt={
                "classes": [{"classes": ["car"], "attributes": {"speed": {"type": "number", "kind": "int"}}}, "man"],
                "attributes": ["sure"],
            },
            boats={"classes": [{"classes": ["boat"], "attributes": {"speed": {"type": "number"}}}]},
        )
        assert [[a.name for a in spec.attributes] for spec in label_specs(schema)] == [
            ["sure", "speed"],
            ["sure"],
            ["speed"],
        ]

    def test_each_class_reads_an_attribute_its_own_way(self) -> None:
        schema = schema_of(
            gt={
                "classes": [
                    {"classes": ["car"], "attributes": {"speed": {"type": "number", "kind": "int"}}},
                    {"classes": ["boat"], "attributes": {"speed": {"type": "text"}}},
                ]
            }
        )
        assert send(BOX, schema).write("7", "speed") == {"speed": 7}
        assert send({**BOX, "label": "boat"}, schema).write("7", "speed") == {"speed": "7"}

    def test_spaces_around_an_attribute_that_cvat_trims(self) -> None:
        sent = send({**BOX, " note ": "a"}, schema_of(gt={"attributes": [" note "]}))
        assert sent.write("b", " note ") == {" note ": "b"}


class TestRenamed:
    @pytest.mark.parametrize(
        ("fields", "then", "now", "name"),
        [
            ({"gt": {}}, "car", "auto", "auto"),
            ({"gt": {}, "pred": {}}, "car (gt)", "auto (gt)", "auto"),
            ({"gt": {}, "pred": {}}, "car (gt)", "auto", "auto"),
            ({"gt": {}}, "car", "car (gt)", None),  # the class is the same
        ],
    )
    def test_labels_follow_once(self, fields: Any, then: str, now: str, name: str | None) -> None:
        schema = schema_of(**fields)
        labels = make_labels(schema)
        sent = send(BOX, schema)
        refreshed = sent.vocabulary.refreshed(rename(labels, then, now))
        assert list(refreshed.renamed.values()) == ([name] if name else [])
        assert sent.changes(*sent.objects, vocabulary=refreshed) == ({"label": name} if name else {})
        # The next load finds nothing new, or it would read every job again, for ever
        later = kept(refreshed).refreshed(rename(labels, then, now))
        assert not later.called
        assert not later.renamed
        assert later.meaning(sent.objects[0].label_id, "rectangle").name == (name or "car")
        back = kept(later).refreshed(labels)
        assert list(back.renamed.values()) == (["car"] if name else [])

    def test_two_that_were_swapped(self) -> None:
        schema = schema_of(gt={"classes": ["car", "bus"]})
        labels = make_labels(schema)
        sent = send(BOX, schema)
        swapped = [
            label.model_copy(update={"name": other.name}) for label, other in zip(labels, labels[::-1], strict=True)
        ]
        refreshed = sent.vocabulary.refreshed(swapped)
        assert sent.changes(*sent.objects, vocabulary=refreshed) == {"label": "bus"}
        assert not kept(refreshed).refreshed(swapped).renamed

    def test_attributes_of_a_renamed_class_are_read_as_before(self) -> None:
        schema = schema_of(
            gt={"classes": [{"classes": ["car"], "attributes": {"doors": {"type": "number", "kind": "int"}}}]}
        )
        sent = send(BOX, schema)
        later = kept(sent.vocabulary.refreshed(rename(make_labels(schema), "car", "auto")))
        now = edited(sent.objects[0], {sent.spec("doors"): "5"})
        assert sent.changes(now, vocabulary=later) == {"doors": 5}

    def test_one_that_was_added_and_renamed(self) -> None:
        schema = schema_of(gt={})
        labels = make_labels(schema)
        loaded = kept(bound(schema).refreshed([*labels, added("bike")]))
        renamed = loaded.refreshed([*labels, added("bicycle")])
        assert renamed.renamed == {900: "bicycle"}
        assert (renamed.name_then(900), renamed.name_now(900)) == ("bike", "bicycle")
        assert renamed.meaning(900, "rectangle").name == "bicycle"
        later = kept(renamed).refreshed([*labels, added("bicycle")])
        assert (later.renamed, later.name_then(900)) == ({}, "bicycle")

    def test_a_copy_in_another_field_drops_the_ending_that_annotators_see(self) -> None:
        """Words of a load into another field keep the names that were sent."""
        schema = schema_of(gt={}, pred={})
        labels = make_labels(schema)
        copy = [
            word.model_copy(update={"field": "gt2"}) if word.field == "gt" else word for word in bound(schema).words
        ]
        vocabulary = Vocabulary(schema_of(gt2={}, pred={}), copy)
        assert list(vocabulary.refreshed(rename(labels, "car (gt)", "auto (gt)")).renamed.values()) == ["auto"]


class TestAdded:
    @pytest.mark.parametrize(
        ("name", "shape", "field", "class_name"),
        [
            ("bike", "rectangle", "boxes", "bike"),
            ("bike", "polygon", "areas", "bike"),
            ("bike (more)", "rectangle", "more", "bike"),
            ("bike (areas)", "rectangle", "boxes", "bike"),
            ("bike (other)", "rectangle", "boxes", "bike (other)"),
            ("bike", "tag", None, "bike"),
            ("bike", "ellipse", "areas", "bike"),
            ("bike", "points", None, "bike"),
        ],
    )
    def test_where_it_belongs(self, name: str, shape: str, field: str | None, class_name: str) -> None:
        schema = schema_of(boxes={}, more={"classes": ["bus"]}, areas={"type": "polygons", "classes": ["road"]})
        vocabulary = bound(schema).refreshed([*make_labels(schema), added(name)])
        assert vocabulary.knows(900)
        assert vocabulary.name_then(900) == class_name
        meaning = vocabulary.meaning(900, shape)
        assert (meaning.field, meaning.name) == (field, class_name)
        assert kept(vocabulary).meaning(900, shape) == meaning

    def test_its_attributes_are_judged_by_their_widgets(self) -> None:
        schema = schema_of(gt={"attributes": {"speed": {"type": "number", "kind": "int"}}})
        label = added(
            "bike",
            {"name": "speed", "input_type": "text"},
            {"name": "bell", "input_type": "checkbox", "default_value": "false", "values": ("false",)},
            {"name": "gears", "input_type": "number", "values": ("1", "30", "1")},
            {"name": "weight", "input_type": "number", "values": ("0", "30", "0.5")},
            {"name": "owner", "input_type": "text"},
        )
        vocabulary = bound(schema).refreshed([*make_labels(schema), label])
        sent = send(BOX, schema)
        texts = dict(zip(range(901, 906), ["7", "true", "21", "8", "me"], strict=True))
        now = edited(sent.objects[0].model_copy(update={"label_id": 900, "attributes": ()}), texts)
        changes = sent.changes(now, vocabulary=vocabulary)
        assert json.dumps(changes, sort_keys=True) == json.dumps(
            {"bell": True, "gears": 21, "label": "bike", "owner": "me", "speed": 7, "weight": 8.0}
        )

    @pytest.mark.parametrize(
        "name",
        ["label", "bounding_box", "rotation", "tags", "_id", "_cls", "$set", "a.b", "confidence", "index", "mask"],
    )
    def test_none_of_them_overwrites_what_a_label_always_has(self, name: str) -> None:
        schema = schema_of(gt={})
        vocabulary = bound(schema).refreshed([*make_labels(schema), added("bike", {"name": name})])
        assert vocabulary.meaning(900, "rectangle").specs == {}
        assert vocabulary.meaning(900, "tag").specs == {}

    def test_one_that_is_deleted_again_keeps_its_meaning(self) -> None:
        schema = schema_of(gt={})
        loaded = kept(bound(schema).refreshed([*make_labels(schema), added("bike")]))
        later = loaded.refreshed(make_labels(schema))
        assert later.meaning(900, "rectangle").name == "bike"
        assert kept(later).knows(900)

    def test_one_that_nobody_told_of(self) -> None:
        vocabulary = bound(schema_of(gt={}))
        assert not vocabulary.knows(77)
        assert vocabulary.meaning(77, "rectangle").name == "label 77"
