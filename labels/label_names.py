"""What CVAT calls the classes of a schema: names that are unique, and name the field where classes are not enough."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from .names import NAME_LIMIT

Class = tuple[str, str]
"""A field, and a class of it."""

FIELD_LIMIT = 24
"""Characters of a field's name in a label's name."""

_CUT = "\N{HORIZONTAL ELLIPSIS}"


def label_names(classes: Iterable[Class]) -> dict[Class, str]:
    """The CVAT label name of each class.

    It is the plain class; or ``class (field)``, where another label would have the same name; or, where that is still
    not unique, as for classes that differ in blanks or beyond what CVAT allows, ``class ~mark (field)``. The mark
    comes from the class, so that the name is the same in every run.
    """
    names = {entry: shortened(entry[1].strip(), NAME_LIMIT) for entry in classes}
    for better in (qualified, marked):
        while twice := [entry for entry in _ambiguous(names) if names[entry] != better(entry)]:
            names.update({entry: better(entry) for entry in twice})
    return names


def _ambiguous(names: Mapping[Class, str]) -> list[Class]:
    """The classes that share their name."""
    uses = Counter(names.values())
    return [entry for entry, name in names.items() if uses[name] > 1]


def free_name(entry: Class, taken: Collection[str]) -> str:
    """A name for a class beside labels that are there already."""
    names = (shortened(entry[1].strip(), NAME_LIMIT), qualified(entry), marked(entry))
    return next((name for name in names if name not in taken), names[-1])


def field_ending(field: str) -> str:
    """The end of a label name that names its field."""
    return f" ({shortened(field.strip(), FIELD_LIMIT)})"


def qualified(entry: Class) -> str:
    """The name that includes the field, however long the class is."""
    field, name = entry
    ending = field_ending(field)
    return shortened(name.strip(), NAME_LIMIT - len(ending)) + ending


def marked(entry: Class) -> str:
    """The name that includes the field and is unique among classes that look alike."""
    field, name = entry
    mark = hashlib.sha1(f"{field}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:6]
    ending = f" ~{mark}{field_ending(field)}"
    return shortened(name.strip(), NAME_LIMIT - len(ending)) + ending


def shortened(text: str, limit: int) -> str:
    """A text cut in its middle, so that its beginning and its end can be read."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head].rstrip()}{_CUT}{text[len(text) - (limit - 1 - head) :].lstrip()}"
