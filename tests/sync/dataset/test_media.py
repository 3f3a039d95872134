"""Images: their names in CVAT, odd files, sizes as displayed, and which of a sample's files is sent."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.media import decoding_fault, find_frames, frame_names
from PIL import Image, ImageFile
from sync_loop import Loop

NAMES: dict[str, tuple[list[str], list[str]]] = {
    # paths, the names they get in CVAT
    "their own": (["/d/a.jpg", "/d/b.JPG", "/e/c.png"], ["a.jpg", "b.JPG", "c.png"]),
    "equal ones get their folder": (["/d/a.jpg", "/e/a.jpg", "/e/b.jpg"], ["d_a.jpg", "e_a.jpg", "b.jpg"]),
    "or two": (["/x/d/a.jpg", "/y/d/a.jpg"], ["x_d_a.jpg", "y_d_a.jpg"]),
    "a folder's name does not hide another": (
        ["/d/a.jpg", "/e/a.jpg", "/e/d_a.jpg"],
        ["d_a.jpg", "e_a.jpg", "e_d_a.jpg"],
    ),
    "at last the sample's id": (["/1/2/3/4/a.jpg", "/0/2/3/4/a.jpg"], ["s0_2_3_4_a.jpg", "s1_2_3_4_a.jpg"]),
    "one file twice": (["/a.jpg", "/a.jpg"], ["s0_a.jpg", "s1_a.jpg"]),
    "spaces, signs, other scripts": (["/d/ü ñ # 100%.jpg", "/d/猫&'犬'.png"], ["ü ñ # 100%.jpg", "猫&'犬'.png"]),
    "what would be a path or a header": (['/d/a\\b"c\n.jpg'], ["a_b_c_.jpg"]),
    "no suffix": (["/d/photo", "/d/photo.data"], ["photo.jpg", "photo.data.jpg"]),
    "only a suffix": (["/d/.jpg"], [".jpg.jpg"]),
    "only blanks before it": (["/d/   .jpg", "/d/  .png"], ["image.jpg", "image.png"]),
    "blanks before it and at its end": (["/d/ a .jpg", "/d/b.jpg "], ["a .jpg", "b.jpg .jpg"]),
}


@pytest.mark.parametrize(("paths", "expected"), NAMES.values(), ids=NAMES)
def test_frame_names(paths: list[str], expected: list[str]) -> None:
    files = [
        (f"s{number}", Path(path), Path(path).suffix if Path(path).suffix not in ("", ".data", ".jpg ") else ".jpg")
        for number, path in enumerate(paths)
    ]
    names = frame_names(files)
    assert names == expected


def test_one_sample_twice() -> None:
    names = frame_names([("s", Path("/d/a.jpg"), ".jpg")] * 3)
    assert len(set(names)) == 3


def test_names_fit_into_a_file_system() -> None:
    """A file system takes names of up to 255 bytes, and CVAT stores the files under them."""
    long = "é" * 120 + ".jpg"
    folders = [f"/{'x' * 100}{number}/{'y' * 100}" for number in range(3)]
    names = frame_names([(f"s{n}", Path(folder) / long, ".jpg") for n, folder in enumerate(folders)])
    assert len(set(names)) == 3
    assert all(len(name.encode()) <= 255 and name.endswith(".jpg") for name in names), names


def save(path: Path, size: tuple[int, int] = (32, 24), **options: object) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 140, 60)).save(path, **options)
    return str(path)


def png(width: int, height: int) -> bytes:
    """A PNG that says it has so many pixels, and has none."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def written(name: str, content: bytes) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return make


QOI = b"qoif" + struct.pack(">IIBB", 4, 4, 3, 0) + b"\xfe\0\0\0" * 16 + b"\0" * 7 + b"\x01"

