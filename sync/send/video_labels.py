"""Drawing the labels of a video: objects over its frames as tracks, all others as shapes and tags of their frames."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...labels.base import BaseLabel
from ...labels.groups import last_used
from ...labels.tracks.drawn import DrawnLabels
from ...labels.tracks.identity import FrameLabel, Identity, LabelKey
from ...labels.tracks.keyframes import count_keyframes
from ...labels.tracks.send import NO_TRACK, SentTrack, SentVideo, send_video
from ...labels.vocabulary import Vocabulary
from ..readable import readable
from ..runs.outbox import Batch, TrackLabels, each_field
from ..runs.packed_labels import PackedLabels
from . import encode
from .encode import Identity as LabelIdentity
from .encode import draw, groups_of, identities, told_apart
from .plan import Segment, shared_frames
from .track_reader import Found, TrackReader

STAYS_BEHIND = "values of "
"""What notices begin with that are about something which CVAT does not get."""


@dataclass
class Objects:
    """The objects of a video.

    Args:
        entries: what each job gets of them, by the job's place in the task
        dropped: what CVAT can't hold of an entry, as sentences, by job and the entry's place there
        lost: labels that stay behind, and values that do, by sentence
        notices: what else has to be said of labels, by sentence
        labels, keyframes: how many labels are in tracks, and how many keyframes these have
        group: the largest CVAT group that is in use
        identities: the labels that are looked at here, so that nothing else draws them
        others: the frames with other labels
    """

    entries: dict[int, list[BaseLabel | TrackLabels]] = field(default_factory=dict)
    dropped: dict[int, dict[int, tuple[str, ...]]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    labels: int = 0
    keyframes: int = 0
    group: int = 0
    identities: set[LabelIdentity] = field(default_factory=set)
    others: set[int] = field(default_factory=set)


class VideoLabels:
    """The labels of a task of a video, or of an image sequence.

    Args:
        reader: reads them
        words: what the task's labels mean
        segments: its jobs
        mutable: tells the attributes, by the ids of their specs, that may change along a track
        tolerance: how many pixels CVAT may show coordinates off between keyframes
    """

    def __init__(
        self,
        reader: TrackReader,
        words: Vocabulary,
        segments: Sequence[Segment],
        mutable: Callable[[], Collection[int]],
        tolerance: float,
    ) -> None:
        self._reader = reader
        self._words = words
        self._segments = segments
        self._mutable = mutable
        self._tolerance = tolerance
        self._earlier: dict[int, Sequence[Batch]] = {}
        self._refused: dict[int, Mapping[LabelIdentity, str]] = {}
        self._lock = threading.Lock()
        self._objects: Objects | None = None

    def shared(self, segment: Segment) -> range:
        """The frames of a job that an earlier one has, too: that one counts their labels."""
        return shared_frames(self._segments, segment, self._reader.shared)

    def drawn(
        self, segment: Segment, earlier: Sequence[Batch], refused: Mapping[LabelIdentity, str], lost: Counter[str]
    ) -> Iterator[Batch]:
        """The labels of a job in batches, but for those that are in it already.

        The jobs of a task are all to be named before the first of these is drawn.

        Args:
            segment: the job
            earlier: what is in the job already
            refused: labels that CVAT is known not to take, and the reason
            lost: counts the labels that stay behind, by reason
        """
        self._earlier[segment.number], self._refused[segment.number] = earlier, refused
        return self._drawn(segment, lost)

    def _drawn(self, segment: Segment, lost: Counter[str]) -> Iterator[Batch]:
        objects = self.objects()
        if segment.number == 0:
            lost.update(objects.lost)
        entries = objects.entries.get(segment.number, [])
        yield from batches_of(entries, objects.dropped.get(segment.number, {}))
        earlier, refused = self._earlier[segment.number], self._refused[segment.number]
        shared = self.shared(segment)
        groups = [objects.group, *groups_of(earlier), *groups_of([Batch.model_construct(labels=tuple(entries))])]
        skip = identities(earlier) | objects.identities
        for batch in draw(self._others(objects, shared), self._words, skip, groups, Counter(), refused):
            yield batch.model_copy(update={"dropped": {}})  # the earlier job counts that
            groups.extend(groups_of([batch]))
        own = range(shared.stop, segment.stop + 1)
        yield from draw(self._others(objects, own), self._words, skip, groups, lost, refused)

    def _others(self, objects: Objects, frames: range) -> Iterator[Found]:
        """The labels of frames on which there are others than those of objects, which were looked at before."""
        others = [frame for frame in frames if frame in objects.others]
        if 0 in frames and self._reader.has_whole and 0 not in objects.others:
            yield from self._reader.read(range(1))
        if others:
            yield from self._reader.read(range(others[0], others[-1] + 1))

    def objects(self) -> Objects:
        """The objects of the video; found once."""
        with self._lock:
            if self._objects is None:
                self._objects = self._find()
            return self._objects

    def _find(self) -> Objects:
        found = Objects(group=last_used(self._reader.groups()))
        spans = [job.frames for job in self._segments]
        by_field: dict[str, DrawnLabels] = {}
        holders: dict[int, str] = {}
        alone = Counter[int]()
        for place, name, identity, document in told_apart(_counted(self._reader.all(found.lost), alone), Counter()):
            if not self._reader.is_object(name, document):
                said = self._is_own(place.frame) and self._reader.is_mask_of_object(name, document)
                found.notices.update({f"{name}: {NO_TRACK}": 1} if said else {})
                continue
            alone[place.frame] -= 1
            found.identities.add(identity)
            holders[place.frame] = place.sample_id
            label = FrameLabel(place.frame, identity[2], document, place.size)
            if name not in by_field:
                by_field[name] = DrawnLabels(name, self._words, spans)
            found.group = by_field[name].add(label, found.group)
        found.others = {frame for frame, count in alone.items() if count}
        frames = {sample_id: frame for frame, sample_id in holders.items()}
        while by_field:  # what was drawn of a field goes before the next one is looked at
            drawn = by_field.pop(name := next(iter(by_field)))
            keys = {i: (frames[i[1]], i[2]) for i in found.identities if i[0] == name} if self._is_begun else {}
            written = {job.number: self._written(job, keys, found.lost) for job in self._segments}
            sent = send_video(drawn, self._mutable(), self._tolerance, written)
            self._take(name, sent, holders, written, found)
        for job, batches in self._earlier.items():
            for entry in itertools.chain.from_iterable(batch.labels for batch in batches):
                if isinstance(entry, TrackLabels):
                    self._count(found, job, entry)
        found.notices = +found.notices
        return found

    @property
    def _is_begun(self) -> bool:
        """Whether an earlier process wrote labels, or found that CVAT does not take some."""
        return any(self._earlier.values()) or any(self._refused.values())

    def _is_own(self, frame: int) -> bool:
        """Whether no earlier task has a frame, and counts its labels."""
        return frame >= self._reader.shared

    def _written(self, job: Segment, keys: Mapping[LabelIdentity, LabelKey], lost: Counter[str]) -> set[LabelKey]:
        """The labels that are in a job already, or that CVAT is known not to take into it."""
        shared = self.shared(job)
        done = identities(self._earlier.get(job.number, ()))
        for identity, reason in self._refused.get(job.number, {}).items():
            if identity in keys and identity not in done:
                done.add(identity)
                lost[reason] += keys[identity][0] not in shared
        return {keys[identity] for identity in done if identity in keys}

    def _take(
        self,
        name: str,
        sent: SentVideo,
        holders: Mapping[int, str],
        written: Mapping[int, Collection[tuple[int, str]]],
        found: Objects,
    ) -> None:
        """Adds what was made of the labels of a field."""
        lost, notices = (
            [item for item in said if self._is_own(item.label.frame)] for said in (sent.left_out, sent.notices)
        )
        found.lost.update(readable(f"{name}: {notice.reason}") for notice in lost)
        for notice in notices:
            counter = found.lost if notice.reason.startswith(STAYS_BEHIND) else found.notices
            counter[readable(f"{name}: {notice.reason}")] += 1
        origins = _Origins(name, itertools.chain.from_iterable(self._earlier.values()))
        for track in sent.tracks:
            entry = track_entry(name, track, origins.of(track), sent, holders)
            self._add(found, track.job, entry, sent)
            self._count(found, track.job, entry)
        for shape in sent.shapes:
            label = base_label(name, shape.key, sent, holders, drawn=True)
            found.group = max(found.group, *(item.group or 0 for item in label.objects))
            for job in self._segments:
                if label.frame in job.frames and shape.key not in written[job.number]:
                    self._add(found, job.number, label, sent)

    def _count(self, found: Objects, job: int, track: TrackLabels) -> None:
        shared = self.shared(self._segments[job])
        found.labels += sum(frame not in shared for _, frame in each_field([track]))
        found.keyframes += count_keyframes(track.track)

    def _add(self, found: Objects, job: int, entry: BaseLabel | TrackLabels, sent: SentVideo) -> None:
        entries = found.entries.setdefault(job, [])
        shared = self.shared(self._segments[job])
        keys = PackedLabels.of(entry.labels).keys if isinstance(entry, TrackLabels) else [(entry.frame, entry.label_id)]
        sentences = [
            f"{entry.field}: {reason}" for key in keys if key[0] not in shared for reason in sent.encoded[key].left_out
        ]
        if sentences:
            found.dropped.setdefault(job, {})[len(entries)] = tuple(sentences)
        entries.append(entry)


class _Origins:
    """The numbers of objects: those of an earlier process stay, and no other object gets one of them.

    Args:
        name: the field
        earlier: what is in the jobs already
    """

    def __init__(self, name: str, earlier: Iterator[Batch]) -> None:
        tracks = [
            item for batch in earlier for item in batch.labels if isinstance(item, TrackLabels) and item.field == name
        ]
        self._known: dict[Identity, int] = {item.identity: item.origin for item in tracks}
        self._first = max((item.origin + 1 for item in tracks), default=0)

    def of(self, track: SentTrack) -> int:
        """The number of a track's object."""
        return self._known.get(track.identity, self._first + track.origin)


