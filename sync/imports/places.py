"""Where the image of each frame goes in the folder that the person named: a pure function."""

import mimetypes
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from ..readable import NO_BREAK_SPACE, readable
from .linking import NamedFrame, parts_of

LONGEST = 100
"""Characters of a file's, or directory's, name."""
DEEPEST = 8
"""Directories of a frame's name that are kept, from the end."""

Places = dict[tuple[int, int], str]
"""Paths below the folder, by task and number of the frame."""


def places_of(frames: Iterable[NamedFrame]) -> Places:
    """Gives each frame a file of its own, under the name that it has in CVAT as far as that can be a path.

    The same frames get the same files again. Names come from CVAT and can be anything: none leads out of the folder,
    and none meets another one, in whichever case.

    Args:
        frames: the frames, those of a task in their order
    """
    found: Places = {}
    files: set[str] = set()
    folders: set[str] = set()
    for frame in frames:
        for path in _candidates(frame):
            name, above = str(path).casefold(), [str(parent).casefold() for parent in path.parents]
            if name not in files and name not in folders and files.isdisjoint(above):
                files.add(name)
                folders.update(above)
                found[frame.task, frame.number] = str(path)
                break
    return found


def _candidates(frame: NamedFrame) -> Iterator[PurePosixPath]:
    """Its own name first, then names that have its number."""
    folder = PurePosixPath(f"task_{frame.task}")
    parts = [_clean(part) for part in parts_of(frame.name)][-DEEPEST:] or ["frame"]
    parts[-1] = _as_image(parts[-1])
    yield folder.joinpath(*parts)
    number = 0
    while True:
        again = f"_{number}" if number else ""
        yield folder / f"frame_{frame.number:06d}{again}_{parts[-1][-LONGEST:]}"
        number += 1


def _clean(part: str) -> str:
    """A name that every file system takes."""
    text = re.sub(r'[<>:"|?*\x00-\x1f\\/]', "_", readable(part, 4 * LONGEST).replace(NO_BREAK_SPACE, " ")).strip(" .")
    stem, dot, suffix = text.rpartition(".")
    if len(text) > LONGEST:
        text = f"{stem[: LONGEST - 11]}{dot}{suffix[:10]}" if dot else text[:LONGEST]
    while len(text.encode("utf-8", "replace")) > 2 * LONGEST:
        text = text[1:]
    text = text.strip(" .")
    return text if text and not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", text) else f"_{text}"


def _as_image(name: str) -> str:
    """A file name by which FiftyOne takes the file for an image."""
    kind, _ = mimetypes.guess_type(name)
    return name if kind and kind.startswith("image/") else f"{name}.png"
