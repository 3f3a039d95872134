"""Which of the labels that were sent are in a job, when the answer does not say so. Pure functions.

Objects are known again by their looks: frame, class, geometry, source and attributes. Those that look alike are
distinguished by their ids, which CVAT counts up in the order of a request.
"""

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...cvat import Annotations, Shape, Tag
from ...cvat.models import Track
from ..runs.outbox import Batch, BatchAnswer
from .batch import Key, Sheet, Wire

Object = Tag | Shape | Track
KINDS = ("tag", "shape", "track")
"""The kinds of objects, in the order of a sheet."""


@dataclass(frozen=True)
class Found:
    """What of a batch is in a job.

    Args:
        written: the labels that are there
        answer: their objects
        missing: the labels that are not
    """

    written: Batch
    answer: BatchAnswer
    missing: Batch


def find_written(batch: Batch, sheet: Sheet, there: Annotations, known: set[Key]) -> Found:
    """Looks for a batch in a job.

    CVAT writes a request whole or not at all. So if most of a batch is there, what else of it is not was edited or
    deleted since: an object that was edited has the id that it would have, and one that was deleted is none. If only
    little is there it was not written, and what looks alike may be somebody else's: those labels count as there, and
    all others as missing.

    Args:
        batch: what was sent
        sheet: its tags, shapes and tracks
        there: what the job has
        known: what belongs to other batches
    """
    specs = _specs_by_label(sheet)
    matches = [
        _match(sent, [item for item in objects if (kind, item.id) not in known], specs)
        for kind, sent, objects in zip(KINDS, sheet, _objects_of(there), strict=True)
    ]
    found = sum(item is not None for items in matches for item in items)
    if not found:
        return Found(Batch(), BatchAnswer(), batch)
    whole = 2 * found > sum(map(len, matches))
    return _by_label(batch, [_answers(sent, items) for sent, items in zip(sheet, matches, strict=True)], whole)


def _objects_of(there: Annotations) -> tuple[Sequence[Object], ...]:
    return there.tags, there.shapes, there.tracks


def _kind_of(item: Object) -> int:
    """The place of an object's kind among :data:`KINDS`."""
    return 0 if isinstance(item, Tag) else 1 if isinstance(item, Shape) else 2


def _by_label(batch: Batch, answers: Sequence[Sequence[Any]], whole: bool) -> Found:
    """Deals the objects that were found to their labels."""
    written: list[int] = []
    missing: list[int] = []
    kept: tuple[list[Any], ...] = ([], [], [])
    rest = [iter(items) for items in answers]
    for place, label in enumerate(batch.labels):
        own = [(kind, next(rest[kind])) for kind in map(_kind_of, label.objects)]
        if whole or all(answer is not None for _, answer in own):
            written.append(place)
            for kind, answer in own:
                kept[kind].append(answer)
        else:
            missing.append(place)
    answer = BatchAnswer(tags=tuple(kept[0]), shapes=tuple(kept[1]), tracks=tuple(kept[2]))
    return Found(batch.part(written), answer, batch.part(missing))


def _answers(sheet: Sequence[Wire], matches: Sequence[Object | None]) -> list[int | Wire | None]:
    """For each object what an answer would have said of it: its id, or, of a skeleton or a track, all of it."""
    return [
        None if match is None else _with_ids(body, match) if body.get("elements") or "shapes" in body else match.id
        for body, match in zip(sheet, matches, strict=True)
    ]


def _with_ids(body: Wire, match: Object) -> Wire:
    """A skeleton as it was sent, with the ids that it and its points have; a track with its id."""
    if not isinstance(match, Shape):
        return {**body, "id": match.id}
    points = {element.label_id: element.id for element in match.elements}
    elements = [{**element, "id": points.get(element["label_id"])} for element in body["elements"]]
    return {**body, "id": match.id, "elements": elements}


# One kind of objects