def _counted(labels: Iterator[Found], counts: Counter[int]) -> Iterator[Found]:
    """Labels; they are counted by frame."""
    for label in labels:
        counts[label[0].frame] += 1
        yield label


def track_entry(name: str, track: SentTrack, origin: int, sent: SentVideo, holders: Mapping[int, str]) -> TrackLabels:
    """A track that is to be created, with the labels that it stands for.

    Args:
        name: their field
        track: the track
        origin: the number of its object
        sent: what was made of the labels
        holders: the documents that hold them, by frame
    """
    return TrackLabels.model_construct(
        field=name,
        origin=origin,
        index=track.identity.index,
        instance=track.identity.instance,
        track=track.track,
        labels=PackedLabels(base_label(name, key, sent, holders, drawn=False) for key in track.held),
    )


def base_label(
    name: str, key: tuple[int, str], sent: SentVideo, holders: Mapping[int, str], *, drawn: bool
) -> BaseLabel:
    """A label that is a shape by itself, or in a track."""
    encoded = sent.encoded[key]
    return BaseLabel.model_construct(
        field=name,
        sample_id=holders[key[0]],
        frame=key[0],
        label_id=key[1],
        parts=encoded.parts,
        objects=encoded.objects if drawn else (),
        group=0,
    )


def batches_of(entries: Sequence[BaseLabel | TrackLabels], dropped: Mapping[int, tuple[str, ...]]) -> Iterator[Batch]:
    """Entries as requests of a good size.

    Args:
        entries: labels and tracks
        dropped: what CVAT can't hold of an entry, as sentences, by its place
    """
    start = weight = 0
    for place, entry in enumerate(entries):
        own = weight_of(entry)
        if place > start and weight + own > encode.OBJECTS:
            yield _part(entries, dropped, start, place)
            start, weight = place, 0
        weight += own
    if entries:
        yield _part(entries, dropped, start, len(entries))


def _part(
    entries: Sequence[BaseLabel | TrackLabels], dropped: Mapping[int, tuple[str, ...]], start: int, stop: int
) -> Batch:
    own = {place - start: dropped[place] for place in range(start, stop) if place in dropped}
    return Batch.model_construct(labels=tuple(entries[start:stop]), dropped=own)


def weight_of(entry: BaseLabel | TrackLabels) -> int:
    """How many objects of a request an entry is worth: a keyframe is as much as a shape."""
    if isinstance(entry, TrackLabels):
        track = entry.track
        return len(track.shapes) + sum(len(element.shapes) for element in track.elements)
    return len(entry.objects)
