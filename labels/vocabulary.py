"""The words annotators see: FiftyOne's fields and classes <-> CVAT's labels and attributes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..cvat.models import AttributeSpec, Label
from .attribute_schema import Attributes
from .from_project import attribute_of
from .label_names import field_ending
from .names import attribute_problem
from .schema import FieldSchema, LabelSchema
from .skeleton import Skeleton
from .specs import cvat_names, label_specs
from .types import LABEL_TYPES
from .widgets import Widget

__all__ = ["Meaning", "Vocabulary", "Word", "cvat_names", "label_specs"]


class Word(BaseModel):
    """One CVAT label, and what it means in FiftyOne.

    Args:
        label_id: CVAT's id
        cvat_name: the name annotators see
        field: the FiftyOne field
        name: the FiftyOne class
        specs: the attribute specs by attribute name: id and default text
        widgets: by attribute name, the widgets in CVAT that are not those of the schema
        points: CVAT's ids of a skeleton's points, in order
    """

    model_config = ConfigDict(frozen=True)

    label_id: int
    cvat_name: str
    field: str
    name: str
    specs: dict[str, tuple[int, str]] = {}
    widgets: dict[str, Widget] = {}
    points: tuple[int, ...] = ()


@dataclass(frozen=True)
class Meaning:
    """What a CVAT label means: its field (``None`` if no field of the run can hold it), class and attributes."""

    field: str | None
    name: str
    attributes: Attributes
    specs: dict[str, tuple[int, str]]
    widgets: Mapping[str, Widget]


class Vocabulary:
    """The schema of a run, bound to the labels that CVAT made of it.

    Args:
        schema: the run's label schema
        words: what each CVAT label means
        added: labels that were added in CVAT after the run was sent, as they were when both sides last agreed
        called: what CVAT calls its labels now, by id, where that is not what it called them then
    """

    def __init__(
        self,
        schema: LabelSchema,
        words: Iterable[Word],
        added: Iterable[Label] = (),
        called: Mapping[int, str] | None = None,
    ) -> None:
        self.schema = schema
        self.words = tuple(words)
        self.added = tuple(added)
        self.called = dict(called or {})
        self._by_id = {word.label_id: word for word in self.words}
        self._by_class = {(word.field, word.name): word for word in self.words}
        self._added = {label.id: label for label in self.added}
        now = {label_id: self._class_of(label_id, name) for label_id, name in self.called.items()}
        self.renamed = {label_id: name for label_id, name in now.items() if name != self.name_then(label_id)}
        """The present class of CVAT labels that were renamed, by id."""

    @classmethod
    def bind(
        cls, schema: LabelSchema, labels: Iterable[Label], names: Mapping[tuple[str, str], str] | None = None
    ) -> "Vocabulary":
        """Finds the schema's labels among those of a task or project.

        Args:
            schema: the run's label schema
            labels: what CVAT has
            names: the label of each (field, class), if they were not made for this run; their labels may then lack
                attributes, which stay behind

        Raises:
            ValueError: if CVAT lacks one
        """
        by_name = {label.name: label for label in labels}
        words = []
        for (field, name), cvat_name in (cvat_names(schema) if names is None else names).items():
            label = by_name.get(cvat_name)
            if label is None:
                raise ValueError(f"CVAT has no label '{cvat_name}'")
            words.append(_word(field, name, label, schema.fields[field], partial=names is not None))
        return cls(schema, words)

    def refreshed(self, labels: Iterable[Label]) -> "Vocabulary":
        """The same words, with the names that CVAT's labels have now and the labels added since."""
        now = {label.id: label for label in labels}
        then = {word.label_id: word.cvat_name for word in self.words}
        then.update({label.id: label.name for label in self.added})
        called = {i: now[i].name for i, name in then.items() if i in now and now[i].name != name}
        known = [now.get(label.id, label).model_copy(update={"name": label.name}) for label in self.added]
        fresh = [label for label in now.values() if label.id not in then]
        return Vocabulary(self.schema, self.words, [*known, *fresh], called)

    def settled(self) -> "Vocabulary":
        """The vocabulary after a load: new names are the names."""
        words = [
            word.model_copy(update={"name": self.name_now(word.label_id), "cvat_name": self.called[word.label_id]})
            if word.label_id in self.called
            else word
            for word in self.words
        ]
        added = [label.model_copy(update={"name": self.called.get(label.id, label.name)}) for label in self.added]
        return Vocabulary(self.schema, words, added)

    def word(self, field: str, name: str) -> Word | None:
        """The CVAT label of a class, or ``None`` if the schema lacks it."""
        return self._by_class.get((field, name))

    def knows(self, label_id: int) -> bool:
        """Whether a CVAT label is one of the run's, or was seen when it was refreshed."""
        return label_id in self._by_id or label_id in self._added

    def name_then(self, label_id: int) -> str:
        """The class of a CVAT label when both sides last agreed."""
        if (word := self._by_id.get(label_id)) is not None:
            return word.name
        label = self._added.get(label_id)
        return self._class_of(label_id, label.name) if label is not None else f"label {label_id}"

    def name_now(self, label_id: int) -> str:
        """The class of a CVAT label now."""
        return self.renamed.get(label_id) or self.name_then(label_id)

    def points_of(self, label_id: int) -> dict[int, int]:
        """The places of a skeleton's points, by CVAT's ids of them."""
        if (word := self._by_id.get(label_id)) is not None:
            return {point: index for index, point in enumerate(word.points)}
        label = self._added.get(label_id)
        return {sub.id: index for index, sub in enumerate(label.sublabels)} if label is not None else {}

    def meaning(self, label_id: int, type_: str) -> Meaning:
        """What an object of a CVAT label is in FiftyOne.

        Args:
            label_id: the CVAT label
            type_: of the object: a shape's type, or ``"tag"``
        """
        name = self.name_now(label_id)
        word = self._by_id.get(label_id)
        if word is not None:
            item = self.schema.fields[word.field]
            fits = type_ in LABEL_TYPES[item.type].codec.shape_types
            attributes = {**item.all_attributes, **item.attributes_of(word.name)}
            return Meaning(word.field if fits else None, name, attributes, word.specs, word.widgets)
        label = self._added.get(label_id)
        field = self._home_of(self.called.get(label_id) or (label.name if label else ""), type_)
        shared = self.schema.fields[field].attributes if field else {}
        specs = [spec for spec in label.attributes if self._is_free(spec, field)] if label else []
        return Meaning(
            field,
            name,
            {spec.name: shared.get(spec.name) or attribute_of(spec) for spec in specs},
            {spec.name: (spec.id, spec.default_value) for spec in specs if spec.id is not None},
            {spec.name: Widget.of(spec) for spec in specs},
        )

    def _class_of(self, label_id: int, cvat_name: str) -> str:
        """The FiftyOne class in a name of a CVAT label, which may end with its field."""
        word = self._by_id.get(label_id)
        fields = [word.field] if word else list(self.schema.fields)
        endings = [ending for field in fields for ending in (f" ({field})", field_ending(field))]
        if word and word.cvat_name.startswith(f"{word.name.strip()} ("):
            # The name of a copy's field is not the one that annotators see
            endings.append(word.cvat_name.removeprefix(word.name.strip()))
        return next((cvat_name.removesuffix(end) for end in endings if cvat_name.endswith(end)), cvat_name)

    def _home_of(self, name: str, type_: str) -> str | None:
        """The field for a class that was added in CVAT: the one its name points to, else the first that fits."""
        fits = [f for f, item in self.schema.fields.items() if type_ in LABEL_TYPES[item.type].codec.shape_types]
        named = [field for field in fits if name.endswith((f" ({field})", field_ending(field)))]
        return next(iter(named or fits), None)

    def _is_free(self, spec: AttributeSpec, field: str | None) -> bool:
        """Whether an attribute that was added in CVAT would overwrite nothing that FiftyOne's labels always have."""
        codecs = (
            [LABEL_TYPES[self.schema.fields[field].type].codec] if field else [t.codec for t in LABEL_TYPES.values()]
        )
        return all(
            attribute_problem(spec.name, codec.document) is None and spec.name not in (*codec.geometry, *codec.standard)
            for codec in codecs
            if codec.document
        )

    def dump(self) -> dict[str, Any]:
        """The vocabulary as JSON-able data."""
        return {
            "words": [word.model_dump(mode="json") for word in self.words],
            "added": [label.model_dump(mode="json") for label in self.added],
        }

    @classmethod
    def load(cls, schema: LabelSchema, data: Mapping[str, Any]) -> "Vocabulary":
        """The vocabulary that :meth:`dump` gave."""
        words = [Word.model_validate(word) for word in data["words"]]
        return cls(schema, words, [Label.model_validate(label) for label in data["added"]])


