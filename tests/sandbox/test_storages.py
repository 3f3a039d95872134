"""The share and the cloud storages: listing them, and tasks made of their files. As CVAT's sources have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sandbox_client import Api, picture

from sandbox import Sandbox

TREE = (
    "b.png",
    "a.png",
    "notes.txt",
    "film.mp4",
    "day/2.png",
    "day/1.png",
    "day/10.png",
    "day/deep/x.png",
    "night/a.png",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files in folders."""
    for number, name in enumerate(TREE):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture((16 + number, 12)) if name.endswith(".png") else b"text")
    return tmp_path / "files"


@pytest.fixture
def api(box: Sandbox, folder: Path) -> Api:
    """A server with a share and a bucket of the same files."""
    box.store.share = folder
    box.add_cloud_storage("bucket", folder)
    return Api(box)


def entries(found: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(item["name"], item["type"], item["mime_type"]) for item in found]


SHARE: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "the root, directories first": (
        "directory=/",
        [
            ("day", "DIR", "DIR"),
            ("night", "DIR", "DIR"),
            ("a.png", "REG", "image"),
            ("b.png", "REG", "image"),
            ("film.mp4", "REG", "video"),
            ("notes.txt", "REG", "unknown"),
        ],
    ),
    "the root if nothing is said": ("search=a", [("a.png", "REG", "image")]),
    "a directory, by the beginning of names": (
        "directory=/day&search=1",
        [("1.png", "REG", "image"), ("10.png", "REG", "image")],
    ),
    "without a slash": ("directory=day/deep", [("x.png", "REG", "image")]),
}


@pytest.mark.parametrize(("query", "expected"), SHARE.values(), ids=SHARE)
def test_share(api: Api, query: str, expected: list[tuple[str, str, str]]) -> None:
    assert entries(api.get(f"server/share?{query}")) == expected


@pytest.mark.parametrize("directory", ["/other", "../..", "day/../..", "a.png"])
def test_what_is_no_directory_of_the_share(api: Api, directory: str) -> None:
    reply = api.send("GET", "server/share", params={"directory": directory})
    assert (reply.status_code, reply.json()) == (400, f"{directory.removeprefix('/')} is an invalid directory")


BUCKET: dict[str, tuple[str, str, list[str]]] = {
    # the storage's own prefix, the prefix asked for, names
    "the root": ("", "", ["day", "night", "a.png", "b.png", "film.mp4", "notes.txt"]),
    "a directory": ("", "day/", ["deep", "1.png", "10.png", "2.png"]),
    "with a slash before": ("", "/day/", ["deep", "1.png", "10.png", "2.png"]),
    "the beginning of a name": ("", "day/1", ["1.png", "10.png"]),
    "a directory without its slash": ("", "day", ["day"]),
    "a whole key": ("", "day/deep/x.png", ["x.png"]),
    "nothing": ("", "other/", []),
    "outside of the bucket": ("", "../", []),
    "anywhere": ("", "//tmp/", []),
    "outside of the storage's prefix": ("day/", "night/", []),
    "inside of it": ("day/", "day/deep/", ["x.png"]),
    "above it": ("day/", "", ["deep", "1.png", "10.png", "2.png"]),
    "a prefix that is no directory": ("day/1", "day/", ["1.png", "10.png"]),
}


@pytest.mark.parametrize(("own", "prefix", "expected"), BUCKET.values(), ids=BUCKET)
def test_bucket(api: Api, folder: Path, own: str, prefix: str, expected: list[str]) -> None:
    ident = api.box.add_cloud_storage("other", folder, own)
    answer = api.json("GET", f"cloudstorages/{ident}/content-v2", params={"prefix": prefix})
    assert [item["name"] for item in answer["content"]] == expected
    assert answer["next"] is None


def test_bucket_in_pages(api: Api) -> None:
    names, query = [], {"prefix": "day/", "page_size": "3"}
    while True:
        answer = api.json("GET", "cloudstorages/1/content-v2", params=query)
        names.append([item["name"] for item in answer["content"]])
        if not answer["next"]:
            break
        query["next_token"] = answer["next"]
    assert names == [["1.png", "10.png", "2.png"], ["deep"]]


def test_cloud_storages_and_whose_they_are(api: Api, box: Sandbox, folder: Path) -> None:
    box.add_cloud_storage("hers", folder, owner="annotator1")
    assert [item["id"] for item in api.get("cloudstorages")["results"]] == [2, 1]
    other = Api(box, "annotator1")
    assert [item["display_name"] for item in other.get("cloudstorages")["results"]] == ["hers"]
    assert other.get("cloudstorages/2")["resource"] == "hers"
    assert other.send("GET", "cloudstorages/1").status_code == 403
    assert other.send("GET", "cloudstorages/1/content-v2").status_code == 403
    assert other.send("GET", "cloudstorages/9").status_code == 404


def attach(api: Api, files: list[str], **options: Any) -> tuple[int, dict[str, Any]]:
    """A task of the server's own files, and how its creation ended."""
    task = api.json("POST", "tasks", {"name": "t", "labels": [{"name": "car"}]})["id"]
    body = {"image_quality": 70, "server_files": files, "sorting_method": "predefined", **options}
    rq_id = api.json("POST", f"tasks/{task}/data", body)["rq_id"]
    api.box.settle()
    api.send("GET", f"requests/{rq_id}")  # the first look may be half written
    return task, api.get(f"requests/{rq_id}")