BAD: dict[str, tuple[Callable[[Path], str | None], str]] = {
    "missing": (lambda folder: str(folder / "no.jpg"), "is missing"),
    "empty": (lambda folder: [(folder / "e.jpg").touch(), str(folder / "e.jpg")][1], "is empty"),
    "no image": (
        lambda folder: [(folder / "t.jpg").write_text("text"), str(folder / "t.jpg")][1],
        "is not an image that can be read",
    ),
    "a folder": (lambda folder: str(folder), "is not a file"),
    "no path": (lambda folder: None, "has no path"),
    "too many pixels": (written("x.png", png(13_500, 13_500)), "has more than 178,956,970 pixels"),
    "one pixel too many": (written("x.png", png(178_956_971, 1)), "has more than 178,956,970 pixels"),
    "EPS": (lambda folder: save(folder / "x.eps", format="EPS"), "is of the format EPS, which CVAT is not known"),
    "EPS by another name": (lambda folder: save(folder / "x.jpg", format="EPS"), "is of the format EPS"),
    "DIB": (lambda folder: save(folder / "x.dib", format="DIB"), "is of the format DIB"),
    "IM": (lambda folder: save(folder / "x.im", format="IM"), "is of the format IM"),
    "QOI": (written("x.qoi", QOI), "is of the format QOI"),
    "cut off in its head": (
        lambda folder: [(folder / "h.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00"), str(folder / "h.png")][1],
        "",
    ),
}


@pytest.mark.parametrize(("make", "reason"), BAD.values(), ids=BAD)
def test_files_that_cannot_be_sent(tmp_path: Path, make: Callable[[Path], str | None], reason: str) -> None:
    good, bad = find_frames([("a", save(tmp_path / "ok.png")), ("b", make(tmp_path))])
    assert [frame.sample_id for frame in good] == ["a"]
    assert [item.sample_id for item in bad] == ["b"]
    assert reason in bad[0].reason


GOOD: dict[str, tuple[Callable[[Path], str], str]] = {
    "as many pixels as there may be": (written("x.png", png(178_956_970, 1)), "x.png"),
    "many pixels": (written("x.png", png(9_700, 9_700)), "x.png"),
    "targa": (lambda folder: save(folder / "x.tga"), "x.tga"),
    "an image of unknown suffix": (lambda folder: save(folder / "x.foo", format="BMP"), "x.foo.bmp"),
}


@pytest.mark.parametrize(("make", "name"), GOOD.values(), ids=GOOD)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_files_that_can_be_sent(tmp_path: Path, make: Callable[[Path], str], name: str) -> None:
    good, bad = find_frames([("a", make(tmp_path))])
    assert ([frame.name for frame in good], bad) == ([name], [])


def test_an_opener_that_the_server_lacks(tmp_path: Path) -> None:
    """As that of HEIC, which other packages add here, whatever the file is called."""

    class Heic(ImageFile.ImageFile):
        format = "HEIF"

        def _open(self) -> None:
            self._size, self._mode = (8, 8), "RGB"

    Image.preinit()
    Image.register_open("HEIF", Heic, lambda prefix: prefix.startswith(b"heic!"))
    try:
        _, bad = find_frames(
            [("a", written("x.heic", b"heic!")(tmp_path)), ("b", written("x.jpg", b"heic!")(tmp_path))]
        )
    finally:
        Image.OPEN.pop("HEIF")
        Image.ID.remove("HEIF")
    assert [file.reason for file in bad] == ["is of the format HEIF, which CVAT is not known to read"] * 2


def test_what_is_wrong_with_what_is_in_a_file(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.png")
    cut = written("cut.jpg", Path(save(tmp_path / "x.jpg", (400, 300))).read_bytes()[:900])(tmp_path)
    broken = written("broken.png", Path(whole).read_bytes().replace(b"IDAT", b"IDAX"))(tmp_path)
    assert [decoding_fault(path) for path in (whole, cut, str(tmp_path / "not here.png"))] == ["", "", ""]
    assert decoding_fault(broken)


def add(loop: Loop, *paths: str, **fields: object) -> list[str]:
    box = fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.25, 0.25, 0.5, 0.5])])
    return list(loop.dataset.add_samples([fo.Sample(path, gt=box.copy(), **fields) for path in paths]))


