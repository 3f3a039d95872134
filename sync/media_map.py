"""Where the server finds a sample's file by itself: local folders and URLs, mapped to its share and its buckets."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import quote, unquote

ServerSource: TypeAlias = Literal["share", "cloud_storage"]

PATH_LENGTH = 1024  # CVAT keeps no longer ones
ASIDE = "related_images"  # CVAT takes what is in folders of this name for pictures that belong to others


class ServerFile(NamedTuple):
    """A file that the server sees.

    Args:
        path: its path on the share, or its key in the bucket; CVAT names the frame by it
        storage_id: the cloud storage; ``None`` for the share
    """

    path: str
    storage_id: int | None = None


@dataclass(frozen=True)
class MappedPrefix:
    """What stands for a folder or a URL on the server.

    Args:
        prefix: the folder or URL, without a trailing slash
        target: the directory on the share, or the beginning of keys, without slashes around it
        storage_id: the cloud storage; ``None`` for the share
    """

    prefix: str
    target: str
    storage_id: int | None


class MediaMap:
    """The prefixes of a send.

    Args:
        prefixes: in any order; the longest one that covers a path counts
    """

    def __init__(self, prefixes: list[MappedPrefix]) -> None:
        self.prefixes = sorted(prefixes, key=lambda entry: len(entry.prefix), reverse=True)

    def locate(self, path: str) -> ServerFile:
        """Finds out what a path is called on the server.

        Raises:
            ValueError: if no prefix covers it, or CVAT can't take such a name; the message says why
        """
        clean = _clean(path)
        for entry in self.prefixes:
            if clean.startswith(f"{entry.prefix}/"):
                rest = clean[len(entry.prefix) + 1 :]
                found = f"{entry.target}/{rest}" if entry.target else rest
                _check(found)
                return ServerFile(found, entry.storage_id)
        raise ValueError("is not under a mapped prefix")

    def paths_of(self, file: ServerFile) -> list[str]:
        """What a file that the server sees may be called here: the longest directory that is mapped comes first."""
        try:
            _check(file.path)
        except ValueError:  # no name that leads elsewhere is followed
            return []
        found = []
        for entry in sorted(self.prefixes, key=lambda entry: len(entry.target), reverse=True):
            folder = f"{entry.target}/" if entry.target else ""
            if entry.storage_id == file.storage_id and file.path.startswith(folder):
                rest = file.path[len(folder) :]
                is_url = entry.prefix.startswith(("http://", "https://"))
                found.append(f"{entry.prefix}/{quote(rest) if is_url else rest}")
        return found


def read_media_map(source: ServerSource, given: Mapping[str, int | str]) -> MediaMap:
    """Reads the ``media_map`` of a request.

    Args:
        source: what the server sees
        given: prefixes, and for the share the directory there; for cloud storages the id, or ``"ID:key/prefix"``

    Raises:
        ValueError: if something is wrong; the message is the end of a sentence about ``media_map``
    """
    example = "{'/data/images': 'images'}" if source == "share" else "{'s3://bucket/folder': 3}"
    if not given:
        raise ValueError(f"with `media_source` '{source}' it must say what the server sees, such as {example}")
    read = _share_prefix if source == "share" else _cloud_prefix
    return MediaMap([read(prefix, target) for prefix, target in given.items()])


def _share_prefix(prefix: str, target: str | int) -> MappedPrefix:
    if not isinstance(target, str):
        raise ValueError(f"'{prefix}' must be mapped to a directory on the server's share, such as 'images', or ''")
    return MappedPrefix(_clean_prefix(prefix), _clean_target(prefix, target), None)


def _cloud_prefix(prefix: str, target: str | int) -> MappedPrefix:
    match = re.fullmatch(r"\s*(\d+)\s*(?::(.*))?", str(target))
    if match is None:
        raise ValueError(f"'{prefix}' must be mapped to the id of a CVAT cloud storage, such as 3, or '3:key/prefix'")
    clean, key = _clean_prefix(prefix), match[2]
    if key is None:
        key = _key_in_bucket(clean) if "://" in clean else ""
    return MappedPrefix(clean, _clean_target(prefix, key), int(match[1]))


def _key_in_bucket(url: str) -> str:
    """What a URL says after its bucket.

    Raises:
        ValueError: if the bucket can't be known
    """
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    if scheme not in ("http", "https"):
        return path
    if re.search(r"\.blob\.core\.windows\.net$|^storage\.googleapis\.com$|^s3\b.*\.amazonaws\.com$", host):
        return path.partition("/")[2]
    raise ValueError(f"'{url}' does not tell the bucket from the key; map it to 'ID:key/prefix'")


def _clean_prefix(prefix: str) -> str:
    clean = _clean(prefix)
    if not (clean.startswith("/") or "://" in clean or re.match(r"[A-Za-z]:/", clean)):
        raise ValueError(f"'{prefix}' is no absolute path and no URL")
    return clean.rstrip("/")


def _clean_target(prefix: str, target: str) -> str:
    clean = target.strip().strip("/")
    try:
        _check(f"{clean}/x" if clean else "x")
    except ValueError:
        raise ValueError(f"'{prefix}' is mapped to '{target}', which CVAT can't take for a directory") from None
    return clean


def _clean(path: str) -> str:
    """A path with slashes and without detours; a URL as its file is called."""
    if re.match(r"[A-Za-z]:[\\/]|\\\\", path):
        path = PureWindowsPath(path).as_posix()
    if "://" in path:
        return unquote(path) if path.startswith(("http://", "https://")) else path
    return posixpath.normpath(path) if path else path


def _check(path: str) -> None:
    """Refuses names with which CVAT would look elsewhere, or leave the file out in silence."""
    if "\\" in path:
        raise ValueError("has a backslash in its name, which CVAT can't take from there")
    folders = path.split("/")
    if set(folders) & {"", ".", ".."}:
        raise ValueError("has a name that CVAT can't take: it has empty parts, '.' or '..'")
    if ASIDE in folders[:-1]:
        raise ValueError(f"is in a folder named '{ASIDE}', which CVAT leaves out")
    if len(path) > PATH_LENGTH:
        raise ValueError(f"has a path of more than {PATH_LENGTH} characters on the server")
