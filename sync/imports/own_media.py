"""Images that need not be fetched: the server sees files of one's own, and they are here, or in one's bucket."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ...labels.shapes import Size
from ..media_map import MediaMap, ServerFile
from .fitting import size_of
from .survey import FoundTask

AT_ONCE = 8
"""Files that are looked at at the same time."""


def find_own(places: MediaMap, tasks: Iterable[FoundTask]) -> Mapping[tuple[int, int], str]:
    """Finds the files that frames were made of.

    A file that is here counts if it has exactly the frame's size. One in a bucket counts if CVAT says that the task's
    files are in that cloud storage; it is not looked at.

    Args:
        places: what the server sees
        tasks: the tasks

    Returns:
        their paths, by task and number of the frame
    """
    wanted = {
        (found.task.id, frame.number): (Size(image.width, image.height), paths)
        for found in (tasks if places.prefixes else ())
        if not found.is_video
        for frame, image in zip(found.frames, found.meta.frames, strict=True)
        if (paths := places.paths_of(ServerFile(frame.name, found.meta.cloud_storage_id)))
    }
    with ThreadPoolExecutor(AT_ONCE, "own-images") as pool:
        own = list(zip(wanted, pool.map(lambda item: _own(*item), wanted.values()), strict=True))
    first = {path: key for key, path in reversed(own) if path is not None}  # a file is one frame's sample
    return {key: path for path, key in first.items()}


def _own(size: Size, paths: list[str]) -> str | None:
    return next((path for path in paths if "://" in path or size_of(path) == size), None)
