"""Labels on tracks that were edited in CVAT. They are read when it is decided about them: there may be very many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...cvat import Shape
from ...labels.base import BaseLabel
from ...labels.tracks.compare import FrameChange
from ...labels.tracks.match import TrackNow
from ...labels.vocabulary import Vocabulary
from ..runs.outbox import TrackLabels
from .edited_label import Edited, read_edited
from .held_labels import HeldLabels
from .matching import Match, home_of
from .track_identity import INDEX, Identities
from .video_frames import TrackFrames


class Versions(NamedTuple):
    """What a track was on a frame when both sides last agreed, and what it is now."""

    then: Shape | None
    now: Shape | None
    label: bool = True


@dataclass(frozen=True)
class TrackEdits:
    """Reads the edited labels of a job's tracks.

    Args:
        known: the tracks when both sides last agreed
        held: their labels
        now: the tracks in CVAT now
        renamed: what the classes of those of then are called now, if they are called something else
        identities: which objects the tracks are
        vocabulary: what the task's labels mean now
        frames: of the task
    """

    known: Sequence[TrackLabels]
    held: Sequence[HeldLabels]
    now: Sequence[TrackNow]
    renamed: Sequence[str | None]
    identities: Identities
    vocabulary: Vocabulary
    frames: TrackFrames

    def on_track(self, shape: Shape, number: int) -> Shape:
        """A shape as that of a track of now."""
        return shape.model_copy(update={"track": self.now[number].track.id})

    def is_moved(self, label: BaseLabel, owner: int, number: int) -> bool:
        """Whether a label is on a track of another object now; one that was put back may have been on this one."""
        now = self.identities.of(number)
        moved = owner != self.now[number].same or number in self.identities.renumbered
        return moved or label.parts.get(INDEX, now.index) != now.index

    def edit(self, label: BaseLabel, owner: int, number: int, versions: FrameChange | Versions) -> "TrackEdit | None":
        """An edited label; ``None`` if its class is of a field with labels of another kind.

        Args:
            label: the label
            owner, number: the numbers of the tracks that it was and is on
            versions: what these are on its frame
        """
        home: str | None = label.field
        if versions.label and versions.now is not None:
            home = home_of(label, versions.then or versions.now, versions.now, self.vocabulary)
        if home is None:
            return None
        return TrackEdit(label.frame, owner, number, versions, home if home != label.field else None, self)

    def read(self, edit: "TrackEdit") -> Edited:
        """What CVAT says that a label is now."""
        then, now = edit.versions.then, edit.versions.now
        assert now is not None, "labels whose tracks are not there any more are deleted"
        then, now = self.on_track(then or now, edit.number), self.on_track(now, edit.number)
        label = edit.base.model_copy(update={"objects": (then,)})
        match = Match(label, (now,), to=edit.to, renamed=self.renamed[edit.owner])
        edited = read_edited(match, self.vocabulary, self.frames[edit.frame])
        if self.is_moved(label, edit.owner, edit.number):
            edited = self.identities.renumber(edited, edit.owner, edit.number)
        return edited


@dataclass(frozen=True, slots=True)
class TrackEdit:
    """A label on a track that was edited in CVAT.

    Args:
        frame: where it is
        owner, number: the numbers of the tracks that it was and is on
        versions: what these are on its frame
        to: the field that its class belongs to now, if that is another one
        edits: reads it
    """

    frame: int
    owner: int
    number: int
    versions: FrameChange | Versions
    to: str | None
    edits: TrackEdits

    @property
    def base(self) -> BaseLabel:
        """What it was."""
        return self.edits.held[self.owner].on(self.frame)

    def read(self) -> Edited:
        """What CVAT says that it is now."""
        return self.edits.read(self)

    @property
    def is_there(self) -> bool:
        """Whether CVAT has objects of it."""
        return True
