"""A decision of a person about open conflicts."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from ...labels.base import BaseLabel
from .label_tracks import track_of_label
from .video_frames import Timeline, sample_of


class Choice(BaseModel):
    """A decision about open conflicts.

    Args:
        take: whose value counts: CVAT's (``"remote"``), or FiftyOne's (``"local"``)
        field, sample_id, label_id, part: of which conflicts, as they are listed; ``None`` for any
        track: of a video or an image sequence, the CVAT track of the labels
        frames: the first and the last of their frames: FiftyOne's numbers; of a sequence CVAT's, from 0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    take: Literal["remote", "local"]
    field: str | None = None
    sample_id: str | None = None
    label_id: str | None = None
    part: str | None = None
    track: int | None = None
    frames: tuple[int, int] | None = None

    def concerns(self, label: BaseLabel, timeline: Timeline | None = None) -> bool:
        """Whether it is about a label.

        Args:
            label: the label
            timeline: the video, or the sequence, of its task
        """
        if self.frames is not None:
            first, last = self.frames
            if timeline is None or not first <= timeline.number_of(label.frame) <= last:
                return False
        wanted = (self.field, self.sample_id, self.label_id, self.track)
        known = (label.field, sample_of(label, timeline), label.label_id, track_of_label(label))
        return all(mine in (None, its) for mine, its in zip(wanted, known, strict=True))
