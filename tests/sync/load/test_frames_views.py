"""Frames of videos that are sent as images: their labels are read from, and go back to, the frames of the videos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copy
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone import ViewField as F
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.versions import find_versions
from sync_loop import Loop, operator
from sync_videos import FIELD, Videos, box, video


@pytest.fixture
def videos(loop: Loop, photos: Callable[..., list[Path]], tmp_path: Path) -> Videos:
    """Two videos of six frames whose images are there, with a car and a van on all frames but the last."""
    found = Videos(loop)
    image = photos(1)[0]
    samples = [video(6, lambda n: [box(0.05 * n, index=1), box(0.7, label="van")] if n < 6 else []) for _ in range(2)]
    for place, sample in enumerate(samples):
        for number in range(1, 7):
            path = tmp_path / f"video_{place}" / f"{number:06d}{image.suffix}"
            path.parent.mkdir(exist_ok=True)
            copy(image, path)
            sample.frames[number]["filepath"] = str(path)
        sample["scene"] = fo.Classification(label="street")
    found.add(*samples)
    return found


def frames_of(videos: Videos, **more: Any) -> Any:
    return videos.dataset.to_frames(sample_frames=False, **more)


def left_out(said: dict[str, Any]) -> dict[str, int]:
    return {item["what"]: item["count"] for item in said["left_out"]}


def labels(videos: Videos, video: int, number: int, field: str = "gt") -> list[Any]:
    """The documents of the labels of a frame."""
    match = {"_sample_id": ObjectId(videos.dataset.values("id")[video]), "frame_number": number}
    value = (videos.dataset._frame_collection.find_one(match) or {}).get(field) or {}
    return next((items for items in value.values() if isinstance(items, list)), [])


def test_unedited_nothing_changes(videos: Videos) -> None:
    view = frames_of(videos)
    foreseen = videos.send(view=view, label_field="gt", dry_run=True)
    said = videos.send(view=view, label_field="gt")
    assert (said["labels"], said["samples"], said["left_out"]) == (20, 12, [])
    assert (foreseen["labels"], foreseen["images"], foreseen["media"], foreseen["left_out"]) == (20, 12, "image", [])
    names = [frame["name"] for frame in videos.loop.cvat.call("GET", "tasks/1/data/meta")["frames"]]
    assert [name.rpartition(".")[0] for name in names[5:7]] == ["video_0_000006", "video_1_000001"]
    before, samples = videos.frames(), videos.loop.documents()
    videos.loop.cvat.edit(videos.loop.cvat.shape(0))
    report = videos.loop.load(confirm=False)
    assert (report["jobs_read"], report["unchanged"], report["objects"]["unchanged"]) == (1, 20, 20)
    assert videos.frames() == before and videos.loop.documents() == samples
    assert videos.loop.load()["jobs_read"] == 0


def test_edits_go_back_to_the_frames_of_the_videos(videos: Videos) -> None:
    """By a view of some frames; a frames view that is made later shows them."""
    view = frames_of(videos).match(F("frame_number").is_in([2, 5, 6]))
    videos.send(view=view, label_schema={"gt": {"classes": ["car", "van"]}})
    before = videos.frames()
    cvat = videos.loop.cvat
    cvat.move(cvat.shape(0), 8.0)
    cvat.relabel(cvat.shape(1, 1), "car")
    cvat.delete(cvat.shape(3))
    cvat.draw("van", 5)
    cvat.draw("car", 4, [1.0, 1.0, 9.0, 1.0, 9.0, 9.0], "polygon")
    preview = videos.loop.load(preview=True)
    assert videos.frames() == before
    first = preview["first_changes"][0]
    assert (first["sample_id"], first["frame"]) == (videos.dataset.first().id, 2)
    report = videos.loop.load()
    counts = ("added", "changed", "deleted")
    assert [report[name] for name in counts] == [2, 2, 1] == [preview[name] for name in counts]
    assert set(report["samples"]) == set(videos.dataset.values("id"))
    assert [item["label"] for item in labels(videos, 0, 5)] == ["car", "car"]
    assert len(labels(videos, 1, 2)) == 1 and labels(videos, 1, 6)[0]["label"] == "van"
    assert len(labels(videos, 1, 5, "polylines")) == 1 and labels(videos, 0, 2)[0]["index"] == 1
    shown = {(item["sample_id"], item["frame_number"]): item.gt for item in frames_of(videos).iter_samples()}
    assert len(shown[videos.dataset.values("id")[1], 6].detections) == 1
    assert videos.loop.load()["jobs_read"] == 0
    undo(videos.dataset, "run")
    assert sum(old != videos.frames()[key] for key, old in before.items()) <= 5
    assert [len(labels(videos, 1, number)) for number in (2, 5, 6)] == [2, 2, 0]
    assert labels(videos, 0, 5)[1]["label"] == "van"


def test_conflicts_name_the_video_and_the_frame(videos: Videos) -> None:
    videos.send(view=frames_of(videos).match(F("frame_number") == 4), label_field="gt")
    frame = videos.dataset.last().frames[4]
    frame.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    frame.save()
    videos.loop.cvat.move(videos.loop.cvat.shape(1), 8.0)
    (conflict,) = videos.loop.load(policy="ask")["conflicts"]
    assert (conflict["sample_id"], conflict["frame"]) == (videos.dataset.last().id, 4)
    found = find_versions(videos.dataset, "run", {"take": "local", "label_id": conflict["label_id"]})
    assert found is not None and (found.number, len(found.local), len(found.remote)) == (4, 1, 1)
    assert resolve(videos.dataset, "run", [{"take": "remote"}])["changed"] == 1
    assert labels(videos, 1, 4)[0]["bounding_box"] != [0.5, 0.5, 0.1, 0.1]


@pytest.mark.parametrize(
    ("make", "labels"),
    [
        pytest.param(lambda v: v.filter_labels("gt", F("label") == "van"), 10, id="filter"),
        pytest.param(lambda v: v.select_fields("gt").limit(3), 6, id="fields"),
        pytest.param(lambda v: v.select(v.values("id")[4:8]), 6, id="select"),
        pytest.param(lambda v: v.filter_labels("gt", F("label") == "car").to_patches("gt"), 10, id="patches"),
    ],
)
def test_a_view_of_frames_shows_what_is_sent(videos: Videos, make: Any, labels: int) -> None:
    said = videos.send(view=make(frames_of(videos)), label_field=FIELD, dry_run=True)
    assert (said["labels"], said["left_out"]) == (labels, [])


def test_frames_of_clips(videos: Videos) -> None:
    view = videos.dataset.to_clips([[(2, 4)], [(5, 6)]]).to_frames(sample_frames=False)
    assert videos.send(view=view, label_field="gt", dry_run=True)["labels"] == 6 + 2


@pytest.mark.parametrize(
    ("make", "params", "sentence"),
    [
        pytest.param(lambda d: d.to_frames(sample_frames="dynamic"), {}, "has no images", id="no images"),
        pytest.param(lambda d: d.to_frames().group_by("sample_id"), {}, "groups its frames", id="groups"),
        pytest.param(lambda d: d.to_frames().map_labels("gt", {"van": "car"}), {}, "by MapLabels", id="mapped"),
        pytest.param(lambda d: d.to_frames(), {"frame_step": 2}, "Only videos take `frame_step`", id="step"),
        pytest.param(lambda d: d.to_frames(), {"label_field": "scene"}, "no field 'frames.scene'", id="of the video"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(videos: Videos, make: Any, params: Any, sentence: str) -> None:
    with pytest.raises(Exception, match=sentence):
        videos.send(view=make(videos.dataset), **{"label_field": "gt", **params})
    assert videos.loop.cvat.find("tasks") == []


def test_an_image_that_cannot_be_sent_is_left_out_with_its_labels(videos: Videos) -> None:
    view = frames_of(videos)
    Path(view.values("filepath")[1]).write_bytes(b"no image")
    with pytest.raises(Exception, match="1 of 12 images can't be sent"):
        videos.send(view=view, label_field="gt")
    foreseen = videos.send(view=view, label_field="gt", bad_files="leave_out", dry_run=True)
    said = videos.send(view=view, label_field="gt", bad_files="leave_out")
    assert (said["labels"], said["samples"]) == (18, 11) and left_out(said) == left_out(foreseen)
    assert left_out(said)[f"{FIELD}: labels of images that are left out"] == 2
    assert [sample.tags for sample in videos.dataset] == [["not_sent_to_cvat"], []]


def test_frames_that_are_removed_in_cvat_keep_their_labels(videos: Videos) -> None:
    videos.dataset.add_frame_field("tags", fo.ListField, subfield=fo.StringField)
    videos.send(view=frames_of(videos), label_field="gt")
    videos.loop.cvat.call("PATCH", "jobs/1/data/meta", {"deleted_frames": [7]})
    report = videos.loop.load()
    assert (report["deleted"], report["frames_deleted"]) == (0, 1)
    assert "Frames that have a field 'tags' are tagged" in " ".join(report["notes"])
    assert videos.dataset.last().frames[2]["tags"] == ["deleted_in_cvat"] and len(labels(videos, 1, 2)) == 2


def test_an_interrupted_send_goes_on_without_the_view(videos: Videos) -> None:
    view = frames_of(videos).filter_labels("gt", F("label") == "van")
    fault = videos.loop.box.faults.add("status", "PATCH", "/annotations", nth=2, status=500, times=9)
    with pytest.raises(Exception, match="Resume the run"):
        videos.send(view=view, label_field="gt", task_size=6)
    assert fault.applied
    videos.loop.box.faults.clear()
    view._dataset.delete()  # as another process has none
    said = videos.loop.execute("resume_run", anno_key="run")
    assert (said["labels"], len(said["tasks"])) == (10, 2)
    assert sum(len(there.shapes) for task in (0, 1) for there in videos.annotations(task)) == 10


def test_documents_of_frames_that_were_made_anew_are_found(videos: Videos) -> None:
    """By the video and the number of the frame, also for a conflict that was open then, and for one that is gone."""
    videos.send(view=frames_of(videos), label_field="gt")
    cvat, frames = videos.loop.cvat, videos.dataset._frame_collection
    cvat.move(cvat.shape(1), 8.0)
    sample = videos.dataset.first()
    sample.frames[2].gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    sample.save()
    assert len(videos.loop.load(policy="ask")["conflicts"]) == 1
    for document in list(frames.find()):
        frames.delete_one({"_id": document.pop("_id")})
        if document["frame_number"] != 6:
            frames.insert_one(document)
    videos.dataset.reload()
    cvat.move(cvat.shape(0), 8.0)
    cvat.delete(cvat.shape(8))
    cvat.draw("van", 5)
    report = videos.loop.load(policy="ask")
    counts = ("added", "changed", "deleted", "samples_gone")
    assert [report[name] for name in counts] == [1, 1, 1, 0] and len(report["conflicts"]) == 1
    assert resolve(videos.dataset, "run", [{"take": "remote"}])["changed"] == 1
    assert [len(labels(videos, 0, number)) for number in range(1, 7)] == [2, 2, 2, 2, 2, 1]
    assert [len(labels(videos, 1, number)) for number in range(1, 7)] == [2, 2, 1, 2, 2, 0]
    assert videos.loop.load()["jobs_read"] == 0


def test_a_refresh_finds_documents_of_frames_that_were_made_anew(videos: Videos) -> None:
    """By the video and the number of the frame, as a load does: none of their labels counts as gone."""
    videos.send(view=frames_of(videos), label_field="gt")
    frames = videos.dataset._frame_collection
    for document in list(frames.find()):
        frames.delete_one({"_id": document.pop("_id")})
        if document["frame_number"] == 2:
            document["gt"]["detections"][0]["bounding_box"] = [0.5, 0.5, 0.1, 0.1]
        frames.insert_one(document)
    videos.dataset.reload()
    for changed in (2, 0):
        report = operator("refresh_run")(videos.dataset, "run")
        counts = [report[name] for name in ("created", "changed", "deleted", "unchanged")]
        assert counts == [0, changed, 0, 20 - changed] and not report["left"]
    report = videos.loop.load()
    assert [report[name] for name in ("added", "changed", "deleted", "samples_gone")] == [0, 0, 0, 0]
