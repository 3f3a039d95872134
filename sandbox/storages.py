"""Files that the server sees by itself: folders that stand for its share and for buckets.

Of the share there are recordings; of cloud storages there are none but of a server that has none. All else about
them follows the sources of CVAT: names, order, pages, what is left out in silence. Simplified: manifests are not
expanded into the files they stand for, and buckets are always there. Links that lead out of a folder are not there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .media import MediaError, kind_of, shared_path
from .models import ClientFile, CloudStorage
from .store import Store

Json = dict[str, Any]


def list_share(root: Path | None, directory: str, begins: str) -> list[Json] | None:
    """A directory of the share, directories first; None if there is no such directory."""
    if root is None:
        return None if directory.strip("/") else []
    folder = _inside(root, root / directory)
    if folder is None or not folder.is_dir():
        return None
    entries = [entry for entry in folder.iterdir() if entry.name.startswith(begins) and _inside(root, entry)]
    entries.sort(key=lambda entry: (not entry.is_dir(), entry.name))
    return [_info(entry.name, entry.is_dir()) for entry in entries]


def list_bucket(storage: CloudStorage, prefix: str, token: str, size: int) -> tuple[list[Json], str | None]:
    """A page of one directory of a bucket, and the token for the next page.

    Args:
        storage: the bucket.
        prefix: what keys begin with; names are given from its last slash on.
        token: the last key of the page before.
        size: entries in a page.
    """
    own = storage.prefix
    if prefix and not (own.startswith(prefix) or prefix.startswith(own)):
        return [], None
    if len(prefix) < len(own):
        rest = own[prefix.find("/") + 1 :].split("/", maxsplit=1)
        if prefix and "/" in own[len(prefix) :]:
            return [_info(rest[0], True)], None
        prefix = own
    entries = sorted(_entries(storage.folder, prefix))
    left = [entry for entry in entries if entry > token]
    page, more = left[:size], len(left) > size
    start = prefix.rfind("/") + 1
    found = [_info(entry[start:].strip("/"), entry.endswith("/")) for entry in page]
    return sorted(found, key=lambda info: str(info["type"])), page[-1] if more else None


def _entries(folder: Path, prefix: str) -> Iterator[str]:
    """Keys that begin with a prefix, up to the first slash after it."""
    directory = prefix[: prefix.rfind("/") + 1]
    place = _inside(folder, folder / directory)
    for path in place.iterdir() if place and place.is_dir() else ():
        key = f"{directory}{path.name}"
        if key.startswith(prefix) and _inside(folder, path):
            yield f"{key}/" if path.is_dir() else key


def _inside(root: Path, path: Path) -> Path | None:
    """Where a path leads, if that is below a folder; None if it leads out of it."""
    place = path.resolve()
    return place if place.is_relative_to(root.resolve()) else None


def _info(name: str, is_directory: bool) -> Json:
    kind = "DIR" if is_directory else kind_of(name) or "unknown"
    return {"name": name.strip(), "type": "DIR" if is_directory else "REG", "mime_type": kind}


def read_server_files(store: Store, options: Json) -> list[ClientFile]:
    """The files that a task is to be made of, each once, in the order asked for.

    Raises:
        MediaError: for a file that is not there.
    """
    storage = store.cloud_storages.get(options["cloud_storage_id"] or 0)
    root = storage.folder if storage else store.share
    given = [_clean(name) for name in options["server_files"] if storage is None or name.startswith(storage.prefix)]
    names = _expand(root, given, [_clean(name) for name in options["server_files_exclude"]])
    if any("\\" in name for name in names):
        raise MediaError(_BACKSLASH)
    related = {} if names == given else _related(names)
    wanted = [name for name in dict.fromkeys(names) if kind_of(name) and _RELATED not in name.split("/")[:-1]]
    stays = storage is None and not options["copy_data"]
    files = []
    for name in wanted:
        problem = _not_in_bucket(storage, name) if storage else f"{_NO_FILE}: '{shared_path(name)}'"
        file = _read(root, name, problem, stays)
        file.related = [_read(root, other, problem, stays) for other in related.get(name, ())]
        files.append(file)
    return files


_NO_FILE = "FileNotFoundError: [Errno 2] No such file or directory"
_BACKSLASH = (
    "rest_framework.exceptions.ValidationError: "
    "[ErrorDetail(string='Incorrect file mapping to manifest content', code='invalid')]"
)
_RELATED = "related_images"


def _clean(name: str) -> str:
    name = posixpath.normpath(name).lstrip("/")
    if ".." in name.split("/"):
        raise MediaError("ValueError: Don't use '..' inside file paths")
    return name


def _expand(root: Path | None, names: list[str], excluded: list[str]) -> list[str]:
    """Files instead of the directories that they are in, without those excluded by name or by directory."""
    found: list[str] = []
    for name in names:
        place = _inside(root, root / name) if root else None
        if root and place and place.is_dir():
            inside = (path for path in sorted(place.rglob("*")) if path.is_file() and _inside(root, path))
            found += [path.relative_to(root.resolve()).as_posix() for path in inside]
        else:
            found.append(name)
    return [name for name in found if not any(name == part or name.startswith(f"{part}/") for part in excluded)]


def _related(names: list[str]) -> dict[str, list[str]]:
    """Images in `related_images/a_png/` belong to `a.png` beside that directory."""
    found: dict[str, list[str]] = {}
    for name in names:
        *above, directory, owner, _ = ["", "", "", *name.split("/")]
        if directory == _RELATED:
            stem, _, extension = owner.rpartition("_")
            found.setdefault("/".join([*filter(None, above), f"{stem}.{extension}"]), []).append(name)
    return found


def _not_in_bucket(storage: CloudStorage, name: str) -> str:
    return f"rest_framework.exceptions.NotFound: The file '{name}' not found on the cloud storage '{storage.resource}'"


def _read(root: Path | None, name: str, problem: str, stays: bool) -> ClientFile:
    """One file; `stays` if it is read again where it is, and not copied."""
    place = _inside(root, root / name) if root else None
    if place is None or not place.is_file():
        raise MediaError(problem)
    return ClientFile(name, place.read_bytes(), place if stays else None)
