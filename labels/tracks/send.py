"""The labels of a field in a video as CVAT tracks, and as single shapes where they can't be tracks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ...cvat.models import Shape, Track
from ..encode import Encoded
from ..objects import texts_of
from ..vocabulary import Vocabulary
from .drawn import DrawnLabels, Notice
from .identity import FrameLabel, Identity, LabelKey, find_objects, shared_identity
from .keyframes import TOLERANCE_PX, Specs, count_keyframes, track_of
from .restless import read_only_specs, restless, sentence_of

DISAGREE = "labels whose index and instance disagree: the instance decides which object they are of"
SECOND = "labels of an object that has another one on their frame: sent as single shapes"
NO_TRACK = "labels of objects that CVAT can't have as tracks (masks, lines of several parts): sent as single shapes"
CHANGES_CLASS = "labels of objects whose class or type changes: sent as several tracks"


@dataclass(frozen=True)
class SentTrack:
    """A track to be created in a job.

    Args:
        job: the number of the job
        origin: the number of the object in the video; tracks of one origin are one object: in several jobs, or of
            several classes
        identity: what says in FiftyOne which object it is
        track: the track, without ids
        held: the labels that it stands for: one a frame, ascending; on overlapping frames those of two jobs hold one
    """

    job: int
    origin: int
    identity: Identity
    track: Track
    held: tuple[LabelKey, ...]


@dataclass(frozen=True)
class SentShape:
    """A label that is sent as shapes or tags of its frame.

    Args:
        key: the label
        origin: the number of its object in the video; ``None`` if it has no identity
        identity: what says in FiftyOne which object it is: CVAT can't hold that of a shape
    """

    key: LabelKey
    origin: int | None
    identity: Identity


@dataclass(frozen=True)
class SentVideo:
    """The labels of a field in a video, as they are sent. Each is in a track or in ``shapes``, or it is left out.

    Args:
        tracks: the tracks, by job and then by object
        shapes: the labels that are single shapes
        encoded: what was made of each label that is sent
        left_out: labels that are not sent, and why
        notices: what else has to be said of labels
    """

    tracks: tuple[SentTrack, ...]
    shapes: tuple[SentShape, ...]
    encoded: dict[LabelKey, Encoded]
    left_out: tuple[Notice, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def keyframes(self) -> int:
        """The keyframes that annotators meet in its tracks."""
        return sum(count_keyframes(sent.track) for sent in self.tracks)

    @property
    def counts(self) -> Counter[str]:
        """The notices, by reason."""
        return Counter(notice.reason for notice in self.notices)


def send_video(
    drawn: DrawnLabels,
    mutable: Collection[int],
    tolerance: float = TOLERANCE_PX,
    written: Mapping[int, Collection[LabelKey]] | None = None,
) -> SentVideo:
    """Makes tracks of the labels of a field in a video.

    One object is one track in each job where it is; where its class changes, one for each of its classes. Of several
    labels that it has on one frame, of one class, the one nearest to where it was before is in the track.

    Args:
        drawn: the labels
        mutable: the ids of CVAT's attribute specs that may change along a track
        tolerance: how many pixels CVAT may show coordinates off between keyframes
        written: labels that are in a job already, by its number; no track of that job has them
    """
    done = written or {}
    kept, encoded, by_frame, vocabulary = drawn.labels, drawn.encoded, drawn.by_frame, drawn.vocabulary
    objects = find_objects(kept)
    notices = [Notice(DISAGREE, label) for label in objects.disagreeing]
    by_object: dict[int, list[FrameLabel]] = {}
    for label, number in zip(kept, objects.numbers, strict=True):
        if number is not None:
            by_object.setdefault(number, []).append(label)
    quiet = read_only_specs(drawn.field, vocabulary)
    facts = vocabulary.schema.fields[drawn.field].facts
    tracks: list[SentTrack] = []
    in_track: set[LabelKey] = set()
    for origin, own in by_object.items():
        chains, said = _chains(own, encoded)
        notices += said
        for chain in chains:
            notices += _stuck(chain, encoded, mutable, vocabulary)
            notices += _restless(chain, encoded, frozenset(mutable) - quiet, vocabulary)
            notices += _facts_behind(chain, encoded, by_frame, facts)
            in_track.update(label.key for label in chain)
            for job, here in _by_job(chain, by_frame, done).items():
                track = _track(here, encoded, (mutable, quiet), drawn.jobs[job][-1], tolerance)
                held = tuple(label.key for label in here)
                tracks.append(SentTrack(job, origin, shared_identity(own), track, held))
    shapes = tuple(
        SentShape(label.key, number, Identity.of(label.document))
        for label, number in zip(kept, objects.numbers, strict=True)
        if label.key not in in_track
    )
    return SentVideo(tuple(sorted(tracks, key=_place)), shapes, encoded, tuple(drawn.left_out), tuple(notices))


def _place(sent: SentTrack) -> tuple[int, int, int]:
    return sent.job, sent.origin, sent.track.frame


def _chains(
    labels: Sequence[FrameLabel], encoded: dict[LabelKey, Encoded]
) -> tuple[list[list[FrameLabel]], list[Notice]]:
    """The labels of an object as what can be tracks: one label a frame, of one class and type."""
    notices: list[Notice] = []
    by_kind: dict[tuple[int, str], list[tuple[FrameLabel, Shape]]] = {}
    for label in labels:
        shape = alone(encoded[label.key])
        if shape is None:
            notices.append(Notice(NO_TRACK, label))
        else:
            by_kind.setdefault((shape.label_id, shape.type), []).append((label, shape))
    chains = []
    for own in by_kind.values():
        chain, second = _one_a_frame(own)
        chains.append(chain)
        notices += [Notice(SECOND, label) for label in second]
        if len(by_kind) > 1:
            notices += [Notice(CHANGES_CLASS, label) for label in chain]
    return chains, notices


def alone(encoded: Encoded) -> Shape | None:
    """The shape of a label that can be on a frame of a track; ``None`` if it has none."""
    if len(encoded.objects) != 1 or not isinstance(encoded.objects[0], Shape):
        return None
    return encoded.objects[0] if encoded.objects[0].type != "mask" else None


def _one_a_frame(labels: Sequence[tuple[FrameLabel, Shape]]) -> tuple[list[FrameLabel], list[FrameLabel]]:
    """The label that an object has on each frame, and the others."""
    by_frame: dict[int, list[tuple[FrameLabel, Shape]]] = {}
    for label, shape in labels:
        by_frame.setdefault(label.frame, []).append((label, shape))
    chain: list[FrameLabel] = []
    second: list[FrameLabel] = []
    before: Shape | None = None
    for _, here in sorted(by_frame.items()):
        nearest, before = min(here, key=lambda one: _distance(before, one[1])) if len(here) > 1 else here[0]
        chain.append(nearest)
        second += [label for label, _ in here if label is not nearest]
    return chain, second


def _distance(one: Shape | None, other: Shape) -> float:
    """How far the points of a shape are from those of another one, in pixels in all."""
    if one is None:
        return 0.0
    pairs = [(one, other), *zip(one.elements, other.elements, strict=False)]
    if any(len(a.points) != len(b.points) for a, b in pairs):
        return math.inf
    return sum(abs(x - y) for a, b in pairs for x, y in zip(a.points, b.points, strict=True))


def _stuck(
    chain: Sequence[FrameLabel], encoded: dict[LabelKey, Encoded], mutable: Collection[int], vocabulary: Vocabulary
) -> list[Notice]:
    """The labels whose attributes are not what the track has once, where CVAT's attribute can't change along it."""
    by_spec: dict[int, Counter[str]] = {}
    texts = [(label, texts_of(encoded[label.key].objects[0])) for label in chain]
    for _, own in texts:
        for spec, text in own.items():
            if spec not in mutable:
                by_spec.setdefault(spec, Counter())[text] += 1
    once = {spec: found.most_common(1)[0][0] for spec, found in by_spec.items() if len(found) > 1}
    names = {spec: name for word in vocabulary.words for name, (spec, _) in word.specs.items()} if once else {}
    return [
        Notice(f"values of '{names.get(spec, spec)}' that change along a track, where CVAT's attribute can't", label)
        for label, own in texts
        for spec, text in once.items()
        if own.get(spec) != text
    ]


def _restless(
    chain: Sequence[FrameLabel], encoded: dict[LabelKey, Encoded], mutable: Collection[int], vocabulary: Vocabulary
) -> list[Notice]:
    """The labels that are keyframes because of an attribute that changes all the time."""
    found = restless([texts_of(encoded[label.key].objects[0]) for label in chain], frozenset(mutable))
    names = {spec: name for word in vocabulary.words for name, (spec, _) in word.specs.items()} if found else {}
    return [
        Notice(sentence_of(names.get(spec, str(spec))), chain[place])
        for spec, places in found.items()
        for place in places
    ]


def _facts_behind(
    chain: Sequence[FrameLabel],
    encoded: dict[LabelKey, Encoded],
    by_frame: dict[int, list[int]],
    facts: Mapping[str, str],
) -> list[Notice]:
    """The labels whose group or source is not that of their track, which has one, or that have a score."""
    found: list[Notice] = []
    for job, here in _by_job(chain, by_frame, {}).items():
        first = encoded[here[0].key].objects[0]
        own = [label for label in here if by_frame[label.frame][0] == job]
        for fact in facts.keys() & {"group", "source", "score"}:
            once = None if fact == "score" else getattr(first, fact)
            why = "which no track in CVAT has" if fact == "score" else "of which a track in CVAT has one"
            found += [
                Notice(f"values of '{facts[fact]}', {why}", label)
                for label in own
                if getattr(encoded[label.key].objects[0], fact) != once
            ]
    return found


def _track(
    chain: Sequence[FrameLabel],
    encoded: dict[LabelKey, Encoded],
    specs: Specs,
    last: int,
    tolerance: float,
) -> Track:
    """The track of an object of one class in one job."""
    shapes = {label.frame: shape for label in chain if (shape := alone(encoded[label.key]))}
    forced = {label.frame for label in chain if label.document.get("keyframe") is True}
    return track_of(shapes, last, tolerance, forced, *specs)


def _by_job(
    chain: Sequence[FrameLabel], by_frame: dict[int, list[int]], written: Mapping[int, Collection[LabelKey]]
) -> dict[int, list[FrameLabel]]:
    found: dict[int, list[FrameLabel]] = {}
    for label in chain:
        for number in by_frame[label.frame]:
            if label.key not in written.get(number, ()):
                found.setdefault(number, []).append(label)
    return found
