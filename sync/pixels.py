"""Mask files: reading them for labels, and writing edited ones beside the old ones."""

import hashlib
from pathlib import Path

import cv2
import fiftyone.utils.image as foui
import numpy as np

from ..labels.pixels import PIXELS
from .samples import Document

LOSSLESS = frozenset({".png", ".tif", ".tiff", ".bmp"})


def with_pixels(document: Document) -> Document:
    """A label's document together with what its mask file holds; without, if the file can't be read."""
    path = document.get("mask_path")
    if not path or not Path(path).is_file():
        return document
    try:
        return {**document, PIXELS: foui.read(path, flag=cv2.IMREAD_UNCHANGED)}
    except (OSError, ValueError, cv2.error):
        return document


def save_arrays(document: Document, values: Document) -> Document:
    """Writes arrays to new files beside the label's old file, which is kept; the values with the new paths.

    A file is named after its content, so that what is done twice is done once.
    """
    saved = dict(values)
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            old = Path(document[name])
            suffix = old.suffix if old.suffix.lower() in LOSSLESS else ".png"
            content = hashlib.sha1(repr(value.shape).encode() + value.tobytes()).hexdigest()[:10]
            new = old.with_name(f"{old.stem}-{content}{suffix}")
            foui.write(value, str(new))
            saved[name] = str(new)
    return saved
