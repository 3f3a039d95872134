"""The words to draw with in tasks whose labels were not made for the run."""

from collections.abc import Iterable

from ..cvat.models import Label
from .schema import ClassSchema, FieldSchema, LabelSchema
from .types import NEW_FIELD_FOR
from .vocabulary import Vocabulary
from .words import Meaning, Word

Found = dict[tuple[str, str], tuple[Label, Meaning]]
"""The CVAT label of each (field, class), and what an object of it is in FiftyOne."""


def drawing_words(vocabulary: Vocabulary, labels: Iterable[Label]) -> Vocabulary:
    """The words with which labels are drawn, so that what is drawn is read as the same field and class again.

    A run that was sent has its words. Of an imported one, a CVAT label is the class that a load takes it for, in each
    field that a load would put its objects into, with the attributes that a load would read.

    Args:
        vocabulary: what the labels of the task mean
        labels: those that CVAT has now
    """
    if vocabulary.words:
        return vocabulary
    found = _readable(vocabulary, labels)
    fields = {name: _with_classes(name, item, found) for name, item in vocabulary.schema.fields.items()}
    return Vocabulary(LabelSchema(fields=fields), [_word(field, *pair) for (field, _), pair in found.items()])


def _readable(vocabulary: Vocabulary, labels: Iterable[Label]) -> Found:
    """What can be drawn with each label; of two labels that are one class, the one that has its very name."""
    found: Found = {}
    known = [label for label in labels if vocabulary.knows(label.id)]
    for label in sorted(known, key=lambda label: label.name != vocabulary.name_now(label.id)):
        for type_ in NEW_FIELD_FOR if label.type == "any" else (label.type,):
            meaning = vocabulary.meaning(label.id, type_)
            if meaning.field is not None:
                found.setdefault((meaning.field, meaning.name), (label, meaning))
    return found


def _with_classes(field: str, item: FieldSchema, found: Found) -> FieldSchema:
    """A field with all classes that can be drawn, and the attributes that the task's labels have."""
    classes = {entry.name: dict(entry.attributes) for entry in item.classes}
    for (home, name), (_, meaning) in found.items():
        if home == field:
            classes.setdefault(name, {}).update(meaning.attributes)
    entries = tuple(ClassSchema(name=name, attributes=attributes) for name, attributes in classes.items())
    return item.model_copy(update={"classes": entries})


def _word(field: str, label: Label, meaning: Meaning) -> Word:
    return Word(
        label_id=label.id,
        cvat_name=label.name,
        field=field,
        name=meaning.name,
        specs=meaning.specs,
        widgets=dict(meaning.widgets),
        points=tuple(sub.id for sub in label.sublabels),
        drawn_as=label.type,
    )