def _match(sent: Sequence[Wire], there: Sequence[Object], specs: Mapping[int, frozenset[int]]) -> list[Object | None]:
    """For each object that was sent the one that it became, or ``None``."""
    matches: list[Object | None] = [None] * len(sent)
    others = sorted(there, key=lambda item: item.id or 0)
    for with_texts in (True, False):  # an attribute may have been set since
        _add_alike(matches, [look_of_wire(body, with_texts) for body in sent], _grouped(others, specs, with_texts))
        taken = {match.id for match in matches if match}
        others = [item for item in others if item.id not in taken]
    if any(matches) and not all(matches):
        _add_edited(sent, matches, others)
    return matches


def _add_alike(
    matches: list[Object | None], looks: Sequence[Hashable], there: Mapping[Hashable, Sequence[Object]]
) -> None:
    """Adds the objects that look as they were sent; where some of a look are gone, their ids tell which are left."""
    free: dict[Hashable, list[int]] = defaultdict(list)
    for place, look in enumerate(looks):
        if matches[place] is None and look in there:
            free[look].append(place)
    unsure = []
    for look, places in free.items():
        if len(there[look]) == len(places):
            for place, item in zip(places, there[look], strict=True):
                matches[place] = item
        else:
            unsure.append(look)
    bounds = Bounds(matches)
    for look in unsure:
        left = deque(free[look])
        for item in there[look]:
            low, high = bounds.around(item.id or 0)
            while left and left[0] <= low:
                left.popleft()
            if left and left[0] < high:
                matches[left.popleft()] = item


class Bounds:
    """Where in a request an object must have been, by the ids of others: CVAT counts them up in its order.

    Args:
        matches: the objects that are known, in the order of the request
    """

    def __init__(self, matches: Sequence[Object | None]) -> None:
        known = sorted((item.id or 0, place) for place, item in enumerate(matches) if item)
        self._ids = [id_ for id_, _ in known]
        self._places = [place for _, place in known]
        self._end = len(matches)
        span = self._places[-1] - self._places[0] if known else 0
        step = (self._ids[-1] - self._ids[0]) / span if span else 1.0
        self._reach = 2 * max(1.0, step) * (self._end - len(known))

    def around(self, id_: int) -> tuple[int, int]:
        """The places before and after an object of this id."""
        index = bisect_left(self._ids, id_)
        before = self._places[index - 1] if index else -1
        return before, self._places[index] if index < len(self._places) else self._end

    def is_near(self, id_: int) -> bool:
        """Whether an object of this id may be of the same request as those that are known."""
        return self._ids[0] - self._reach <= id_ <= self._ids[-1] + self._reach


def _add_edited(sent: Sequence[Wire], matches: list[Object | None], others: Sequence[Object]) -> None:
    """Adds the objects that were edited since: of the same frame, and with ids that those of the request may have."""
    free: dict[int, list[int]] = defaultdict(list)
    for place, body in enumerate(sent):
        if matches[place] is None:
            free[body["frame"]].append(place)
    bounds = Bounds(matches)
    near = [item for item in others if item.frame in free and bounds.is_near(item.id or 0)]
    before = [item for item in near if bounds.around(item.id or 0)[0] < 0]
    taken: set[int | None] = set()
    for item in (*reversed(before), *near[len(before) :], *near):  # those next to the known ones first
        places = free[item.frame]
        if not places or item.id in taken:
            continue
        low, high = bounds.around(item.id or 0)
        index = bisect_left(places, high) - 1 if low < 0 else bisect_left(places, low + 1)
        within = 0 <= index < len(places) and low < places[index] < high
        matches[places.pop(index if within else 0)] = item
        taken.add(item.id)


# Twins


