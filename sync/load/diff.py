"""What changed in a job of CVAT since both sides last agreed: a pure function of the base and what CVAT has now."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...cvat import Annotations, Shape
from ...labels.attributes import Unreadable
from ...labels.base import BaseLabel
from ...labels.objects import Object, key_of, same_content, shape_of
from ...labels.read import NewLabel, read_new
from ...labels.tracks.identity import Identity
from ...labels.tracks.shared import OtherTrack
from ...labels.types import LABEL_TYPES, NEW_FIELD_FOR
from ...labels.vocabulary import Vocabulary
from ..runs.base import NO_SAMPLE, FrameRecord, NewObject
from ..runs.object_counts import LeftObjects, ObjectCounts
from ..runs.outbox import TrackLabels
from .edited_label import Edited, read_edited
from .job_objects import JobObjects, LeftObject, list_objects
from .matching import Match, find_lost, match_by_id
from .new_objects import NewObjects
from .track_edits import TrackEdit

REMOVED = "on frames that were removed in CVAT"
TWIN = "exact copies of other objects, as an editor's double save makes them"
UNKNOWN = "of a class that CVAT got while they were read; load again"


@dataclass(frozen=True)
class New:
    """A label that was drawn in CVAT.

    Args:
        sample_id: the sample it is on
        frame: the number of its frame
        figure: the type of its objects
        drawn: what it is; its ``field`` is ``None`` if no field of the run can hold it
        objects: its tag or shapes
        place: the name of its frame
    """

    sample_id: str
    frame: int
    figure: str
    drawn: NewLabel
    objects: tuple[Object, ...]
    place: str = ""

    def as_label(self) -> BaseLabel:
        """The label, in no field."""
        return BaseLabel(
            field="",
            sample_id=self.sample_id,
            frame=self.frame,
            label_id="",
            parts=self.drawn.parts,
            objects=self.objects,
        )


@dataclass
class JobDiff:
    """What changed in a job.

    Args:
        kept: labels that nobody touched in CVAT, and those on frames that were removed there
        edited: labels that were; those on tracks are read when it is decided about them
        deleted: labels that are gone from CVAT
        new: labels that are new there
        matches: how labels were found: ``"by_id"``, ``"exact"``, ``"overlap"``, or not: ``"new"``
        odd: what of tracks makes no sense, counted by what it is
        objects: what becomes of its objects, but for those of edited and new labels; ``None`` if it was not read
        incomplete: whether the job has to be read again, though it does not change
        tracks: the tracks of a video as they are now, with their labels that keep every bit
        present: what they are where a label came, or is kept beside them: by their id and frame
        notes: what there is to say of tracks, and of how many
        indexes: of the objects that they are
        shared: tracks of other jobs that new tracks are, too, and the objects that they all are
        objects_of_new: the objects of new tracks, by the tracks' ids
    """

    kept: list[BaseLabel] = field(default_factory=list)
    edited: list[Edited | TrackEdit] = field(default_factory=list)
    deleted: list[BaseLabel] = field(default_factory=list)
    new: list[New] = field(default_factory=list)
    matches: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    objects: ObjectCounts | None = None
    incomplete: bool = False
    tracks: tuple[TrackLabels, ...] = ()
    present: dict[tuple[int, int], Shape] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    indexes: frozenset[int] = frozenset()
    shared: tuple[tuple[OtherTrack, Identity], ...] = ()
    objects_of_new: Mapping[int, NewObject] = field(default_factory=dict)

    def copy(self) -> "JobDiff":
        """The same, to be used up."""
        lists = ([*self.kept], [*self.edited], [*self.deleted], [*self.new])
        kept, edited, deleted, new = lists
        return replace(self, kept=kept, edited=edited, deleted=deleted, new=new)

    def use_up(self) -> None:
        """Lets go of the labels, once it is decided about them: there may be very many."""
        self.kept, self.edited, self.deleted, self.new = [], [], [], []


def diff_job(
    base: Sequence[BaseLabel],
    annotations: Annotations,
    frames: Sequence[FrameRecord],
    removed: Collection[int],
    vocabulary: Vocabulary,
    span: range | None = None,
) -> JobDiff:
    """Compares what a job has with its base.

    Args:
        base: the job's labels when both sides last agreed
        annotations: what CVAT has now
        frames: all frames of the task
        removed: numbers of frames that were removed in CVAT; nothing on them counts as changed
        vocabulary: what the task's labels mean now
        span: the numbers of the job's frames; by default those of the task
    """
    job = list_objects(annotations, range(len(frames)) if span is None else span)
    return diff_objects(base, job, frames, removed, vocabulary)


def diff_objects(
    base: Sequence[BaseLabel],
    job: JobObjects,
    frames: Sequence[FrameRecord],
    removed: Collection[int],
    vocabulary: Vocabulary,
    gather: type[NewObjects] = NewObjects,
) -> JobDiff:
    """Compares the objects of a job with its base; see :func:`diff_job`.

    Args:
        job: what CVAT has now
        gather: holds the objects that belong to no label so far
    """
    diff = _JobDiffer(frames, vocabulary, JobDiff(objects=ObjectCounts(found=job.count), odd=Counter(job.odd)))
    diff.leave(job.left)
    matches = [match_by_id(label, job.found, vocabulary) for label in base]
    here = [match for match in matches if match.label.frame not in removed]
    for match in matches:
        if match.label.frame in removed:
            diff.keep_removed(match)
    diff.leave(LeftObject.of(item, REMOVED) for item in job.found.values() if item.frame in removed)
    fresh = gather((item for item in job.found.values() if item.frame not in removed), vocabulary)
    diff.leave(LeftObject.of(item, TWIN) for item in find_lost(here, fresh, vocabulary))
    for match in here:
        diff.sort(match)
    diff.read_new(fresh.rest())
    return diff.result


class _JobDiffer:
    """Sorts the labels and objects of a job by what became of them."""

    def __init__(self, frames: Sequence[FrameRecord], vocabulary: Vocabulary, result: JobDiff) -> None:
        self.frames = frames
        self.vocabulary = vocabulary
        self.result = result
        self.objects = result.objects or ObjectCounts()

    def leave(self, items: Iterable[LeftObject]) -> None:
        """Counts objects that stay in CVAT alone."""
        self.objects.leave(map(self._left, items))

    def keep_removed(self, match: Match) -> None:
        """Keeps a label whose frame was removed, whatever became of its objects."""
        self.result.kept.append(match.label)
        for old, item in zip(match.label.objects, match.items, strict=True):
            if item is not None and same_content(old, item, self.vocabulary, match.label.field):
                self.objects.unchanged += 1
            elif item is not None:
                self.leave([LeftObject.of(item, REMOVED)])

    def sort(self, match: Match) -> None:
        """Sorts a label: it is kept, edited or deleted."""
        label = match.label
        if match.is_lost(self.vocabulary) and not match.added:
            self.result.deleted.append(match.base)
            return
        self.result.matches[match.how] += 1
        if match.is_untouched(self.vocabulary):
            # With the ids that it has now, should they be new
            same = all(
                item and key_of(old) == key_of(item) for old, item in zip(label.objects, match.items, strict=True)
            )
            self.result.kept.append(label if same else label.model_copy(update={"objects": match.items}))
            self.objects.unchanged += len(match.items)
        else:
            self.result.incomplete |= not all(self.vocabulary.knows(item.label_id) for item in match.items if item)
            self.result.edited.append(read_edited(match, self.vocabulary, self.frames[label.frame]))

    def read_new(self, items: Sequence[Object]) -> None:
        """Reads the objects that no label has."""
        for together in _together(items, self.vocabulary):
            first = together[0]
            reason = self._problem(first)
            if not reason:
                try:
                    self.result.new.append(self._new(together))
                    continue
                except Unreadable as error:
                    reason = f"not readable: {error}"
            self.leave(LeftObject.of(item, reason) for item in together)
        self.result.matches["new"] = len(self.result.new)

    def _problem(self, item: Object) -> str:
        """Why an object can't be a label; empty if it can."""
        if not 0 <= item.frame < len(self.frames):
            return "on frames that the task does not have"
        if self.frames[item.frame].sample_id == NO_SAMPLE:
            return "on frames that match no sample"
        if not self.vocabulary.knows(item.label_id):
            self.result.incomplete = True
            return UNKNOWN
        return (
            "" if shape_of(item, self.vocabulary).type in NEW_FIELD_FOR else "of a type that FiftyOne has no label for"
        )

    def _new(self, items: Sequence[Object]) -> New:
        first = items[0]
        figure, frame = shape_of(first, self.vocabulary).type, self.frames[first.frame]
        known = self.vocabulary.meaning(first.label_id, figure).field
        drawn = read_new(items, None if known else NEW_FIELD_FOR[figure], self.vocabulary, frame.size)
        return New(frame.sample_id, first.frame, figure, drawn, tuple(items), frame.name)

    def _left(self, item: LeftObject) -> LeftObjects:
        left = LeftObjects(reason=item.reason, type=item.type, name=self.vocabulary.name_now(item.label_id), count=1)
        if 0 <= item.frame < len(self.frames):
            frame = self.frames[item.frame]
            left.frames[frame.name] = None
            left.samples.update({frame.sample_id: None} if frame.sample_id != NO_SAMPLE else {})
        else:
            left.frames[f"frame {item.frame}"] = None
        return left


def _together(fresh: Sequence[Object], vocabulary: Vocabulary) -> list[list[Object]]:
    """The objects of each new label: alone, or with all others of its frame where the field is of that kind."""
    labels: list[list[Object]] = []
    by_frame: dict[tuple[str, int], list[Object]] = {}
    for item in fresh:
        field = vocabulary.meaning(item.label_id, shape_of(item, vocabulary).type).field
        if field is None or LABEL_TYPES[vocabulary.schema.fields[field].type].codec.grouping != "frame":
            labels.append([item])
        elif (field, item.frame) in by_frame:
            by_frame[field, item.frame].append(item)
        else:
            by_frame[field, item.frame] = [item]
            labels.append(by_frame[field, item.frame])
    return labels
