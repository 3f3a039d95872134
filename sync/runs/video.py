"""Which frames of a video a task has."""

from pydantic import BaseModel, ConfigDict


class VideoSpan(BaseModel):
    """The frames that a task has of its video.

    Args:
        start: the first one, in the video's own numbering from 0
        step: each so many from there on
        count: how many there are
        shared: how many of them, from the first one on, an earlier task of the run has, too; it counts their labels
        leads: whether the labels of the whole video are in this task
    """

    model_config = ConfigDict(frozen=True)

    start: int = 0
    step: int = 1
    count: int
    shared: int = 0
    leads: bool = True

    def number_of(self, frame: int) -> int:
        """FiftyOne's number, from 1, of a frame of the task, from 0."""
        return self.start + frame * self.step + 1

    def frame_of(self, number: int) -> int | None:
        """The frame of the task that has a number in FiftyOne; ``None`` if the task does not have it."""
        frame, rest = divmod(number - 1 - self.start, self.step)
        return frame if not rest and 0 <= frame < self.count else None
