"""Files that the server sees by itself: folders that stand for its share and for buckets.

There are recordings of a server without a share and without cloud storages only, and of one task made from a file
that is not there. All else about them follows the sources of CVAT: names, order, pages, what is left out in silence.
Simplified: directories and manifests are not expanded into the files they stand for, and buckets are always there.
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
    folder = _inside(root, directory)
    if folder is None:
        return None
    found = [_info(entry.name, entry.is_dir()) for entry in folder.iterdir() if entry.name.startswith(begins)]
    return sorted(found, key=lambda info: (info["type"], info["name"]))


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
    place = _inside(folder, directory)
    for path in place.iterdir() if place else ():
        key = f"{directory}{path.name}"
        if key.startswith(prefix):
            yield f"{key}/" if path.is_dir() else key


def _inside(root: Path, directory: str) -> Path | None:
    """A directory below another one; None if there is none of this name."""
    place = (root / directory).resolve()
    return place if place.is_relative_to(root.resolve()) and place.is_dir() else None


def _info(name: str, is_directory: bool) -> Json:
    kind = "DIR" if is_directory else kind_of(name) or "unknown"
    return {"name": name, "type": "DIR" if is_directory else "REG", "mime_type": kind}


def read_server_files(store: Store, options: Json) -> list[ClientFile]:
    """The files that a task is to be made of, each once, in the order asked for.

    Raises:
        MediaError: for a file that is not there.
    """
    storage = store.cloud_storages.get(options["cloud_storage_id"] or 0)
    names = [_clean(name) for name in options["server_files"] if storage is None or name.startswith(storage.prefix)]
    wanted = [name for name in dict.fromkeys(names) if kind_of(name) and "related_images" not in name.split("/")[:-1]]
    if storage is not None:
        return [_read(storage.folder, name, _not_in_bucket(storage, name)) for name in wanted]
    return [_read(store.share, name, f"{_NO_FILE}: '{shared_path(name)}'") for name in wanted]


_NO_FILE = "FileNotFoundError: [Errno 2] No such file or directory"


def _clean(name: str) -> str:
    name = posixpath.normpath(name).lstrip("/")
    if ".." in name.split("/"):
        raise MediaError("ValueError: Don't use '..' inside file paths")
    return name


def _not_in_bucket(storage: CloudStorage, name: str) -> str:
    return f"rest_framework.exceptions.NotFound: The file '{name}' not found on the cloud storage '{storage.resource}'"


def _read(root: Path | None, name: str, problem: str) -> ClientFile:
    path = root / name if root else None
    if path is None or not path.is_file():
        raise MediaError(problem)
    return ClientFile(name, path.read_bytes())
