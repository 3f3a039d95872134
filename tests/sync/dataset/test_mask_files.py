"""Files of edited masks: where they go, what they are called, and that nothing is written over or through."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import cv2
import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.labels import DatasetLabels
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.mask_files import (
    FOLDER,
    folder_for,
    name_arrays,
    save_files,
    with_pixels,
)
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import LoadFailed
from fiftyone.plugins.orgs.roundtrip.cvat.sync.new_files import BEGIN, OLD, remove_unfinished

MASK = np.array([[0, 200], [200, 0]], dtype=np.uint8)
ID = ObjectId("a" * 24)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """Folders: of the media, of the dataset, and elsewhere; a link from the media to elsewhere."""
    found = {name: tmp_path / name for name in ("media", "own", "elsewhere")}
    for folder in found.values():
        (folder / "masks").mkdir(parents=True)
    (found["media"] / "link").symlink_to(found["elsewhere"])
    return found


CASES = {
    # the old file, and where its successor goes
    "media/1.png": "media",
    "media/masks/1.png": "media/masks",
    "own/masks/1.png": "own/masks",
    "elsewhere/1.png": "own/cvat_masks",
    "media/link/1.png": "own/cvat_masks",
    "media/../elsewhere/1.png": "own/cvat_masks",
    "media/nowhere/1.png": "own/cvat_masks",
}


@pytest.mark.parametrize("old", CASES)
def test_where_files_go(places: dict[str, Path], old: str) -> None:
    root = places["own"].parent
    found = folder_for(str(root / old), str(places["media"] / "photo.jpg"), str(places["own"]))
    assert found == str(root / CASES[old])


def test_a_folder_that_can_not_be_written(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    media = places["media"]
    assert folder_for(str(media / "1.png"), str(media / "a.jpg"), str(places["own"])) == f"{places['own']}/cvat_masks"


@pytest.mark.parametrize("name", ["../../x.png", "x" * 250 + ".png", "x.gif", "x.jpg", "a b.PNG", "x.sh.png", "x"])
def test_names_are_our_own(tmp_path: Path, name: str) -> None:
    document = {"_id": ID, "mask_path": f"{tmp_path}/masks/{name}", FOLDER: str(tmp_path)}
    named, files = name_arrays(document, {"mask_path": MASK, "label": "cat"})
    (path,) = files
    assert named == {"mask_path": path, "label": "cat"}
    assert Path(path).parent == tmp_path
    assert Path(path).name.startswith(f"cvat-{ID}-") and path.endswith(".png")
    assert name_arrays(document, {"mask_path": MASK.copy()})[1].keys() == {path}
    assert name_arrays(document, {"mask_path": MASK.astype(np.uint16)})[1].keys() != {path}


def test_what_is_done_twice_is_done_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cvat-1.png"
    for _ in range(2):
        save_files({str(path): MASK})
        assert (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) == MASK).all()
        assert [item.name for item in path.parent.iterdir()] == ["cvat-1.png"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def _file(path: Path, other: Path) -> None:
    path.write_bytes(b"mine")


def _picture(path: Path, other: Path) -> None:
    cv2.imwrite(str(path), MASK + 1)


def _link(path: Path, other: Path) -> None:
    path.symlink_to(other)


def _same_by_link(path: Path, other: Path) -> None:
    cv2.imwrite(str(other), MASK)
    path.symlink_to(other)


def _dangling(path: Path, other: Path) -> None:
    path.symlink_to(other.with_name("not there.png"))


def _folder(path: Path, other: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("make", [_file, _picture, _link, _same_by_link, _dangling, _folder])
def test_nothing_is_written_over_or_through(tmp_path: Path, make: Any, late: bool, monkeypatch: Any) -> None:
    path, other = tmp_path / "cvat-1.png", tmp_path / "other.png"
    other.write_bytes(b"theirs")
    make(path, other)
    before = {item: item.lstat() for item in tmp_path.iterdir()}, other.read_bytes()
    if late:  # it comes while the mask is written
        real, answers = os.path.lexists, iter([False])
        monkeypatch.setattr(os.path, "lexists", lambda place: next(answers, None) is None and real(place))
    with pytest.raises(LoadFailed, match="Nothing was written over it"):
        save_files({str(path): MASK})
    after = {item: item.lstat() for item in tmp_path.iterdir()}
    assert {item: (found.st_ino, found.st_size, found.st_mtime) for item, found in after.items()} == {
        item: (found.st_ino, found.st_size, found.st_mtime) for item, found in before[0].items()
    }
    assert other.read_bytes() == before[1]


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset import mask_files

    def full(value: Any, path: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mask_files.foui, "write", full)
    with pytest.raises(LoadFailed, match=r"can't be written: No space left on device\. Mend that and load again"):
        save_files({str(tmp_path / "cvat-1.png"): MASK})
    assert list(tmp_path.iterdir()) == []


def test_a_relative_path_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LoadFailed):
        save_files({"cvat-1.png": MASK})
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_knows_where_its_files_go(dataset: fo.Dataset, places: dict[str, Path]) -> None:
    old = places["elsewhere"] / "1.png"
    cv2.imwrite(str(old), MASK)
    sample = fo.Sample(str(places["media"] / "a.jpg"), seg=fo.Segmentation(mask_path=str(old)))
    (sample_id,) = dataset.add_samples([sample])
    held = DatasetLabels(dataset).read(FieldPlace.of("seg", LABEL_TYPES["segmentation"]), [sample_id])[sample_id]
    (document,) = held.labels.values()
    seen = with_pixels(document, held.media, held.own)
    own = Path(fo.config.default_dataset_dir).expanduser() / dataset.slug
    assert seen[FOLDER] == str(own / "cvat_masks")


LEFT = f"{BEGIN}0a_zz9qk"
"""As it is named by what writes files."""
OTHERS = (".cvat-0a_zz9qk.png", f"{LEFT}x.png", f"x{LEFT}.png", f"{LEFT}.png.txt", f"{BEGIN}ABCDEFGH.png", "a.png")


def test_only_what_an_ended_process_left_is_removed(tmp_path: Path, dataset: fo.Dataset) -> None:
    """Nothing that a person could have named, nor what is being written, nor what is no file."""
    for name in (f"{LEFT}.png", LEFT, *OTHERS, f"{BEGIN}aaaaaaaa.png"):
        (tmp_path / name).write_bytes(b"half of")
        os.utime(tmp_path / name, (1_000, 1_000))
    os.utime(tmp_path / f"{BEGIN}aaaaaaaa.png", (1_001 + OLD, 1_001 + OLD))
    (tmp_path / f"{BEGIN}bbbbbbbb.png").symlink_to(tmp_path / "a.png")
    (tmp_path / f"{BEGIN}cccccccc").mkdir()
    assert remove_unfinished([tmp_path, tmp_path / "nowhere"], now=1_001 + OLD) == 2
    stay = {*OTHERS, *(f"{BEGIN}{name}" for name in ("aaaaaaaa.png", "bbbbbbbb.png", "cccccccc"))}
    assert {path.name for path in tmp_path.iterdir()} == stay
    DatasetLabels(dataset).save_files({str(tmp_path / "cvat-1.png"): MASK})
    stay.remove(f"{BEGIN}aaaaaaaa.png")
    assert {path.name for path in tmp_path.iterdir()} == {*stay, "cvat-1.png"}
