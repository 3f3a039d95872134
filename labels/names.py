"""The gate for names that become a path in a FiftyOne document: attributes of labels, and fields of samples.

FiftyOne takes any name and then breaks: a label with an attribute ``copy`` or ``clean`` can't be copied or stored any
more, ``has_mask`` can't be read, and one in ``mask_path`` decides where a file is written.
"""

from functools import cache

import fiftyone as fo
import fiftyone.core.fields as fof

NAME_LIMIT = 64  # of a label's and of an attribute's name in CVAT

IDENTITY = frozenset({"id", "tags", "label", "attributes", "instance", "index", "logits"})
"""What FiftyOne keeps in labels beside attributes, whether or not a class declares it."""

GEOMETRY = frozenset({"bounding_box", "points", "closed", "filled", "mask", "mask_path"})
"""What holds the geometry of a label of some class, and would be taken for it."""

FRAMES = "frames."
"""What the names of fields on the frames of videos begin with."""

KEYFRAME = "keyframe"
"""Where a label on a frame of a video says whether somebody set it there; between keyframes it is interpolated."""

_SET_BY_ANNOTATORS = {"confidence": fof.FloatField, "value": fof.FloatField}
"""Declared fields of a label that are an attribute in CVAT, if the class declares them as this."""

_FIELDS_OF_PROPERTIES = {"score": "confidence", "group": "index"}
"""Declared fields that may hold what CVAT knows of an object."""


def attribute_problem(name: object, document: str) -> str | None:
    """Why labels can't have an attribute of this name.

    Args:
        name: the name
        document: the labels' class in FiftyOne, such as ``"Detection"``; ``""`` for plain values

    Returns:
        the reason, to be put after the name; ``None`` if they can
    """
    if (problem := _text_problem(name)) is not None:
        return problem
    if len(str(name)) > NAME_LIMIT:
        return f"has more than {NAME_LIMIT} characters"
    if document == "":
        return None if name == "value" else "has no place beside a plain value"
    declared = _label_class(document)._fields.get(name)
    if name in _SET_BY_ANNOTATORS and isinstance(declared, _SET_BY_ANNOTATORS[str(name)]):
        return None
    if name in IDENTITY or name in GEOMETRY or name in _taken(document):
        return f"has a meaning of its own in FiftyOne's {document}"
    return None


def property_problem(name: object, document: str, what: str) -> str | None:
    """Why an attribute can't hold what CVAT knows of an object.

    Args:
        name: of the attribute
        document: the labels' class in FiftyOne
        what: what it would hold, see :data:`labels.facts.FACTS`
    """
    if (problem := _text_problem(name)) is not None:
        return problem
    if document == "":  # of a plain value nothing but the value is kept
        return None
    if name == _FIELDS_OF_PROPERTIES.get(what) == "index" and name in _label_class(document)._fields:
        return None
    if name in _SET_BY_ANNOTATORS and name != _FIELDS_OF_PROPERTIES.get(what):
        return f"has a meaning of its own in FiftyOne's {document}"
    return attribute_problem(name, document)


def class_field(document: str, name: str) -> str | None:
    """The class of a field that labels of a class always have; ``None`` if it is none."""
    found = _label_class(document)._fields.get(name) if document else None
    return type(found).__name__ if found is not None else None


def field_problem(name: object) -> str | None:
    """Why a dataset can't get a field of this name; the reason, to be put after the name."""
    if (problem := _text_problem(name)) is not None:
        return problem
    if name in _taken_in_samples():
        return "has a meaning of its own in FiftyOne's samples"
    return None


def shown(name: str) -> str:
    """A name in a message: short, quoted, and on one line."""
    return repr(name if len(name) <= 40 else f"{name[:40]}...")


def _text_problem(name: object) -> str | None:
    """What no path in a document of MongoDB may be."""
    if not isinstance(name, str):
        return "is no text"
    if not name.strip():
        return "is empty"
    if name.startswith(("_", "$")):
        return f"begins with '{name[0]}'"
    if "." in name:
        return "has a dot"
    if not name.isprintable():
        return "has a character that can't be shown"
    return None


@cache
def _label_class(document: str) -> type[fo.Label]:
    return getattr(fo, document)  # type: ignore[no-any-return]


@cache
def _taken(document: str) -> frozenset[str]:
    return frozenset(dir(_label_class(document)))


@cache
def _taken_in_samples() -> frozenset[str]:
    sample = fo.Sample(filepath="image.png")
    return frozenset({*dir(sample), *dir(sample._doc)}) - {"filepath"}
