"""Images that the server sees by itself: are they there, and what frames will CVAT make of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile

from ...cvat import Client, CloudStorage, FileInfo, NotFound, PermissionDenied
from ...cvat import Refused as CvatRefused
from ..dataset.media import BadFile, Frame
from ..errors import Refused
from ..media_map import ServerFile
from ..progress import ProgressReporter
from ..request import SendRequest

UNREADABLE = (".eps",)
"""Ends of names that CVAT takes for images, of which one fails the whole task."""
CONNECTIONS = 4
"""Directories that are looked at at the same time."""


@dataclass(frozen=True)
class Directory:
    """A directory to look at, and the names of interest in it.

    Args:
        path: without a trailing slash; empty for the root
        storage_id: the cloud storage; ``None`` for the share
        names: the files that ought to be there
    """

    path: str
    storage_id: int | None
    names: frozenset[str]

    @property
    def begins(self) -> str:
        """What all the names begin with, so that the server need not list the others."""
        first, last = min(self.names), max(self.names)  # what these two share, those between them have too
        return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


def find_server_frames(
    client: Client,
    pairs: Iterable[tuple[str, str | None]],
    request: SendRequest,
    reporter: ProgressReporter | None = None,
    *,
    video: bool = False,
) -> tuple[list[Frame], list[BadFile]]:
    """Looks for the files of a run on the server's share or in its cloud storages.

    Each directory is asked for once. Nothing is read here: a file may be there and yet be no image, which the
    creation of the task then says.

    Args:
        client: the CVAT server
        pairs: sample id and path, in the order of the run
        request: with the ``media_map``
        reporter: takes the progress, and carries the wish to stop
        video: whether the files are videos, and no images

    Returns:
        the frames, those of one cloud storage together; and the files that can't be taken

    Raises:
        Refused: if the user may not look, a cloud storage is not there, or not a single file is found
        Cancelled: if the person stopped it
        CvatError: if CVAT can't be reached
    """
    located, bad = locate(pairs, request)
    storages = {number: _storage(client, number) for number in _storage_ids(located)}
    shown = [item for item in located if _is_shown(item.place, storages)]
    found = _look(client, directories_of(item.place for item in shown), storages, reporter or ProgressReporter())
    if located and not found:
        raise Refused(_nothing_found(located, storages))
    frames: list[Frame] = []
    for item in located:
        reason = _fault(item.place, found.get(item.place), storages, video=video)
        if reason:
            bad.append(BadFile(item.sample_id, item.path, reason))
        else:
            frames.append(item.frame.model_copy(update={"video": video}))
    order = _storage_ids(located)
    frames.sort(key=lambda frame: order.index(frame.storage_id) if frame.storage_id is not None else 0)
    return frames, bad


@dataclass(frozen=True)
class Located:
    """A sample's file, and where the server should have it."""

    sample_id: str
    path: str
    place: ServerFile

    @property
    def frame(self) -> Frame:
        """The frame that CVAT makes of it: named by its whole path, with nothing to upload."""
        name, storage_id = self.place
        return Frame(
            sample_id=self.sample_id, name=name, path=self.path, size=0, server_path=name, storage_id=storage_id
        )


def locate(pairs: Iterable[tuple[str, str | None]], request: SendRequest) -> tuple[list[Located], list[BadFile]]:
    """Maps the paths of samples to the server, without asking it.

    Args:
        pairs: sample id and path
        request: with the ``media_map``

    Returns:
        where the files should be, and those that can't be anywhere
    """
    places = request.server_places
    located: list[Located] = []
    bad: list[BadFile] = []
    taken: set[ServerFile] = set()
    for sample_id, path in pairs:
        try:
            if not path:
                raise ValueError("has no path")
            place = places.locate(path)
            if place in taken:
                raise ValueError("is the file of another sample too, and CVAT takes a file of its own only once")
        except ValueError as error:
            bad.append(BadFile(sample_id, path or "", str(error)))
        else:
            taken.add(place)
            located.append(Located(sample_id, path, place))
    return located, bad


def directories_of(places: Iterable[ServerFile]) -> list[Directory]:
    """The directories of files, each once, in the order of the first file."""
    names: dict[tuple[str, int | None], set[str]] = defaultdict(set)
    for place in places:
        folder, _, name = place.path.rpartition("/")
        names[folder, place.storage_id].add(name)
    return [Directory(folder, storage_id, frozenset(found)) for (folder, storage_id), found in names.items()]


