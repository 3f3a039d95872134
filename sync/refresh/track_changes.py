"""What is to become of the tracks of a job: the labels on them that changed in FiftyOne, and those that come and go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...cvat import Shape
from ...cvat.models import Track
from ...labels.base import BaseLabel
from ...labels.codec import Document
from ...labels.schema import LabelSchema
from ...labels.tracks.edit import why_not
from ...labels.tracks.identity import Identity
from ...labels.tracks.interpolate import Interpolated, interpolate
from ...labels.types import LABEL_TYPES
from ..load.diff import JobDiff
from ..load.label_tracks import track_of_label
from ..load.track_identity import INDEX, INSTANCE
from ..runs.outbox import TrackLabels
from ..runs.refreshes import LabelKey, key_of

Kind = tuple[int, str]
"""What a track is of: its CVAT label, and the type of its shapes."""


class TrackOwners:
    """The tracks of a job when both sides last agreed, and which of them each label is on.

    Args:
        base: the labels of the job but for those in tracks
        tracks: its tracks
        schema: the run's schema
    """

    def __init__(self, base: Sequence[BaseLabel], tracks: Sequence[TrackLabels], schema: LabelSchema) -> None:
        self._schema = schema
        self.entries = {item.track.id: item for item in tracks if item.track.id is not None}
        self.waited: dict[int, list[BaseLabel]] = {}
        self.of: dict[LabelKey, int] = {}
        for label in base:
            if (track_id := track_of_label(label)) is not None:
                self.waited.setdefault(track_id, []).append(label)
                self.of[key_of(label)] = track_id
        for track_id, item in self.entries.items():
            self.of.update((key_of(label), track_id) for label in item.labels)

    def base_of(self, key: LabelKey) -> BaseLabel | None:
        """What a label on a track was."""
        return self._labels.get(key)

    @cached_property
    def _labels(self) -> dict[LabelKey, BaseLabel]:
        return {key_of(label): label for label in self.labels}

    @property
    def labels(self) -> list[BaseLabel]:
        """The labels that are on tracks."""
        waited = [label for labels in self.waited.values() for label in labels]
        return waited + [label for item in self.entries.values() for label in item.labels]

    def is_reidentified(self, label: BaseLabel, document: Document) -> bool:
        """Whether a label says in FiftyOne that it is of another object than its track, and may say so."""
        entry, schema = self.entries.get(self.of.get(key_of(label), 0)), self._schema.fields[label.field]
        if entry is None or not schema.allow_index_edits or INDEX not in LABEL_TYPES[schema.type].codec.standard:
            return False
        now, then = Identity.of(document), entry.identity
        if INDEX in label.parts:
            return now.index != label.parts[INDEX] or (
                INSTANCE in label.parts and now.instance != label.parts[INSTANCE]
            )
        if not now or not then:
            return bool(now) != bool(then)
        if now.instance is not None and then.instance is not None:
            return now.instance != then.instance
        return now.index is not None and then.index is not None and now.index != then.index


@dataclass
class TrackChange:
    """What is to become of a track that CVAT has.

    Args:
        entry: what the base has of it
        track: the track in CVAT now
        span: the frames of its job
        labels: the labels that nobody touched in CVAT, by frame; those that go are taken out, and those that come added
        pending: labels of which CVAT has something else by now
        shapes: what it is to be on frames that change; ``None`` where it goes
        touched: the labels that come, change, or go
        forced: frames that have to be keyframes
        identity: which object it is now, if that changes
    """

    entry: TrackLabels
    track: Track
    span: range
    labels: dict[int, BaseLabel]
    pending: list[BaseLabel]
    shapes: dict[int, Shape | None] = field(default_factory=dict)
    touched: dict[LabelKey, None] = field(default_factory=dict)
    forced: set[int] = field(default_factory=set)
    identity: Identity | None = None

    @cached_property
    def then(self) -> Interpolated:
        """What it is on the frames of its job."""
        return interpolate(self.track, self.span)

    @cached_property
    def why_not(self) -> str:
        """Why it can't be written; empty if it can."""
        return why_not(self.track, self.then, self.span)

    @cached_property
    def kind(self) -> Kind:
        """What it is of."""
        return self.track.label_id, self.track.shapes[0].type if self.track.shapes else ""

    @cached_property
    def theirs(self) -> frozenset[int]:
        """The frames on which annotators touched it, so that nothing is written there."""
        return frozenset((self.then.frames.keys() - self.labels.keys()) | {label.frame for label in self.pending})

    def is_free(self, frame: int) -> bool:
        """Whether a label can come to a frame."""
        return frame not in self._frames and frame not in self.theirs

    @property
    def is_left(self) -> bool:
        """Whether all labels that it had were taken from it."""
        return bool(self.shapes) and not self._frames

    @cached_property
    def _frames(self) -> set[int]:
        """The frames that it is on, with what was put and taken so far."""
        return set(self.then.frames)

    def put(self, label: BaseLabel, shape: Shape, *, forced: bool) -> None:
        """Puts a label on its frame."""
        _ = self.theirs  # while it is as it was
        self.shapes[label.frame] = shape
        self._frames.add(label.frame)
        self.labels[label.frame] = label
        self.touched[key_of(label)] = None
        self.forced.update([label.frame] if forced else [])

    def take(self, label: BaseLabel) -> None:
        """Takes a label from its frame."""
        _ = self.theirs
        self.shapes[label.frame] = None
        self._frames.discard(label.frame)
        self.labels.pop(label.frame, None)
        self.touched[key_of(label)] = None


def track_changes(owners: TrackOwners, diff: JobDiff, span: range) -> dict[int, TrackChange]:
    """The tracks of a job that both sides know by the same id, before anything changes.

    Args:
        owners: the tracks when both sides last agreed
        diff: what changed of them in CVAT
        span: the frames of the job
    """
    pending: dict[int, list[BaseLabel]] = {}
    for label in (*(edit.read().base for edit in diff.edited), *diff.deleted, *diff.kept):
        if (owner := owners.of.get(key_of(label))) is not None:
            pending.setdefault(owner, []).append(label)
    found: dict[int, TrackChange] = {}
    for item in diff.tracks:
        track_id = item.track.id or 0
        if (entry := owners.entries.get(track_id)) is None:
            continue
        kept = {label.frame: label for label in item.labels if owners.of.get(key_of(label)) == track_id}
        found[track_id] = TrackChange(entry, item.track, span, kept, pending.get(track_id, []))
    return found


def by_label(changes: Mapping[int, TrackChange]) -> dict[LabelKey, int]:
    """The tracks of labels that nobody touched in CVAT."""
    return {key_of(label): track_id for track_id, change in changes.items() for label in change.labels.values()}


def tracks_away(
    owners: TrackOwners, changes: Mapping[int, TrackChange], deleted: Collection[LabelKey]
) -> list[TrackLabels]:
    """The tracks of the base that CVAT has under other ids by now, as somebody split them, or undid their deletion.

    Args:
        owners: the tracks when both sides last agreed
        changes: those that both sides know by the same id
        deleted: the labels that are nowhere in CVAT
    """
    gone = [entry for track_id, entry in owners.entries.items() if track_id not in changes]
    return [entry for entry in gone if any(key_of(label) not in deleted for label in entry.labels)]
