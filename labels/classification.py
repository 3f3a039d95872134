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

    def figure(self, document: Document) -> str:
        return "tag"

    def encode(self, document: Document, size: Size) -> list[Figure]:
        return [Figure("tag")]

    def decode(self, base: Parts, pairs: Sequence[tuple[Figure, Figure | None]], size: Size) -> Parts:
        return {}

    def draw(self, figures: Sequence[Figure], size: Size) -> Parts:
        return {}

    def parts(self, document: Document) -> Parts:
        return {path: document.get(path) for path in self.geometry}

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        return dict(parts)

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Classification", "tags": []}
