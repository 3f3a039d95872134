"""Classification <-> tag."""

from collections.abc import Sequence
from typing import Any

from .codec import Document, Parts
from .figures import Figure, Size


class ClassificationCodec:
    """A class of a whole frame; it has no geometry."""

    document = "Classification"
    figures = frozenset({"tag"})
    geometry: tuple[str, ...] = ()
    standard = frozenset({"confidence", "logits"})

    def encode(self, document: Document, size: Size) -> list[Figure]:
        return [Figure("tag")]

    def decode(self, base: Parts, pairs: Sequence[tuple[Figure, Figure | None]], size: Size) -> Parts:
        return {}

    def draw(self, figures: Sequence[Figure], size: Size) -> Parts:
        return {}

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Classification", "tags": []}