def _word(field: str, name: str, label: Label, item: FieldSchema, partial: bool) -> Word:
    found = {spec.name: spec for spec in label.attributes if spec.id is not None}
    specs: dict[str, tuple[int, str]] = {}
    widgets: dict[str, Widget] = {}
    for wanted, attribute in item.attributes_of(name).items():
        spec = found.get(wanted.strip())  # CVAT trims names
        if spec is None or spec.id is None:
            if partial:
                continue
            raise ValueError(f"CVAT's label '{label.name}' has no attribute '{wanted}'")
        specs[wanted] = (spec.id, spec.default_value)
        if not Widget.of(spec).is_like(attribute.widget):
            widgets[wanted] = Widget.of(spec)
    points = _points(label, item.skeleton) if item.skeleton else ()
    return Word(
        label_id=label.id, cvat_name=label.name, field=field, name=name, specs=specs, widgets=widgets, points=points
    )


def _points(label: Label, skeleton: Skeleton) -> tuple[int, ...]:
    """CVAT's ids of a skeleton's points, in its order."""
    ids = {sub.name: sub.id for sub in label.sublabels}
    if absent := [point for point in skeleton.labels if point.strip() not in ids]:
        raise ValueError(f"CVAT's skeleton '{label.name}' has no point '{absent[0]}'")
    return tuple(ids[point.strip()] for point in skeleton.labels)
