"""Finding labels again whose ids CVAT has lost: a pure function of what was there and what is new.

An id is lost when a deletion is undone, when everything is removed and drawn again, when a shape is split, or when a
file is imported. A label whose id is still there never takes part, so no copy can steal its identity.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...labels.likeness import Outline
from ...labels.shapes import CvatShape
from .assignment import pair_up

SAME_CLASS = 1.0
"""What a common class adds to an overlap of 0 to 1: it counts before the overlap."""

How = Literal["exact", "overlap"]


@dataclass(frozen=True)
class Candidate:
    """What a label, or an object, looks like.

    Args:
        frame: the frame it is on
        field: its field; ``None`` for an object that no field can hold
        name: its class, as CVAT's id
        shapes: what is drawn of it
        alone: whether its field has room for one label only
    """

    frame: int
    field: str | None
    name: int
    shapes: tuple[CvatShape, ...]
    alone: bool = False

    @property
    def place(self) -> tuple[int, str | None]:
        """Where it may be found."""
        return self.frame, self.field


def find_again(lost: Sequence[Candidate], fresh: Sequence[Candidate]) -> dict[int, tuple[tuple[int, ...], How]]:
    """Finds lost labels among new objects, one to one.

    First those of the same class and exactly the same shapes, then the best assignment of those that overlap; a common
    class counts before a better overlap. In a field for one label, the only object is that label wherever it is.

    Args:
        lost: labels all of whose objects are gone
        fresh: objects that belong to no label, of one shape each

    Returns:
        for the lost labels that were found, by number, their objects' numbers and how they were found
    """
    found = _exact(lost, fresh)
    taken = {number for numbers, _ in found.values() for number in numbers}
    places: dict[tuple[int, str | None], tuple[list[int], list[int]]] = {}
    for number, candidate in enumerate(lost):
        if number not in found and len(candidate.shapes) == 1:
            places.setdefault(candidate.place, ([], []))[0].append(number)
    for number, candidate in enumerate(fresh):
        if number not in taken and candidate.place in places:
            places[candidate.place][1].append(number)
    for olds, news in places.values():
        for old, new in _assign([lost[i] for i in olds], [fresh[i] for i in news]):
            found[olds[old]] = ((news[new],), "overlap")
    return found


def _exact(lost: Sequence[Candidate], fresh: Sequence[Candidate]) -> dict[int, tuple[tuple[int, ...], How]]:
    by_look: dict[tuple[int, int, CvatShape], list[int]] = {}
    for number in reversed(range(len(fresh))):  # the first made is the last of its list
        candidate = fresh[number]
        by_look.setdefault((candidate.frame, candidate.name, candidate.shapes[0]), []).append(number)
    found: dict[int, tuple[tuple[int, ...], How]] = {}
    for number, candidate in enumerate(lost):
        looks = [(candidate.frame, candidate.name, shape) for shape in candidate.shapes]
        if looks and all(len(by_look.get(look, ())) >= looks.count(look) for look in looks):
            found[number] = (tuple(by_look[look].pop() for look in looks), "exact")
    return found


def _assign(lost: Sequence[Candidate], fresh: Sequence[Candidate]) -> Iterable[tuple[int, int]]:
    """The best pairs of what is at one place."""
    if not lost or not fresh:
        return []
    if lost[0].alone:
        return [(0, 0)] if len(lost) == len(fresh) == 1 else []
    olds, news = ([Outline(item.shapes[0]) for item in items] for items in (lost, fresh))
    return pair_up(olds, news, lambda old, new: SAME_CLASS * (lost[old].name == fresh[new].name))
