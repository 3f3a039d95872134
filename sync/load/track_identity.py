"""Which object of a video each track is after a load, as its labels say it: by ``index``, and by ``instance``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...labels.codec import Parts
from ...labels.tracks.identity import Identity
from ...labels.tracks.load import LoadedTracks
from ...labels.tracks.shared import OtherTrack
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from ..runs.outbox import TrackLabels
from .copying import derived_id
from .edited_label import Edited

INDEX, INSTANCE, KEYFRAME = "index", "instance", "keyframe"


class Identities:
    """The objects of a job's tracks.

    Args:
        loaded: what became of its tracks
        known: the tracks when both sides last agreed
        vocabulary: what the task's labels mean now
        run_id: the run's own id
    """

    def __init__(self, loaded: LoadedTracks, known: Sequence[TrackLabels], vocabulary: Vocabulary, run_id: str) -> None:
        self._known, self._schema, self._run_id = known, vocabulary.schema, run_id
        self._numbers = {one.track.id: number for number, one in enumerate(loaded.matches.tracks)}
        self._tracks = loaded.matches.tracks
        self._found = loaded.numbering.identities
        self._with_instances = any(item.instance for item in known)
        self._keyframes = {(new.track, new.frame) for new in loaded.new if new.keyframe}
        self._shared = loaded.numbering.shared
        self.renumbered = loaded.numbering.renumbered
        self.counts = loaded.numbering.counts

    def of(self, number: int) -> Identity:
        """What says which object a track is."""
        found = self._found[number]
        if number in self._shared:
            return found
        if found.instance is None and self._with_instances and self._tracks[number].same is None:
            instance = derived_id(self._run_id, INSTANCE, str(self._tracks[number].track.id))
            return Identity(found.index, instance)
        return found

    @property
    def shared(self) -> list[tuple[OtherTrack, Identity]]:
        """The tracks of other jobs that new tracks are, too, and the objects that they all are."""
        return [(other, self.of(number)) for number, there in self._shared.items() for other in there]

    @property
    def indexes(self) -> set[int]:
        """The indexes of all of them."""
        return {found.index for found in self._found if found.index is not None}

    def renumber(self, edited: Edited, owner: int, number: int) -> Edited:
        """A label that is on a track of another object now.

        Args:
            edited: the label
            owner: the number of the track that it was on
            number: the number of the track that it is on
        """
        was = self._known[owner].identity
        base = edited.base.parts
        then: Parts = {INDEX: base.get(INDEX, was.index), INSTANCE: base.get(INSTANCE, was.instance)}
        return self._with_identity(edited, then, self.of(number))

    def join(self, edited: Edited, track_id: int) -> Edited:
        """A label that was a single shape and is on a track now."""
        base = edited.base.parts
        then: Parts = {INDEX: base.get(INDEX), INSTANCE: base.get(INSTANCE)}
        return self._with_identity(edited, then, self.of(self._numbers[track_id]))

    def _with_identity(self, edited: Edited, then: Parts, now: Identity) -> Edited:
        schema = self._schema.fields[edited.base.field]
        if INDEX not in LABEL_TYPES[schema.type].codec.standard or not schema.allow_index_edits:
            return edited
        parts: dict[str, Any] = {INDEX: now.index}
        if then[INSTANCE] != now.instance:
            parts[INSTANCE] = now.instance
        else:
            del then[INSTANCE]
        base = edited.base.model_copy(update={"parts": {**edited.base.parts, **then}})
        return replace(edited, base=base, reading=replace(edited.reading, parts={**edited.reading.parts, **parts}))

    def type_of(self, field: str | None, otherwise: str) -> str:
        """The label type of a field; the other one, where there is no field yet."""
        return otherwise if field is None else self._schema.fields[field].type

    def of_new(self, field_type: str, track_id: int, frame: int) -> Parts:
        """What a new label on a track says of its object, and whether it is on a keyframe."""
        number = self._numbers[track_id]
        identity = self.of(number)
        keyframe = {KEYFRAME: True} if (number, frame) in self._keyframes else {}
        if INDEX not in LABEL_TYPES[field_type].codec.standard:
            return keyframe
        instance = {INSTANCE: identity.instance} if identity.instance else {}
        return {INDEX: identity.index, **instance, **keyframe}
