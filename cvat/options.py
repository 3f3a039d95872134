"""How CVAT is to make frames of files, and to keep them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DataOptions:
    """How CVAT is to make frames of files, and to keep them.

    Attributes:
        image_quality: 1 to 100, of the compressed frames that annotators see.
        sorting: ``predefined`` keeps the order of the files; also ``lexicographical``, ``natural``, ``random``.
        use_cache: Whether chunks are made on demand, which makes tasks quickly ready.
        chunk_size: Frames in a chunk; None lets CVAT choose.
        start_frame: First frame that is taken, in the numbering of the source.
        stop_frame: Last frame that may be taken, in the same numbering, inclusive; None for the end.
        step: Takes each so many frames from the first on.
        use_zip_chunks: Whether annotators of a video get images rather than a video.

    Raises:
        ValueError: CVAT would refuse the frames, after the upload.
    """

    image_quality: int = 70
    sorting: str = "predefined"
    use_cache: bool = True
    chunk_size: int | None = None
    start_frame: int = 0
    stop_frame: int | None = None
    step: int = 1
    use_zip_chunks: bool = False

    def __post_init__(self) -> None:
        if self.start_frame < 0 or self.step < 1:
            raise ValueError(f"there is no frame {self.start_frame}, or no step of {self.step}")
        if self.stop_frame is not None and self.stop_frame < self.start_frame:
            raise ValueError(f"the last frame {self.stop_frame} is before the first frame {self.start_frame}")

    def body(self) -> dict[str, Any]:
        """The fields as JSON."""
        fields: dict[str, Any] = {
            "image_quality": self.image_quality,
            "sorting_method": self.sorting,
            "use_cache": self.use_cache,
        }
        if self.chunk_size is not None:
            fields["chunk_size"] = self.chunk_size
        if self.start_frame:
            fields["start_frame"] = self.start_frame
        if self.stop_frame is not None:
            fields["stop_frame"] = self.stop_frame
        if self.step > 1:
            fields["frame_filter"] = f"step={self.step}"
        if self.use_zip_chunks:
            fields["use_zip_chunks"] = True
        return fields

    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {
            key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in self.body().items()
        }
