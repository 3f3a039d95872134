"""The picture of a conflict: the image around the label, with what it was, what it is here and what it is in CVAT."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ...labels.shapes import Size
from ...sync.load.versions import Versions
from .outlines import Outline, Points, Tint, extent, outlines, tints

COLORS: dict[str, tuple[int, int, int]] = {"base": (160, 160, 160), "local": (0, 114, 178), "remote": (230, 120, 0)}
"""Of the three versions: grey, blue and orange, which people who see few colours can tell apart."""
NAMES = {"base": "It was (grey)", "local": "Yours (blue)", "remote": "CVAT's (orange, dashed)"}

LARGE, SMALL = (560, 340), (128, 96)
"""Width and height of a picture, in pixels, at most."""
AROUND, LEAST = 0.6, 48.0
"""What is shown around the label: a part of its size, and at least so many pixels of the image."""
LINE, DASH, TINT = 2, 7.0, 0.25


def picture(versions: Versions) -> str:
    """The picture as an address that holds a PNG; empty if its image can't be read."""
    image = read_image(versions.media, versions.number)
    return "" if image is None else _address(draw(image, versions))


def thumbnail(image: NDArray[np.uint8], versions: Versions) -> str:
    """A small picture as an address that holds a JPEG.

    Args:
        image: ``(height, width, 3)``
        versions: of the label, as for :func:`draw`
    """
    return _address(draw(image, versions, SMALL), "jpeg")


def read_image(media: str, number: int | None) -> NDArray[np.uint8] | None:
    """An image, or a frame of a video from 1, as ``(height, width, 3)``; ``None`` if it can't be read."""
    try:
        if number is not None:
            return _read_frame(media, number)
        with Image.open(media) as image:
            upright = ImageOps.exif_transpose(image)
            return np.array(upright.convert("RGB"), dtype=np.uint8)
    except Exception:  # whatever a decoder stumbles over: the words are shown without the picture
        return None


def _read_frame(media: str, number: int) -> NDArray[np.uint8] | None:
    video = cv2.VideoCapture(media)
    try:
        video.set(cv2.CAP_PROP_POS_FRAMES, number - 1)
        found, frame = video.read()
        return np.ascontiguousarray(frame[:, :, ::-1]) if found else None
    finally:
        video.release()


def draw(image: NDArray[np.uint8], versions: Versions, most: tuple[int, int] = LARGE) -> NDArray[np.uint8]:
    """The crop around the label with its versions drawn over it.

    Args:
        image: ``(height, width, 3)``
        versions: of the label, in pixels of the frame in CVAT, which may be of another size than the image
        most: width and height of the picture, at most
    """
    lines = {name: outlines(getattr(versions, name), versions.size) for name in COLORS}
    left, top, right, bottom = crop_box([line for found in lines.values() for line in found], versions.size)
    height, width = image.shape[:2]
    across, down = width / versions.size.width, height / versions.size.height
    cut = image[int(top * down) : round(bottom * down), int(left * across) : round(right * across)]
    scale = min(most[0] / (right - left), most[1] / (bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = cv2.resize(np.ascontiguousarray(cut), size, interpolation=smooth)
    corner = np.array([left, top], dtype=float)
    for name, color in COLORS.items():
        for tint in tints(getattr(versions, name), versions.size):
            _paint(canvas, tint, (left, top), scale, color)
    for name, color in COLORS.items():
        for line in lines[name]:
            _stroke(canvas, Outline((line.points - corner) * scale, line.closed), color, dashed=name == "remote")
    return canvas


def crop_box(lines: list[Outline], size: Size) -> tuple[int, int, int, int]:
    """What of a frame is shown, in whole pixels: left, top, right, bottom. All of it, if nothing is drawn."""
    around = extent(lines)
    if around is None:
        return 0, 0, size.width, size.height
    left, top, right, bottom = around
    pad_x, pad_y = (max(LEAST, AROUND * length) for length in (right - left, bottom - top))
    x0, x1 = _within(left - pad_x, right + pad_x, size.width)
    y0, y1 = _within(top - pad_y, bottom + pad_y, size.height)
    return x0, y0, x1, y1


def _within(low: float, high: float, end: int) -> tuple[int, int]:
    """A span inside of an image; at least one pixel, even if it is wholly outside."""
    first = int(min(max(low, 0), end - 1))
    return first, int(min(max(np.ceil(high), first + 1), end))


def _paint(canvas: NDArray[np.uint8], tint: Tint, corner: tuple[int, int], scale: float, color: Any) -> None:
    height, width = canvas.shape[:2]
    to = np.array([[scale, 0, (tint.left - corner[0]) * scale], [0, scale, (tint.top - corner[1]) * scale]])
    there = cv2.warpAffine(tint.mask.astype(np.uint8), to, (width, height), flags=cv2.INTER_NEAREST) > 0
    canvas[there] = (canvas[there] * (1 - TINT) + np.array(color) * TINT).astype(np.uint8)


def _stroke(canvas: NDArray[np.uint8], line: Outline, color: Any, *, dashed: bool) -> None:
    """Draws a line, with a thin dark edge so that it is seen on any image."""
    runs = [line.points] if not dashed else dashes(line, DASH)
    closed = line.closed and not dashed
    for shade, thickness in (((0, 0, 0), LINE + 2), (color, LINE)):
        pieces = [np.rint(np.clip(run, -9_999, 9_999) * 8).astype(np.int32).reshape(-1, 1, 2) for run in runs]
        cv2.polylines(canvas, pieces, closed, shade, thickness, cv2.LINE_AA, shift=3)


def dashes(line: Outline, length: float) -> list[Points]:
    """A line as dashes of this length, with gaps as long; a shorter line is one dash."""
    points = np.concatenate([line.points, line.points[:1]]) if line.closed else line.points
    steps = np.hypot(*np.diff(points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    if at[-1] <= 2 * length:
        return [points]
    starts = np.arange(0.0, at[-1], 2 * length)[:5_000]
    ends = np.minimum(starts + length, at[-1])
    runs = []
    for start, end in zip(starts, ends, strict=True):
        between = points[(at > start) & (at < end)]
        first, last = (np.array([np.interp(where, at, points[:, axis]) for axis in (0, 1)]) for where in (start, end))
        runs.append(np.concatenate([[first], between, [last]]))
    return runs


def legend(versions: Versions) -> str:
    """What the colours of the picture mean, of the versions that are in it."""
    drawn: Mapping[str, Any] = {name: getattr(versions, name) for name in NAMES}
    return " · ".join(NAMES[name] for name, shapes in drawn.items() if shapes)


def _address(canvas: NDArray[np.uint8], kind: str = "png") -> str:
    stream = io.BytesIO()
    Image.fromarray(canvas).save(stream, kind)
    return f"data:image/{kind};base64," + base64.b64encode(stream.getvalue()).decode()
