"""Mask files: reading them for labels, and writing edited ones beside the old ones."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import fiftyone.utils.image as foui
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...labels.pixels import INDICES, PIXELS
from .samples import Document

LOSSLESS = frozenset({".png", ".tif", ".tiff", ".bmp"})


def with_pixels(document: Document) -> Document:
    """A label's document together with what its mask file holds; without, if the file can't be read.

    Of a file with a palette there are its colours, as FiftyOne shows them, and its numbers.
    """
    path = document.get("mask_path")
    if not isinstance(path, str) or not path or "\0" in path or not Path(path).is_file():
        return document
    try:
        found = foui.read(path, flag=cv2.IMREAD_UNCHANGED)
        if found.ndim == 3:
            with Image.open(path) as image:
                if image.mode == "P":
                    return {**document, PIXELS: found, INDICES: np.asarray(image)}
    except (OSError, ValueError, SyntaxError, cv2.error, Image.DecompressionBombError):
        return document
    return {**document, PIXELS: found}


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
            if suffix.lower() == ".bmp" and value.dtype != np.uint8:
                suffix = ".png"
            content = hashlib.sha1(repr(value.shape).encode() + value.tobytes()).hexdigest()[:10]
            new = str(old.with_name(f"{old.stem}-{content}{suffix}"))
            named[name], files[new] = new, value
    return named, files


def save_files(files: Mapping[str, NDArray[Any]]) -> None:
    """Writes arrays to files."""
    for path, value in files.items():
        foui.write(value, path)