Storages = Mapping[int, CloudStorage]


def _storage_ids(located: Iterable[Located]) -> list[int]:
    """The cloud storages in the order of their first file."""
    return list(dict.fromkeys(item.place.storage_id for item in located if item.place.storage_id is not None))


def _storage(client: Client, storage_id: int) -> CloudStorage:
    try:
        return client.cloud_storage(storage_id)
    except NotFound:
        there = ", ".join(f"{item.id} ('{item.display_name}')" for item in client.cloud_storages()) or "none"
        raise Refused(
            f"CVAT has no cloud storage {storage_id}; this user sees: {there}. Nothing was sent. Check `media_map`."
        ) from None
    except PermissionDenied:
        raise Refused(
            f"This user may not use cloud storage {storage_id} in CVAT. Nothing was sent. Ask its owner, or set "
            "`organization` if it belongs to one."
        ) from None


def _look(
    client: Client, directories: Sequence[Directory], storages: Storages, reporter: ProgressReporter
) -> dict[ServerFile, FileInfo]:
    """The wanted files that are there."""
    found: dict[ServerFile, FileInfo] = {}
    pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="cvat-look")
    try:
        for number, files in enumerate(pool.map(lambda directory: _list(client, directory, storages), directories), 1):
            found.update(files)
            reporter.step(f"Looking for the images in CVAT: {number:,} of {len(directories):,} folders")
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def _list(client: Client, directory: Directory, storages: Storages) -> dict[ServerFile, FileInfo]:
    """The wanted files of a directory that are there."""
    found: dict[ServerFile, FileInfo] = {}
    with _explained(directory, storages):
        for info in _entries(client, directory):
            if info.name in directory.names and info.type == "REG":
                path = f"{directory.path}/{info.name}" if directory.path else info.name
                found[ServerFile(path, directory.storage_id)] = info
            if len(found) == len(directory.names):
                break  # the rest of a large directory need not be read
    return found


def _entries(client: Client, directory: Directory) -> Iterable[FileInfo]:
    if directory.storage_id is not None:
        folder = f"{directory.path}/" if directory.path else ""
        return client.cloud_files(directory.storage_id, folder + directory.begins)
    try:
        return client.share_files(directory.path, begins=directory.begins)
    except NotFound:
        return ()


@contextmanager
def _explained(directory: Directory, storages: Storages) -> Iterator[None]:
    """Lets what CVAT can't look at end in a sentence."""
    try:
        yield
    except (CvatRefused, PermissionDenied, NotFound) as error:
        reason = f": {error.detail.rstrip('.')}." if error.detail else "."
        if directory.storage_id is None:
            raise Refused(
                f"CVAT does not let this user look at the server's file share{reason} Nothing was sent. Ask an "
                "administrator, or set `media_source` to 'upload'."
            ) from error
        name = _name(storages[directory.storage_id])
        raise Refused(
            f"CVAT can't look into {name}{reason} Nothing was sent. Check the bucket and its credentials in CVAT."
        ) from error


def _is_shown(place: ServerFile, storages: Storages) -> bool:
    """Whether CVAT would take a file of this name: a cloud storage may be limited to a prefix."""
    return place.storage_id is None or place.path.startswith(storages[place.storage_id].prefix)


def _fault(place: ServerFile, info: FileInfo | None, storages: Storages, *, video: bool = False) -> str:
    """Why a file can't be taken; empty if it can."""
    if info is not None and video:
        return "" if info.is_video else "is no video for CVAT, by its name"
    if place.path.lower().endswith(UNREADABLE):
        return "is of the format EPS, which CVAT can't read"
    if info is not None:
        return "" if info.is_image else "is no image for CVAT, by its name"
    if place.storage_id is None:
        return "is not on the server's share"
    storage = storages[place.storage_id]
    if not _is_shown(place, storages):
        return f"is outside of '{storage.prefix}', which is all that {_name(storage)} shows"
    return f"is not in {_name(storage)}"


def _nothing_found(located: Sequence[Located], storages: Storages) -> str:
    first = located[0]
    where = _fault(first.place, None, storages)
    return (
        f"None of the {len(located)} images is there: '{first.path}', which should be '{first.place.path}', {where}. "
        "Nothing was sent. Check `media_map`."
    )


def _name(storage: CloudStorage) -> str:
    return f"cloud storage {storage.id} ('{storage.display_name}')"
