"""The prefixes of a send: what they may be, and where a path is on the server."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.media_map import ServerFile, read_media_map
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest, parse

AZURE = "https://acc.blob.core.windows.net/container"

FOUND: dict[str, tuple[str, dict[str, int | str], str, tuple[str, int | None]]] = {
    # source, map, path, where it is
    "a directory": ("share", {"/data/images": "images"}, "/data/images/a/b.jpg", ("images/a/b.jpg", None)),
    "the root of the share": ("share", {"/data/images": ""}, "/data/images/b.jpg", ("b.jpg", None)),
    "slashes around": ("share", {"/data/images/": "/images/x/"}, "/data/images/b.jpg", ("images/x/b.jpg", None)),
    "detours": ("share", {"/data/../data/i": "i"}, "/data//x/../i/./b.jpg", ("i/b.jpg", None)),
    "everything": ("share", {"/": ""}, "/data/b.jpg", ("data/b.jpg", None)),
    "the longest prefix": (
        "share",
        {"/d": "far", "/d/e/f": "near", "/d/e": "no"},
        "/d/e/f/b.jpg",
        ("near/b.jpg", None),
    ),
    "spaces and signs": ("share", {"/d": "a b"}, "/d/ü #1/%20&.jpg", ("a b/ü #1/%20&.jpg", None)),
    "Windows": ("share", {"C:\\data": "images"}, "C:\\data\\a\\b.jpg", ("images/a/b.jpg", None)),
    "a whole bucket": ("cloud_storage", {"s3://bucket": 3}, "s3://bucket/a/b.jpg", ("a/b.jpg", 3)),
    "a folder of a bucket": ("cloud_storage", {"s3://bucket/some/": 3}, "s3://bucket/some/b.jpg", ("some/b.jpg", 3)),
    "an id as text": ("cloud_storage", {"gs://bucket/some": " 3 "}, "gs://bucket/some/b.jpg", ("some/b.jpg", 3)),
    "other keys": ("cloud_storage", {"s3://bucket/some": "3:x/y"}, "s3://bucket/some/b.jpg", ("x/y/b.jpg", 3)),
    "a mounted bucket": ("cloud_storage", {"/mnt/bucket": "3"}, "/mnt/bucket/a/b.jpg", ("a/b.jpg", 3)),
    "a mounted folder": ("cloud_storage", {"/mnt/b": "3:key/prefix"}, "/mnt/b/a.jpg", ("key/prefix/a.jpg", 3)),
    "a mounted root": ("cloud_storage", {"/mnt/b": "3:"}, "/mnt/b/a.jpg", ("a.jpg", 3)),
    "Azure": ("cloud_storage", {AZURE: 3}, f"{AZURE}/a/b%20c.jpg", ("a/b c.jpg", 3)),
    "a folder in Azure": ("cloud_storage", {f"{AZURE}/a": 3}, f"{AZURE}/a/b.jpg", ("a/b.jpg", 3)),
    "another server": ("cloud_storage", {"http://minio:9000/b": "3:"}, "http://minio:9000/b/a.jpg", ("a.jpg", 3)),
    "two storages": ("cloud_storage", {"s3://one": 1, "s3://one/two": 2}, "s3://one/two/b.jpg", ("two/b.jpg", 2)),
    "a percent sign in a key": ("cloud_storage", {"s3://b": 3}, "s3://b/100%25.jpg", ("100%25.jpg", 3)),
}


@pytest.mark.parametrize(("source", "given", "path", "place"), FOUND.values(), ids=FOUND)
def test_where_a_path_is(source: Any, given: dict[str, int | str], path: str, place: tuple[str, int | None]) -> None:
    assert read_media_map(source, given).locate(path) == place


NOT_FOUND: dict[str, tuple[str, dict[str, int | str], str, str]] = {
    "elsewhere": ("share", {"/data": ""}, "/other/a.jpg", "is not under a mapped prefix"),
    "a name that begins alike": ("share", {"/data": ""}, "/database/a.jpg", "is not under a mapped prefix"),
    "the folder itself": ("share", {"/data": ""}, "/data", "is not under a mapped prefix"),
    "out of the folder": ("share", {"/data": ""}, "/data/../etc/a.jpg", "is not under a mapped prefix"),
    "another bucket": ("cloud_storage", {"s3://b": 3}, "s3://bb/a.jpg", "is not under a mapped prefix"),
    "an empty part": ("cloud_storage", {"s3://b": 3}, "s3://b//a.jpg", "has a name that CVAT can't take"),
    "a detour in a key": ("cloud_storage", {"s3://b": 3}, "s3://b/x/../a.jpg", "has a name that CVAT can't take"),
    "a backslash": ("share", {"/d": ""}, "/d/a\\b.jpg", "has a backslash in its name"),
    "a backslash in a key": ("cloud_storage", {"s3://b": 3}, "s3://b/a\\b.jpg", "has a backslash in its name"),
    "set aside": ("share", {"/d": ""}, "/d/related_images/a.jpg", "is in a folder named 'related_images'"),
    "long": ("share", {"/d": ""}, f"/d/{'x' * 1024}.jpg", "has a path of more than 1024 characters"),
}


@pytest.mark.parametrize(("source", "given", "path", "reason"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_nowhere(source: Any, given: dict[str, int | str], path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_media_map(source, given).locate(path)


BACK: dict[str, tuple[Any, dict[str, int | str], tuple[Any, ...], list[str]]] = {
    "a share": ("share", {"/d": ""}, ("a/b.jpg", None), ["/d/a/b.jpg"]),
    "a directory of it": ("share", {"/d": "x"}, ("x/a.jpg", None), ["/d/a.jpg"]),
    "another directory": ("share", {"/d": "x"}, ("xy/a.jpg", None), []),
    "the longest counts first": ("share", {"/d": "", "/e": "x"}, ("x/a.jpg", None), ["/e/a.jpg", "/d/x/a.jpg"]),
    "Windows": ("share", {"C:\\d": "x"}, ("x/a.jpg", None), ["C:/d/a.jpg"]),
    "a bucket": ("cloud_storage", {"s3://b/f": 3}, ("f/a.jpg", 3), ["s3://b/f/a.jpg"]),
    "another bucket": ("cloud_storage", {"s3://b/f": 3}, ("f/a.jpg", 4), []),
    "nobody said which": ("cloud_storage", {"/mnt": "3:f"}, ("f/a.jpg", None), []),
    "a share is no bucket": ("share", {"/d": ""}, ("a.jpg", 3), []),
    "a URL": ("cloud_storage", {"https://x.org/b": "3:"}, ("a b.jpg", 3), ["https://x.org/b/a%20b.jpg"]),
    "a way out": ("share", {"/d": ""}, ("../a.jpg", None), []),
    "an absolute path": ("share", {"/d": ""}, ("/etc/a.jpg", None), []),
    "a backslash": ("share", {"/d": ""}, ("a\\b.jpg", None), []),
}


@pytest.mark.parametrize("case", BACK)
def test_the_way_back(case: str) -> None:
    source, given, file, paths = BACK[case]
    assert read_media_map(source, given).paths_of(ServerFile(*file)) == paths


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another source": ({"media_source": "url"}, r"'media_source' is wrong: input should be 'upload', 'share' or"),
    "no map": ({"media_source": "share"}, r"with `media_source` 'share' it must say .* \{'/data/images': 'images'\}\."),
    "an empty map": ({"media_source": "cloud_storage", "media_map": None}, r"such as \{'s3://bucket/folder': 3\}\."),
    "a map without a source": ({"media_map": {"/d": ""}}, "only with `media_source` 'share' or 'cloud_storage'"),
    "a share with an id": ({"media_source": "share", "media_map": {"/d": 3}}, "'/d' must be mapped to a directory"),
    "a storage without": ({"media_source": "cloud_storage", "media_map": {"/d": "x"}}, "'/d' must be mapped to the id"),
    "a relative prefix": ({"media_source": "share", "media_map": {"data": ""}}, "'data' is no absolute path and no"),
    "a way out of the share": ({"media_source": "share", "media_map": {"/d": "../x"}}, "'../x', which CVAT can't take"),
    "a url of an unknown kind": (
        {"media_source": "cloud_storage", "media_map": {"http://minio:9000/b": 3}},
        "'http://minio:9000/b' does not tell the bucket from the key; map it to 'ID:key/prefix'",
    ),
    "no map at all": ({"media_source": "share", "media_map": "images"}, "'media_map' is wrong: input should be"),
}


@pytest.mark.parametrize(("params", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_why(params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=f"The parameter .*{sentence}"):
        parse(SendRequest, {"anno_key": "k", **params})


def test_an_upload_needs_no_map() -> None:
    assert parse(SendRequest, {"anno_key": "k", "media_map": None}).media_map == {}
