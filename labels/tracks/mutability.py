"""Which attributes change along the objects of a video: those are mutable in CVAT, others belong to a whole track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...cvat.models import Label
from ..attribute_schema import AttributeSchema
from ..attributes import NotCarried, to_text
from ..schema import ClassSchema, FieldSchema
from .identity import FrameLabel, find_objects


class AttributeChanges:
    """What the attributes of a field do along the objects of any number of videos.

    Args:
        schema: of the field
    """

    def __init__(self, schema: FieldSchema) -> None:
        self._schema = schema
        self._changing: set[tuple[str, str]] = set()
        self._seen: set[str] = set()

    def add(self, labels: Sequence[FrameLabel]) -> None:
        """Looks at the labels of one video."""
        first: dict[tuple[int, str], dict[str, str]] = {}
        for label, number in zip(labels, find_objects(labels).numbers, strict=True):
            name = label.document.get("label")
            if number is None or not isinstance(name, str):
                continue
            attributes = self._schema.attributes_of(name)
            texts = {attribute: _text(label, attribute, item) for attribute, item in attributes.items()}
            if (before := first.setdefault((number, name), texts)) is not texts:
                self._seen.add(name)
                self._changing.update((name, own) for own, text in texts.items() if before[own] != text)

    def is_mutable(self, name: str, attribute: str) -> bool:
        """Whether an attribute changes along an object of a class, or no such object has several labels."""
        return name not in self._seen or (name, attribute) in self._changing

    def schema(self) -> FieldSchema:
        """The field's schema with attributes that never change as immutable; what is immutable already stays so."""
        classes = [ClassSchema(name=entry.name, attributes=self._attributes(entry)) for entry in self._schema.classes]
        return FieldSchema.model_validate({**self._schema.model_dump(), "classes": classes})

    def _attributes(self, entry: ClassSchema) -> dict[str, AttributeSchema]:
        found = dict(entry.attributes)
        for name, item in self._schema.attributes_of(entry.name).items():
            if item.mutable and not self.is_mutable(entry.name, name):
                found[name] = item.model_copy(update={"mutable": False})
        return found


def mutable_specs(labels: Iterable[Label]) -> frozenset[int]:
    """The ids of the attribute specs that may change along a track, of the labels that CVAT has."""
    return frozenset(
        spec.id
        for label in labels
        for own in (label, *label.sublabels)
        for spec in own.attributes
        if spec.mutable and spec.id is not None
    )


def _text(label: FrameLabel, attribute: str, schema: AttributeSchema) -> str:
    """What CVAT would show."""
    value = label.document.get(attribute)
    try:
        return schema.absent if value is None else to_text(value)
    except NotCarried:
        return schema.absent
