"""Fetching the images of frames from CVAT into files: in parallel, and again from where it ended."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ...cvat import AnswerTooLarge, Client, NotFound, ServerFault, UnwritableFile
from ...cvat import Refused as CvatRefused
from ..dataset.media import displayed_size
from ..errors import Refused, sentence
from ..new_files import remove_unfinished, write_new
from ..progress import ProgressReporter
from .chunks import UNREADABLE, Portion, files_in, portions_of
from .folders import check_folders, folder_of, mark_folder
from .linking import NamedFrame
from .survey import FoundTask

AT_ONCE = 4
"""Requests for images at the same time."""


Fill = Callable[[BinaryIO], object]
"""Writes an image into a file."""


class UnfitImage(Exception):
    """An image that is not that of its frame; the message is the end of a sentence."""


OF_ONE_FRAME = (AnswerTooLarge, CvatRefused, NotFound, ServerFault, UnfitImage)
"""What is wrong with one frame, or chunk; anything else ends it all."""


@dataclass
class Fetched:
    """What came.

    Args:
        files: the file of each frame that has one now
        failed: why a frame has none
    """

    files: dict[NamedFrame, Path] = field(default_factory=dict)
    failed: dict[NamedFrame, str] = field(default_factory=dict)


def fetch(
    client: Client,
    folder: str,
    wanted: Mapping[NamedFrame, Path],
    tasks: Iterable[FoundTask],
    reporter: ProgressReporter,
) -> Fetched:
    """Fetches the originals of frames, many in one request where CVAT has them so.

    A file that is there is kept: it is whole, as files appear when they are. One of another size is no frame's.

    Args:
        client: the CVAT server
        folder: the folder of all images
        wanted: the file of each frame
        tasks: what is known of their tasks
        reporter: takes the progress, and carries the wish to stop

    Raises:
        Refused: if a file can't be written, or the folder has images of other tasks
        CvatError: if CVAT can't be reached, or nobody may read the task; what came is kept
    """
    known = {found.task.id: found for found in tasks}
    own = {frame.task for frame in wanted}
    check_folders(folder, client.url, [known[task].task for task in own])
    _make_folders(client, folder, [known[task] for task in own], {path.parent for path in wanted.values()})
    remove_unfinished({path.parent for path in wanted.values()})
    fetcher = _Fetcher(client, wanted, known)
    found = Fetched()
    lacking = [frame for frame in wanted if not fetcher.is_there(frame, found)]
    with ThreadPoolExecutor(AT_ONCE, "cvat-frames") as pool:
        work = {pool.submit(fetcher.fetch, portion): portion for portion in portions_of(lacking, known)}
        try:
            for task in as_completed(work):
                for frame in work[task].frames:
                    why = task.result().get(frame, "")
                    if why:
                        found.failed[frame] = why
                    else:
                        found.files[frame] = wanted[frame]
                done = len(found.files) + len(found.failed)
                reporter.step(f"Fetching images, {done:,} of {len(wanted):,}", done / len(wanted))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return found


def _make_folders(client: Client, folder: str, tasks: Iterable[FoundTask], folders: Iterable[Path]) -> None:
    path = Path(folder)
    try:
        for path in folders:
            path.mkdir(parents=True, exist_ok=True)
        for found in tasks:
            path = folder_of(folder, found.task.id)
            mark_folder(folder, client.url, found.task)
    except OSError as error:
        raise _unwritable(path, error.strerror) from None


class _Fetcher:
    """Brings frames into their files.

    Args:
        client: the CVAT server
        wanted: the file of each frame
        tasks: what is known of their tasks
    """

    def __init__(self, client: Client, wanted: Mapping[NamedFrame, Path], tasks: Mapping[int, FoundTask]) -> None:
        self._client, self._wanted, self._tasks = client, wanted, tasks

    def is_there(self, frame: NamedFrame, found: Fetched) -> bool:
        """Whether there is something under the name of a frame's file; it is then the frame's, or failed."""
        path = self._wanted[frame]
        if not path.is_file():
            return False
        try:
            self._check(frame, path)
            found.files[frame] = path
        except UnfitImage as error:
            found.failed[frame] = f"'{path}' is there and {error}; move it away and import again"
        return True

    def fetch(self, portion: Portion) -> dict[NamedFrame, str]:
        """Fetches some frames; those that did not come, with the reasons."""
        failed = {}
        for frame in self._by_chunk(portion) if portion.chunk is not None else portion.frames:
            try:
                self._by_itself(frame)
            except OF_ONE_FRAME as error:
                failed[frame] = f"what CVAT sent {error}" if isinstance(error, UnfitImage) else sentence(error)
        return failed

    def _by_chunk(self, portion: Portion) -> list[NamedFrame]:
        """Fetches frames of one chunk; those that did not come, and are asked for alone then."""
        lacking = list(portion.frames)
        folder = self._wanted[lacking[0]].parent
        try:
            with tempfile.TemporaryFile(dir=folder) as into:
                self._client.download_chunk(lacking[0].task, portion.chunk or 0, into)
                archive, files = files_in(into, portion.count)
                for frame in portion.frames:
                    with archive.open(files[frame.number - portion.first]) as image:
                        self._write(frame, partial(shutil.copyfileobj, image))
                    lacking.remove(frame)
        except (*OF_ONE_FRAME, *UNREADABLE):
            return lacking
        except UnwritableFile as error:
            raise _unwritable(folder, str(error)) from None
        except OSError as error:
            raise _unwritable(folder, error.strerror) from None
        return lacking

    def _by_itself(self, frame: NamedFrame) -> None:
        self._write(frame, lambda file: self._client.download_frame(frame.task, frame.number, file))

    def _write(self, frame: NamedFrame, fill: Fill) -> None:
        path = self._wanted[frame]

        def write(temporary: Path) -> None:
            with temporary.open("wb") as into:
                fill(into)
            self._check(frame, temporary)

        try:
            write_new(path, write)
        except FileExistsError:
            if path.is_file():
                return
            raise _unwritable(path, "something of this name is there, and is no file") from None
        except UnwritableFile as error:
            raise _unwritable(path, str(error)) from None
        except OSError as error:
            raise _unwritable(path, error.strerror) from None

    def _check(self, frame: NamedFrame, path: Path) -> None:
        """Compares an image with what CVAT says of the frame.

        Raises:
            UnfitImage: if it is another one
        """
        said = self._tasks[frame.task].image_of(frame.number)
        try:
            size = displayed_size(path)
        except ValueError as error:
            raise UnfitImage(str(error)) from None
        if size is not None and size != (said.width, said.height):
            raise UnfitImage(
                f"has {size[0]:,} x {size[1]:,} pixels, but the frame has {said.width:,} x {said.height:,}"
            )


def _unwritable(path: Path, why: str | None) -> Refused:
    return Refused(
        f"'{path}' can't be written ({why or 'unknown'}). Choose another folder, or make room; images that came stay."
    )
