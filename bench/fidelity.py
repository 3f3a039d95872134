"""Which kinds of label field come back unchanged from a round trip in which nobody edited anything.

    python dev.py bench fidelity

Each kind makes its trip alone, once with this plugin and once with FiftyOne's own integration, so that a failure
costs no other kind its result. What counts is the field's value in the database, with the content of mask files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from .common import ACCOUNT, World, operator, table, versions, world

if TYPE_CHECKING:
    import fiftyone as fo

FIELD = "labels"
KEY = "trip"
SIZE = (321, 243)
THIRD = 1 / 3
NOWHERE = (float("nan"), float("nan"))
LINE = [[0.1, THIRD], [0.5, 0.25], [0.7000000000000001, 0.9]]
OTHER = [[0.2, 0.2], [0.3, 0.8], [0.4, 0.4]]
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Kind:
    """A kind of field.

    Attributes:
        value: what a sample has in it.
        settings: what the dataset says of it.
        label_type: what to call it to FiftyOne's own integration, which sends nothing of some kinds otherwise.
    """

    value: Any
    settings: Mapping[str, Any] = field(default_factory=dict)
    label_type: str | None = None


def all_kinds(folder: Path) -> dict[str, Kind]:
    """The kinds of field, by name."""
    return {**boxes_and_tags(), **masks(folder), **lines(), **points(), **values()}


def boxes_and_tags() -> dict[str, Kind]:
    """Classes of images, and boxes."""
    import fiftyone as fo

    attributes = {"code": "002100", "score": 0.1 + 0.2, "count": 7, "checked": True}
    box = [THIRD, 0.1, 0.3, 0.2]
    sunny = fo.Classification(label="sunny", confidence=0.1, tags=["seen"])
    return {
        "Classification": Kind(sunny),
        "Classifications": Kind(
            fo.Classifications(classifications=[sunny.copy(), fo.Classification(label="dry", confidence=THIRD)])
        ),
        "Detections: boxes": Kind(
            fo.Detections(detections=[fo.Detection(label="cat", bounding_box=box, confidence=0.7, tags=["seen"])])
        ),
        "Detections: boxes with attributes": Kind(
            fo.Detections(detections=[fo.Detection(label="cat", bounding_box=box, index=3, **attributes)])
        ),
        "Detections: rotated boxes": Kind(
            fo.Detections(
                detections=[fo.Detection(label="cat", bounding_box=box, rotation=angle) for angle in (0.5, 30.0, 359.9)]
            )
        ),
    }


def masks(folder: Path) -> dict[str, Kind]:
    """Pixels, in the database and in files."""
    import cv2
    import fiftyone as fo
    import numpy as np

    blob = np.zeros((48, 64), dtype=np.uint8)
    blob[8:40, 6:18] = 1
    scene = np.zeros((SIZE[1], SIZE[0]), dtype=np.uint8)
    scene[:100], scene[100:200], scene[0, 0] = 2, 1, 2
    paths = {"blob": str(folder / "blob.png"), "scene": str(folder / "scene.png")}
    cv2.imwrite(paths["blob"], blob * 255)
    cv2.imwrite(paths["scene"], scene)
    box = [0.123, 0.31, 0.333, 0.27]
    targets = {"mask_targets": {FIELD: {1: "road", 2: "sky"}}}

    def instances(**pixels: Any) -> Kind:
        labels = fo.Detections(detections=[fo.Detection(label="cat", bounding_box=box, **pixels)])
        return Kind(labels, label_type="instances")

    return {
        "Detections: instance masks": instances(mask=blob > 0),
        "Detections: instance masks in files": instances(mask_path=paths["blob"]),
        "Segmentation": Kind(fo.Segmentation(mask=scene), targets),
        "Segmentation in a file": Kind(fo.Segmentation(mask_path=paths["scene"]), targets),
    }


def lines() -> dict[str, Kind]:
    """Polylines of every kind."""
    import fiftyone as fo

    def polylines(*parts: list[list[float]], **flags: bool) -> Kind:
        labels = fo.Polylines(polylines=[fo.Polyline(label="road", points=[*parts], **flags)])
        return Kind(labels, label_type="polygons" if flags["filled"] else "polylines")

    return {
        "Polylines: open": polylines(LINE, closed=False, filled=False),
        "Polylines: closed, not filled": polylines(LINE, closed=True, filled=False),
        "Polylines: filled": polylines(LINE, closed=True, filled=True),
        "Polylines: several parts": polylines(LINE, OTHER, closed=True, filled=True),
    }


def points() -> dict[str, Kind]:
    """Keypoints, and skeletons."""
    import fiftyone as fo

    def keypoints(*places: tuple[float, float]) -> fo.Keypoints:
        return fo.Keypoints(keypoints=[fo.Keypoint(label="man", points=[*places])])

    skeleton = fo.KeypointSkeleton(labels=["nose", "eye", "ear"], edges=[[0, 1, 2]])
    return {
        "Keypoints": Kind(keypoints((0.1, THIRD), (0.3, 0.4))),
        "Keypoints: some missing": Kind(keypoints((0.1, THIRD), NOWHERE, (0.3, 0.4))),
        "Keypoints of a skeleton": Kind(
            keypoints((0.1, THIRD), (0.2, 0.7), (0.3, 0.4)), {"skeletons": {FIELD: skeleton}}
        ),
    }


def values() -> dict[str, Kind]:
    """Fields of one plain value."""
    import fiftyone as fo

    return {
        "Regression": Kind(fo.Regression(value=1.25, confidence=0.1)),
        "text": Kind("002100"),
        "whole number": Kind(7),
        "number": Kind(0.1 + 0.2),
        "truth value": Kind(True),
    }


def make_dataset(folder: Path, kind: Kind) -> fo.Dataset:
    """Two samples, one of which has a value."""
    import fiftyone as fo
    from PIL import Image

    samples = []
    for number in range(2):
        path = folder / f"image_{number}.png"
        Image.linear_gradient("L").rotate(90 * number).resize(SIZE).save(path)
        samples.append(fo.Sample(str(path)))
    samples[0][FIELD] = kind.value.copy() if isinstance(kind.value, fo.Label) else kind.value
    dataset = fo.Dataset()
    dataset.add_samples(samples)
    for name, value in kind.settings.items():
        setattr(dataset, name, value)
    dataset.save()
    return dataset


def snapshot(dataset: fo.Dataset) -> list[bytes]:
    """The field of every sample as the database has it, and the mask files that it names."""
    import bson

    found = []
    for sample in dataset._sample_collection.find().sort("_id"):
        value = sample.get(FIELD)
        found.append(bson.encode({"": _ordered(value)}))
        found += [Path(path).read_bytes() for path in _mask_paths(value)]
    return found


def _ordered(value: Any) -> Any:
    """The same value with keys in order, as their order means nothing."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _mask_paths(value: Any) -> list[str]:
    if isinstance(value, list):
        return [path for item in value for path in _mask_paths(item)]
    if not isinstance(value, dict):
        return []
    own = [value["mask_path"]] if value.get("mask_path") else []
    return own + [path for item in value.values() for path in _mask_paths(item)]


