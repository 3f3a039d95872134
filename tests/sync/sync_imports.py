"""Somebody who annotates in CVAT without FiftyOne, and whose tasks are then imported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.cvat import DataOptions, LabelSpec, UploadFile
from fiftyone.plugins.orgs.roundtrip.cvat.sync.connection import connect, find_credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports import importing
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.request import ImportRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import parse
from sync_loop import Loop
from sync_videos import clip_file

ATTRIBUTES = [
    {"name": "truncated", "input_type": "checkbox", "default_value": "false", "values": ["false"]},
    {"name": "age", "input_type": "number", "default_value": "1", "values": ["0", "20", "1"]},
    {"name": "colour", "input_type": "select", "default_value": "red", "values": ["red", "grey"]},
]
CAT = LabelSpec.model_validate({"name": "cat", "attributes": ATTRIBUTES})
DOG = LabelSpec(name="dog")
FISH = LabelSpec(
    name="fish",
    type="skeleton",
    sublabels=(LabelSpec(name="head", type="points"), LabelSpec(name="tail", type="points")),
    svg='<circle data-type="element node" data-element-id="1" data-node-id="1" cx="1" cy="1" r="1"></circle>',
)


class Elsewhere:
    """Somebody who makes tasks in CVAT from the images of a dataset, and imports them."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.client = connect(find_credentials())

    def make(
        self, names: Iterable[str] | None = None, labels: Iterable[LabelSpec] = (CAT, DOG), **settings: Any
    ) -> int:
        """A task of the dataset's images, under their file names or others."""
        project = settings.get("project_id")
        task = self.client.create_task("by hand", labels=None if project else list(labels), **settings)
        paths = self.loop.dataset.values("filepath")
        given = list(names) if names is not None else [path.rsplit("/", 1)[1] for path in paths]
        files = [
            UploadFile(name, Path(path), Path(path).stat().st_size) for path, name in zip(paths, given, strict=False)
        ]
        rq_id = self.client.upload(task.id, files)
        self.client.wait_for_creation(task.id, rq_id)
        return task.id

    def run(self, task: int | None = 1, target: Any = None, **params: Any) -> dict[str, Any]:
        """Imports; the report."""
        request = parse(ImportRequest, {"anno_key": "run", "tasks": task, "label_field": "gt", **params})
        return importing.import_from_cvat(self.loop.dataset if target is None else target, request, self.client)

    def annotate(self) -> int:
        """A task with a cat on the first frame, and a dog and a cat on the second; its id."""
        made, cvat = self.make(segment_size=2), self.loop.cvat
        cat = cvat.draw("cat", 0, [32.0, 24.0, 96.0, 72.0], task=made)
        cat = cvat.set(cat, "age", "3", task=made)
        cvat.set(cat, "truncated", "true", task=made)
        cvat.draw("dog", 1, task=made)
        cvat.draw("cat", 1, task=made)
        return made


def names(loop: Loop, field: str = "gt") -> list[list[str]]:
    return [[label.label for label in labels] for labels in loop.labels(field)]


def clip_task(elsewhere: Elsewhere, name: str = "clip_20.mp4", **settings: Any) -> int:
    """A task of a clip of 20 frames, under this name; its id."""
    options = settings.pop("options", DataOptions())
    labels = settings.pop("labels", None if settings.get("project_id") else [CAT, DOG, FISH])
    task = elsewhere.client.create_task("by hand", labels=labels, **settings)
    path = clip_file(20)
    rq_id = elsewhere.client.upload(task.id, [UploadFile(name, path, path.stat().st_size)], options=options)
    elsewhere.client.wait_for_creation(task.id, rq_id)
    return task.id
