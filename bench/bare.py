"""The same images and boxes for all measurements, and the bare requests that send them and read them back.

The bare requests are the least that a client can do: they send boxes that lie ready, look at no label and keep nothing.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from cvat.creation import FIRST_PAUSE, LONGEST_PAUSE
from cvat.session import CONNECTIONS
from cvat.tasks import GROUP_BYTES, GROUP_FILES

from .common import ACCOUNT

if TYPE_CHECKING:
    import fiftyone as fo

FIELD = "ground_truth"
CLASSES = ("car", "person", "sign")
SIZE = (640, 480)
BOXES = 10
"""Boxes in an image."""

TASKS_AT_ONCE = 4
"""Tasks that are sent at the same time, as this plugin has it."""


class Bare:
    """A round trip in as few requests as it takes, with nothing around them.

    Args:
        url: the server.
        paths: the images.
        boxes: of all images: frame, class, corners in pixels, values of the attributes.
        http: logged in already, if it is shared.
    """

    def __init__(
        self,
        url: str,
        paths: Sequence[Path],
        boxes: Sequence[dict[str, Any]],
        http: requests.Session | None = None,
    ) -> None:
        self.url = f"{url}/api"
        self.paths = paths
        self.boxes = boxes
        self.task = 0
        self.http = http or requests.Session()

    def send(self) -> int:
        """Logs in and makes a task with all images and boxes; how many boxes were saved."""
        self.log_in()
        return self.make()

    def send_tasks(self, task_size: int, at_once: int) -> int:
        """Logs in and makes tasks of so many images, so many at the same time; how many boxes were saved."""
        self.log_in()
        with ThreadPoolExecutor(at_once) as pool:
            return sum(pool.map(Bare.make, self._parts(task_size)))

    def _parts(self, size: int) -> list[Bare]:
        parts = []
        for start in range(0, len(self.paths), size):
            stop = start + size
            boxes = [{**box, "frame": box["frame"] - start} for box in self.boxes if start <= box["frame"] < stop]
            parts.append(Bare(self.url.removesuffix("/api"), self.paths[start:stop], boxes, self.http))
        return parts

    def log_in(self) -> None:
        """Begins anew, as somebody who has not talked to the server yet."""
        self.http = requests.Session()
        self.http.mount("http://", HTTPAdapter(pool_maxsize=TASKS_AT_ONCE * CONNECTIONS))
        key = self._post("auth/login", json={"username": ACCOUNT, "password": ACCOUNT})["key"]
        self.http.cookies.clear()
        self.http.headers["Authorization"] = f"Token {key}"

    def make(self) -> int:
        """Makes a task with all images and boxes; how many boxes were saved."""
        attributes = [
            {"name": name, "input_type": kind, "mutable": False, "values": values, "default_value": values[0]}
            for name, kind, values in (("code", "text", [""]), ("score", "number", ["0", "1", "0.01"]))
        ]
        labels = [{"name": name, "type": "rectangle", "attributes": attributes} for name in CLASSES]
        self.task = self._post("tasks", json={"name": "bare", "labels": labels})["id"]
        self._upload()
        self._get(f"tasks/{self.task}/data/meta")
        found = self._get("labels", task_id=self.task, page_size="all")["results"]
        (job,) = self._get("jobs", task_id=self.task, page_size="all")["results"]
        body = {"version": 0, "tags": [], "tracks": [], "shapes": self._shapes(found)}
        path = f"{self.url}/jobs/{job['id']}/annotations"
        return len(_answer(self.http.patch(path, params={"action": "create"}, json=body))["shapes"])

    def load(self) -> int:
        """Reads all that a load has to read; how many boxes there are."""
        self._get(f"tasks/{self.task}")
        self._get(f"tasks/{self.task}/data/meta")
        self._get("labels", task_id=self.task, page_size="all")
        (job,) = self._get("jobs", task_id=self.task, page_size="all")["results"]
        return len(self._get(f"jobs/{job['id']}/annotations")["shapes"])

    def clear(self) -> None:
        """Deletes all tasks."""
        for task in self._get("tasks", page_size="all")["results"]:
            self.delete(task["id"])

    def all_shapes(self) -> list[dict[str, Any]]:
        """What the server has in all tasks."""
        tasks = self._get("tasks", page_size="all")["results"]
        return [shape for task in tasks for shape in self.shapes_of(task["id"])]

    def delete(self, task: int) -> None:
        """Deletes a task, of whoever made it."""
        self.http.delete(f"{self.url}/tasks/{task}").raise_for_status()

    def shapes_of(self, task: int) -> list[dict[str, Any]]:
        """What the server has in a task."""
        return list(self._get(f"tasks/{task}/annotations")["shapes"])

    def _shapes(self, labels: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = {label["name"]: label["id"] for label in labels}
        specs = {(label["name"], item["name"]): item["id"] for label in labels for item in label["attributes"]}
        return [
            {
                "type": "rectangle",
                "frame": box["frame"],
                "label_id": ids[box["label"]],
                "points": box["points"],
                "attributes": [
                    {"spec_id": specs[box["label"], name], "value": box[name]} for name in ("code", "score")
                ],
            }
            for box in self.boxes
        ]

    def _upload(self) -> None:
        """The images in the same portions as this plugin sends them, and the wait with the same pauses."""
        groups = _groups(self.paths)
        request = self._send_at_once(groups[0]) if len(groups) == 1 else self._send_groups(groups)
        pause = FIRST_PAUSE
        while (state := self._get(f"requests/{requests.utils.quote(request, safe='')}"))["status"] != "finished":
            assert state["status"] != "failed", state
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _send_at_once(self, group: Sequence[Path]) -> str:
        form = {"image_quality": "75", "use_cache": "true", "sorting_method": "predefined"}
        return str(self._post(f"tasks/{self.task}/data", data=form, files=_parts_of(group))["rq_id"])

    def _send_groups(self, groups: Sequence[Sequence[Path]]) -> str:
        path, options = f"tasks/{self.task}/data", {"image_quality": 75, "use_cache": True}
        self._post(path, headers={"Upload-Start": ""})
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self._send_group, groups))
        order = {"sorting_method": "predefined", "upload_file_order": [item.name for item in self.paths]}
        return str(self._post(path, headers={"Upload-Finish": ""}, json={**options, **order})["rq_id"])

    def _send_group(self, group: Sequence[Path]) -> None:
        path, form = f"tasks/{self.task}/data", {"image_quality": "75"}
        self._post(path, headers={"Upload-Multiple": ""}, data=form, files=_parts_of(group))

    def _get(self, path: str, **params: Any) -> Any:
        return _answer(self.http.get(f"{self.url}/{path}", params=params))

    def _post(self, path: str, **options: Any) -> Any:
        return _answer(self.http.post(f"{self.url}/{path}", **options))


def _answer(response: requests.Response) -> Any:
    response.raise_for_status()
    return json.loads(response.content) if response.content else None


def _parts_of(group: Sequence[Path]) -> dict[str, tuple[str, bytes]]:
    return {f"client_files[{index}]": (path.name, path.read_bytes()) for index, path in enumerate(group)}


def _groups(paths: Sequence[Path]) -> list[list[Path]]:
    groups: list[list[Path]] = [[]]
    size = 0
    for path in paths:
        length = path.stat().st_size
        if groups[-1] and (len(groups[-1]) >= GROUP_FILES or size + length > GROUP_BYTES):
            groups.append([])
            size = 0
        groups[-1].append(path)
        size += length
    return groups


def make_dataset(folder: Path, images: int) -> fo.Dataset:
    """Images with boxes at odd places, each with a text and a number."""
    import fiftyone as fo
    from PIL import Image

    chance = random.Random(7)
    samples = []
    for number in range(images):
        path = folder / f"image_{number:05d}.jpg"
        Image.linear_gradient("L").rotate(number % 360).resize(SIZE).save(path)
        boxes = [
            fo.Detection(
                label=chance.choice(CLASSES),
                bounding_box=[chance.uniform(0, 0.6), chance.uniform(0, 0.6), chance.uniform(0.1, 0.4), 0.3],
                code=f"{chance.randrange(10**6):06d}",
                score=chance.random(),
            )
            for _ in range(BOXES)
        ]
        samples.append(fo.Sample(str(path), **{FIELD: fo.Detections(detections=boxes)}))
    dataset = fo.Dataset("round_trip")
    dataset.add_samples(samples)
    return dataset


def plain_boxes(dataset: fo.Dataset) -> list[dict[str, Any]]:
    """The boxes of a dataset in pixels, as the bare requests take them."""
    width, height = SIZE
    found = []
    for frame, boxes in enumerate(dataset.values(f"{FIELD}.detections")):
        for box in boxes:
            x, y, w, h = box.bounding_box
            points = [x * width, y * height, (x + w) * width, (y + h) * height]
            found.append(
                {"frame": frame, "label": box.label, "points": points, "code": box.code, "score": str(box.score)}
            )
    return found