def test_odd_files_go_round(loop: Loop, tmp_path: Path) -> None:
    paths = [
        save(tmp_path / "one" / "photo.jpg"),
        save(tmp_path / "two" / "photo.jpg"),
        save(tmp_path / "ü ñ # 100% 猫.png"),
        save(tmp_path / "png named.jpg", format="PNG"),
        save(tmp_path / "CAPITALS.TIFF"),
        save(tmp_path / "w.webp"),
    ]
    add(loop, *paths)
    before = loop.documents()
    run = loop.send()
    for frame in range(len(paths)):
        loop.cvat.edit(loop.cvat.shape(frame), points=[0.0, 0.0, float(frame + 1), 12.0])
    loop.load(run)
    assert loop.since(before).keys() == {f"{n}/gt/detections/0/bounding_box" for n in range(len(paths))}
    assert [labels[0].bounding_box[2] for labels in loop.labels()] == [(n + 1) / 32 for n in range(len(paths))]


def test_files_without_suffix_go_round(loop: Loop, tmp_path: Path) -> None:
    """FiftyOne does not know what they are, and CVAT would drop them in silence."""
    add(
        loop,
        save(tmp_path / "no suffix", format="JPEG"),
        save(tmp_path / "photo.unknown", format="PNG"),
        save(tmp_path / ".jpg", format="JPEG"),
    )
    run = loop.send()
    for frame in range(3):
        loop.cvat.relabel(loop.cvat.move(loop.cvat.shape(frame)), "cat")
    assert loop.load(run)["changed"] == 3


def test_other_media_are_refused(loop: Loop, tmp_path: Path) -> None:
    loop.dataset.add_sample(fo.Sample(str(tmp_path / "cloud.pcd")))
    with pytest.raises(Exception, match="media type 'point-cloud'; this version sends images and videos"):
        loop.send(label_field="gt", label_type="detections", classes=["cat"])


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_turned_images(loop: Loop, tmp_path: Path, orientation: int, suffix: str) -> None:
    """What counts is the size that CVAT displays, whatever FiftyOne's metadata say."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    add(loop, save(tmp_path / f"a.{suffix}", (64, 32), exif=exif))
    loop.dataset.compute_metadata()
    run = loop.send()
    width, height = (32, 64) if orientation in (6, 8) else (64, 32)
    shape = loop.cvat.shape()
    assert shape["points"] == [width / 4, height / 4, width * 3 / 4, height * 3 / 4]
    loop.cvat.edit(shape, points=[0.0, 0.0, 16.0, 16.0])
    loop.load(run)
    assert loop.labels()[0][0].bounding_box == [0, 0, 16 / width, 16 / height]


def test_another_field_with_the_paths(loop: Loop, tmp_path: Path) -> None:
    ids = add(loop, str(tmp_path / "missing.jpg"), small=save(tmp_path / "small.png", (16, 8)))
    run = loop.send(media_field="small")
    assert loop.cvat.call("GET", "tasks/1/data/meta")["frames"][0]["name"] == "small.png"
    loop.cvat.edit(loop.cvat.shape(), points=[0.0, 0.0, 4.0, 4.0])
    loop.load(run)
    assert loop.dataset[ids[0]].gt.detections[0].bounding_box == [0, 0, 0.25, 0.5]


def test_bad_files_stop_or_are_left_out(loop: Loop, tmp_path: Path) -> None:
    add(loop, save(tmp_path / "ok.png"), str(tmp_path / "missing.png"), save(tmp_path / "too.png"))
    before = loop.documents()
    with pytest.raises(Exception, match=r"1 of 3 images can't be sent: '.*missing\.png' is missing.*'leave_out'"):
        loop.send()
    assert loop.dataset.list_annotation_runs() == []
    run = loop.send(bad_files="leave_out")
    assert (run["samples"], run["labels"]) == (2, 2)
    assert run["left_out"] == [
        {"what": "images: the file is missing", "count": 1},
        {"what": "gt: labels of images that are left out", "count": 1},
    ]
    loop.load(run)
    assert loop.since(before).keys() == {"1/tags"}
    assert loop.dataset.match_tags("not_sent_to_cvat").values("filepath") == [str(tmp_path / "missing.png")]
