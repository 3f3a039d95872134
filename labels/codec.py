"""How one kind of FiftyOne label is drawn in CVAT, and read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from .rotation import RotationUnit
from .shapes import CvatShape, Size
from .skeleton import Skeleton

Document = Mapping[str, Any]
Parts = dict[str, Any]
"""What of a label can be edited in CVAT: paths in its document and their values, JSON-able."""

Pair = tuple[CvatShape | None, CvatShape | None]
"""A shape as both sides last agreed on, and as it is in CVAT now; ``None`` if it was drawn since, or deleted."""


class DrawingSchema(Protocol):
    """What of a field's schema has a say in how its labels are drawn."""

    @property
    def skeleton(self) -> Skeleton | None:
        """The points of keypoints that are skeletons in CVAT."""

    @property
    def rotation_unit(self) -> RotationUnit:
        """What the rotation of boxes is given in."""

    @property
    def targets(self) -> dict[int | str, str]:
        """The class of each pixel value of a segmentation."""


class Codec:
    """How one kind of FiftyOne label is drawn in CVAT. Coordinates: relative in documents, pixels in shapes.

    Attributes:
        document: the label's class in FiftyOne
        shape_types: the types of the CVAT shapes that can be read as this label
        geometry: the document's paths that hold its geometry
        standard: the document's other paths that are FiftyOne's own, and no attributes
        named: whether a label has a class; the class of others is the name of their field, or of each shape
        scored: whether its confidence is one number
        own: attributes that labels always have in CVAT, and their settings; a document has the values elsewhere
        grouping: which shapes belong to one label: each alone (``""``), those of one CVAT group (``"group"``), or
            all on a frame (``"frame"``)
    """

    document = ""
    shape_types: frozenset[str] = frozenset()
    geometry: tuple[str, ...] = ()
    standard: frozenset[str] = frozenset()
    named = True
    scored = True
    own: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    grouping = ""

    def shape_type(self, document: Document) -> str:
        """The type of the shapes that a label is drawn as."""
        raise NotImplementedError

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        """Draws a label.

        Raises:
            NotCarried: if CVAT can't hold the label as it is
        """
        raise NotImplementedError

    def shown(self, document: Document) -> Document:
        """A label with the values of its attributes in CVAT."""
        return document

    def check(self, parts: Parts) -> None:
        """Checks that the parts of a label make sense together.

        Raises:
            Unreadable: if not
        """

    def left_out(self, document: Document, size: Size) -> list[str]:
        """Why parts of a label that can be drawn stay behind, one reason for each part."""
        return []

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        """The geometry of a label after its shapes were edited.

        Args:
            base: the label's parts when both sides last agreed
            pairs: its shapes, then and now
            size: of the frame, in pixels
            schema: of the label's field

        Returns:
            the changed paths only; whatever was not edited keeps every bit

        Raises:
            Unreadable: if a shape makes no sense
        """
        raise NotImplementedError

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        """The parts of a label that was drawn in CVAT.

        Raises:
            Unreadable: if a shape makes no sense
        """
        raise NotImplementedError

    def doubts(self, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Counter[str]:
        """What of an edit, or of new shapes, was not clear or can't be read, counted by sentence."""
        return Counter()

    def follows(self, document: Document) -> Collection[str]:
        """The paths of a label whose values follow its geometry, and are no attributes."""
        return ()

    def parts(self, document: Document) -> Parts:
        """The geometry of a label as FiftyOne has it now, to be compared; pixels are given by their digest."""
        return {path: document.get(path) for path in self.geometry}

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        """What to write into a label's document for new parts.

        Args:
            document: the label as it is; ``None`` for a new one
            parts: as :meth:`decode` or :meth:`decode_new` gave them

        Returns:
            values by path. An array at a path that holds the path of a file is to be written to a new file.

        Raises:
            Unreadable: if the label as it is can't hold them
        """
        return dict(parts)

    def blank(self) -> dict[str, Any]:
        """The document of a new label, as FiftyOne itself would store it, without its parts and id."""
        raise NotImplementedError