@pytest.mark.parametrize("storage", [None, 1], ids=["share", "bucket"])
@pytest.mark.parametrize(
    ("sorting", "expected"),
    [
        ("predefined", ["day/2.png", "b.png", "day/10.png"]),
        ("lexicographical", ["b.png", "day/10.png", "day/2.png"]),
        ("natural", ["b.png", "day/2.png", "day/10.png"]),
    ],
)
def test_frames_keep_their_directories(api: Api, storage: int | None, sorting: str, expected: list[str]) -> None:
    files = ["day/2.png", "b.png", "/day//10.png", "notes.txt", "b.png"]
    task, creation = attach(api, files, cloud_storage_id=storage, sorting_method=sorting)
    assert creation["status"] == "finished", creation
    meta = api.get(f"tasks/{task}/data/meta")
    assert [frame["name"] for frame in meta["frames"]] == expected
    assert {frame["name"]: frame["width"] for frame in meta["frames"]}["b.png"] == 16
    assert meta["cloud_storage_id"] == storage
    assert api.send("GET", f"tasks/{task}/data?type=frame&number=0&quality=original").status_code == 200


def test_files_of_related_images_are_left_out(api: Api, folder: Path) -> None:
    (folder / "related_images").mkdir()
    (folder / "related_images" / "c.png").write_bytes(picture())
    task, _ = attach(api, ["related_images/c.png", "a.png"])
    assert [frame["name"] for frame in api.get(f"tasks/{task}/data/meta")["frames"]] == ["a.png"]


def test_keys_outside_of_the_prefix_are_left_out(api: Api, folder: Path) -> None:
    ident = api.box.add_cloud_storage("other", folder, "day/")
    task, _ = attach(api, ["a.png", "day/1.png"], cloud_storage_id=ident)
    assert [frame["name"] for frame in api.get(f"tasks/{task}/data/meta")["frames"]] == ["day/1.png"]


@pytest.mark.parametrize(
    ("files", "storage", "message"),
    [
        (["a.png", "gone.png"], None, "No such file or directory: '/home/django/share/gone.png'"),
        (["gone.png"], 1, "The file 'gone.png' not found on the cloud storage 'bucket'"),
        (["notes.txt"], None, "No media data found"),
        (["../a.png"], None, "Don't use '..' inside file paths"),
        (["a.png", "film.mp4"], 1, "Only one video"),
    ],
)
def test_creations_that_fail(api: Api, files: list[str], storage: int | None, message: str) -> None:
    task, creation = attach(api, files, cloud_storage_id=storage)
    assert creation["status"] == "failed"
    assert message in creation["message"]
    assert api.get(f"tasks/{task}")["size"] == 0


def test_a_cloud_storage_that_is_not_there_or_not_mine(api: Api, box: Sandbox) -> None:
    other = Api(box, "annotator1")
    task = other.json("POST", "tasks", {"name": "t", "labels": [{"name": "car"}]})["id"]
    body = {"image_quality": 70, "server_files": ["a.png"]}
    codes = [other.send("POST", f"tasks/{task}/data", json={**body, "cloud_storage_id": n}).status_code for n in (9, 1)]
    assert codes == [400, 403]


@pytest.fixture
def linked(folder: Path, tmp_path: Path) -> Path:
    """Links that lead out of the folder, and one that does not."""
    (tmp_path / "secret.png").write_bytes(picture())
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key.png").write_bytes(picture())
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "out").symlink_to(tmp_path / "private")
    (folder / "again.png").symlink_to(folder / "a.png")
    return folder


def test_links_that_lead_out_are_not_listed(api: Api, linked: Path) -> None:
    shared = {item["name"] for item in api.get("server/share?directory=/")}
    stored = {item["name"] for item in api.get("cloudstorages/1/content-v2")["content"]}
    for names in (shared, stored):
        assert "again.png" in names
        assert not names & {"link.png", "out"}
    assert api.send("GET", "server/share?directory=/out").status_code == 400
    assert api.get("cloudstorages/1/content-v2?prefix=out/")["content"] == []


@pytest.mark.parametrize("name", ["link.png", "out/key.png", "out/", "out", "day/../../secret.png"])
@pytest.mark.parametrize("storage", [None, 1])
def test_links_that_lead_out_are_not_read(api: Api, linked: Path, name: str, storage: int | None) -> None:
    task = api.json("POST", "tasks", {"name": "t", "labels": []})["id"]
    body = {"image_quality": 70, "server_files": [name, "again.png"], "cloud_storage_id": storage}
    ident = api.json("POST", f"tasks/{task}/data", body)["rq_id"]
    api.box.settle()
    assert api.get(f"requests/{ident}")["status"] == "failed" or [
        frame["name"] for frame in api.get(f"tasks/{task}/data/meta")["frames"]
    ] == ["again.png"]


def test_a_directory_stands_for_the_files_below_it(api: Api, linked: Path) -> None:
    task = api.json("POST", "tasks", {"name": "t", "labels": []})["id"]
    body = {"image_quality": 70, "server_files": ["/"], "server_files_exclude": ["night", "film.mp4", "b.png"]}
    api.json("POST", f"tasks/{task}/data", body)
    api.box.settle()
    names = [frame["name"] for frame in api.get(f"tasks/{task}/data/meta")["frames"]]
    assert names == ["a.png", "again.png", "day/1.png", "day/10.png", "day/2.png", "day/deep/x.png"]
