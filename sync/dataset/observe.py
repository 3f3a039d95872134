"""What labels a collection has: classes, attributes and their values. One pass over the raw documents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...labels.attribute_schema import AttributeSchema
from ...labels.codec import Codec
from ...labels.inference import SeenValues
from ...labels.names import GEOMETRY, IDENTITY, KEYFRAME, attribute_problem, shown
from ...labels.rotation import RotationsSeen
from ...labels.schema import FieldSchema


@dataclass
class Observed:
    """The labels of one field.

    Args:
        labels: how many there are
        no_labels: how many values are in their place that are none
        classes: how many of each class; labels without a class are under ``""``
        attributes: what attributes they have
        unnameable: how many values are in attributes whose name can't be carried, by sentence
        rotations: of boxes
        shape_types: how many would be drawn as which type of CVAT shape
    """

    labels: int = 0
    no_labels: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    attributes: dict[str, SeenValues] = field(default_factory=dict)
    unnameable: Counter[str] = field(default_factory=Counter)
    rotations: RotationsSeen = field(default_factory=RotationsSeen)
    shape_types: Counter[str] = field(default_factory=Counter)

    def add(self, documents: Iterable[Any], codec: Codec, known: frozenset[str]) -> None:
        """Counts labels.

        Args:
            documents: the labels
            codec: how they are drawn
            known: the paths that are no attributes
        """
        problems: dict[str, str] = {}
        for document in documents:
            if not isinstance(document, Mapping):
                self.no_labels += 1
                continue
            self.labels += 1
            if codec.named:
                own = document.get("label")
                self.classes[own if isinstance(own, str) else ""] += 1
            try:
                shape_type, follows = codec.shape_type(document), codec.follows(document)
            except (AttributeError, KeyError, TypeError, ValueError):  # so does this
                continue
            self.shape_types[shape_type] += 1
            if shape_type == "rectangle":
                self.rotations.add(document.get("rotation"))
            self._add_attributes(document, document.keys() - known - set(follows), codec, problems)

    def _add_attributes(
        self, document: Mapping[str, Any], names: Iterable[str], codec: Codec, problems: dict[str, str]
    ) -> None:
        """Counts the values of a label.

        Args:
            document: the label
            names: of its attributes
            codec: how it is drawn
            problems: why a name can't be carried, or ``""``, of those that were seen already
        """
        for name in names:
            value = document[name]
            if value is None:
                continue
            if name not in problems:
                problem = attribute_problem(name, codec.document)
                problems[name] = f"values of attribute {shown(name)}, as its name {problem}" if problem else ""
            if problems[name]:
                self.unnameable[problems[name]] += 1
            else:
                self.attributes.setdefault(name, SeenValues()).add(value)

    def missing_notes(self, name: str, schema: FieldSchema) -> Iterator[str]:
        """Sentences about attributes whose widget can't show that there is no value."""
        looks = {"number": "0", "checkbox": "false"}
        for attribute, item in schema.all_attributes.items():
            look = item.absent if item.absent else looks.get(item.type, "")
            if self.labels and item.type in looks and not item.read_only and self.misses(attribute):
                yield (
                    f"Labels of '{name}' without '{attribute}' look in CVAT as if it were {look}, and setting it to "
                    f"{look} there changes nothing. A 'text' or a 'select' would show that there is no value."
                )

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.classes if name.strip()))

    def attribute_schemas(self, declared: Mapping[str, str]) -> dict[str, AttributeSchema]:
        """The attributes that CVAT can hold, with a widget for each.

        Args:
            declared: the classes of the fields that the dataset declares for them, by name
        """
        found = sorted(self.attributes.items())
        return {name: seen.schema(self.misses(name), declared.get(name)) for name, seen in found if seen.kinds}

    def misses(self, name: str) -> bool:
        """Whether some labels have no value of an attribute."""
        return name not in self.attributes or self.attributes[name].count < self.labels


def known_paths(codec: Codec, *, on_frames: bool = False) -> frozenset[str]:
    """The paths in a label's document that are no attributes.

    Args:
        codec: how the labels are drawn
        on_frames: whether they are on the frames of videos, where FiftyOne notes which of them are keyframes
    """
    own = frozenset({KEYFRAME}) if on_frames else frozenset()
    return IDENTITY | GEOMETRY | {"_id", "_cls"} | codec.standard | frozenset(codec.geometry) | own
