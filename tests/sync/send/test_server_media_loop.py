"""The whole loop with images that the server sees by itself: nothing is uploaded, and nothing else differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from PIL import Image
from sync_loop import Loop

NAMES = ("day/b.png", "a.png", "day/a.png", "night/ü #1.png")


def fill(loop: Loop, share: Path, root: str, field: str = "filepath") -> None:
    """Samples whose files are on the server only, each with a box."""
    samples = []
    for number, name in enumerate(NAMES):
        path = share / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 24), (number, 0, 0)).save(path)
        box = fo.Detection(label="cat", bounding_box=[0.25, 0.25, 0.1 * (number + 1), 0.5])
        paths = {"filepath": f"/nowhere/{number}.png", field: f"{root}/{name}"}
        samples.append(fo.Sample(**paths, gt=fo.Detections(detections=[box])))
    loop.dataset.add_samples(samples)


SOURCES: dict[str, tuple[str, str, dict[str, Any]]] = {
    # root of the paths, their field, parameters
    "share": ("/data/images", "filepath", {"media_source": "share", "media_map": {"/data/images": ""}}),
    "a mounted bucket": ("/mnt/one", "filepath", {"media_source": "cloud_storage", "media_map": {"/mnt/one": "1"}}),
    "URLs in a field of their own": (
        "s3://one",
        "url",
        {"media_source": "cloud_storage", "media_map": {"s3://one": 1}, "media_field": "url"},
    ),
}


@pytest.mark.parametrize(("root", "field", "params"), SOURCES.values(), ids=SOURCES)
def test_the_loop_without_an_upload(loop: Loop, tmp_path: Path, root: str, field: str, params: dict[str, Any]) -> None:
    loop.box.store.share = tmp_path / "share"
    loop.box.add_cloud_storage("one", tmp_path / "share")
    fill(loop, tmp_path / "share", root, field)
    before, since = loop.documents(), loop.clock
    run = loop.send(**params)
    assert (run["samples"], run["labels"]) == (4, 4)
    names = [frame["name"] for frame in loop.cvat.call("GET", f"tasks/{run['tasks'][0]['id']}/data/meta")["frames"]]
    assert names == list(NAMES)
    assert [line for line in loop.requests(since) if "/data" in line and line.startswith(("PATCH", "HEAD"))] == []
    loop.cvat.edit(loop.cvat.shape(2), points=[0.0, 0.0, 16.0, 12.0])
    loop.load(run)
    changed = loop.since(before)
    assert changed.keys() == {"2/gt/detections/0/bounding_box"}
    assert changed["2/gt/detections/0/bounding_box"][1] == [0, 0, 0.5, 0.5]


def test_two_storages_are_two_tasks(loop: Loop, tmp_path: Path) -> None:
    for name in ("one", "two"):
        loop.box.add_cloud_storage(name, tmp_path / name)
        fill(loop, tmp_path / name, f"/mnt/{name}")
    run = loop.send(media_source="cloud_storage", media_map={"/mnt/one": "1", "/mnt/two": "2"})
    assert [task["frames"] for task in run["tasks"]] == [4, 4]
    assert loop.load(run)["unchanged"] == 8


def test_files_that_are_not_there_stop_or_are_left_out(loop: Loop, tmp_path: Path) -> None:
    loop.box.store.share = tmp_path / "share"
    fill(loop, tmp_path / "share", "/data")
    (tmp_path / "share" / "a.png").unlink()
    before, since = loop.documents(), loop.clock
    params: dict[str, Any] = {"media_source": "share", "media_map": {"/data": ""}}
    with pytest.raises(Exception, match=r"1 of 4 images can't be sent: '/data/a\.png' is not on the server's share"):
        loop.send(**params)
    assert [line for line in loop.requests(since) if not line.startswith("GET") and "login" not in line] == []
    assert loop.documents() == before
    run = loop.send(bad_files="leave_out", **params)
    assert (run["samples"], run["labels"]) == (3, 3)
    assert run["left_out"][0] == {"what": "images: the file is not on the server's share", "count": 1}


def test_a_file_that_cvat_cannot_read_is_left_out(loop: Loop, tmp_path: Path) -> None:
    """CVAT names it without its folders."""
    loop.box.store.share = tmp_path / "share"
    fill(loop, tmp_path / "share", "/data")
    (tmp_path / "share" / "day" / "b.png").write_text("text")
    params: dict[str, Any] = {"media_source": "share", "media_map": {"/data": ""}, "bad_files": "leave_out"}
    run = loop.send(**params)
    assert (run["samples"], len(loop.cvat.call("GET", "tasks")["results"])) == (3, 1)
    assert run["left_out"][0] == {"what": "images: the file can't be read by CVAT", "count": 1}
    assert loop.load(run)["unchanged"] == 3


@pytest.mark.parametrize("policy", ["stop", "leave_out"])
def test_a_file_that_cvat_cannot_read_is_not_mistaken_for_another(loop: Loop, tmp_path: Path, policy: str) -> None:
    """CVAT names it without its folder. To leave out such files is to leave out all that it may be."""
    loop.box.store.share = tmp_path / "share"
    fill(loop, tmp_path / "share", "/data")
    (tmp_path / "share" / "day" / "a.png").write_text("text")
    params: dict[str, Any] = {"media_source": "share", "media_map": {"/data": ""}, "bad_files": policy}
    if policy == "stop":
        with pytest.raises(Exception, match=r"one of the 2 images of .*: '/data/a\.png', '/data/day/a\.png'\. Put"):
            loop.send(**params)
        return
    run = loop.send(**params)
    assert run["samples"] == 2
    reason = "images: the file may be the one that CVAT can't read, of several of this name"
    assert run["left_out"][0] == {"what": reason, "count": 2}
    assert loop.load(run)["unchanged"] == 2
