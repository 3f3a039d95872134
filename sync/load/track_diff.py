"""What changed of the tracks of a job of a video: the labels that are on them are kept, edited, deleted, or new."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...cvat import Annotations, Shape
from ...cvat.models import Track
from ...labels.base import BaseLabel
from ...labels.objects import same_content
from ...labels.renumbered import track_with_present_ids
from ...labels.tracks.compare import FrameChange, content_of
from ...labels.tracks.identity import Identity, LabelKey
from ...labels.tracks.interpolate import Interpolated, interpolate
from ...labels.tracks.load import LoadedTracks, load_tracks
from ...labels.tracks.match import BaseTrack
from ...labels.tracks.shared import OtherTrack
from ...labels.vocabulary import Vocabulary
from ..runs.base import NewObject
from ..runs.outbox import TrackLabels
from ..runs.packed_labels import PackedLabels
from .begun_tracks import begun_identities, by_base_track, lost_tracks, new_origin
from .held_labels import HeldLabels
from .job_objects import ID_TWICE, NO_ID, LeftObject, left_keyframes
from .track_edits import TrackEdit, TrackEdits, Versions
from .track_identity import Identities
from .video_frames import TrackFrames

TWIN_TRACK = "exact copies of other tracks, as an editor's double save makes them"
REMOVED = "on frames that were removed in CVAT"


@dataclass
class TrackDiff:
    """What changed of the tracks of a job.

    Args:
        kept: labels that stay as they are, but whose track is not what it was on their frame: the frame was removed
        edited, deleted: other labels on tracks
        pool: what the tracks are on frames where no label is
        tracks: the tracks as they are now, with the labels that keep every bit
        found, unchanged: how many objects the tracks are, beside those of the pool, and how many are what they were
        left: what stays in CVAT alone
        odd: what of tracks makes no sense, counted by what it is
        matches: how labels were found
        identities: which objects the tracks are
        objects_of_new: the objects of tracks whose ids are new, by these
    """

    identities: Identities
    kept: list[BaseLabel] = field(default_factory=list)
    edited: list[TrackEdit] = field(default_factory=list)
    deleted: list[BaseLabel] = field(default_factory=list)
    pool: list[Shape] = field(default_factory=list)
    tracks: tuple[TrackLabels, ...] = ()
    found: int = 0
    unchanged: int = 0
    left: list[LeftObject] = field(default_factory=list)
    odd: Counter[str] = field(default_factory=Counter)
    matches: Counter[str] = field(default_factory=Counter)
    objects_of_new: dict[int, NewObject] = field(default_factory=dict)


@dataclass(frozen=True)
class VideoJob:
    """A job of a video, or of an image sequence.

    Args:
        base: its labels when both sides last agreed, without those of tracks
        tracks: its tracks then, with their labels
        annotations: what CVAT has now
        frames: of the task
        span: those of the job
        removed: frames that were removed in CVAT
        used: the indexes that are taken in the video or sequence
        run_id: the run's own id
        others: tracks of jobs that share frames with it, but which it does not have
        settled: which objects some of its tracks turned out to be, by their ids
        begun: the objects of tracks whose ids were new when a load began to write their labels, by these
    """

    base: Sequence[BaseLabel]
    tracks: Sequence[TrackLabels]
    annotations: Annotations
    frames: TrackFrames
    span: range
    removed: Collection[int]
    used: Collection[int]
    run_id: str
    others: Sequence[OtherTrack] = ()
    settled: Mapping[int, Identity] = field(default_factory=dict)
    begun: Mapping[int, NewObject] = field(default_factory=dict)


def diff_tracks(job: VideoJob, waiting: Sequence[BaseLabel], vocabulary: Vocabulary) -> TrackDiff:
    """Compares the tracks of a job with what they were.

    Args:
        job: the job
        waiting: labels of tracks that are, when both sides last agreed, not what the base's track is on their frame
        vocabulary: what the task's labels mean now
    """
    by_track = by_base_track(waiting, job.tracks, job.begun)
    originals = [*job.tracks, *lost_tracks(by_track, job.tracks, job.begun)]
    known = [
        item.model_copy(update={"track": track_with_present_ids(item.track, vocabulary.former)}) for item in originals
    ]
    held = [HeldLabels(item.labels, by_track.get(item.track.id or 0, ())) for item in known]
    differ = _TrackDiffer(job, originals, known, held, {(w.frame, w.label_id) for w in waiting}, vocabulary)
    return differ.diff()


def _renamed(label_id: int, vocabulary: Vocabulary) -> str | None:
    """What a class is called now, if its label in CVAT has another id and another name."""
    former = vocabulary.former.get(label_id)
    if former is None:
        return None
    name = vocabulary.name_now(former.to)
    return name if name != former.name else None


class _TrackDiffer:
    """Sorts the labels of tracks by what became of them."""

    def __init__(
        self,
        job: VideoJob,
        originals: Sequence[TrackLabels],
        known: Sequence[TrackLabels],
        held: Sequence[HeldLabels],
        waiting: Collection[LabelKey],
        vocabulary: Vocabulary,
    ) -> None:
        self.job, self.known, self.held, self.waiting, self.vocabulary = job, known, held, waiting, vocabulary
        self.left: list[LeftObject] = []
        self._renamed = [_renamed(item.track.label_id, vocabulary) for item in originals]
        begun = {n for n in range(len(job.tracks), len(known)) if known[n].track.id in job.begun}
        bases = [
            BaseTrack(item.track, tuple(own.ids.items()), item.identity, item.origin, number in begun)
            for number, (item, own) in enumerate(zip(known, held, strict=True))
        ]
        facts = {fact for item in vocabulary.schema.fields.values() for fact in item.facts}
        now = self._present_tracks(bases)
        self.loaded: LoadedTracks = load_tracks(
            bases,
            now,
            job.span,
            job.frames.size_of,
            job.used,
            frozenset(job.removed),
            facts,
            others=job.others,
            settled={**begun_identities(job.begun, known), **job.settled},
        )
        self.now = self.loaded.matches.tracks
        self.result = TrackDiff(Identities(self.loaded, known, vocabulary, job.run_id), left=self.left)
        identities = self.result.identities
        self._edits = TrackEdits(known, held, self.now, self._renamed, identities, vocabulary, job.frames)
        self._interpolated: dict[int, Interpolated] = {}
        self._counts: Counter[int] = Counter()
        self._nested: dict[int, list[PackedLabels]] = {}
        self._kept: dict[int, list[BaseLabel]] = {}

    def _present_tracks(self, bases: Sequence[BaseTrack]) -> list[Track]:
        """The tracks that CVAT has and that can be told apart, without exact copies of others.

        Those with which a load began have their places among the new ones, as when that load found them.

        Args:
            bases: what the tracks were
        """
        known = {one.track.id for one in bases if not one.is_begun}
        found: dict[int, Track] = {}
        contents: set[object] = set()
        for track in sorted(self.job.annotations.tracks, key=lambda track: (track.id not in known, track.id or 0)):
            content = content_of(track)
            if track.id is None or track.id in found:
                reason = NO_ID if track.id is None else ID_TWICE
                self.left.append(LeftObject(reason, "track", track.label_id, track.frame))
            elif track.id not in known and content in contents:
                self.left.append(LeftObject(TWIN_TRACK, "track", track.label_id, track.frame))
            else:
                found[track.id] = track
                contents.add(content)
        return list(found.values())

    def diff(self) -> TrackDiff:
        owners = {
            (frame, self.held[owner].ids[frame]): (number, owner)
            for number, one in enumerate(self.now)
            for frame, owner in one.sources.items()
        }
        edits = {edited.key: edited.change for edited in self.loaded.edited}
        deleted = set(self.loaded.deleted)
        moved = {key for key, _ in self.loaded.moved}
        for owner, labels in enumerate(self.held):
            for label in labels:
                frame, key = label.frame, (label.frame, label.label_id)
                number = owners[key][0] if key in owners else None
                if frame in self.job.removed:
                    self._keep_removed(label, owner, number)
                elif key in self.waiting:
                    self._compare(label, owner, number)
                elif key in deleted or number is None:
                    self._delete(label, owner, number)
                elif key in edits and not edits[key].exists:
                    self._edit(label, owner, number, edits[key])
                elif key in moved or self._is_renamed(owner) or number in self.result.identities.renumbered:
                    self._edit(label, owner, number, Versions(self._then(label, owner), self._now(number, frame)))
                else:
                    self._keep(label, number)
            self._pack_kept(labels)
        for new in self.loaded.new:
            self._counts[new.track] += 1
            self.result.pool.append(self._on_track(new.shape, new.track))
        self._leave_removed(owners)
        self._leave_odd()
        self.result.tracks = tuple(self._tracks())
        return self.result

    def _is_renamed(self, owner: int) -> bool:
        return self._renamed[owner] is not None or self.known[owner].track.label_id in self.vocabulary.renamed

    def _keep(self, label: BaseLabel, number: int) -> None:
        self._kept.setdefault(number, []).append(label.model_copy(update={"objects": ()}) if label.objects else label)
        self._count(number)
        self.result.unchanged += 1
        self.result.matches[_HOW[self.now[number].how]] += 1

    def _pack_kept(self, labels: HeldLabels) -> None:
        """Packs what is kept of the labels of a track, before the next one is looked at."""
        for number, kept in self._kept.items():
            whole = not labels.waiting and len(kept) == len(labels.packed)
            self._nested.setdefault(number, []).append(labels.packed if whole else PackedLabels(kept))
        self._kept = {}

    def _count(self, number: int) -> None:
        self._counts[number] += 1
        self.result.found += 1

    def _delete(self, label: BaseLabel, owner: int, number: int | None) -> None:
        self.result.deleted.append(self._with_then(label, owner, number))

    def _edit(self, label: BaseLabel, owner: int, number: int, versions: FrameChange | Versions) -> None:
        if isinstance(versions, Versions) and versions.now is None:
            self._delete(label, owner, number)
            return
        edit = self._edits.edit(label, owner, number, versions)
        if edit is None:  # its class is of a field with labels of another kind
            self._change_kind(label, number, versions)
            return
        self._count(number)
        self.result.matches[_HOW[self.now[number].how]] += 1
        self.result.edited.append(edit)

    def _change_kind(self, label: BaseLabel, number: int, versions: FrameChange | Versions) -> None:
        """Takes a label for gone, and its track for new on its frame."""
        then, now = versions.then, versions.now
        assert now is not None
        self.result.deleted.append(label.model_copy(update={"objects": (self._on_track(then or now, number),)}))
        self._counts[number] += 1
        self.result.pool.append(self._on_track(now, number))

    def _compare(self, label: BaseLabel, owner: int, number: int | None) -> None:
        """Sorts a label that was something else than the base's track is on its frame."""
        now = None if number is None else self._now(number, label.frame)
        then = label.objects[0]
        if now is None or number is None or not isinstance(then, Shape):
            self._delete(label, owner, number)
        elif not self._edits.is_moved(label, owner, number) and same_content(then, now, self.vocabulary, label.field):
            self._keep(label, number)
        else:
            self._edit(label, owner, number, Versions(then, now))

    def _keep_removed(self, label: BaseLabel, owner: int, number: int | None) -> None:
        """Keeps a label on a removed frame; what both sides agreed on is kept with it, as its track goes on."""
        now = None if number is None else self._now(number, label.frame)
        label = self._with_then(label, owner, number)
        same = now is not None and same_content(label.objects[0], now, self.vocabulary, label.field)
        if same and number is not None and not self._edits.is_moved(label, owner, number):
            self._keep(label, number)
            return
        self.result.kept.append(label)
        if now is not None and number is not None:
            self._count(number)
            self.left.append(LeftObject.of(self._on_track(now, number), REMOVED))

    def _leave_removed(self, owners: Mapping[LabelKey, tuple[int, int]]) -> None:
        """Counts what tracks are on removed frames without a label there."""
        removed = [frame for frame in self.job.removed if frame in self.job.span]
        labelled = {(number, frame) for (frame, _), (number, _) in owners.items()} if removed else set()
        for number in range(len(self.now)) if removed else ():
            for frame in removed:
                if (number, frame) not in labelled and (shape := self._now(number, frame)) is not None:
                    self._count(number)
                    self.left.append(LeftObject.of(self._on_track(shape, number), REMOVED))

    def _leave_odd(self) -> None:
        """Counts what of tracks is nothing in this job, or could not be read."""
        odd: dict[int, dict[int, str]] = {}
        for number, oddity in self.loaded.odd:
            odd.setdefault(number, {})[oddity.frame] = oddity.reason
        for number, one in enumerate(self.now):
            reasons = odd.get(number, {})
            there = self._interpolation(one.track).frames if reasons else {}
            left = left_keyframes(one.track, self.job.span, reasons, there)
            if not left and not self._counts[number]:
                reason = reasons.pop(one.track.frame, "it is on no frame")
                left = [LeftObject(reason, "track", one.track.label_id, one.track.frame)]
            self.left += left
            self.result.odd.update(reasons.values())
        self.result.found += len(self.left) - sum(item.reason == REMOVED for item in self.left)

    def _tracks(self) -> Iterator[TrackLabels]:
        """The tracks as both sides agree on them after this load; one that can't be read says nothing new."""
        unreadable = {number for number, _ in self.loaded.odd if not self._now_frames(number)}
        for number, one in enumerate(self.now):
            labels = _together(self._nested.get(number, ()))
            track = one.track
            was = None if one.same is None else self.known[one.same].track
            if was is None or was.id != track.id:
                identity = self.result.identities.of(number)
                before = None if was is None else was.id
                new = NewObject(self._origin(number), identity.index, identity.instance, before)
                self.result.objects_of_new[track.id or 0] = new
            if was is not None and number in unreadable:
                track = was.model_copy(update={"id": track.id})
            yield TrackLabels(
                field=labels.fields[0] if labels else "" if one.same is None else self.known[one.same].field,
                origin=self._origin(number),
                home="" if one.same is None else self.known[one.same].object_key[0],
                index=self.result.identities.of(number).index,
                instance=self.result.identities.of(number).instance,
                track=track,
                labels=labels,
            )

    def _origin(self, number: int) -> int:
        """The number of the object that a track is: that of another job, if that has it, too."""
        one = self.now[number]
        if one.same is not None:
            return self.known[one.same].origin
        if (begun := self.job.begun.get(one.track.id or 0)) is not None:
            return begun.origin
        others = self.loaded.numbering.shared.get(number)
        return others[0].origin if others else new_origin(one.track.id or 0)

    def _now_frames(self, number: int) -> bool:
        found = self._interpolation(self.now[number].track)
        return bool(found.frames or found.ends)

    def _with_then(self, label: BaseLabel, owner: int, number: int | None) -> BaseLabel:
        """A label with what it was when both sides last agreed, on the track that it is on now: so it is found again.

        Args:
            label: the label
            owner: the number of the track that it was on
            number: the number of the track that it is on, if it is on one
        """
        then = self._then(label, owner)
        if then is None:
            return label
        then = self._on_base(then, owner) if number is None else self._on_track(then, number)
        return label.model_copy(update={"objects": (then,)})

    def _then(self, label: BaseLabel, owner: int) -> Shape | None:
        if label.objects and isinstance(label.objects[0], Shape):
            return label.objects[0]
        return self._interpolation(self.known[owner].track).shape(label.frame)

    def _now(self, number: int, frame: int) -> Shape | None:
        shape = self._interpolation(self.now[number].track).shape(frame)
        return None if shape is None else self._on_track(shape, number)

    def _interpolation(self, track: Track) -> Interpolated:
        if id(track) not in self._interpolated:
            self._interpolated[id(track)] = interpolate(track, self.job.span)
        return self._interpolated[id(track)]

    def _on_track(self, shape: Shape, number: int) -> Shape:
        return self._edits.on_track(shape, number)

    def _on_base(self, shape: Shape, owner: int) -> Shape:
        return shape.model_copy(update={"track": self.known[owner].track.id})


def _together(parts: Sequence[PackedLabels]) -> PackedLabels:
    """Labels of one track by frame."""
    if len(parts) == 1 and parts[0].is_ascending:
        return parts[0]
    return PackedLabels(sorted(itertools.chain(*parts), key=lambda label: label.frame))


_HOW = {"id": "by_id", "exact": "exact", "overlap": "overlap", "new": "overlap"}
