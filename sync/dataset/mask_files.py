"""Mask files: reading them for labels, and writing edited ones, which never take the place of a file."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import fiftyone.utils.image as foui
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...labels.pixels import INDICES, PIXELS
from ..errors import LoadFailed
from ..new_files import write_new
from .samples import Document

MASKS = "cvat_masks"
"""The folder for masks in a dataset's own folder."""

FOLDER = "_folder"
"""Where :func:`with_pixels` puts the folder for a new file, beside the label's own paths."""

LOSSLESS = frozenset({".png", ".tif", ".tiff", ".bmp"})


def with_pixels(document: Document, media: str = "", own: str = "") -> Document:
    """A label's document together with what its mask file holds; without, if the file can't be read.

    Of a file with a palette there are its colours, as FiftyOne shows them, and its numbers.

    Args:
        document: the label
        media: the file of its sample
        own: the dataset's own folder
    """
    path = document.get("mask_path")
    if not isinstance(path, str) or not path or "\0" in path:
        return document
    document = {**document, FOLDER: folder_for(path, media, own)}
    try:
        if not Path(path).is_file():
            return document
        found = foui.read(path, flag=cv2.IMREAD_UNCHANGED)
        if found.ndim == 3:
            with Image.open(path) as image:
                if image.mode == "P":
                    return {**document, PIXELS: found, INDICES: np.asarray(image)}
    except (OSError, ValueError, SyntaxError, cv2.error, Image.DecompressionBombError):
        return document
    return {**document, PIXELS: found}


def folder_for(old: str, media: str, own: str) -> str:
    """The folder of a file that takes the place of an old one.

    A dataset that came from elsewhere can name any path. So it is beside the old file only where that is with the
    sample's media, or in the dataset's own folder, and can be written; else in the dataset's own folder.

    Args:
        old: the old file
        media: the file of the sample
        own: the dataset's own folder
    """
    folder = Path(old).parent
    homes = [Path(path).resolve() for path in (str(Path(media).parent) if media else "", own) if path]
    if any(folder.resolve().is_relative_to(home) for home in homes) and os.access(folder, os.W_OK):
        return str(folder)
    return str(Path(own) / MASKS) if own else ""


def name_arrays(document: Document, values: Document) -> tuple[Document, dict[str, NDArray[Any]]]:
    """Names new files for arrays; old ones are kept: the values, and the files to be written.

    A file is named after its label and its content, so that what is done twice is done once.
    """
    named = dict(values)
    files: dict[str, NDArray[Any]] = {}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            suffix = Path(document[name]).suffix.lower()
            suffix = suffix if suffix in LOSSLESS else ".png"
            if suffix == ".bmp" and value.dtype != np.uint8:
                suffix = ".png"
            content = hashlib.sha256(f"{value.shape}{value.dtype}".encode() + value.tobytes()).hexdigest()[:16]
            new = str(Path(document.get(FOLDER, "")) / f"cvat-{document['_id']}-{content}{suffix}")
            named[name], files[new] = new, value
    return named, files


def save_files(files: Mapping[str, NDArray[Any]]) -> None:
    """Writes arrays to files. No file is written over, and no link is followed; one that is there and holds the same
    was written before.

    Raises:
        LoadFailed: if that can't be done
    """
    for path, value in files.items():
        try:
            _save(Path(path), value)
        except (OSError, ValueError, cv2.error) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise LoadFailed(f"The mask file '{path}' can't be written: {why}. Mend that and load again.") from error


def _save(path: Path, value: NDArray[Any]) -> None:
    if not path.is_absolute():
        raise ValueError("no folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_new(path, lambda temporary: foui.write(value, str(temporary)))
    except FileExistsError:
        _check_same(path, value)


def _check_same(path: Path, value: NDArray[Any]) -> None:
    """Checks that a file is what was to be written.

    Raises:
        LoadFailed: if not
    """
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.is_file() and not path.is_symlink() else None
    if found is not None and found.dtype == value.dtype and np.array_equal(found, value):
        return
    raise LoadFailed(
        f"'{path}' is there already and is not the mask that was to be written. Nothing was written over it; move it "
        "away and load again."
    )
