"""Classification, Regression and scalar fields <-> tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .codec import Codec, Document, DrawingSchema, Pair, Parts
from .shapes import CvatShape, Size


class ClassificationCodec(Codec):
    """A class of a whole frame; it has no geometry."""

    document = "Classification"
    shape_types = frozenset({"tag"})
    standard = frozenset({"confidence", "logits"})

    def shape_type(self, document: Document) -> str:
        return "tag"

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        return [CvatShape("tag")]

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        return {}

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        return {}

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Classification", "tags": []}


class RegressionCodec(ClassificationCodec):
    """A number of a whole frame: the attribute ``value`` of a tag named after the field."""

    document = "Regression"
    named = False
    scored = False
    standard = frozenset({"confidence"})

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Regression", "tags": []}


class ScalarCodec(RegressionCodec):
    """A plain value of a sample: the attribute ``value`` of a tag named after the field."""

    document = ""
    standard = frozenset()

    def blank(self) -> dict[str, Any]:
        return {}
