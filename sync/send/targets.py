"""What a send is about: the samples, and which of their frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..dataset.clips import Clips, find_clips, is_clips
from ..dataset.frame_images import find_images, is_frames, runs_of_frames, videos_of_frames, without_patches
from ..dataset.media import VideoFrame
from ..dataset.samples import FRAMES
from ..errors import Refused
from ..request import SendRequest
from .checks import EMPTY, check_target, read_paths


@dataclass(frozen=True)
class Target:
    """What a send is about.

    Args:
        given: the dataset or view, as it was given
        collection: the samples; of clips and of frames, the videos
        clips: the only frames of videos whose labels are sent; ``None`` for all
        images: frames of videos that are sent as images, by the ids of their documents; ``None`` if none are
    """

    given: Any
    collection: Any
    clips: Clips | None = None
    images: Mapping[str, VideoFrame] | None = None

    @property
    def is_video(self) -> bool:
        """Whether videos are sent, or clips of them."""
        return self.collection.media_type == "video" and self.images is None

    def paths(self, media_field: str) -> list[tuple[str, str | None]]:
        """The ids of what is sent, and the paths of the files."""
        return read_paths(self.collection if self.images is None else self.given, media_field)

    def asked(self, request: SendRequest) -> SendRequest:
        """The request with the names that fields have in the dataset: those of a frames view are fields of frames."""
        if self.images is None:
            return request
        schema = request.label_schema
        names = {"label_field": tuple(map(_of_frames, request.label_field))}
        more = {} if schema is None else {"label_schema": {_of_frames(name): said for name, said in schema.items()}}
        return request.model_copy(update={**names, **more})


def _of_frames(name: str) -> str:
    return name if name.startswith(FRAMES) else FRAMES + name


def find_target(given: Any) -> Target:
    """What a send is about.

    Raises:
        Refused: if it is empty, or can't be sent
    """
    if not len(given):
        raise Refused(EMPTY)
    view = without_patches(given)
    if is_frames(view):
        videos, images = videos_of_frames(view), find_images(view)
        return Target(view, videos, runs_of_frames(images.values()), images)
    return Target(given, check_target(given), find_clips(given) if is_clips(given) else None)
