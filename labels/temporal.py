"""TemporalDetection <-> tag with the attributes ``start`` and ``stop``."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, TypeGuard

from .attributes import NotCarried, Unreadable
from .classification import ClassificationCodec
from .codec import Document, DrawingSchema, Parts
from .shapes import CvatShape, Size

START, STOP = "start", "stop"
FRAME_NUMBER = MappingProxyType({"type": "number", "kind": "int", "default": 1, "mutable": True})
BACKWARDS = "the stop is before the start, or the start before frame 1"


class TemporalCodec(ClassificationCodec):
    """A class of a stretch of a video. Its support is given by two numbers of frames, from 1, which belong together."""

    document = "TemporalDetection"
    geometry = (START, STOP)
    standard = frozenset({"confidence", "support"})
    own = MappingProxyType({START: FRAME_NUMBER, STOP: FRAME_NUMBER})

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        try:
            self.check(self.parts(document))
        except Unreadable:
            raise NotCarried("temporal detections whose support is no first and last frame") from None
        return [CvatShape("tag")]

    def shown(self, document: Document) -> Document:
        """The document with its support as two attributes."""
        support = document.get("support")
        if not isinstance(support, (list, tuple)):
            return document
        start, stop = support if len(support) == 2 and all(map(_is_number, support)) else (None, None)
        return {**document, START: start, STOP: stop}

    def parts(self, document: Document) -> Parts:
        shown = self.shown(document)
        return {path: shown.get(path) for path in self.geometry}

    def check(self, parts: Parts) -> None:
        """Checks that a start and a stop make sense."""
        start, stop = parts.get(START), parts.get(STOP)
        if not _is_number(start) or not _is_number(stop):
            raise Unreadable("it has no start, or no stop")
        if not 1 <= start <= stop:
            raise Unreadable(BACKWARDS)

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        rest = {path: value for path, value in parts.items() if path not in self.geometry}
        if len(rest) == len(parts):
            return rest
        now = {**self.parts(document or {}), **{path: parts[path] for path in self.geometry if path in parts}}
        self.check(now)
        return {**rest, "support": [now[START], now[STOP]]}

    def blank(self) -> dict[str, Any]:
        return {"_cls": "TemporalDetection", "tags": []}


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
