"""The pixels of labels: stored in the document, or in a file beside the image that someone has read."""

import hashlib
import io
import math
import zlib
from collections.abc import Mapping
from typing import Any

import fiftyone.core.utils as fou
import numpy as np
from numpy.typing import NDArray

from .attributes import NotCarried, Unreadable
from .masks import Mask

Array = NDArray[Any]

PIXELS = "_pixels"
"""Where whoever reads ``mask_path`` puts what the file holds, beside the label's own paths."""

INDICES = "_indices"
"""The same for the numbers in a file with a palette, whose pixels are colours for FiftyOne."""

LARGEST_BYTES = 1 << 30
"""Of a mask in a document, unpacked."""

FILE_TYPES = (np.dtype(np.uint8), np.dtype(np.uint16))
"""What a PNG can hold."""


def has_mask(document: Mapping[str, Any]) -> bool:
    """Whether a label has a mask, in the document or in a file."""
    return document.get("mask") is not None or bool(document.get("mask_path"))


def mask_of(document: Mapping[str, Any]) -> Array | None:
    """The pixels of a label's mask; ``None`` if they can't be read. A file counts before the document."""
    if document.get("mask_path"):
        return document.get(PIXELS)
    packed = document.get("mask")
    if not isinstance(packed, (bytes, bytearray, memoryview)):
        return None
    try:
        return _unpack(bytes(packed))
    except (TypeError, ValueError, SyntaxError, zlib.error):
        return None


def _unpack(packed: bytes) -> Array:
    """Reads an array as FiftyOne stores it; what its head says of its size is not believed.

    Raises:
        ValueError: if it is none
    """
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(packed, LARGEST_BYTES)
    stream = io.BytesIO(data)
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if not unpacker.eof or version not in headers:
        raise ValueError("no array that can be read")
    shape, by_columns, dtype = headers[version](stream)
    found = np.frombuffer(data, dtype, count=math.prod(shape), offset=stream.tell())
    return found.reshape(shape, order="F" if by_columns else "C")


def digest(document: Mapping[str, Any]) -> str | None:
    """What distinguishes one mask from another; ``None`` without a mask."""
    if not has_mask(document):
        return None
    if not document.get("mask_path"):
        packed = document["mask"]
        known = isinstance(packed, (bytes, bytearray, memoryview))
        return hashlib.sha1(bytes(packed) if known else repr(packed).encode()).hexdigest()
    found = document.get(PIXELS)
    if found is None:
        return f"file {document['mask_path']}"
    return hashlib.sha1(repr(found.shape).encode() + np.ascontiguousarray(found).tobytes()).hexdigest()


def covered(document: Mapping[str, Any]) -> Mask:
    """The pixels that an instance mask covers: ``(height, width)``.

    Numbers cover where they are above zero; colours where they are not black, and not transparent.

    Raises:
        NotCarried: if it can't be read so
    """
    mask = _numeric(document.get(INDICES) if document.get("mask_path") else None)
    if mask is None:
        mask = _numeric(mask_of(document))
    if mask is None:
        raise NotCarried("detections whose mask can't be read")
    if mask.ndim == 2:
        return np.asarray(mask > 0)
    channels = mask.shape[2]
    solid = (mask[..., : 3 if channels > 2 else 1] > 0).any(axis=2)
    return np.asarray(solid & (mask[..., -1] > 0) if channels in (2, 4) else solid)


def numbers(document: Mapping[str, Any]) -> Array:
    """The numbers of a segmentation: ``(height, width)``.

    Raises:
        NotCarried: if it has none
    """
    mask = _numeric(document.get(INDICES) if document.get("mask_path") else None)
    if mask is None:
        mask = _numeric(mask_of(document))
    if mask is None:
        raise NotCarried("segmentations without a mask that can be read")
    if mask.ndim == 2:
        return mask
    if mask.shape[2] > 2 and not (mask[..., :1] == mask[..., 1:3]).all():
        raise NotCarried("segmentations in colours, whose targets are numbers")
    return np.asarray(mask[..., 0])


