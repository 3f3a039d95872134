"""A label on its way to CVAT and back, without a server: what CVAT does with labels and objects, as recorded."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeSpec, AttributeValue, Label, Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.encode import Encoded, encode_label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.read import Reading, read_label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.specs import label_specs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from pydantic import TypeAdapter

Object = Shape | Tag
NOISE = 1e-3  # pixels by which CVAT's editor moves what nobody touched


def bits(value: Any) -> str:
    """A text that is the same only for values that are the same to the last bit, and of the same types."""
    return json.dumps(value, sort_keys=True)


def schema_of(**fields: Mapping[str, Any]) -> LabelSchema:
    """A schema of fields; each is of type detections and has the class `car` unless it says otherwise."""
    return LabelSchema.model_validate(
        {"fields": {name: {"type": "detections", "classes": ["car"], **item} for name, item in fields.items()}}
    )


def make_labels(schema: LabelSchema) -> list[Label]:
    """The labels that CVAT makes for a schema: names are trimmed, attributes get ids."""
    numbers = itertools.count(200)
    return [
        Label(
            id=next(numbers),
            name=spec.name.strip(),
            type=spec.type,
            attributes=tuple(
                AttributeSpec(
                    id=next(numbers),
                    name=attribute.name.strip(),
                    mutable=attribute.mutable,
                    input_type=attribute.input_type,
                    default_value=attribute.default_value,
                    values=attribute.values,
                )
                for attribute in spec.attributes
            ),
            sublabels=tuple(Label(id=next(numbers), name=sub.name.strip(), type=sub.type) for sub in spec.sublabels),
        )
        for spec in label_specs(schema)
    ]


def bound(schema: LabelSchema) -> Vocabulary:
    """A schema's vocabulary after its labels were made in CVAT."""
    return Vocabulary.bind(schema, make_labels(schema))


def answer(objects: Iterable[Object], first_id: int = 40_000) -> tuple[Object, ...]:
    """Objects as CVAT returns them when they are created: with ids, through JSON, texts trimmed."""
    stored = []
    for number, item in enumerate(objects):
        data = json.loads(item.model_dump_json())
        data["id"] = first_id + number
        for value in data["attributes"]:
            value["value"] = value["value"].strip()
        stored.append(type(item).model_validate(data))
    return tuple(stored)


def echo(item: Object) -> Object:
    """An object as a later read gives it: numbers may change their type, attributes their order."""
    data = json.loads(item.model_dump_json())
    data["attributes"].reverse()
    if "points" in data:
        data["points"] = [int(point) if point == int(point) else point for point in data["points"]]
    return type(item).model_validate_json(json.dumps(data))


def edited(item: Object, attributes: Mapping[int, str] | None = None, **changes: Any) -> Object:
    """An object after an edit.

    Args:
        item: the object
        attributes: new texts by spec id
        changes: other new values
    """
    texts = {value.spec_id: value.value for value in item.attributes} | dict(attributes or {})
    values = tuple(AttributeValue(spec_id=spec, value=text) for spec, text in texts.items())
    return item.model_copy(update={"attributes": values, **changes})


@dataclass(frozen=True)
class Sent:
    """A label that was sent to CVAT.

    Args:
        document: the label in FiftyOne
        vocabulary: the run's words
        size: of its frame
        encoded: what was created in CVAT
        base: what is remembered of it, as read back from where it is kept
    """

    document: Mapping[str, Any]
    vocabulary: Vocabulary
    size: Size
    encoded: Encoded
    base: BaseLabel
    objects: tuple[Object, ...] = field(default=())

    def spec(self, attribute: str, name: str | None = None) -> int:
        """The id of an attribute of a class; of the label's own unless another is named."""
        word = self.vocabulary.word(self.base.field, name or self.document["label"])
        assert word is not None
        return word.specs[attribute][0]

    def label_id(self, name: str) -> int:
        """The id of a class."""
        word = self.vocabulary.word(self.base.field, name)
        assert word is not None
        return word.label_id

    def read(self, *now: Object | None, vocabulary: Vocabulary | None = None) -> Reading:
        """What CVAT says the label is now."""
        pairs = list(zip(self.base.objects, now, strict=True))
        return read_label(self.base, pairs, vocabulary or self.vocabulary, self.size)

    def changes(self, *now: Object | None, vocabulary: Vocabulary | None = None) -> dict[str, Any]:
        """Only the parts that differ, to the last bit."""
        parts = self.read(*now, vocabulary=vocabulary).parts
        assert set(self.base.parts) <= set(parts)
        return {path: value for path, value in parts.items() if bits(value) != bits(self.base.parts.get(path))}

    def write(self, text: str, attribute: str) -> dict[str, Any]:
        """What differs after a person entered a text in an attribute."""
        return self.changes(edited(self.objects[0], {self.spec(attribute): text}))


def send(
    document: Mapping[str, Any],
    schema: LabelSchema,
    size: Sequence[int] = (640, 480),
    name: str = "gt",
    vocabulary: Vocabulary | None = None,
) -> Sent:
    """Sends a label: what is then in CVAT, and what is remembered."""
    vocabulary = vocabulary or bound(schema)
    frame = Size(*size)
    encoded = encode_label(document, name, vocabulary, frame, 0, 1)
    base = BaseLabel(
        field=name,
        sample_id="a" * 24,
        frame=0,
        label_id="b" * 24,
        parts=encoded.parts,
        objects=answer(encoded.objects),
        group=1 if len(encoded.objects) > 1 else 0,
    )
    kept = TypeAdapter(BaseLabel)
    base = kept.validate_json(kept.dump_json(base, exclude_defaults=True))
    return Sent(document, vocabulary, frame, encoded, base, base.objects)
