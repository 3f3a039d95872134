"""How one kind of FiftyOne label is drawn in CVAT, and read back."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .figures import Figure, Size

Document = Mapping[str, Any]
Parts = dict[str, Any]
"""What of a label can be edited in CVAT: paths in its document and their values, JSON-able."""


class Codec(Protocol):
    """How one kind of FiftyOne label is drawn in CVAT. Coordinates: relative in documents, pixels in figures."""

    document: str
    """The label's class in FiftyOne."""
    figures: frozenset[str]
    """The CVAT figures that can be read as this label."""
    geometry: tuple[str, ...]
    """The document's paths that hold its geometry."""
    standard: frozenset[str]
    """The document's other paths that are FiftyOne's own, and no attributes."""

    def figure(self, document: Document) -> str:
        """The type of the figure that a label is drawn as."""

    def encode(self, document: Document, size: Size) -> list[Figure]:
        """Draws a label.

        Raises:
            NotCarried: if CVAT can't hold the label as it is
        """

    def decode(self, base: Parts, pairs: Sequence[tuple[Figure, Figure | None]], size: Size) -> Parts:
        """The geometry of a label after its figures were edited.

        Args:
            base: the label's parts when both sides last agreed
            pairs: each figure then, and now (``None`` if it was deleted)
            size: of the frame, in pixels

        Returns:
            the changed paths only; whatever was not edited keeps every bit
        """

    def draw(self, figures: Sequence[Figure], size: Size) -> Parts:
        """The parts of a label that was drawn in CVAT."""

    def parts(self, document: Document) -> Parts:
        """The geometry of a label as FiftyOne has it now, to be compared; pixels are given by their digest."""

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        """What to write into a label's document for new parts.

        Args:
            document: the label as it is; ``None`` for a new one
            parts: as :meth:`decode` or :meth:`draw` gave them

        Returns:
            values by path. An array at a path that holds the path of a file is to be written to a new file.
        """

    def blank(self) -> dict[str, Any]:
        """The document of a new label, as FiftyOne itself would store it, without its parts and id."""
