"""Masks as runs: CVAT's form of a mask, with numpy and without a loop over pixels.

CVAT writes a mask as run lengths inside a box, row by row, a run of background first, followed by the box's left, top,
right and bottom pixel, all inclusive.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .attributes import Unreadable
from .shapes import Size

Mask = NDArray[np.bool_]


def encode_runs(mask: Mask, left: int, top: int) -> tuple[float, ...]:
    """The points of a CVAT mask.

    Args:
        mask: ``(height, width)``, true where the object is
        left, top: the pixel of the frame that the mask's first pixel is on
    """
    height, width = mask.shape
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate(([0], edges, [flat.size])))
    first = (0,) if flat.size and flat[0] else ()
    return (*first, *map(float, runs), left, top, left + width - 1, top + height - 1)


def decode_runs(points: Sequence[float]) -> tuple[Mask, int, int]:
    """The mask of CVAT's points, and the frame's pixel that its first pixel is on.

    Raises:
        Unreadable: if the runs don't fill the box (CVAT does not check that)
    """
    if len(points) < 5:
        raise Unreadable("a mask has at least one run and a box")
    left, top, right, bottom = (round(value) for value in points[-4:])
    runs = np.asarray(points[:-4]).round().astype(np.int64)
    width, height = right - left + 1, bottom - top + 1
    if width < 1 or height < 1 or (runs < 0).any() or int(runs.sum()) != width * height:
        raise Unreadable("the runs of a mask do not fill its box")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(height, width), left, top


def pixel_box(box: Sequence[float], size: Size) -> tuple[int, int, int, int]:
    """The whole pixels that a box covers: left, top, and the width and height, at least one pixel each.

    Args:
        box: relative ``[x, y, width, height]``
        size: of the frame, in pixels
    """
    left, top = round(box[0] * size.width), round(box[1] * size.height)
    right, bottom = round((box[0] + box[2]) * size.width), round((box[1] + box[3]) * size.height)
    return left, top, max(1, right - left), max(1, bottom - top)


def crop(mask: Mask, left: int, top: int, size: Size) -> tuple[Mask, int, int]:
    """The part of a mask that lies in the frame, and where it begins. May be empty."""
    first_row, first_column = max(0, -top), max(0, -left)
    inside: Mask = mask[first_row : max(0, size.height - top), first_column : max(0, size.width - left)]
    return inside, left + first_column, top + first_row


def tight(mask: Mask) -> tuple[Mask, int, int]:
    """The smallest part of a mask with all its pixels, and where it begins: left, top."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return part, int(columns[0]), int(rows[0])


def fit(mask: NDArray[np.generic], width: int, height: int) -> Mask:
    """Stretches a mask to a number of pixels, by the nearest pixel; exact if it has that number already."""
    solid = np.asarray(mask) > 0 if mask.dtype != np.bool_ else np.asarray(mask, dtype=np.bool_)
    if solid.shape == (height, width):
        return solid
    rows = ((np.arange(height) + 0.5) * solid.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * solid.shape[1] / width).astype(int)
    stretched: Mask = solid[rows][:, columns]
    return stretched
