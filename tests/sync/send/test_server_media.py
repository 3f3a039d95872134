"""Images that the server sees by itself: looked for first, then made into a task in the order of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Client, Credentials, LabelSpec
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.media import BadFile, Frame
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Cancelled, Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest, parse
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.server_media import find_server_frames
from PIL import Image

from sandbox import Sandbox

TREE = ("b.png", "a.png", "notes.txt", "day/2.png", "day/10.png", "day/3.png", "night/a.png")


def grow(folder: Path, *names: str) -> Path:
    """Images, and texts, in folders."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("text")
        else:
            Image.new("RGB", (16 + number, 12)).save(path)
    return folder


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    """A server with a share and two buckets; nothing of them is where the samples say they are."""
    with Sandbox(share=grow(tmp_path / "share", *TREE), creation_delay=0.0, bucket_page=2) as made:
        made.add_cloud_storage("one", tmp_path / "share")
        made.add_cloud_storage("two", grow(tmp_path / "two", "x.png", "y/z.png"))
        yield made
        assert made.crashes == []


@pytest.fixture
def log_in(box: Sandbox) -> Iterator[Callable[[str], Client]]:
    clients: list[Client] = []

    def make(user: str) -> Client:
        clients.append(Client(Credentials(url=box.url, username=user, password=user)))
        clients[-1].check()
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(log_in: Callable[[str], Client]) -> Client:
    return log_in("admin")


def request_for(source: str, media_map: dict[str, Any]) -> SendRequest:
    return parse(SendRequest, {"anno_key": "k", "media_source": source, "media_map": media_map})


SHARE = request_for("share", {"/data": ""})
BUCKET = request_for("cloud_storage", {"s3://one": 1})


def look(client: Client, request: SendRequest, *paths: str | None) -> tuple[list[Frame], list[BadFile]]:
    return find_server_frames(client, [(f"s{number}", path) for number, path in enumerate(paths)], request)


def attach(client: Client, task_id: int, frames: list[Frame]) -> str:
    return client.attach(task_id, [frame.server_path or "" for frame in frames], storage_id=frames[0].storage_id)


@pytest.mark.parametrize(("request_", "root"), [(SHARE, "/data"), (BUCKET, "s3://one")], ids=["share", "bucket"])
def test_files_become_frames_in_the_order_of_the_run(
    client: Client, box: Sandbox, request_: SendRequest, root: str
) -> None:
    names = ["day/2.png", "b.png", "night/a.png", "day/10.png", "a.png"]
    frames, bad = look(client, request_, *(f"{root}/{name}" for name in names))
    assert bad == []
    assert [frame.sample_id for frame in frames] == ["s0", "s1", "s2", "s3", "s4"]
    task = client.create_task("t", labels=[LabelSpec(name="cat")])
    sent = len(box.log)
    client.wait_for_creation(task.id, attach(client, task.id, frames))
    assert [item.name for item in client.task_meta(task.id).frames] == [frame.name for frame in frames] == names
    assert sum(entry.bytes for entry in box.log[sent:]) < 1000


def test_what_is_bad_is_told_and_the_others_go(client: Client) -> None:
    paths = ["/data/a.png", "/data/gone.png", "/data/day", "/data/notes.txt", "/x/a.png", None, "/data/day/../a.png"]
    frames, bad = look(client, SHARE, *paths, "/data/other/gone.png")
    assert [frame.name for frame in frames] == ["a.png"]
    assert {file.sample_id: file.reason for file in bad} == {
        "s1": "is not on the server's share",
        "s2": "is not on the server's share",
        "s3": "is no image for CVAT, by its name",
        "s4": "is not under a mapped prefix",
        "s5": "has no path",
        "s6": "is the file of another sample too, and CVAT takes a file of its own only once",
        "s7": "is not on the server's share",
    }
    assert {file.sample_id: file.path for file in bad}["s1"] == "/data/gone.png"


def test_what_is_not_in_a_bucket(client: Client, box: Sandbox, tmp_path: Path) -> None:
    number = box.add_cloud_storage("part", tmp_path / "share", prefix="day/1")
    request = request_for("cloud_storage", {"s3://one": number})
    frames, bad = look(client, request, *(f"s3://one/day/{name}.png" for name in (2, 10, 11)))
    assert [frame.name for frame in frames] == ["day/10.png"]
    assert [file.reason for file in bad] == [
        "is outside of 'day/1', which is all that cloud storage 3 ('part') shows",
        "is not in cloud storage 3 ('part')",
    ]