def find_twins(sent: Iterable[Sheet], late: Iterable[Sheet], there: Annotations, known: set[Key]) -> Annotations:
    """The objects of a job that a request wrote a second time: they look like ones that were sent, and are too many.

    Args:
        sent: what is to be there, once
        late: what was sent, was not found, and was sent again, perhaps as it is by now
        there: what the job has
        known: the objects that are known to be those of the labels
    """
    sheets, others = list(sent), list(late)
    specs = _specs_by_label(*sheets, *others)
    twins: list[Object] = []
    for number, kind in enumerate(KINDS):
        wanted = Counter(look_of_wire(body, True) for sheet in sheets for body in sheet[number])
        looks = {*wanted, *(look_of_wire(body, True) for sheet in others for body in sheet[number])}
        for look, items in _grouped(_objects_of(there)[number], specs, True).items():
            strangers = [item for item in items if (kind, item.id) not in known]
            surplus = len(items) - wanted[look]
            if look in looks and strangers and surplus > 0:
                twins += sorted(strangers, key=lambda item: item.id or 0)[-surplus:]
    return Annotations(
        tags=tuple(item for item in twins if isinstance(item, Tag)),
        shapes=tuple(item for item in twins if isinstance(item, Shape)),
        tracks=tuple(item for item in twins if isinstance(item, Track)),
    )


# Looks


def look_of_wire(body: Wire, with_texts: bool) -> Hashable:
    """What an object looks like that was sent."""
    if "shapes" in body:
        return _look_of_track(Track.model_validate(body), None, with_texts)
    texts = frozenset((item["spec_id"], item["value"].strip()) for item in body["attributes"]) if with_texts else None
    if "type" not in body:
        return body["frame"], body["label_id"], body["source"], texts
    elements = tuple(sorted((item["label_id"], tuple(item["points"])) for item in body.get("elements", ())))
    points = tuple(body["points"])
    return body["type"], body["frame"], body["label_id"], points, body["rotation"], elements, body["source"], texts


def _look_of(item: Object, specs: Mapping[int, frozenset[int]], with_texts: bool) -> Hashable:
    """What an object looks like that is there: of its attributes those that were sent, as CVAT adds the others."""
    own = specs.get(item.label_id, frozenset())
    if isinstance(item, Track):
        return _look_of_track(item, own, with_texts)
    texts = frozenset((v.spec_id, v.value.strip()) for v in item.attributes if v.spec_id in own) if with_texts else None
    if isinstance(item, Tag):
        return item.frame, item.label_id, item.source, texts
    elements = tuple(sorted((element.label_id, element.points) for element in item.elements))
    return item.type, item.frame, item.label_id, item.points, item.rotation, elements, item.source, texts


def _look_of_track(track: Track, own: frozenset[int] | None, with_texts: bool) -> Hashable:
    """What a track looks like. A text holds until the next one; before its first frame CVAT may add that it is outside.

    Args:
        track: as it was sent, or is there
        own: the attributes that were sent; ``None`` for all
        with_texts: whether to look at attributes
    """
    texts = {value.spec_id: value.value.strip() for value in track.attributes}
    keyframes: list[Hashable] = []
    for shape in sorted(track.shapes, key=lambda shape: shape.frame):
        texts.update((value.spec_id, value.value.strip()) for value in shape.attributes)
        if not keyframes and shape.outside:
            continue
        seen = frozenset(item for item in texts.items() if own is None or item[0] in own) if with_texts else None
        keyframes.append((shape.frame, shape.type, shape.points, shape.rotation, shape.outside, seen))
    elements = sorted(
        ((element.label_id, _look_of_track(element, own, False)) for element in track.elements), key=lambda it: it[0]
    )
    return track.label_id, track.source, tuple(keyframes), tuple(elements)


def _grouped(
    objects: Iterable[Object], specs: Mapping[int, frozenset[int]], with_texts: bool
) -> dict[Hashable, list[Object]]:
    found: dict[Hashable, list[Object]] = defaultdict(list)
    for item in objects:
        found[_look_of(item, specs, with_texts)].append(item)
    return found


def _specs_by_label(*sheets: Sheet) -> dict[int, frozenset[int]]:
    """The attributes that are sent with each CVAT label."""
    found: dict[int, frozenset[int]] = {}
    for sheet in sheets:
        for body in (*sheet.tags, *sheet.shapes, *sheet.tracks):
            if body["label_id"] not in found:
                values = [*body["attributes"], *(body["shapes"][0]["attributes"] if body.get("shapes") else ())]
                found[body["label_id"]] = frozenset(item["spec_id"] for item in values)
    return found
