"""Frames as files, and videos as tasks."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from raw_server import RawServer, answer, endless, say

from cvat import (
    Annotations,
    AnswerTooLarge,
    AttributeValue,
    Client,
    DataMeta,
    DataOptions,
    LabelSpec,
    Refused,
    Track,
    TrackedShape,
    Unreachable,
    UnsupportedServer,
    UnwritableFile,
    UploadFile,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 1_000


@pytest.fixture
def clip(tmp_path: Path) -> UploadFile:
    """A video of 20 frames."""
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (64, 48))
    for number in range(20):
        writer.write(np.full((48, 64, 3), 12 * number, np.uint8))
    writer.release()
    return UploadFile("clip.mp4", path, path.stat().st_size)


def test_an_original_frame_is_what_was_uploaded(cvat: Client, images: Callable[..., list[UploadFile]]) -> None:
    files = images("a.png", "b.png")
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    cvat.wait_for_creation(task.id, cvat.upload(task.id, files))
    for number, file in enumerate(files):
        into = io.BytesIO(b"something long that was there before" * 100)
        assert cvat.download_frame(task.id, number, into) == "image/png"
        assert into.getvalue() == file.path.read_bytes()
    with pytest.raises(Refused, match="frame number should be in the"):
        cvat.download_frame(task.id, 99, io.BytesIO())
    chunk = io.BytesIO(b"something that was there before")
    assert cvat.download_chunk(task.id, 0, chunk) == "application/zip"
    with zipfile.ZipFile(chunk) as archive:
        assert [archive.read(name) for name in sorted(archive.namelist())] == [file.path.read_bytes() for file in files]
    with pytest.raises(Refused, match="chunk number should be in the"):
        cvat.download_chunk(task.id, 1, io.BytesIO())


@pytest.mark.parametrize("packed", [False, True])
def test_a_frame_goes_into_the_file_in_pieces(server: Any, answer: Any, client: Client, packed: bool) -> None:
    import gzip

    headers = {"Content-Type": "image/png; charset=x", **({"Content-Encoding": "gzip"} if packed else {})}
    server.answers(answer(body=gzip.compress(PNG) if packed else PNG, headers=headers))
    pieces: list[int] = []

    class Noting(io.BytesIO):
        def write(self, piece: Any) -> int:
            pieces.append(len(piece))
            return super().write(piece)

    into = Noting()
    assert client.download_frame(5, 3, into) == "image/png"
    assert hashlib.sha256(into.getvalue()).digest() == hashlib.sha256(PNG).digest()
    assert max(pieces) <= 1 << 16
    assert server.seen[0].query == "type=frame&number=3&quality=original"


def test_a_download_that_breaks_begins_anew(raw: RawServer, impatient: Client) -> None:
    whole = answer(PNG, "200 OK")
    said = iter([whole[:-5_000], whole])
    raw.reply = lambda connection, request: connection.sendall(next(said))
    into = io.BytesIO()
    impatient.download_frame(5, 0, into)
    assert into.getvalue() == PNG


def test_a_frame_without_end_is_given_up(raw: RawServer, impatient: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from cvat.limits import AnswerLimit

    monkeypatch.setattr("cvat.frames.FRAME_LIMIT", AnswerLimit(bytes=300_000, values=0))
    raw.reply = endless(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", b"0" * 10_000)
    into = io.BytesIO()
    with pytest.raises(AnswerTooLarge):
        impatient.download_frame(5, 0, into)
    assert len(into.getvalue()) <= 300_000


def test_what_is_no_frame(raw: RawServer, impatient: Client) -> None:
    raw.reply = say(answer(b"<html>log in</html>", "200 OK", "Content-Type: text/html"))
    with pytest.raises(UnsupportedServer):
        impatient.download_frame(5, 0, io.BytesIO())
    raw.reply = say(answer(PNG[:-1], "200 OK", "Content-Length: 999999"))
    with pytest.raises(Unreachable):
        impatient.download_frame(5, 0, io.BytesIO())


def test_a_file_that_cannot_be_written(server: Any, answer: Any, client: Client) -> None:
    class Full(io.BytesIO):
        def write(self, piece: Any) -> int:
            raise OSError(28, "No space left on device")

    server.answers(answer(body=PNG, headers={"Content-Type": "image/png"}))
    with pytest.raises(UnwritableFile, match="cannot be written into the file: No space left on device"):
        client.download_frame(5, 3, Full())
    assert len(server.seen) == 1, "it is not the network's fault"


def test_a_task_of_a_video(cvat: Client, clip: UploadFile) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")], segment_size=2, overlap=1)
    options = DataOptions(start_frame=3, stop_frame=16, step=4, chunk_size=2)
    task = cvat.wait_for_creation(task.id, cvat.upload(task.id, [clip], options=options))
    assert (task.mode, task.size, task.organization) == ("interpolation", 4, None)
    meta = cvat.task_meta(task.id)
    assert (meta.start_frame, meta.stop_frame, meta.size, meta.step, meta.chunk_size) == (3, 15, 4, 4, 2)
    assert [(job.start_frame, job.stop_frame) for job in cvat.jobs(task.id)] == [(0, 1), (1, 2), (2, 3)]
    into = io.BytesIO()
    assert cvat.download_frame(task.id, 1, into) == "image/png"
    picture = cv2.imdecode(np.frombuffer(into.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert abs(float(picture.mean()) - 12 * 7) < 6, "task frame 1 is frame 3 + 4 of the source"


def test_tracks_are_created_read_changed_and_deleted(cvat: Client, clip: UploadFile) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    cvat.wait_for_creation(task.id, cvat.upload(task.id, [clip]))
    job, label = cvat.jobs(task.id)[0], cvat.labels(task_id=task.id)[0]
    key = TrackedShape(type="rectangle", frame=0, points=(1.0, 2.0, 30.0, 40.0))
    later = key.model_copy(update={"frame": 7, "outside": True})
    saved = cvat.create_annotations(
        job.id, Annotations(tracks=(Track(frame=0, label_id=label.id, shapes=(key, later)),))
    ).tracks[0]
    assert saved.id is not None and [shape.frame for shape in saved.shapes] == [0, 7]
    read = cvat.annotations(job.id).tracks[0]
    assert (read.id, read.shapes[1].outside, read.shapes[0].points) == (saved.id, True, key.points)
    moved = tuple(shape.model_copy(update={"points": (5.0, 6.0, 7.0, 8.0)}) for shape in read.shapes)
    cvat.update_annotations(job.id, Annotations(tracks=(read.model_copy(update={"shapes": moved}),)))
    again = cvat.annotations(job.id).tracks[0]
    assert again.id == saved.id and again.shapes[0].points == (5.0, 6.0, 7.0, 8.0)
    cvat.delete_annotations(job.id, Annotations(tracks=(again,)))
    assert cvat.annotations(job.id).tracks == ()


TRACKS = {
    "two keyframes on a frame": ({}, [{"frame": 3}, {"frame": 3, "outside": True}], "two keyframes on frame 3"),
    "masks": ({}, [{"type": "mask", "points": (1.0, 2.0, 0.0, 0.0, 2.0, 0.0)}], "is a track of masks"),
    "no keyframes": ({}, [], "has no keyframes"),
}


@pytest.mark.parametrize("case", TRACKS)
def test_tracks_that_would_harm_a_job_are_refused(case: str) -> None:
    facts, shapes, problem = TRACKS[case]
    usual = {"type": "rectangle", "frame": 0, "points": (1.0, 2.0, 3.0, 4.0)}
    keys = tuple(TrackedShape(**{**usual, **shape}) for shape in shapes)
    track = Track(frame=0, label_id=1, shapes=keys, attributes=(AttributeValue(spec_id=1, value="x"),), **facts)
    with pytest.raises(ValueError, match=problem):
        Annotations(tracks=(track,)).for_create()


@pytest.mark.parametrize("wrong", [{"start_frame": -1}, {"step": 0}, {"start_frame": 9, "stop_frame": 8}])
def test_frames_that_cvat_would_refuse_after_the_upload(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="frame"):
        DataOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "step"), [("", 1), ("step=4", 4), ("step = 3", 3), ("step=0", 1), ("step=²", 1), ("x" * 90_000, 1)]
)
def test_the_step_of_a_task(text: str, step: int) -> None:
    assert DataMeta(frame_filter=text).step == step
