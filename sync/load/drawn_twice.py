"""What is new in a job on a frame that another job has, too: which label of that job it is. A pure function.

CVAT puts what is written into a whole task into each job of its frame, and people draw in both jobs what they see. It
is one label: what is the same in all; then what has the same class and exactly the same shape; then the best overlap,
one to one, as of labels that lost their ids (see `identity`). A field for one label has only one. What tracks are on a
frame is one label if the tracks are one object.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import NamedTuple

from ...cvat import Tag
from ...labels.base import BaseLabel
from ...labels.codec import Parts
from ...labels.objects import Object, shape_of, texts_of
from ...labels.schema import LabelSchema
from ...labels.tracks.identity import Identity
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from .identity import Candidate, find_exact, find_similar
from .merge import same


class Drawn(NamedTuple):
    """A label on a frame that two jobs have.

    Args:
        label: the label
        object: which object its track is; ``None`` if it is on none
    """

    label: BaseLabel
    object: Identity | None = None


Look = Hashable | None
"""What a label has in common with its copy in another job; ``None`` if it has no such thing."""


def find_alike(
    news: Sequence[Drawn], others: Sequence[Drawn], schema: LabelSchema, vocabulary: Vocabulary
) -> dict[int, BaseLabel]:
    """Finds new labels of a job among those that another one has, and it has not.

    Args:
        news: the new ones
        others: those of the other job
        schema: of the fields
        vocabulary: what the task's labels mean

    Returns:
        the other job's label, by the number of the new one
    """

    def only(drawn: Drawn) -> Look:
        """The place of a label in a field for one."""
        label = drawn.label
        return None if LABEL_TYPES[schema.fields[label.field].type].many else (label.field, label.frame)

    def candidate(drawn: Drawn) -> Candidate:
        label = drawn.label
        shapes = tuple(shape_of(item, vocabulary) for item in label.objects)
        return Candidate(label.frame, label.field, label.objects[0].label_id, shapes)

    found: dict[int, int] = {}
    for look in (_object, _look, only):
        _pair(news, others, found, look)
    for find in (find_exact, find_similar):
        here = [number for number in _rest(news, found) if _is_alone(news[number])]
        there = [number for number in _rest(others, found.values()) if _is_alone(others[number])]
        pairs = find([candidate(others[number]) for number in there], [candidate(news[number]) for number in here])
        numbers = ((here[new], there[old]) for old, (new, *_) in pairs.items())
        found.update((new, old) for new, old in numbers if news[new].label.field == others[old].label.field)
    return {new: others[old].label for new, old in found.items()}


def _pair(news: Sequence[Drawn], others: Sequence[Drawn], found: dict[int, int], look: Callable[[Drawn], Look]) -> None:
    """Adds the pairs that have a look in common; of several the first with the first."""
    by_look: dict[Hashable, list[int]] = {}
    for number in reversed(_rest(others, found.values())):
        if (own := look(others[number])) is not None:
            by_look.setdefault(own, []).append(number)
    for number in _rest(news, found) if by_look else ():
        if (own := look(news[number])) is not None and by_look.get(own):
            found[number] = by_look[own].pop()


def _rest(items: Sequence[Drawn], found: Collection[int]) -> list[int]:
    taken = set(found)
    return [number for number in range(len(items)) if number not in taken]


def _is_alone(drawn: Drawn) -> bool:
    """Whether a label is drawn on its frame by itself."""
    return drawn.object is None and bool(drawn.label.objects)


def _object(drawn: Drawn) -> Look:
    """The object of a track, on a frame."""
    return None if drawn.object is None else (drawn.label.field, drawn.label.frame, drawn.object)


def _look(drawn: Drawn) -> Look:
    """All of a label but its ids."""
    label = drawn.label
    return (label.field, label.frame, *map(_look_of, label.objects)) if _is_alone(drawn) else None


def _look_of(item: Object) -> tuple[Hashable, ...]:
    look = item.label_id, tuple(sorted(texts_of(item).items()))
    if isinstance(item, Tag):
        return look
    parts = tuple(map(_look_of, item.elements))
    return *look, item.track is None, item.type, item.points, item.rotation, item.occluded, item.outside, parts


def parts_of_copy(there: Parts, settled: Parts, drawn: Parts, geometry: Collection[str]) -> tuple[Parts, Parts]:
    """The parts of a label as if two jobs had changed it where they differ, for a merge: before, and in this job.

    Args:
        there: in the other job
        settled: in this one, as they are read from a label in FiftyOne
        drawn: in this one, as they are written
        geometry: the paths that are one part
    """
    paths = {**there, **settled}
    differ = {path for path in paths if not same(there.get(path), settled.get(path))}
    if not differ.isdisjoint(geometry):
        differ.update(geometry)
    then = {path: None if path in differ else value for path, value in paths.items()}
    return then, {path: drawn.get(path) if path in differ else value for path, value in paths.items()}