def colours(document: Mapping[str, Any]) -> Array:
    """The colours of a segmentation: ``(height, width, 3)``.

    Raises:
        NotCarried: if it has none
    """
    mask = _numeric(mask_of(document))
    if mask is None:
        raise NotCarried("segmentations without a mask that can be read")
    if mask.ndim == 2 or mask.shape[2] < 3:
        raise NotCarried("segmentations of numbers, whose targets are colours")
    return np.asarray(mask[..., :3])


def _numeric(mask: Array | None) -> Array | None:
    """A mask that is numbers or colours.

    Raises:
        NotCarried: if it is neither
    """
    if mask is None:
        return None
    mask = np.asarray(mask)
    if mask.dtype.kind not in "biuf":
        raise NotCarried(f"masks of type {mask.dtype}")
    if mask.ndim not in (2, 3) or (mask.ndim == 3 and mask.shape[2] not in (1, 2, 3, 4)):
        raise NotCarried(f"masks of {mask.ndim} dimensions" if mask.ndim != 3 else f"masks of {mask.shape[2]} channels")
    if not mask.size:
        raise NotCarried("masks without pixels")
    return mask


def paint(array: Array, there: Mask, value: int | str) -> Array:
    """Gives pixels a number or a colour; the array then has a type that holds it.

    Args:
        array: ``(height, width)``, or with channels behind
        there: ``(height, width)``, the pixels
        value: the number, or ``"#rrggbb"``

    Returns:
        the array, or a wider one with the same values

    Raises:
        Unreadable: if no type holds the value beside those that are there, or the array has no colours
    """
    if isinstance(value, str):
        if array.ndim != 3 or array.shape[2] < 3:
            raise Unreadable("a mask of numbers can't have colours")
        array[..., :3][there] = colour(value)
        return array
    array = _holding(array, value)
    if array.ndim == 2:
        array[there] = value
    else:
        array[..., : 3 if array.shape[2] > 2 else 1][there] = value
    return array


def colour(value: str) -> NDArray[np.uint8]:
    """Red, green and blue of ``"#rrggbb"``."""
    return np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.uint8)


def _holding(array: Array, value: int) -> Array:
    """The array, or the same numbers in the first wider type that holds a value beside them."""
    if holds(array.dtype, value):
        return array
    own = np.dtype(np.uint8) if array.dtype == np.bool_ else array.dtype
    for more in ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8") if own.kind in "iu" else ("f4", "f8"):
        wider = np.result_type(own, more)
        if wider.kind in "iu" + own.kind and holds(wider, value):
            return array.astype(wider)
    raise Unreadable(f"no mask holds the value {value} beside its own")


def holds(dtype: np.dtype[Any], value: int) -> bool:
    """Whether arrays of a type can have a number, exactly."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return bool(limits.min <= value <= limits.max)
    if dtype.kind == "f":
        return bool(abs(value) <= 2 ** (np.finfo(dtype).nmant + 1))
    return dtype.kind == "b" and value in (0, 1)


def store_mask(document: Mapping[str, Any] | None, mask: Mask | None) -> dict[str, Any]:
    """What to write for a new mask, in the way and with the values that the label's mask had.

    Args:
        document: the label as it is; ``None`` for a new one
        mask: ``(height, width)``; ``None`` to remove it

    Returns:
        ``mask`` as FiftyOne stores it; or ``mask_path`` with an array, to be written to a new file
    """
    if mask is None:
        return {"mask_path": None} if document and document.get("mask_path") else {"mask": None}
    old = mask_of(document) if document else None
    values: Array = mask
    if old is not None and old.ndim == 2 and old.size and old.dtype.kind in "biuf":
        most = old[np.isfinite(old)].max(initial=0) or 1
        values = np.where(mask, most, 0).astype(old.dtype)
    return store_array(document, values, "mask")


def store_array(document: Mapping[str, Any] | None, values: Array, path: str) -> dict[str, Any]:
    """What to write for new pixels: the bytes, or the array if the label has its pixels in a file.

    Raises:
        Unreadable: if no file can hold them
    """
    if not document or not document.get(f"{path}_path"):
        return {path: fou.serialize_numpy_array(values)}
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * 255
    old = document.get(PIXELS)
    if values.dtype not in FILE_TYPES and (old is None or values.dtype != old.dtype):
        raise Unreadable(f"a mask file can't hold values of type {values.dtype}")
    return {f"{path}_path": values}
