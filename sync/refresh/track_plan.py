"""What is written into a job of the labels on its tracks, and of those that are to be on tracks."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from ...cvat import Shape
from ...labels.tracks.drawn import DrawnLabels, draw_labels
from ...labels.tracks.edit import edit_track
from ...labels.tracks.identity import FrameLabel, Identity, find_objects, shared_identity
from ...labels.tracks.restless import read_only_specs
from ...labels.tracks.send import send_video
from ...labels.types import LABEL_TYPES
from ..dataset.mask_files import with_pixels
from ..dataset.samples import Document
from ..load.diff import JobDiff
from ..load.video_frames import TrackFrames
from ..runs.outbox import TrackLabels
from ..runs.refreshes import LabelKey, LabelWrite, TrackWrite, key_of
from ..send.refusals import unstorable
from ..send.video_labels import track_entry
from .draw import merged, track_in_order
from .fates import Remote, differs, fate_of
from .job_now import JobNow
from .local_changes import Candidate
from .report import BOTH, OTHER_TRACK, REMOVED, RENAMED, WAITS, RefreshReport
from .track_changes import TrackChange, TrackOwners, by_label, track_changes, tracks_away
from .track_labels import DrawnLabel, Objects, as_written, of_track, origin_by


@dataclass(frozen=True)
class TrackSettings:
    """How tracks are written.

    Args:
        frames: the frames of the task
        span: those of the job
        mutable: the attributes, by the ids of their specs, that may change along a track
        tolerance: how many pixels CVAT may show changed coordinates off between keyframes
    """

    frames: TrackFrames
    span: range
    mutable: frozenset[int]
    tolerance: float


def is_object(field_type: str, document: Document) -> bool:
    """Whether a label can be on a frame of a track: it says which object it is, and is no mask and no tag."""
    if not Identity.of(document):
        return False
    return LABEL_TYPES[field_type].codec.shape_type(document) not in ("mask", "tag")


class TrackPlanner:
    """Decides about the labels of one job that are, or are to be, on tracks.

    Args:
        now: the job
        owners: its tracks when both sides last agreed
        diff: what changed in CVAT
        was_open: labels whose conflicts wait for a decision, by field and id
        settings: how tracks are written
        report: counts what is left
    """

    def __init__(
        self,
        now: JobNow,
        owners: TrackOwners,
        diff: JobDiff,
        was_open: set[tuple[str, int, str]],
        settings: TrackSettings,
        report: RefreshReport,
    ) -> None:
        self._now, self._owners, self._was_open = now, owners, was_open
        self._settings, self._report = settings, report
        self._words = now.drawing
        self._unsure = diff.incomplete or bool(now.vocabulary.renamed or now.vocabulary.renumbered)
        self.changes = track_changes(owners, diff, settings.span)
        self._kept = by_label(self.changes)
        self._edited = {key_of(edited.base): edited for edited in diff.edited}
        self._deleted = {key_of(label) for label in diff.deleted}
        self._away = tracks_away(owners, self.changes, self._deleted)
        self._singles: list[LabelWrite] = []
        self._made: list[TrackWrite] = []
        there = now.annotations
        groups = [[item.group or 0 for item in items] for items in (there.tags, there.shapes, there.tracks)]
        self._group = max(chain(*groups), default=0)

    def plan(self, candidates: Sequence[Candidate]) -> tuple[list[TrackWrite], list[LabelWrite]]:
        """What is written: tracks, and labels that are single shapes now. All else is counted."""
        by_field: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            if candidate.document is not None and self._is_drawn(candidate):
                by_field.setdefault(candidate.field, []).append(candidate)
            elif candidate.document is None:
                self._delete(candidate)
        for name, some in by_field.items():
            self._place(name, list(self._drawn(name, some)))
        writes = [self._write(change) for change in self.changes.values() if change.touched]
        return [*writes, *self._made], self._singles

    # What becomes of each label

    def _is_drawn(self, candidate: Candidate) -> bool:
        """Whether a label is created, or changed; if not, it is counted why."""
        reason = self._reason(candidate)
        if not reason and candidate.base is not None:
            fate = fate_of(candidate.base.parts, candidate.local, self._remote(candidate.key), self._parts(candidate))
            if fate in ("update", "unchanged"):  # unchanged, but of another object
                return True
            if fate == "theirs" and candidate.is_reidentified:
                fate = "both"
            if fate == "agreed" and not candidate.told:
                self._report.keep(candidate.base, in_others=False)
            reason = BOTH if fate == "both" else ""
        if reason:
            self._leave(reason, candidate)
        return not reason and candidate.base is None

    def _delete(self, candidate: Candidate) -> None:
        """Takes a label from its track that was deleted here."""
        reason = self._reason(candidate)
        if not reason and candidate.base is not None:
            fate = fate_of(candidate.base.parts, None, self._remote(candidate.key))
            if fate == "delete":
                self.changes[self._kept[candidate.key]].take(candidate.base)
            reason = BOTH if fate == "both" else ""
        if reason:
            self._leave(reason, candidate)

    def _reason(self, candidate: Candidate) -> str:
        """Why nothing is written of a label, whatever became of it; empty if something may be."""
        label = candidate.base
        if self._unsure:
            return RENAMED
        if candidate.label.frame in self._now.removed:
            return REMOVED
        if label is None:
            return ""
        if label.key in self._was_open:
            return WAITS
        if reason := self._now.touched_elsewhere.get(candidate.key):
            return reason
        if (track_id := self._kept.get(candidate.key)) is not None:
            return self.changes[track_id].why_not
        known = candidate.key in self._edited or candidate.key in self._deleted
        return "" if known else OTHER_TRACK

    def _remote(self, key: LabelKey) -> Remote:
        return "kept" if key in self._kept else "edited" if key in self._edited else "deleted"

    def _parts(self, candidate: Candidate) -> dict[str, object] | None:
        edit = self._edited.get(candidate.key)
        if edit is None or edit.to is not None:
            return None
        edited = edit.read()
        return {**edited.base.parts, **edited.reading.parts}

    def _drawn(self, name: str, candidates: Sequence[Candidate]) -> Iterator[DrawnLabel]:
        """Labels of a field as they are drawn; those that can't be are counted."""
        by_key: dict[tuple[int, str], tuple[Candidate, FrameLabel]] = {}
        for candidate in candidates:
            frame, document = candidate.label.frame, with_pixels(candidate.document or {})
            label = FrameLabel(frame, candidate.label.label_id, document, self._settings.frames.size_of(frame))
            by_key[label.key] = candidate, label
        found = self._draw((label for _, label in by_key.values()), name)
        for notice in found.left_out:
            self._leave(f"{name}: {notice.reason}", by_key[notice.label.key][0])
        for key, made in found.encoded.items():
            candidate, own = by_key[key]
            self._group = max(self._group, *(item.group or 0 for item in made.objects))
            written = as_written(candidate, made)
            if refusals := unstorable(written):
                self._leave(refusals[0].sentence, candidate)
                continue
            is_own, item = not candidate.told, DrawnLabel(written, own, made, told=candidate.told)
            if candidate.base and not differs(written.parts, candidate.base.parts) and not self._is_reidentified(item):
                if is_own:  # what changed of it is nothing that CVAT gets
                    self._report.keep(written, in_others=False)
                continue
            if is_own:
                self._report.leave_all(Counter(f"{name}: {reason}" for reason in made.left_out))
            yield item

    def _draw(self, labels: Iterable[FrameLabel], name: str) -> DrawnLabels:
        return draw_labels(labels, name, self._words, [self._settings.span], self._group)

    def _leave(self, reason: str, candidate: Candidate) -> None:
        if not candidate.told:
            self._report.leave(reason, candidate.label)

    # Where each label goes

    def _place(self, name: str, drawn: Sequence[DrawnLabel]) -> None:
        """Puts labels on their tracks, or on those of their objects; what finds none gets a new one."""
        free: list[DrawnLabel] = []
        for item in drawn:
            change = self.changes.get(self._kept.get(key_of(item.label), 0))
            if change and item.kind == change.kind and not self._is_reidentified(item):
                self._put(change, item)
                continue
            if change:
                change.take(item.label)
                item.from_ = change
            free.append(item)
        tracks = [change for change in self.changes.values() if change.entry.field == name and not change.why_not]
        away = [entry for entry in self._away if entry.field == name]
        entries = [*away, *(change.entry for change in tracks)]
        numbers = find_objects([*map(of_track, entries), *(item.own for item in free)]).numbers
        objects = Objects(tracks, free, numbers[len(away) :])
        free = [item for item in free if not self._is_away(item, objects, numbers[: len(away)])]
        free.sort(key=lambda item: item.from_ is None)  # what comes finds the tracks as those that leave have left them
        self._new_tracks(name, [item for item in free if not self._home(item, objects)], objects)

    def _is_reidentified(self, item: DrawnLabel) -> bool:
        base = self._owners.base_of(key_of(item.label))
        return base is not None and self._owners.is_reidentified(base, item.own.document)

    def _is_away(self, item: DrawnLabel, objects: Objects, away: Collection[int | None]) -> bool:
        """Counts a label that comes to an object whose track has another id by now: a new track may be there twice."""
        number = objects.number_of(item)
        if item.from_ is not None or number is None or number not in away:
            return False
        if not item.told:
            self._report.leave(OTHER_TRACK, item.label)
        return True

    def _home(self, item: DrawnLabel, objects: Objects) -> bool:
        """Puts a label on a track of its object, or makes it a single shape; whether that could be."""
        number, frame = objects.number_of(item), item.label.frame
        if item.shape is None or number is None:
            self._alone(item)
            return True
        there = objects.homes.setdefault((number, item.kind), [])
        kept = [change for change in there if not change.is_left]
        if home := next((change for change in there if change.is_free(frame)), None):
            self._put(home, item)
        elif item.from_ is None and any(frame in change.theirs for change in kept):
            if not item.told:
                self._report.leave(BOTH, item.label)
        elif kept:
            self._alone(item)
        elif item.from_ is not None and item.from_.is_left and objects.is_whole(item):
            # All of a track became something else: it stays the same track
            item.from_.identity = shared_identity([one.own for one in objects.leaving(item)])
            objects.turn(item.from_, there)
            self._put(item.from_, item)
        else:
            return False
        return True

    def _put(self, change: TrackChange, item: DrawnLabel) -> None:
        assert item.shape is not None, "a label without a shape is on no track"
        shape, before = item.shape, change.then.shape(item.label.frame)
        if before is not None:
            found = merged(shape, before, self._words.schema.fields[item.label.field])
            shape = found if isinstance(found, Shape) else shape
        label = item.label.model_copy(update={"objects": ()})
        change.put(label, shape, forced=item.own.document.get("keyframe") is True)

    def _alone(self, item: DrawnLabel) -> None:
        """Makes a label shapes of its own."""
        group = (item.encoded.objects[0].group or 0) if len(item.encoded.objects) > 1 else 0
        self._singles.append(LabelWrite(kind="created", after=item.label.model_copy(update={"group": group})))

    def _new_tracks(self, name: str, items: Sequence[DrawnLabel], objects: Objects) -> None:
        """Makes tracks of labels whose objects have none here."""
        if not items:
            return
        by_key = {item.own.key: item for item in sorted(items, key=lambda item: item.label.frame)}
        held = {item.label.frame: item.label.sample_id for item in items}
        settings, labels = self._settings, [item.own for item in by_key.values()]
        sent = send_video(self._draw(labels, name), settings.mutable, settings.tolerance)
        for reason, count in sent.counts.items():
            self._report.note([f"{name}: {count:,} {reason}."])
        for shape in sent.shapes:
            self._alone(by_key[shape.key])
        for track in sent.tracks:
            known = objects.origins.get(objects.number_of(by_key[track.held[0]]))
            origin = origin_by(track.identity) if known is None else known
            own = tuple(by_key[key].label.model_copy(update={"objects": ()}) for key in track.held)
            entry = track_entry(name, track, origin, sent, held).model_copy(update={"labels": own})
            touched = tuple(map(key_of, own))
            self._made.append(TrackWrite(kind="created", track=entry.track, after=entry, touched=touched))

    # What is written of a track

    def _write(self, change: TrackChange) -> TrackWrite:
        entry, settings = change.entry, self._settings
        schema = self._words.schema.fields[entry.field]
        specs = settings.mutable, read_only_specs(entry.field, self._words)
        track = edit_track(
            change.track, change.shapes, settings.span, settings.tolerance, specs, change.forced, schema.facts
        )
        track_id = change.track.id or 0
        after = None
        if track is not None:
            identity = change.identity or entry.identity
            labels = tuple(label for _, label in sorted(change.labels.items()))
            named = {"index": identity.index, "instance": identity.instance}
            after = TrackLabels(field=entry.field, origin=entry.origin, track=track, labels=labels, **named)
        return TrackWrite(
            kind="deleted" if track is None else "changed",
            there=track_in_order(change.track),
            track=track,
            before=entry,
            after=after,
            waited=tuple(self._owners.waited.get(track_id, ())),
            waiting=tuple(change.pending),
            touched=tuple(change.touched),
        )
