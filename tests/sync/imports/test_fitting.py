"""A file name is no proof: what a frame is linked to has its size, and one's own media are not fetched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import DataOptions, LabelSpec
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.fitting import fit
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from PIL import Image
from sync_imports import Elsewhere, names
from sync_loop import Loop

FITS = {
    "the same": ((640, 480), (640, 480), "same"),
    "not known": ((640, 480), None, "same"),
    "a frame of no size": ((0, 0), (640, 480), "same"),
    "turned": ((640, 480), (480, 640), "same"),
    "half": ((640, 480), (320, 240), "scaled"),
    "a third, rounded": ((641, 480), (214, 160), "scaled"),
    "turned and larger": ((640, 480), (960, 1280), "scaled"),
    "another shape": ((640, 480), (640, 360), "other"),
    "small, and another shape": ((320, 240), (9, 9), "other"),
    "two pixels more": ((640, 480), (642, 484), "other"),
}


@pytest.mark.parametrize("case", FITS)
def test_what_an_image_can_be(case: str) -> None:
    frame, image, kind = FITS[case]
    assert fit(Size(*frame), Size(*image) if image else None) == kind


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    """Three images are in CVAT and in the dataset."""
    loop.fill(None, None, None)
    found = Elsewhere(loop)
    found.task = found.annotate()  # type: ignore[attr-defined]
    return found


def resize(loop: Loop, *size: int) -> None:
    """The image of the second sample is of another size now, and its metadata unknown."""
    path = loop.dataset.values("filepath")[1]
    Image.new("RGB", size).save(path)  # type: ignore[arg-type]


def test_an_image_of_another_shape_is_no_frame(elsewhere: Elsewhere) -> None:
    loop, task = elsewhere.loop, elsewhere.task  # type: ignore[attr-defined]
    resize(loop, 90, 90)
    with pytest.raises(Refused, match=r"'photo_001.jpg' \(what has its name has 90 x 90 pixels, the frame 320 x 240\)"):
        elsewhere.run(task)
    report = elsewhere.run(task, unmatched="ignore")
    assert report["imported"]["unmatched"] == ["photo_001.jpg"] and names(loop) == [["cat"], [], []]
    assert any("1 frames are left out, as the size of the sample" in note for note in report["notes"])


def test_a_smaller_copy_gets_the_labels(elsewhere: Elsewhere) -> None:
    loop = elsewhere.loop
    resize(loop, 160, 120)
    loop.dataset.compute_metadata()
    elsewhere.run(elsewhere.task)  # type: ignore[attr-defined]
    assert names(loop) == [["cat"], ["dog", "cat"], []]


def test_where_samples_are_made_only_the_very_size_counts(elsewhere: Elsewhere, tmp_path: Path) -> None:
    loop = elsewhere.loop
    resize(loop, 160, 120)
    folder = tmp_path / "new"
    report = elsewhere.run(elsewhere.task, create_samples=True, folder=str(folder))  # type: ignore[attr-defined]
    assert (report["imported"]["made"], names(loop)) == (1, [["cat"], [], [], ["dog", "cat"]])
    assert any("1 frames get samples of their own, as the size" in note for note in report["notes"])


@pytest.mark.parametrize("params", [{"unmatched": "ignore"}, {"create_samples": True}])
def test_a_frame_that_fits_two_samples_alike_is_left_out(
    elsewhere: Elsewhere, tmp_path: Path, params: dict[str, Any]
) -> None:
    loop = elsewhere.loop
    first = loop.dataset.values("filepath")[0]
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / "photo_000.jpg"
    copy.write_bytes(Path(first).read_bytes())
    loop.dataset.add_sample(fo.Sample(str(copy)))
    if "create_samples" in params:
        params = {**params, "folder": str(tmp_path / "new")}
    report = elsewhere.run(elsewhere.task, **params)  # type: ignore[attr-defined]
    assert names(loop) == [[], ["dog", "cat"], [], []] and report["imported"]["frames"] == 3
    assert any("which sample they are: frame 0 of task 1, 'photo_000.jpg', fits" in note for note in report["notes"])
    left_out = records.find(loop.dataset, "run").left_out
    assert left_out == {"frames whose names do not tell which sample they are": 1}


def share_task(elsewhere: Elsewhere, files: Iterable[str]) -> int:
    """A task of files that the server sees on its share."""
    task = elsewhere.client.create_task("own", labels=[LabelSpec(name="cat")])
    rq_id = elsewhere.client.attach(task.id, list(files), options=DataOptions())
    elsewhere.client.wait_for_creation(task.id, rq_id)
    return task.id


def test_own_images_are_not_fetched(loop: Loop, tmp_path: Path) -> None:
    """Of two files with one name, each is the one of its folder; one that was changed since is fetched."""
    elsewhere, share, mine = Elsewhere(loop), tmp_path / "share", tmp_path / "mine"
    for root in (share, mine):
        for number, name in enumerate(("a/000.png", "b/000.png", "b/001.png")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (32 + number, 24)).save(root / name)
    Image.new("RGB", (99, 24)).save(mine / "b/001.png")
    loop.box.store.share = share
    task = share_task(elsewhere, ["a/000.png", "b/000.png", "b/001.png"])
    loop.cvat.draw("cat", 1, task=task)
    given = {"media_source": "share", "media_map": {str(mine): ""}, "create_samples": True}
    report = elsewhere.run(task, folder=str(tmp_path / "new"), **given)
    paths = loop.dataset.sort_by("filepath").values("filepath")
    assert paths == [str(mine / "a/000.png"), str(mine / "b/000.png"), str(tmp_path / f"new/task_{task}/b/001.png")]
    assert any("2 images are here, or in the bucket, already" in note for note in report["notes"])
    assert names(loop).count(["cat"]) == 1 and loop.dataset[str(mine / "b/000.png")]["gt"].detections
    assert elsewhere.run(task, folder=str(tmp_path / "new"), **given)["imported"] is None
