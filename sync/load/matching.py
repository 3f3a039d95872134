"""Which objects of CVAT a label is now: by their ids, else by what they look like."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...labels.base import BaseLabel
from ...labels.objects import Key, Object, key_of, same_content, shape_of
from ...labels.renumbered import with_present_ids
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from .new_objects import Items, NewObjects


@dataclass
class Match:
    """A label, and what it is in CVAT now.

    Args:
        label: its base, with the ids that its classes and attributes have now
        items: its objects, in the order of its base
        how: how they were found: ``"by_id"``, ``"exact"``, ``"overlap"``
        added: objects that were added to it
        to: the field that its class belongs to now, if that is another one
        renamed: its class now, if CVAT's label has another id and another name
        original: its base
    """

    label: BaseLabel
    items: Items
    how: str = "by_id"
    added: tuple[Object, ...] = field(default=())
    to: str | None = None
    renamed: str | None = None
    original: BaseLabel | None = None

    @property
    def base(self) -> BaseLabel:
        """Its base, as it is kept."""
        return self.original or self.label

    def is_lost(self, vocabulary: Vocabulary) -> bool:
        """Whether none of its objects is there; a label about the whole frame is empty then, and not lost."""
        return bool(self.label.objects) and not any(self.items) and _grouping(self.label, vocabulary) != "frame"

    def is_untouched(self, vocabulary: Vocabulary) -> bool:
        """Whether it is what it was, whatever its ids are."""
        return not (self.added or self.renamed) and all(
            item is not None
            and same_content(old, item, vocabulary, self.label.field)
            and old.label_id not in vocabulary.renamed
            for old, item in zip(self.label.objects, self.items, strict=True)
        )


def match_by_id(label: BaseLabel, found: dict[Key, Object], vocabulary: Vocabulary) -> Match:
    """Finds a label by its objects' ids.

    Args:
        label: its base
        found: the objects of its job; those of the label are taken out of it
        vocabulary: what the task's labels mean now
    """
    renamed = _renamed(label, vocabulary)
    original, label = label, with_present_ids(label, vocabulary.former)
    items = [_take(label, old, found, vocabulary) for old in label.objects]
    homes = [_home(label, *pair, vocabulary) for pair in zip(label.objects, items, strict=True)]
    fields = {home for home in homes if home}
    if len(fields) == 1 and fields != {label.field}:
        return Match(label, tuple(items), to=fields.pop(), renamed=renamed, original=original)
    for number, item in enumerate(items):  # a part that went to another field without the others is a label of its own
        if item is not None and homes[number] != label.field:
            found[key_of(item)] = item
            items[number] = None
    return Match(label, tuple(items), renamed=renamed, original=original)


def _renamed(label: BaseLabel, vocabulary: Vocabulary) -> str | None:
    """What the class of a label is called now, if its label in CVAT has another id and another name."""
    former = vocabulary.former.get(label.objects[0].label_id) if label.objects else None
    if former is None or not LABEL_TYPES[vocabulary.schema.fields[label.field].type].codec.named:
        return None
    name = vocabulary.name_now(former.to)
    return name if name != former.name else None


def find_lost(matches: Sequence[Match], fresh: NewObjects, vocabulary: Vocabulary) -> list[Object]:
    """Finds labels, and parts of labels, that lost their ids, and what was added to labels.

    Returns:
        objects that are copies of others, and no labels
    """
    lost = [match for match in matches if match.is_lost(vocabulary)]
    exact = fresh.take_exact([match.label for match in lost])
    for match in lost:
        if id(match.label) in exact:
            match.items, match.how = exact[id(match.label)], "exact"
    torn = [match for match in matches if any(match.items) and not all(match.items)]
    torn = [match for match in torn if _grouping(match.label, vocabulary) == "group"]
    for match, items in zip(torn, fresh.take_parts([(m.label, m.items) for m in torn]), strict=True):
        match.items = items
    twins = fresh.take_twins(item for match in matches for item in match.items if item)
    groups = Counter((m.label.frame, group) for m in matches for group in _groups(m))
    shared = {key for key, labels in groups.items() if labels > 1}
    for match in matches:
        match.added = fresh.take_more(match.label, match.items, shared)
    lost = [match for match in lost if not any(match.items)]
    similar = fresh.take_similar([match.label for match in lost])
    for match in lost:
        if id(match.label) in similar:
            match.items, match.how = similar[id(match.label)], "overlap"
    return twins


def _take(label: BaseLabel, old: Object, found: dict[Key, Object], vocabulary: Vocabulary) -> Object | None:
    """What an object is now.

    One that was moved to another frame is gone from its own, and new on the other. So is one that was given a class of
    a field with labels of another kind.
    """
    item = found.get(key_of(old))
    if item is None or item.frame != old.frame:
        return None
    return None if home_of(label, old, item, vocabulary) is None else found.pop(key_of(old))


def home_of(label: BaseLabel, old: Object, item: Object, vocabulary: Vocabulary) -> str | None:
    """The field that an object of a label belongs to now; ``None`` if that has labels of another kind."""
    home = _home(label, old, item, vocabulary) or label.field
    if home != label.field:
        mine, theirs = (LABEL_TYPES[vocabulary.schema.fields[name].type].codec for name in (label.field, home))
        if mine is not theirs or mine.grouping == "frame" or not mine.named:
            return None
    return home


def _home(label: BaseLabel, old: Object, item: Object | None, vocabulary: Vocabulary) -> str | None:
    """The field that an object of a label belongs to; ``None`` for one that is gone."""
    if item is None:
        return None
    if item.label_id == old.label_id:
        return label.field
    wanted = vocabulary.field_of(item.label_id)
    fits = vocabulary.meaning(item.label_id, shape_of(item, vocabulary).type).field
    return wanted if wanted and wanted == fits else label.field


def _groups(match: Match) -> set[int]:
    """The CVAT groups that a label's objects have now."""
    return {item.group for item in match.items if item and item.group}


def _grouping(label: BaseLabel, vocabulary: Vocabulary) -> str:
    return LABEL_TYPES[vocabulary.schema.fields[label.field].type].codec.grouping
