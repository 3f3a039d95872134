"""Attributes that change all the time along an object: each change is a keyframe, and editing is no pleasure then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ..vocabulary import Vocabulary

SHORT = 8
"""So few labels of an object are not worth a word."""


def read_only_specs(field: str, vocabulary: Vocabulary) -> frozenset[int]:
    """The ids of the attribute specs of a field whose edits are ignored; their changes need no keyframes.

    Between the keyframes that an object has anyway, CVAT shows what such an attribute was on the last one.
    """
    schema = vocabulary.schema.fields[field]
    return frozenset(
        spec
        for word in vocabulary.words
        if word.field == field
        for name, (spec, _) in word.specs.items()
        if (item := schema.attributes_of(word.name).get(name)) is not None and item.read_only
    )


def restless(texts: Sequence[Mapping[int, str]], mutable: frozenset[int]) -> dict[int, list[int]]:
    """The attributes that differ, more often than not, from what they are on the label before.

    Args:
        texts: the texts of an object's labels, in order, by the id of their spec
        mutable: the specs whose changes are keyframes

    Returns:
        the numbers of the labels that have another text than the one before, by spec
    """
    if len(texts) < SHORT:
        return {}
    changes: Counter[int] = Counter()
    places: dict[int, list[int]] = {}
    for number, (before, after) in enumerate(pairwise(texts), 1):
        for spec in mutable & after.keys():
            if before.get(spec) != after[spec]:
                changes[spec] += 1
                places.setdefault(spec, []).append(number)
    return {spec: places[spec] for spec, count in changes.items() if 2 * count > len(texts)}


def sentence_of(name: str) -> str:
    """What is said of labels that are keyframes because of an attribute that changes all the time."""
    return (
        f"labels whose '{name}' is another than on the frame before, so that each is a keyframe; if nobody edits it in "
        f"CVAT, leave '{name}' out of `attributes`, or declare it as `read_only`"
    )
