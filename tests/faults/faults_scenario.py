"""What is sent: few and tiny images, but several tasks, jobs, uploads and batches of labels, of every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import fiftyone as fo
import numpy as np
import requests
from bson import ObjectId
from PIL import Image

from sandbox import Sandbox

SIZE = (32, 24)
LARGE = 4
"""The image that is uploaded in chunks."""
SAMPLES = 8
CLIP = 10
"""Frames of a video."""
CLIP_LABELS = 2 * CLIP + CLIP // 2 + 1
BLOB = np.eye(6, 8, dtype=bool) | np.eye(6, 8, 1, dtype=bool)

SOME = 4
"""Samples that a run has before it grows."""
SENT = SAMPLES * 4 + SAMPLES // 2 * 3
"""Labels of all images."""
ADDED, DELETED = 1, 2
"""Labels that come and go by :func:`edit`."""

FIELDS = ["boxes", "blobs", "lines", "pose", "weather"]
_IN_PARTS = {"label_field": FIELDS, "task_size": 3, "segment_size": 2}
_ON_THE_SHARE = {"media_source": "share", "media_map": {"/pictures": ""}}


def _nothing(box: Sandbox) -> None:
    """The server is empty."""


def _project(box: Sandbox) -> None:
    """The server has a project with one of the labels, which lacks an attribute."""
    plate = {"name": "plate", "input_type": "text", "mutable": True, "values": [], "default_value": ""}
    body = {"name": "Streets", "labels": [{"name": "car", "type": "rectangle", "attributes": [plate]}]}
    requests.post(f"{box.url}/api/projects", json=body, auth=("admin", "admin")).raise_for_status()


@dataclass(frozen=True)
class Scene:
    """A send, and the world in which it happens.

    Args:
        request: its parameters
        interest: a regular expression that finds the names of the points to try: those that no other send has
        prepare: fills the server
        root: where the images are said to be, if only the server sees them
        unreadable: the numbers of images that CVAT can't read
        videos: how many videos are sent, instead of images
        first: what is done before, undisturbed: names of ``faults_process.ACTS``
        act: what is disturbed
        again: what goes on with it
        kept: the labels that a load finds afterwards, if those are not what the record of the run says
    """

    request: Mapping[str, Any]
    interest: str = ""
    prepare: Callable[[Sandbox], None] = _nothing
    root: str = ""
    unreadable: tuple[int, ...] = ()
    videos: int = 0
    first: tuple[str, ...] = ()
    act: str = "send"
    again: str = "resume"
    kept: int | None = None

    @property
    def edits(self) -> bool:
        """Whether samples are changed by what is done before."""
        return "edit" in self.first

    @property
    def samples(self) -> int:
        """How many samples are sent."""
        return self.videos or SAMPLES - len(self.unreadable)

    @property
    def labels(self) -> int:
        """How many labels are sent, at least."""
        return self.videos * CLIP_LABELS or 5 * self.samples


SCENES = {
    "tasks": Scene(_IN_PARTS),
    "project": Scene(
        {
            **_IN_PARTS,
            "project_name": "Streets",
            "task_assignee": "annotator1",
            "job_assignees": ["annotator2", "annotator1"],
            "issue_tracker": "https://issues.example/7",
        }
    ),
    "extended": Scene(
        {**_IN_PARTS, "project_name": "Streets", "project_labels": "extend"},
        interest="projects|labels|runs",
        prepare=_project,
    ),
    "share": Scene({**_IN_PARTS, **_ON_THE_SHARE}, interest="data$|share", root="/pictures"),
    "left out": Scene(
        {**_IN_PARTS, **_ON_THE_SHARE, "bad_files": "leave_out"},
        interest="tasks$|tasks/N$|data$|requests|samples|plan|step|drawn|runs",
        root="/pictures",
        unreadable=(4,),
    ),
    "videos": Scene(
        {"label_field": ["frames.things", "weather"], "segment_size": 6, "overlap": 2},
        interest="data|annotations|requests|jobs|drawn|saved|frames",
        videos=2,
    ),
    "growth": Scene({**_IN_PARTS, "project_name": "Streets"}, first=("send some",), act="grow", again="grow on"),
    "refresh": Scene(_IN_PARTS, first=("send", "edit"), act="refresh", again="refresh", kept=SENT + ADDED - DELETED),
}
"""The sends: tasks of their own; tasks of a new project with people; of one that is there and lacks labels; of images
that the server sees by itself; one that finds out late that an image can't be read; and videos with tracks. Then
samples, some with a new class, that are added to a run; and labels that changed here and go into the jobs of one."""


def fill(dataset: fo.Dataset, folder: Path, scene: Scene) -> None:
    """Adds the samples, and writes their images, or videos."""
    if scene.videos:
        dataset.add_samples([_video(folder, number) for number in range(scene.videos)])
        return
    dataset.skeletons = {"pose": fo.KeypointSkeleton(labels=["nose", "eye", "ear"], edges=[[0, 1, 2]])}
    samples = []
    for number in range(SAMPLES):
        path = _image(folder, number)
        if number in scene.unreadable:
            path.write_text("no image")
        place = f"{scene.root or folder}/{path.name}"
        sample = fo.Sample(place, boxes=_boxes(number), weather=_weather(number))
        if number % 2:
            sample["blobs"], sample["lines"], sample["pose"] = _blobs(number), _lines(number), _pose(number)
        if scene.act == "grow" and number >= SOME:
            sample.boxes.detections[0].label = "van"
        samples.append(sample)
    dataset.add_samples(samples)


def edit(dataset: fo.Dataset) -> None:
    """Changes labels of several jobs: one is drawn as more objects then, one comes, two go, the others stay."""
    samples = list(dataset.sort_by("filepath"))
    boxes = [sample.boxes.detections for sample in samples]
    boxes[0][0].bounding_box, boxes[0][1].label = [0.2, 0.2, 0.3, 0.3], "bus"
    boxes[1][2].plate, boxes[1][1].confidence = "new", 0.75
    del boxes[2][0], boxes[7][2]
    new = fo.Detection(label="car", bounding_box=[0.6, 0.6, 0.2, 0.2], plate="new", parked=True)
    new._id = ObjectId(24 * "a")  # the same in every process
    boxes[4].append(new)
    samples[3].blobs.detections[0].mask = ~BLOB
    samples[3].pose.keypoints[0].points[0] = (0.3, 0.3)
    samples[5].lines.polylines[0].points.append([[0.7, 0.7], [0.8, 0.9]])
    samples[6].weather.label = "rain"
    for sample in samples:
        sample.save()


def _video(folder: Path, number: int) -> fo.Sample:
    """Two objects that move over its frames, and a box by itself on each other frame."""
    path = folder / f"clip_{number}.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, SIZE)
    for frame in range(CLIP):
        writer.write(np.full((SIZE[1], SIZE[0], 3), 20 * frame, np.uint8))
    writer.release()
    sample = fo.Sample(str(path), weather=_weather(number))
    for frame in range(CLIP):
        place = [0.03 * frame, 0.1, 0.3, 0.3]
        boxes = [fo.Detection(label="car", bounding_box=place, index=n, plate="B 1", parked=frame > 5) for n in (1, 2)]
        alone = [fo.Detection(label="bus", bounding_box=[0.5, 0.5, 0.2, 0.2])] if frame % 2 else []
        sample.frames[frame + 1] = fo.Frame(things=fo.Detections(detections=boxes + alone))
    return sample


def _image(folder: Path, number: int) -> Path:
    path = folder / f"image_{number}.png"
    if number == LARGE:
        Image.effect_noise((96, 72), 90).save(path)
    else:
        Image.new("RGB", SIZE, (20 * number, 90, 200)).save(path)
    return path


def _boxes(number: int) -> fo.Detections:
    """Two of the boxes are alike: what is told apart by its looks would be mixed up."""
    places = ([0.1, 0.1, 0.3, 0.3], [0.5, 0.25, 0.125, 0.4], [0.5, 0.25, 0.125, 0.4])
    return fo.Detections(
        detections=[
            fo.Detection(
                label=("car", "bus")[number % 2],
                bounding_box=place,
                confidence=0.1 + number / 10,
                parked=bool(number % 3),
                plate=f"B {number}{n // 2}",
            )
            for n, place in enumerate(places)
        ]
    )


def _blobs(number: int) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label="puddle", bounding_box=[0.25, 0.25, 0.25, 0.25], mask=BLOB, tags=[str(number)])]
    )


def _lines(number: int) -> fo.Polylines:
    """A line of two parts, which are two shapes of one group."""
    parts = [[[0.1, 0.1], [0.2, 0.2]], [[0.5, 0.5], [0.6, number / 10]]]
    return fo.Polylines(polylines=[fo.Polyline(label="lane", points=parts)])


def _pose(number: int) -> fo.Keypoints:
    nowhere = (float("nan"), float("nan"))
    points = [(0.1, number / 10), nowhere if number == 1 else (0.2, 0.3), (0.4, 0.5)]
    return fo.Keypoints(keypoints=[fo.Keypoint(label="person", points=points)])


def _weather(number: int) -> fo.Classification:
    return fo.Classification(label=("sun", "rain")[number % 2], confidence=0.5)
