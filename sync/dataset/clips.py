"""Clips of videos: which frames they have."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..errors import Refused


class Clip(BaseModel):
    """The frames of a video that a clip has.

    Args:
        first, last: FiftyOne's numbers of its first and its last frame, from 1
        shared: the number of the last of its frames that an earlier clip of the same video has, too; 0 if none has any
        leads: whether it is the first clip of its video, with which the labels of the whole video go
    """

    model_config = ConfigDict(frozen=True)

    first: int
    last: int
    shared: int = 0
    leads: bool = True

    @property
    def own(self) -> tuple[int, int]:
        """The first and the last of the frames that no earlier clip has; there are none if these are the wrong way."""
        return max(self.first, self.shared + 1), self.last

    @property
    def title(self) -> str:
        """What it is called after the name of its video."""
        return f"frames {self.first}-{self.last}"


Clips = Mapping[str, Sequence[Clip]]
"""The clips of videos, by the ids of these."""


def is_clips(target: Any) -> bool:
    """Whether the samples of a collection are clips of videos."""
    return bool(getattr(target._dataset, "_is_clips", False))


def find_clips(view: Any) -> Clips:
    """The clips of a clips view, video by video, in the order in which they begin; equal ones are one.

    Raises:
        Refused: if one has no frames that could be meant; it is named
    """
    found: dict[str, set[tuple[int, int]]] = {}
    for sample_id, path, support in zip(*view.values(["sample_id", "filepath", "support"]), strict=True):
        found.setdefault(str(sample_id), set()).add(_span(path, support))
    return {sample_id: in_order(sorted(spans)) for sample_id, spans in found.items()}


def _span(path: str, support: Any) -> tuple[int, int]:
    numbers = list(support) if isinstance(support, (list, tuple)) else []
    if len(numbers) == 2 and all(type(number) is int for number in numbers) and 1 <= numbers[0] <= numbers[1]:
        return numbers[0], numbers[1]
    said = f"the frames {numbers}" if numbers else "no frames"
    raise Refused(f"A clip of '{path}' has {said}; a clip has a first and a last frame, from 1. Leave it out.")


def in_order(spans: Sequence[tuple[int, int]]) -> tuple[Clip, ...]:
    """Clips of one video.

    Args:
        spans: their first and last frames, ascending
    """
    clips: list[Clip] = []
    end = 0
    for first, last in spans:
        clips.append(Clip(first=first, last=last, shared=min(end, last) if end >= first else 0, leads=not clips))
        end = max(end, last)
    return tuple(clips)


def check_step(clips: Clips, step: int) -> None:
    """Checks that clips that overlap have the same frames there.

    Raises:
        Refused: if of each so many frames they have different ones; two are named
    """
    for own in clips.values() if step > 1 else ():
        latest: Clip | None = None
        for clip in own:
            if latest is not None and clip.shared and (clip.first - latest.first) % step:
                raise Refused(
                    f"Two clips of one video overlap ({latest.title} and {clip.title}), and of each {step} frames have "
                    "different ones. Send them in runs of their own, or without `frame_step`."
                )
            latest = clip if latest is None or clip.last > latest.last else latest