def travel_with_plugin(here: World, dataset: fo.Dataset, kind: Kind) -> None:
    """A round trip with this plugin."""
    run = operator("send_to_cvat")(dataset, anno_key=KEY, label_field=FIELD, **here.login)
    check_sent(here)
    operator("load_annotations")(dataset, run, **here.login)


def travel_with_builtin(here: World, dataset: fo.Dataset, kind: Kind) -> None:
    """A round trip with FiftyOne's own integration."""
    dataset.annotate(KEY, backend="cvat", label_field=FIELD, label_type=kind.label_type, **here.login)
    check_sent(here)
    dataset.load_annotations(KEY, unexpected="keep", **here.login)


class NotSent(Exception):
    """A label that stayed at home comes back unchanged, but made no trip."""


def check_sent(here: World) -> None:
    """Checks that the newest task has anything annotated.

    Raises:
        NotSent: if not
    """
    login = (ACCOUNT, ACCOUNT)
    tasks = requests.get(f"{here.url}/api/tasks", {"page_size": "all"}, auth=login).json()["results"]
    newest = max(task["id"] for task in tasks)
    found = requests.get(f"{here.url}/api/tasks/{newest}/annotations", auth=login).json()
    if not found["tags"] + found["shapes"]:
        raise NotSent("no label reached the server")


def outcome(here: World, kind: Kind, travel: Callable[[World, fo.Dataset, Kind], None]) -> str:
    """What a round trip makes of a kind of field, in a word; of an error, its beginning."""
    dataset = make_dataset(here.folder, kind)
    before = snapshot(dataset)
    try:
        travel(here, dataset, kind)
    except Exception as error:  # it is the result
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return words if len(words) <= 60 else f"{words[:59]}…"
    return UNCHANGED if snapshot(dataset) == before else "changed"


def main() -> int:
    """Prints the table; fails if this plugin changes any kind."""
    with world() as here:
        kinds = all_kinds(here.folder)
        results = {
            name: [outcome(here, kind, travel) for travel in (travel_with_plugin, travel_with_builtin)]
            for name, kind in kinds.items()
        }
        rows = [[name, *cells] for name, cells in results.items()]
        print(table(["kind of field", "this plugin", "built-in"], rows))
        kept = [sum(cells[side] == UNCHANGED for cells in results.values()) for side in (0, 1)]
        print(f"\nUnchanged: {kept[0]} of {len(rows)} with this plugin, {kept[1]} of {len(rows)} with the built-in.")
        print(versions())
    return 0 if kept[0] == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
