"""The words annotators see: FiftyOne's fields and classes <-> CVAT's labels and attributes."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..cvat.models import AttributeSpec, Label
from .from_project import attribute_of
from .label_names import field_ending
from .names import FRAMES, KEYFRAME, attribute_problem
from .renumbered import FormerLabel, former_label, joined, renumbered
from .schema import LabelSchema
from .specs import cvat_names, label_specs
from .types import LABEL_TYPES
from .widgets import Widget
from .words import Meaning, Word, word_for

__all__ = ["Meaning", "Vocabulary", "Word", "cvat_names", "label_specs"]


class Vocabulary:
    """The schema of a run, bound to the labels that CVAT made of it.

    Args:
        schema: the run's label schema
        words: what each CVAT label means
        added: labels that were added in CVAT after the run was sent, as they were when both sides last agreed
        called: what CVAT calls its labels now, by id, where that is not what it called them then
        former: labels that had other ids
    """

    def __init__(
        self,
        schema: LabelSchema,
        words: Iterable[Word],
        added: Iterable[Label] = (),
        called: Mapping[int, str] | None = None,
        former: Iterable[FormerLabel] = (),
    ) -> None:
        self.schema = schema
        self.former = {item.label_id: item for item in former}
        self.renumbered: tuple[FormerLabel, ...] = ()
        """The labels that have other ids since the last look."""
        self.words = tuple(words)
        self.added = tuple(added)
        self.called = dict(called or {})
        self._by_id = {word.label_id: word for word in self.words}
        self._by_class = {(word.field, word.name): word for word in self.words}
        self._added = {label.id: label for label in self.added}
        now = {label_id: self._class_of(label_id, name) for label_id, name in self.called.items()}
        self.new_names = {label_id: name for label_id, name in now.items() if name != self.name_then(label_id)}
        """What is said of a class in CVAT now, by id, where its name changed."""
        self.renamed = {i: name for i, name in self.new_names.items() if not self._keeps_class(i)}
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
            words.append(word_for(field, name, label, schema.fields[field], partial=names is not None))
        return cls(schema, words)

    def lost(self, labels: Iterable[Label]) -> frozenset[int]:
        """The labels of a task all of whose labels have new ids, that none has the name of."""
        now = {label.id: label for label in labels}
        if not self.words or any(word.label_id in now for word in self.words):
            return frozenset()
        names = {label.name for label in now.values()}
        return frozenset(word.label_id for word in self.words if word.cvat_name not in names)

    def refreshed(self, labels: Iterable[Label], successors: Mapping[int, int] | None = None) -> "Vocabulary":
        """The same words, with the ids, names and attributes that CVAT's labels have now and the labels added since.

        Args:
            labels: those that CVAT has
            successors: the present ids of labels whose ids and names are gone, as far as that is known
        """
        now = {label.id: label for label in labels}
        if found := self._with_new_ids(now, successors or {}):
            return self._renumbered(found).refreshed(now.values())
        then = {word.label_id: word.cvat_name for word in self.words}
        then.update({label.id: label.name for label in self.added})
        called = {i: now[i].name for i, name in then.items() if i in now and now[i].name != name}
        known = [now.get(label.id, label).model_copy(update={"name": label.name}) for label in self.added]
        fresh = [label for label in now.values() if label.id not in then]
        words = [self._extended(word, now[word.label_id]) if word.label_id in now else word for word in self.words]
        vocabulary = Vocabulary(self.schema, words, [*known, *fresh], called, self.former.values())
        vocabulary.renumbered = self.renumbered
        return vocabulary

    def _with_new_ids(self, now: Mapping[int, Label], successors: Mapping[int, int]) -> dict[int, Label]:
        """The labels that have other ids now, by those that they had: of the same names, else as it is known."""
        known = {word.label_id: word.cvat_name for word in self.words}
        known.update({label.id: label.name for label in self.added})
        by_name = {label.name: label for label in now.values() if label.id not in known}
        found = {i: by_name[name] for i, name in known.items() if i not in now and name in by_name}
        found.update({i: now[to] for i, to in successors.items() if i not in now and i not in found and to in now})
        return found

    def _renumbered(self, found: Mapping[int, Label]) -> "Vocabulary":
        """The same words under the ids that their labels have now."""
        words, former = renumbered(self.words, self.schema, found)
        for old in self.added:
            if old.id in found:
                specs = {spec.name: spec.id for spec in old.attributes if spec.id is not None}
                points = [(sub.name, sub.id) for sub in old.sublabels]
                former.append(former_label(old.id, self.name_then(old.id), specs, points, found[old.id]))
        added = [label for label in self.added if label.id not in found]
        vocabulary = Vocabulary(self.schema, words, added, former=joined(self.former.values(), former))
        vocabulary.renumbered = tuple(former)
        return vocabulary

    def _extended(self, word: Word, label: Label) -> Word:
        """A word with the attributes that its label has and the schema lacks."""
        known = {spec_id for spec_id, _ in word.specs.values()}
        facts = self.schema.fields[word.field].facts.values()
        rest = [spec for spec in label.attributes if spec.id not in known and spec.name not in facts]
        more = tuple(spec for spec in rest if self._is_free(spec, word.field) and spec.name not in word.specs)
        barred = _named(spec for spec in rest if spec not in more)
        if (more, barred) == (word.more, word.barred):
            return word
        return word.model_copy(update={"more": more, "barred": barred})

    def with_classes(self, names: Mapping[tuple[str, str], str], labels: Iterable[Label]) -> "Vocabulary":
        """The same words, and those of classes that the schema got since.

        Args:
            names: the label of each (field, class)
            labels: what CVAT has
        """
        by_name = {label.name: label for label in labels}
        new = {
            pair: by_name[name]
            for pair, name in names.items()
            if pair not in self._by_class and name in by_name and by_name[name].id not in self._by_id
        }
        words = [word_for(*pair, label, self.schema.fields[pair[0]], partial=True) for pair, label in new.items()]
        known = {label.id for label in new.values()}
        added = [label for label in self.added if label.id not in known]
        return Vocabulary(self.schema, [*self.words, *words], added, former=self.former.values())

    def settled(self) -> "Vocabulary":
        """The vocabulary after a load: new names are the names."""
        words = [
            word.model_copy(update={"name": self.name_now(word.label_id), "cvat_name": self.called[word.label_id]})
            if word.label_id in self.called
            else word
            for word in self.words
        ]
        added = [label.model_copy(update={"name": self.called.get(label.id, label.name)}) for label in self.added]
        return Vocabulary(self.schema, words, added, former=self.former.values())

    def word(self, field: str, name: str) -> Word | None:
        """The CVAT label of a class, or ``None`` if the schema lacks it."""
        return self._by_class.get((field, name))

    def word_of(self, label_id: int) -> Word | None:
        """The class of a CVAT label, or ``None`` if the schema lacks it."""
        return self._by_id.get(label_id)

    def knows(self, label_id: int) -> bool:
        """Whether a CVAT label is one of the run's, or was seen when it was refreshed."""
        return label_id in self._by_id or label_id in self._added

    def field_of(self, label_id: int) -> str | None:
        """The field of a CVAT label: of a class of the run, or of one whose name says it; ``None`` for others."""
        if (word := self._by_id.get(label_id)) is not None:
            return word.field
        label = self._added.get(label_id)
        name = self.called.get(label_id) or (label.name if label else "")
        return next((field for field in self.schema.fields if name.endswith(f" ({field})")), None)

    def name_then(self, label_id: int) -> str:
        """The class of a CVAT label when both sides last agreed."""
        if (word := self._by_id.get(label_id)) is not None:
            return word.name
        label = self._added.get(label_id)
        return self._class_of(label_id, label.name) if label is not None else f"label {label_id}"

    def name_now(self, label_id: int) -> str:
        """The class of a CVAT label now."""
        return self.renamed.get(label_id) or self.name_then(label_id)

    def _keeps_class(self, label_id: int) -> bool:
        """Whether a CVAT label stands for a pixel value or a field, and goes on to, whatever it is called."""
        word = self._by_id.get(label_id)
        return word is not None and not LABEL_TYPES[self.schema.fields[word.field].type].codec.named

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
            more = {spec.name: attribute_of(spec) for spec in word.more}
            attributes = {**more, **item.all_attributes, **item.attributes_of(word.name)}
            return Meaning(
                word.field if fits else None, name, attributes, word.all_specs, word.all_widgets, word.barred
            )
        label = self._added.get(label_id)
        field = self._home_of(self.called.get(label_id) or (label.name if label else ""), type_)
        shared = self.schema.fields[field].attributes if field else {}
        all_specs = label.attributes if label else ()
        specs = [spec for spec in all_specs if self._is_free(spec, field)]
        return Meaning(
            field,
            name,
            {spec.name: shared.get(spec.name) or attribute_of(spec) for spec in specs},
            {spec.name: (spec.id, spec.default_value) for spec in specs if spec.id is not None},
            {spec.name: Widget.of(spec) for spec in specs},
            _named(spec for spec in all_specs if spec not in specs),
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
        """The field for a class that was added in CVAT: the one its name points to, else the first that fits.

        No pixel value of a segmentation stands for such a class, and fields without classes have no use for it.
        """
        codecs = {field: LABEL_TYPES[item.type].codec for field, item in self.schema.fields.items()}
        fits = [field for field, codec in codecs.items() if type_ in codec.shape_types and codec.grouping != "frame"]
        named = [field for field in fits if name.endswith((f" ({field})", field_ending(field)))]
        return next(iter(named or [field for field in fits if codecs[field].named]), None)

    def _is_free(self, spec: AttributeSpec, field: str | None) -> bool:
        """Whether an attribute that was added in CVAT would overwrite nothing that FiftyOne's labels always have."""
        codecs = (
            [LABEL_TYPES[self.schema.fields[field].type].codec] if field else [t.codec for t in LABEL_TYPES.values()]
        )
        if spec.name == KEYFRAME and any(
            name.startswith(FRAMES) for name in ([field] if field else self.schema.fields)
        ):
            return False
        return all(
            attribute_problem(spec.name, codec.document) is None
            and spec.name not in {*codec.geometry, *codec.standard}.difference(codec.own)
            for codec in codecs
            if field or codec.document
        )

    def dump(self) -> dict[str, Any]:
        """The vocabulary as JSON-able data."""
        return {
            "words": [word.model_dump(mode="json") for word in self.words],
            "added": [label.model_dump(mode="json") for label in self.added],
            "former": [item.model_dump(mode="json") for item in self.former.values()],
        }

    @classmethod
    def load(cls, schema: LabelSchema, data: Mapping[str, Any]) -> "Vocabulary":
        """The vocabulary that :meth:`dump` gave."""
        words = [Word.model_validate(word) for word in data["words"]]
        former = [FormerLabel.model_validate(item) for item in data.get("former", ())]
        return cls(schema, words, [Label.model_validate(label) for label in data["added"]], former=former)


def _named(specs: Iterable[AttributeSpec]) -> dict[int, tuple[str, str]]:
    """The names and default texts of attributes, by id."""
    return {spec.id: (spec.name, spec.default_value) for spec in specs if spec.id is not None}
