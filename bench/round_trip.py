"""How fast a round trip is: this plugin beside the bare requests and FiftyOne's own integration.

    python dev.py bench round_trip --images 1000

All write the same images and boxes to the same server and read them back. The bare requests are the least that a
client can do: they send boxes that lie ready, look at no label and keep nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from cvat.creation import FIRST_PAUSE, LONGEST_PAUSE
from cvat.tasks import GROUP_BYTES, GROUP_FILES

from .common import ACCOUNT, World, operator, peak_memory, table, timed, versions, world

if TYPE_CHECKING:
    import fiftyone as fo

FIELD = "ground_truth"
CLASSES = ("car", "person", "sign")
SIZE = (640, 480)
BOXES = 10
"""Boxes in an image."""

ROUNDS = 3
"""How often the quick ones are measured; their medians count."""

CONNECTIONS = 4
"""Uploads at the same time, as this plugin has it."""

SEND, LOAD, RELOAD = 1.3, 5.0, 30.0
"""The targets: a send takes at most so many times the bare requests; loads are so many times faster than built-in."""


class Bare:
    """A round trip in as few requests as it takes, with nothing around them.

    Args:
        url: the server.
        paths: the images.
        boxes: of all images: frame, class, corners in pixels, values of the attributes.
    """

    def __init__(self, url: str, paths: Sequence[Path], boxes: Sequence[dict[str, Any]]) -> None:
        self.url = f"{url}/api"
        self.paths = paths
        self.boxes = boxes
        self.task = 0
        self.http = requests.Session()

    def send(self) -> int:
        """Makes a task with all images and boxes; how many boxes were saved."""
        self.http = requests.Session()
        key = self._post("auth/login", json={"username": ACCOUNT, "password": ACCOUNT})["key"]
        self.http.cookies.clear()
        self.http.headers["Authorization"] = f"Token {key}"
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
        path, groups = f"tasks/{self.task}/data", _groups(self.paths)
        self._post(path, headers={"Upload-Start": ""})
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self._send_group, groups))
        order = [item.name for item in self.paths]
        options = {"image_quality": 75, "use_cache": True, "sorting_method": "predefined", "upload_file_order": order}
        request = self._post(path, headers={"Upload-Finish": ""}, json=options)["rq_id"]
        pause = FIRST_PAUSE
        while (state := self._get(f"requests/{requests.utils.quote(request, safe='')}"))["status"] != "finished":
            assert state["status"] != "failed", state
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _send_group(self, group: Sequence[Path]) -> None:
        files = {f"client_files[{index}]": (path.name, path.read_bytes()) for index, path in enumerate(group)}
        path, form = f"tasks/{self.task}/data", {"image_quality": "75"}
        self._post(path, headers={"Upload-Multiple": ""}, data=form, files=files)

    def _get(self, path: str, **params: Any) -> Any:
        return _answer(self.http.get(f"{self.url}/{path}", params=params))

    def _post(self, path: str, **options: Any) -> Any:
        return _answer(self.http.post(f"{self.url}/{path}", **options))


def _answer(response: requests.Response) -> Any:
    response.raise_for_status()
    return json.loads(response.content) if response.content else None


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


def check(images: int, shapes: Sequence[dict[str, Any]]) -> None:
    """Checks that the server has every box with both values."""
    assert len(shapes) == images * BOXES, f"{len(shapes)} boxes arrived"
    assert all(len(shape["attributes"]) >= 2 for shape in shapes), "values are missing"


def measure_quick(here: World, dataset: fo.Dataset, bare: Bare) -> dict[str, float]:
    """The medians of the bare requests and of this plugin."""
    send, load = operator("send_to_cvat"), operator("load_annotations")
    count = len(dataset) * BOXES
    before = list(dataset._sample_collection.find())
    times: dict[str, list[float]] = {}

    def note(name: str, call: Callable[[], Any]) -> Any:
        seconds, result = timed(call)
        times.setdefault(name, []).append(seconds)
        return result

    for number in range(ROUNDS):
        assert note("bare send", bare.send) == count
        assert note("bare load", bare.load) == count
        run = note("send", lambda n=number: send(dataset, anno_key=f"ours_{n}", label_field=FIELD, **here.login))
        task = run["tasks"][0]["id"]
        check(len(dataset), bare.shapes_of(task))
        for name in ("load", "reload"):
            report = note(name, lambda run=run: load(dataset, run, **here.login))
            assert report["unchanged"] == count and not report["changed"], report
        bare.delete(task)
        bare.delete(bare.task)
    assert list(dataset._sample_collection.find()) == before, "an unedited load changed something"
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def measure_builtin(here: World, dataset: fo.Dataset, bare: Bare) -> dict[str, float]:
    """FiftyOne's own integration, once."""
    key, times = "builtin", {}

    def annotate() -> Any:
        return dataset.annotate(key, backend="cvat", label_field=FIELD, **here.login)

    def load() -> None:
        dataset.load_annotations(key, unexpected="keep", **here.login)

    times["send"], results = timed(annotate)
    check(len(dataset), bare.shapes_of(results.task_ids[0]))
    for name in ("load", "reload"):
        times[name], _ = timed(load)
        assert dataset.count(f"{FIELD}.detections") == len(dataset) * BOXES
    return times


def report(quick: dict[str, float], builtin: dict[str, float]) -> tuple[str, list[str]]:
    """The table, and the targets that were missed."""
    rows, missed = [], []
    for name, bare, target in (("send", "bare send", SEND), ("load", "bare load", LOAD), ("reload", "", RELOAD)):
        ours, theirs = quick[name], builtin[name]
        slower, faster = (ours / quick[bare] if bare else 0.0), theirs / ours
        met = slower <= target if name == "send" else faster >= target
        wanted = f"at most {target:g}x bare" if name == "send" else f"{target:g}x as fast as built-in"
        rows.append(
            [
                {"send": "send", "load": "first load", "reload": "second load"}[name],
                f"{quick[bare]:.2f} s" if bare else "",
                f"{ours:.3f} s",
                f"{theirs:.2f} s",
                f"{slower:.2f}x" if bare else "",
                f"{faster:.1f}x",
                f"{wanted}: {'met' if met else 'missed'}",
            ]
        )
        missed += [] if met else [f"{name}: {wanted}"]
    head = ["", "bare requests", "this plugin", "built-in", "of bare", "faster than built-in", "target"]
    return table(head, rows), missed


def main() -> int:
    """Measures, prints, and says by the exit code whether the targets were met."""
    parser = argparse.ArgumentParser(prog="dev.py bench round_trip", description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="how many images, with ten boxes each")
    options = parser.parse_args()
    with world() as here:
        dataset = make_dataset(here.folder, options.images)
        bare = Bare(here.url, [Path(path) for path in dataset.values("filepath")], plain_boxes(dataset))
        start = peak_memory()
        quick = measure_quick(here, dataset, bare)
        ours = peak_memory()
        builtin = measure_builtin(here, dataset, bare)
        text, missed = report(quick, builtin)
        print(f"{options.images:,} images, {options.images * BOXES:,} boxes with two attributes\n\n{text}\n")
        print(
            f"Peak memory: {start:.0f} MB at the start, {ours:.0f} MB with this plugin, {peak_memory():.0f} MB in all"
        )
        print(versions())
    for target in missed:
        print(f"Missed: {target}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
