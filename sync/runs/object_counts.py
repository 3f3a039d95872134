"""What became of every object that CVAT has in the jobs that a load read: none is counted twice, none is missing."""

from collections.abc import Iterable

from pydantic import BaseModel, Field

NAMED = 20
"""Frames and samples that are named of objects that were left for one reason."""


KINDS = 1_000
"""Kinds of objects that are counted apart, by reason, type and class; a server can make up any number of them."""
LONGEST_NAME = 200
"""Characters of a name in a report."""


class LeftObjects(BaseModel):
    """Objects of one type and class that stay in CVAT alone, for one reason.

    Args:
        reason: why
        type: what they are there: ``"rectangle"``, ``"tag"``, ``"track"`` ...
        name: their class
        count: how many they are
        frames: the first of their frames, by the file's name or else by number
        samples: the samples of these
    """

    reason: str
    type: str
    name: str
    count: int = 0
    frames: dict[str, None] = Field(default_factory=dict)
    samples: dict[str, None] = Field(default_factory=dict)

    def add(self, other: "LeftObjects") -> None:
        """Adds objects that were left for the same reason."""
        self.count += other.count
        for mine, theirs in ((self.frames, other.frames), (self.samples, other.samples)):
            for name in theirs:
                if len(mine) >= NAMED:
                    break
                mine[name[:LONGEST_NAME]] = None


OTHER = ("of too many other types and classes to name them", "other", "other")
"""How those beyond :data:`KINDS` are counted: reason, type and class."""


class ObjectCounts(BaseModel):
    """The objects of CVAT that a load read: ``found`` are those that are ``unchanged``, ``applied`` and ``left``.

    An object is a tag, a shape, or a track on one frame.

    Args:
        found: how many CVAT has
        unchanged: those that are what they were when both sides last agreed
        applied: those whose changes the dataset has now
        left: the others, by what they are and why
    """

    found: int = 0
    unchanged: int = 0
    applied: int = 0
    left: dict[str, LeftObjects] = Field(default_factory=dict)

    @property
    def left_count(self) -> int:
        """How many were left."""
        return sum(item.count for item in self.left.values())

    def leave(self, items: Iterable[LeftObjects]) -> None:
        """Counts objects that stay in CVAT alone."""
        for item in items:
            kind = (item.reason, item.type, item.name[:LONGEST_NAME])
            if "\x1f".join(kind) not in self.left and len(self.left) >= KINDS:
                kind = OTHER
            reason, type_, name = kind
            known = self.left.setdefault("\x1f".join(kind), LeftObjects(reason=reason, type=type_, name=name))
            known.add(item)

    def add(self, other: "ObjectCounts") -> None:
        """Adds the objects of other jobs."""
        self.found += other.found
        self.unchanged += other.unchanged
        self.applied += other.applied
        self.leave(other.left.values())
