"""CVAT's own client works with the sandbox."""

from __future__ import annotations

from pathlib import Path

from cvat_sdk import make_client, models
from cvat_sdk.core.proxies.tasks import ResourceType
from sandbox_client import picture

from sandbox import Sandbox

CLIP = Path(__file__).resolve().parents[1] / "wire" / "media" / "clip_20f.mp4"
SPEC = {
    "name": "sdk",
    "labels": [
        {
            "name": "car",
            "attributes": [
                {
                    "name": "make", "mutable": False, "input_type": "text", "default_value": "any", "values": [],
                }
            ],
        }
    ],
}  # fmt: skip


def test_create_annotate_read_delete(box: Sandbox, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(5)]
    for path in files:
        path.write_bytes(picture())
    with make_client(box.url, credentials=("admin", "admin")) as client:
        client.config.status_check_period = 0.02
        assert str(client.get_server_version()) == "2.54.1"
        task = client.tasks.create_from_data(
            SPEC,
            resource_type=ResourceType.LOCAL,
            resources=[str(path) for path in files],
            data_params={"image_quality": 70},
        )
        assert task.size == 5
        label = task.get_labels()[0]
        box_shape = models.LabeledShapeRequest(type="rectangle", frame=2, label_id=label.id, points=[1.5, 2, 3, 4])
        task.set_annotations(models.LabeledDataRequest(shapes=[box_shape]))
        (shape,) = task.get_annotations().shapes
        assert (shape.frame, shape.points, shape.attributes[0].value) == (2, [1.5, 2.0, 3.0, 4.0], "any")
        (job,) = task.get_jobs()
        job.update({"state": "completed"})
        assert job.get_annotations().shapes[0].id == shape.id
        assert [frame.name for frame in task.get_frames_info()] == [path.name for path in files]
        assert task.get_frame(0).read(2) == b"\xff\xd8"
        task.remove()
        assert client.tasks.list() == []


def test_video(box: Sandbox) -> None:
    with make_client(box.url, credentials=("admin", "admin")) as client:
        client.config.status_check_period = 0.02
        task = client.tasks.create_from_data(SPEC, resource_type=ResourceType.LOCAL, resources=[str(CLIP)])
        assert (task.size, task.mode) == (20, "interpolation")