def test_frames_of_one_storage_are_together(client: Client) -> None:
    """A task takes its files from one cloud storage."""
    request = request_for("cloud_storage", {"s3://two": 2, "/mnt/one": "1:"})
    paths = ["s3://two/x.png", "/mnt/one/a.png", "s3://two/y/z.png", "/mnt/one/day/2.png"]
    frames, bad = look(client, request, *paths)
    assert [(frame.storage_id, frame.server_path) for frame in frames] == [
        (2, "x.png"),
        (2, "y/z.png"),
        (1, "a.png"),
        (1, "day/2.png"),
    ]
    assert bad == []


@pytest.mark.parametrize(
    ("request_", "paths", "asked"),
    [
        (SHARE, ["/data/day/2.png", "/data/a.png", "/data/day/3.png"], ["/api/server/share"] * 2),
        (BUCKET, ["s3://one/day/10.png"], ["/api/cloudstorages/1", "/api/cloudstorages/1/content-v2"]),
        (
            BUCKET,
            ["s3://one/day/10.png", "s3://one/day/2.png", "s3://one/a.png"],
            ["/api/cloudstorages/1", *["/api/cloudstorages/1/content-v2"] * 2],
        ),
    ],
    ids=["share", "a file", "a page of a directory, not all"],
)
def test_each_directory_is_asked_for_once(
    client: Client, box: Sandbox, request_: SendRequest, paths: list[str], asked: list[str]
) -> None:
    before = len(box.log)
    frames, _ = look(client, request_, *paths)
    assert len(frames) == len(paths)
    assert [entry.path for entry in box.log[before:]] == asked


def test_only_names_that_begin_alike_are_asked_for(client: Client, box: Sandbox, tmp_path: Path) -> None:
    grow(tmp_path / "share" / "many", *(f"{kind}_{number:03}.png" for kind in "abc" for number in range(10)))
    before = len(box.log)
    frames, _ = look(client, BUCKET, "s3://one/many/b_001.png", "s3://one/many/b_000.png")
    assert len(frames) == 2
    assert [entry.query for entry in box.log[before + 1 :]] == ["prefix=many%2Fb_00"]


def test_nothing_found_is_a_wrong_map(client: Client) -> None:
    sentence = (
        "None of the 2 images is there: '/data/a.png', which should be 'images/a.png', is not on the server's share. "
        "Nothing was sent. Check `media_map`."
    )
    with pytest.raises(Refused) as refused:
        look(client, request_for("share", {"/data": "images"}), "/data/a.png", "/data/b.png")
    assert str(refused.value) == sentence


def test_a_storage_that_is_not_there(client: Client) -> None:
    with pytest.raises(Refused, match=r"no cloud storage 9; this user sees: 1 \('one'\), 2 \('two'\)\. Nothing"):
        look(client, request_for("cloud_storage", {"s3://one": 9}), "s3://one/a.png")


def test_a_storage_of_somebody_else(log_in: Callable[[str], Client]) -> None:
    with pytest.raises(Refused, match=r"may not use cloud storage 1 in CVAT\. Nothing was sent"):
        look(log_in("annotator1"), BUCKET, "s3://one/a.png")


@pytest.mark.parametrize(
    ("path", "request_", "sentence"),
    [
        ("/server/share", SHARE, "not let this user look at the server's file share: no rights. Nothing was sent."),
        ("/content-v2", BUCKET, r"can't look into cloud storage 1 \('one'\): no rights\. Nothing was sent\."),
    ],
    ids=["share", "bucket"],
)
def test_what_cvat_may_not_look_at(
    client: Client, box: Sandbox, path: str, request_: SendRequest, sentence: str
) -> None:
    box.faults.add("status", "GET", path, status=403, body=b'{"detail": "no rights."}')
    with pytest.raises(Refused, match=sentence):
        look(client, request_, "/data/a.png" if request_ is SHARE else "s3://one/a.png")


def test_a_person_can_stop_it(client: Client, box: Sandbox, tmp_path: Path) -> None:
    names = [f"folder{number:02}/a.png" for number in range(40)]
    grow(tmp_path / "share", *names)
    box.settings.latency = 0.05
    told: list[str] = []
    reporter = ProgressReporter(report=lambda progress: (told.append(progress.text), reporter.stop.set())[0])
    before = len(box.log)
    with pytest.raises(Cancelled):
        find_server_frames(client, [(name, f"/data/{name}") for name in names], SHARE, reporter)
    assert told == ["Looking for the images in CVAT: 1 of 40 folders"]
    assert len(box.log) < before + 40


def test_no_files_at_all(client: Client, box: Sandbox) -> None:
    before = len(box.log)
    assert look(client, SHARE, None, "/x/a.png")[0] == []
    assert len(box.log) == before
