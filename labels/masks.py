"""Masks as runs: CVAT's form of a mask, with numpy and without a loop over pixels.

CVAT writes a mask as run lengths inside a box, row by row, a run of background first, followed by the box's left, top,
right and bottom pixel, all inclusive. It checks neither the runs nor the box.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .attributes import Unreadable
from .shapes import Size

Mask = NDArray[np.bool_]

LARGEST = 1 << 28
"""Pixels of the largest mask that is made: 16,384 x 16,384."""


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


def check_runs(points: Sequence[float], size: Size | None = None) -> tuple[NDArray[np.int64], int, int, int, int]:
    """Reads the points of a CVAT mask without making the mask, whose box may be of any size.

    Args:
        points: run lengths and box
        size: of the frame in which the box has to be, in pixels

    Returns:
        the runs, and the box: left, top, width, height

    Raises:
        Unreadable: if the runs don't fill the box, or it is not in the frame
    """
    if len(points) < 5:
        raise Unreadable("a mask has at least one run and a box")
    numbers = np.asarray(points, dtype=float)
    if not (np.abs(numbers) < 2**31).all() or (numbers != np.rint(numbers)).any():
        raise Unreadable("the runs and the box of a mask are no whole numbers")
    left, top, right, bottom = (int(value) for value in numbers[-4:])
    width, height = right - left + 1, bottom - top + 1
    if width < 1 or height < 1:
        raise Unreadable("the box of a mask has no pixels")
    if size is not None and (left < 0 or top < 0 or right >= size.width or bottom >= size.height):
        raise Unreadable("the box of a mask is not inside its image")
    runs = numbers[:-4].astype(np.int64)
    if (runs < 0).any() or int(runs.sum()) != width * height:
        raise Unreadable("the runs of a mask do not fill its box")
    return runs, left, top, width, height


def decode_runs(points: Sequence[float], size: Size | None = None) -> tuple[Mask, int, int]:
    """The mask of CVAT's points, and the frame's pixel that its first pixel is on.

    Args:
        points: run lengths and box
        size: of the frame in which the box has to be, in pixels

    Raises:
        Unreadable: if the runs don't fill the box, or it is not in the frame, or too large for any
    """
    runs, left, top, width, height = check_runs(points, size)
    if width * height > LARGEST:
        raise Unreadable("a mask is larger than any image")
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


def place(mask: Mask, box: Sequence[int], size: Size) -> tuple[Mask, int, int]:
    """Stretches a mask over a box, as far as that lies in the frame: no more than the frame's pixels are made.

    Args:
        mask: ``(height, width)``, of any size but empty
        box: left, top, width and height, in whole pixels of the frame
        size: of the frame, in pixels

    Returns:
        the visible part, which may be empty, and the frame's pixel that its first pixel is on
    """
    left, top, width, height = box
    first_column, first_row = min(max(0, left), size.width), min(max(0, top), size.height)
    columns = np.arange(first_column, max(first_column, min(size.width, left + width))) - left
    rows = np.arange(first_row, max(first_row, min(size.height, top + height))) - top
    if mask.shape != (height, width):
        rows = ((rows + 0.5) * mask.shape[0] / height).astype(int)
        columns = ((columns + 0.5) * mask.shape[1] / width).astype(int)
    visible: Mask = mask[rows][:, columns]
    return visible, first_column, first_row


def fit(mask: Mask, width: int, height: int) -> Mask:
    """Stretches a mask to a number of pixels, by the nearest pixel; exact if it has that number already."""
    return place(mask, (0, 0, width, height), Size(width, height))[0]


def tight(mask: Mask) -> tuple[Mask, int, int]:
    """The smallest part of a mask with all its pixels, and where it begins: left, top."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return part, int(columns[0]), int(rows[0])
