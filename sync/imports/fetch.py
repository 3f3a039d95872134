"""Fetching the images of frames from CVAT into files: in parallel, and again from where it ended."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from ...cvat import AnswerTooLarge, Client, NotFound, ServerFault, UnwritableFile
from ...cvat import Refused as CvatRefused
from ..errors import Refused, sentence
from ..new_files import write_new
from ..progress import ProgressReporter
from .linking import NamedFrame

AT_ONCE = 4
"""Images that are fetched at the same time."""

OF_ONE_FRAME = (AnswerTooLarge, CvatRefused, NotFound, ServerFault)
"""What is wrong with one frame; anything else ends it all."""


@dataclass
class Fetched:
    """What came.

    Args:
        files: the file of each frame that has one now
        failed: why a frame has none
    """

    files: dict[NamedFrame, Path] = field(default_factory=dict)
    failed: dict[NamedFrame, str] = field(default_factory=dict)


def fetch(client: Client, wanted: Mapping[NamedFrame, Path], reporter: ProgressReporter) -> Fetched:
    """Fetches the originals of frames. A file that is there is kept: it is whole, as files appear when they are.

    Args:
        client: the CVAT server
        wanted: the file of each frame
        reporter: takes the progress, and carries the wish to stop

    Raises:
        Refused: if a file can't be written
        CvatError: if CVAT can't be reached, or nobody may read the task; what came is kept
    """
    found = Fetched()
    for folder in {path.parent for path in wanted.values()}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error.strerror) from None
    with ThreadPoolExecutor(AT_ONCE, "cvat-frames") as pool:
        tasks = {pool.submit(_fetch, client, frame, path): frame for frame, path in wanted.items()}
        try:
            for done, task in enumerate(as_completed(tasks), 1):
                frame = tasks[task]
                try:
                    task.result()
                    found.files[frame] = wanted[frame]
                except OF_ONE_FRAME as error:
                    found.failed[frame] = sentence(error)
                reporter.step(f"Fetching images, {done:,} of {len(wanted):,}", done / len(wanted))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return found


def _fetch(client: Client, frame: NamedFrame, path: Path) -> None:
    def write(temporary: Path) -> None:
        with temporary.open("wb") as into:
            client.download_frame(frame.task, frame.number, into)

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


def _unwritable(path: Path, why: str | None) -> Refused:
    return Refused(
        f"'{path}' can't be written ({why or 'unknown'}). Choose another folder, or make room; images that came stay."
    )
