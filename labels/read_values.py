"""What annotators said of a label beside its shape: attributes, and what CVAT knows of an object."""

from collections import Counter

from .attribute_schema import AttributeSchema
from .attributes import ABSENT, NotCarried, Unreadable, kind_of
from .base import BaseLabel
from .codec import Parts
from .facts import FACTS
from .field_kinds import field_kind
from .objects import Object, shape_of, texts_of
from .schema import FieldSchema
from .vocabulary import Meaning, Vocabulary
from .widgets import Widget

PLAIN = AttributeSchema()
"""What an attribute is that no schema says anything of: a text."""


def edited_values(
    base: BaseLabel, old: Object, new: Object, vocabulary: Vocabulary, parts: Parts, refused: Counter[str]
) -> None:
    """Reads the attributes of an object that a label was sent as.

    Args:
        base: the label when both sides last agreed
        old: the object then
        new: the object now
        vocabulary: the run's words, as they are now
        parts: of the label; changed in place
        refused: counts the edits that are not applied, by reason
    """
    if texts_of(old) == texts_of(new) and old.label_id == new.label_id:
        return
    before = vocabulary.meaning(old.label_id, shape_of(old, vocabulary).type)
    meaning = vocabulary.meaning(new.label_id, shape_of(new, vocabulary).type)
    old_texts, new_texts = _named(old, before), _named(new, meaning)
    defaults = {name: default for name, (_, default) in meaning.specs.items()}
    fields = vocabulary.schema.fields[base.field]
    class_changed = old.label_id != new.label_id
    reset = class_changed and all(text == defaults[name] for name, text in new_texts.items())
    _count_barred(old, new, meaning, refused)
    for name, text in new_texts.items():
        was = old_texts.get(name)
        schema = meaning.attributes.get(name, PLAIN)
        if text == was or (was is None and text == defaults[name]):
            continue
        widget = meaning.widgets.get(name) or schema.widget
        if class_changed and text == defaults[name] and (reset or text == ABSENT or not widget.accepts(was or ABSENT)):
            # CVAT's editor carries a value over to another class if it fits there; its API carries none
            if was != widget.absent:
                refused[f"attribute '{name}' at its default after a change of class"] += 1
            continue
        if schema.read_only:
            refused[f"edits of the read-only attribute '{name}'"] += 1
            continue
        value = base.parts.get(name)
        if not _is_shown(value, before.attributes.get(name, PLAIN), before.widgets.get(name)):
            refused[_not_shown(name)] += 1
            continue
        try:
            parts[name] = schema.value_of(text, value, fields.declared_of(name))
        except Unreadable as error:
            refused[f"values of '{name}' that could not be read ({error})"] += 1


def edited_facts(
    base: BaseLabel, old: Object, new: Object, schema: FieldSchema, parts: Parts, refused: Counter[str]
) -> None:
    """Reads what CVAT knows of an object, into the attributes that hold it; arguments as of :func:`edited_values`."""
    for fact, attribute in schema.facts.items():
        if getattr(old, fact, None) == getattr(new, fact, None):
            continue
        was = base.parts.get(attribute)
        if fact == "group" and base.group:
            refused[f"changes of '{attribute}' of labels of several parts, which are a group of their own"] += 1
        elif was is None or FACTS[fact](was):
            _read_fact(new, fact, attribute, schema, parts, refused)
        else:
            refused[_not_shown(attribute)] += 1


def new_values(item: Object, meaning: Meaning, schema: FieldSchema, parts: Parts, refused: Counter[str]) -> None:
    """Reads the attributes of a new object."""
    _count_barred(None, item, meaning, refused)
    for name, text in _named(item, meaning).items():
        attribute = meaning.attributes.get(name, PLAIN)
        try:
            value = attribute.value_of(text, None, schema.declared_of(name))
        except Unreadable as error:
            refused[f"values of '{name}' that could not be read ({error})"] += 1
            continue
        if value is not None:
            parts[name] = value


def new_facts(item: Object, schema: FieldSchema, parts: Parts, refused: Counter[str]) -> None:
    """Reads what CVAT knows of a new object."""
    for fact, attribute in schema.facts.items():
        if getattr(item, fact, None) is not None:
            _read_fact(item, fact, attribute, schema, parts, refused)


def _read_fact(
    item: Object, fact: str, attribute: str, schema: FieldSchema, parts: Parts, refused: Counter[str]
) -> None:
    value = getattr(item, fact, None)
    field = field_kind(schema.declared_of(attribute))
    if value is not None and field is not None and not field.holds(kind_of(value)):
        refused[f"values of '{attribute}' that could not be read (the field holds {field.noun})"] += 1
    elif value is None or FACTS[fact](value):
        parts[attribute] = value
    else:
        refused[f"values of '{attribute}' that could not be read"] += 1


def _count_barred(old: Object | None, new: Object, meaning: Meaning, refused: Counter[str]) -> None:
    """Counts what annotators said in attributes that labels can't have."""
    before, now = {} if old is None else texts_of(old), texts_of(new)
    for spec_id, (name, default) in meaning.barred.items():
        if now.get(spec_id, default) != before.get(spec_id, default):
            refused[f"values of '{name}', which labels can't have as an attribute here"] += 1


def _not_shown(attribute: str) -> str:
    return f"edits of '{attribute}' where CVAT could not show the value"


def _is_shown(value: object, schema: AttributeSchema, widget: Widget | None) -> bool:
    try:
        schema.text_of(value, widget)
    except NotCarried:
        return False
    return True


def _named(item: Object, meaning: Meaning) -> dict[str, str]:
    names = {spec_id: name for name, (spec_id, _) in meaning.specs.items()}
    return {names[v.spec_id]: v.value for v in item.attributes if v.spec_id in names}
