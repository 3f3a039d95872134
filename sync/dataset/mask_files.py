"""Mask files: reading them for labels, and writing edited ones beside the old ones."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import fiftyone.utils.image as foui
import numpy as np
from numpy.typing import NDArray

from ...labels.pixels import PIXELS
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


def name_arrays(document: Document, values: Document) -> tuple[Document, dict[str, NDArray[Any]]]:
    """Names new files beside the label's old one, which is kept, for arrays: the values, and the files to be written.

    A file is named after its content, so that what is done twice is done once.
    """
    named = dict(values)
    files: dict[str, NDArray[Any]] = {}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            old = Path(document[name])
            suffix = old.suffix if old.suffix.lower() in LOSSLESS else ".png"
            content = hashlib.sha1(repr(value.shape).encode() + value.tobytes()).hexdigest()[:10]
            new = str(old.with_name(f"{old.stem}-{content}{suffix}"))
            named[name], files[new] = new, value
    return named, files


def save_files(files: Mapping[str, NDArray[Any]]) -> None:
    """Writes arrays to files."""
    for path, value in files.items():
        foui.write(value, path)
