"""Finding labels again whose ids CVAT has lost: a pure function of what was there and what is new.

An id is lost when a deletion is undone, when everything is removed and drawn again, when a shape is split, or when a
file is imported. A label whose id is still there never takes part, so no copy can steal its identity.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ...labels.likeness import Outline
from ...labels.shapes import CvatShape
from .assignment import pair_up

Place = tuple[int, str | None, int | None]
"""A frame, a field, and a class."""


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


Found = dict[int, tuple[int, ...]]
"""The numbers of the objects that a label is now, by the label's own number."""


def find_exact(lost: Sequence[Candidate], fresh: Sequence[Candidate]) -> Found:
    """Finds lost labels among new objects of the same class and exactly the same shapes, one to one.

    Args:
        lost: labels all of whose objects are gone
        fresh: objects that belong to no label, of one shape each
    """
    by_look: dict[tuple[int, int, CvatShape], list[int]] = {}
    for number in reversed(range(len(fresh))):  # the first made is the last of its list
        candidate = fresh[number]
        by_look.setdefault((candidate.frame, candidate.name, candidate.shapes[0]), []).append(number)
    found: Found = {}
    for number, candidate in enumerate(lost):
        looks = [(candidate.frame, candidate.name, shape) for shape in candidate.shapes]
        if looks and all(len(by_look.get(look, ())) >= looks.count(look) for look in looks):
            found[number] = tuple(by_look[look].pop() for look in looks)
    return found


def find_similar(lost: Sequence[Candidate], fresh: Sequence[Candidate]) -> Found:
    """Finds lost labels of one shape among new objects of the same class that overlap: the best assignment of all.

    Another class is another label. But in a field for one label the only object is that label, whatever it is, and
    wherever.

    Args:
        lost: labels all of whose objects are gone
        fresh: objects that belong to no label, of one shape each
    """
    alone = {candidate.field for candidate in lost if candidate.alone}
    places: dict[Place, tuple[list[int], list[int]]] = {}
    for number, candidate in enumerate(lost):
        if len(candidate.shapes) == 1:
            places.setdefault(_place(candidate, alone), ([], []))[0].append(number)
    for number, candidate in enumerate(fresh):
        if (place := _place(candidate, alone)) in places:
            places[place][1].append(number)
    found: Found = {}
    for olds, news in places.values():
        for old, new in _assign([lost[i] for i in olds], [fresh[i] for i in news]):
            found[olds[old]] = (news[new],)
    return found


def _place(candidate: Candidate, alone: Collection[str | None]) -> Place:
    """Where a label may be found: among objects of its class, unless its field is for one label."""
    return candidate.frame, candidate.field, None if candidate.field in alone else candidate.name


def _assign(lost: Sequence[Candidate], fresh: Sequence[Candidate]) -> Iterable[tuple[int, int]]:
    """The best pairs of what is at one place."""
    if not lost or not fresh:
        return []
    if lost[0].alone:
        return [(0, 0)] if len(lost) == len(fresh) == 1 else []
    olds, news = ([Outline(item.shapes[0]) for item in items] for items in (lost, fresh))
    return pair_up(olds, news)
