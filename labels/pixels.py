"""The pixels of labels: stored in the document, or in a file beside the image that someone has read."""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import fiftyone.core.utils as fou
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PIXELS = "_pixels"
"""Where whoever reads ``mask_path`` puts what the file holds, beside the label's own paths."""


def has_mask(document: Mapping[str, Any]) -> bool:
    """Whether a label has a mask, in the document or in a file."""
    return document.get("mask") is not None or bool(document.get("mask_path"))


def mask_of(document: Mapping[str, Any]) -> Array | None:
    """The pixels of a label's mask; ``None`` if its file was not read. A file counts before the document."""
    if document.get("mask_path"):
        return document.get(PIXELS)
    if document.get("mask") is None:
        return None
    try:
        return np.asarray(fou.deserialize_numpy_array(bytes(document["mask"])))
    except (TypeError, ValueError, EOFError, zlib.error):
        return None


def digest(document: Mapping[str, Any]) -> str | None:
    """What tells one mask from another; ``None`` without a mask."""
    if not has_mask(document):
        return None
    if not document.get("mask_path"):
        return hashlib.sha1(bytes(document["mask"])).hexdigest()
    found = document.get(PIXELS)
    if found is None:
        return f"file {document['mask_path']}"
    return hashlib.sha1(repr(found.shape).encode() + np.ascontiguousarray(found).tobytes()).hexdigest()


def store_mask(document: Mapping[str, Any] | None, mask: NDArray[np.bool_] | None) -> dict[str, Any]:
    """What to write for a new mask, in the way and with the values that the label's mask had.

    Args:
        document: the label as it is; ``None`` for a new one
        mask: ``(height, width)``; ``None`` to remove it

    Returns:
        ``mask`` as FiftyOne stores it; or ``mask_path`` with an array, to be written to a new file
    """
    old = mask_of(document) if document else None
    if mask is None:
        return {"mask_path": None} if document and document.get("mask_path") else {"mask": None}
    if old is not None and old.ndim == 2:
        values: Array = np.where(mask, old.max() or 1, 0).astype(old.dtype)
    else:
        values = mask
    return store_array(document, values, "mask")


def store_array(document: Mapping[str, Any] | None, values: Array, path: str) -> dict[str, Any]:
    """What to write for new pixels: the bytes, or the array if the label has its pixels in a file."""
    if document and document.get(f"{path}_path"):
        return {f"{path}_path": values.astype(np.uint8) * 255 if values.dtype == np.bool_ else values}
    return {path: fou.serialize_numpy_array(values)}
