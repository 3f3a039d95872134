"""Numbers of CVAT groups: those that users gave, and those by which the parts of a label are held together."""

from collections.abc import Iterable

from .codec import Document
from .facts import FACTS
from .schema import FieldSchema

LARGEST_GROUP = 2**31 - 1
"""CVAT's column for groups has 32 bits."""

ROOM = 1 << 20
"""How many numbers should be free, for labels of several parts."""


def users_groups(documents: Iterable[Document], schema: FieldSchema) -> set[int]:
    """The groups that labels have in the attribute for them, as far as CVAT can hold them."""
    attribute = schema.facts.get("group")
    values = (document.get(attribute) for document in documents) if attribute else ()
    return {value for value in values if value is not None and FACTS["group"](value)}


def last_used(groups: Iterable[int]) -> int:
    """The group number after which others can be given without meeting one that is in use.

    It is the largest that is in use; or, where hardly any are left above it, the one before the widest gap.

    Args:
        groups: the numbers in use
    """
    used = sorted({0, *groups})
    if used[-1] + ROOM <= LARGEST_GROUP:
        return used[-1]
    gaps = zip(used, [*used[1:], LARGEST_GROUP + 1], strict=True)
    return max(gaps, key=lambda gap: gap[1] - gap[0])[0]
