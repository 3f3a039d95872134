"""Images come in chunks where that is fewer requests, and each file is the image of its frame, or it is none."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import DataMeta, Task
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.chunks import UNREADABLE, files_in, portions_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.folders import MARK, Origin
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.linking import NamedFrame
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.survey import FoundTask
from PIL import Image
from sync_imports import Elsewhere
from sync_loop import Loop


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    """Three images are in CVAT, and the dataset is empty."""
    loop.fill(None, None, None)
    found = Elsewhere(loop)
    found.task = found.annotate()  # type: ignore[attr-defined]
    found.originals = [Path(path).read_bytes() for path in loop.dataset.values("filepath")]  # type: ignore[attr-defined]
    loop.dataset.clear()
    return found


def run(elsewhere: Elsewhere, folder: Path, **params: Any) -> dict[str, Any]:
    return elsewhere.run(elsewhere.task, create_samples=True, folder=str(folder), **params)  # type: ignore[attr-defined]


def asked(loop: Loop, since: int) -> list[str]:
    """Which images were asked for: the kind and the number of each request."""
    lines = [entry.query for entry in loop.box.log[since:] if entry.path.endswith("/data") and entry.method == "GET"]
    return sorted(re.sub("type=([a-z]+)&number=([0-9]+)&.*", r"\1 \2", line) for line in lines)


def zipped(*contents: bytes, comment: bytes = b"", copies: int = 1) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, content in enumerate(contents * copies):
            archive.writestr(f"{number:06d}.jpg", content)
        archive.comment = comment
    return out.getvalue()


def picture(width: int = 64, height: int = 48) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def broken(archive: bytes) -> bytes:
    """The content of the first file is not what its checksum says."""
    return archive[:60] + bytes([archive[60] ^ 255]) + archive[61:]


WHOLE = zipped(b"a", b"b", b"c")
ARCHIVES: dict[str, tuple[bytes, bool]] = {
    "as CVAT makes it": (WHOLE, True),
    "too few files": (zipped(b"a", b"b"), False),
    "too many files": (zipped(b"a", copies=1_000), False),
    "cut off": (WHOLE[:-5], False),
    "empty": (b"", False),
    "no archive": (b"\x00\x00\x00 ftypisom" * 20, False),
    "something after it": (zipped(b"a", b"b", b"c", comment=b"x"), False),
    "a directory that is not there": (WHOLE[:-10] + b"\xff\xff\xff\x7f" + WHOLE[-6:], False),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_only_what_a_chunk_looks_like_is_opened(case: str) -> None:
    content, fits = ARCHIVES[case]
    if not fits:
        with pytest.raises(UNREADABLE):
            files_in(io.BytesIO(content), 3)
        return
    archive, files = files_in(io.BytesIO(content), 3)
    assert [archive.read(file) for file in files] == [b"a", b"b", b"c"]


def task(number: int, frames: int, chunk_size: int | None, side: int = 10, mode: str = "annotation") -> FoundTask:
    images = [
        {"name": f"{n}.png", "width": side, "height": side} for n in range(1 if mode == "interpolation" else frames)
    ]
    meta = DataMeta.model_validate({"size": frames, "chunk_size": chunk_size, "frames": images})
    return FoundTask(Task(id=number, name="t", size=frames, mode=mode), meta, (), (), {}, 0)


PORTIONS: dict[str, tuple[FoundTask, Sequence[int], list[tuple[int | None, tuple[int, ...]]]]] = {
    "all": (task(1, 5, 3), range(5), [(0, (0, 1, 2)), (1, (3, 4))]),
    "some that are there already": (task(1, 7, 3), [0, 2, 4], [(0, (0, 2)), (None, (4,))]),
    "one": (task(1, 5, 3), [4], [(None, (4,))]),
    "chunks of one": (task(1, 2, 1), [0, 1], [(None, (0,)), (None, (1,))]),
    "chunks of no size": (task(1, 2, None), [0, 1], [(None, (0,)), (None, (1,))]),
    "images that are too large together": (task(1, 2, 9, side=16_000), [0, 1], [(None, (0,)), (None, (1,))]),
    "a video": (task(1, 2, 9, mode="interpolation"), [0, 1], [(None, (0,)), (None, (1,))]),
}


@pytest.mark.parametrize("case", PORTIONS)
def test_what_one_request_can_bring(case: str) -> None:
    found, numbers, expected = PORTIONS[case]
    frames = [NamedFrame(1, number, f"{number}.png") for number in numbers]
    portions = portions_of(frames, {1: found})
    assert [(portion.chunk, tuple(frame.number for frame in portion.frames)) for portion in portions] == expected
    size = found.meta.chunk_size or 1
    assert all(
        portion.first == portion.chunk * size and portion.count == len(found.meta.frames[portion.first :][:size])
        for portion in portions
        if portion.chunk is not None
    )


def test_a_chunk_brings_all_and_a_file_that_lacks_comes_alone(elsewhere: Elsewhere, tmp_path: Path) -> None:
    loop, since = elsewhere.loop, len(elsewhere.loop.box.log)
    assert run(elsewhere, tmp_path / "new")["imported"]["made"] == 3
    assert asked(loop, since) == ["chunk 0"]
    files = [Path(path) for path in loop.dataset.values("filepath")]
    assert [file.read_bytes() for file in files] == elsewhere.originals  # type: ignore[attr-defined]
    loop.dataset.delete_annotation_runs()
    loop.dataset.clear()
    files[1].unlink()
    since = len(loop.box.log)
    assert run(elsewhere, tmp_path / "new")["imported"]["made"] == 3 and asked(loop, since) == ["frame 1"]
    assert files[1].read_bytes() == elsewhere.originals[1]  # type: ignore[attr-defined]
    assert {file.suffix for file in (tmp_path / "new").rglob("*") if file.is_file()} == {".jpg", ".json"}


ANSWERS = {
    "refused": {"status": 400, "body": b'"no chunks"'},
    "broken": {"status": 500},
    "a page": {"status": 200, "body": b"<html>"},
    "an archive of others": {"status": 200, "body": zipped(picture(), picture(9, 9), picture())},
    "an archive that is damaged": {"status": 200, "body": broken(zipped(picture(), picture(), picture()))},
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_a_chunk_does_not_bring_comes_frame_by_frame(elsewhere: Elsewhere, tmp_path: Path, case: str) -> None:
    loop = elsewhere.loop
    loop.box.faults.add("status", "GET", "/data.type=chunk", times=None, **ANSWERS[case])
    assert run(elsewhere, tmp_path / "new")["imported"]["made"] == 3
    files = [Path(path).read_bytes() for path in loop.dataset.values("filepath")]
    assert files == elsewhere.originals  # type: ignore[attr-defined]


def test_a_file_of_another_size_is_left_alone_and_named(elsewhere: Elsewhere, tmp_path: Path) -> None:
    folder = tmp_path / f"task_{elsewhere.task}"  # type: ignore[attr-defined]
    folder.mkdir()
    (folder / "photo_001.jpg").write_bytes(picture(9, 9))
    (folder / "photo_002.jpg").write_bytes(b"no image")
    told = run(elsewhere, tmp_path)["imported"]
    reasons = {item["name"]: item["reason"] for item in told["not_fetched"]}
    assert told["made"] == 1 and set(reasons) == {"photo_001.jpg", "photo_002.jpg"}
    assert "is there and has 9 x 9 pixels, but the frame has" in reasons["photo_001.jpg"]
    assert "is there and is not an image that can be read; move it away" in reasons["photo_002.jpg"]
    assert (folder / "photo_001.jpg").read_bytes() == picture(9, 9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"server": "https://other.example"}, "has images of task 1 of https://other.example and not of task 1"),
        ({"created": "2001-01-01"}, "has images of an earlier task 1 of .*, made 2001-01-01, and not of task 1"),
        (None, "does not say whose images are beside it"),
    ],
)
def test_a_folder_of_other_images_is_refused(
    elsewhere: Elsewhere, tmp_path: Path, change: dict[str, str] | None, words: str
) -> None:
    loop = elsewhere.loop
    run(elsewhere, tmp_path)
    loop.dataset.delete_annotation_runs()
    loop.dataset.clear()
    mark = tmp_path / f"task_{elsewhere.task}" / MARK  # type: ignore[attr-defined]
    known = Origin.model_validate_json(mark.read_bytes())
    assert known == Origin(server=loop.box.url, task=1, created=elsewhere.client.task(1).created_date)
    mark.write_text(known.model_copy(update=change).model_dump_json() if change else "?")
    with pytest.raises(Refused, match=words):
        run(elsewhere, tmp_path)
    assert len(loop.dataset) == 0 and not loop.dataset.list_annotation_runs()
