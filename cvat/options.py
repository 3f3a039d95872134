"""How CVAT is to keep the images of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DataOptions:
    """How CVAT is to keep the images.

    Attributes:
        image_quality: 1 to 100, of the compressed frames that annotators see.
        sorting: ``predefined`` keeps the order of the files.
        use_cache: Whether chunks are made on demand, which makes tasks quickly ready.
        chunk_size: Frames in a chunk; None lets CVAT choose.
    """

    image_quality: int = 70
    sorting: str = "predefined"
    use_cache: bool = True
    chunk_size: int | None = None

    def body(self) -> dict[str, Any]:
        """The fields as JSON."""
        fields: dict[str, Any] = {
            "image_quality": self.image_quality,
            "sorting_method": self.sorting,
            "use_cache": self.use_cache,
        }
        if self.chunk_size is not None:
            fields["chunk_size"] = self.chunk_size
        return fields

    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {
            key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in self.body().items()
        }
