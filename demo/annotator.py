"""Somebody who edits annotations in CVAT: plain HTTP, so that nothing of the plugin is asked to judge itself."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import PurePath
from typing import Any

import requests

from .trouble import DemoError

Shape = dict[str, Any]


class Annotator:
    """An annotator at work on the tasks of one run.

    Args:
        tasks: the ids of the tasks.
    """

    def __init__(self, tasks: list[int]) -> None:
        self._url = os.environ["FIFTYONE_CVAT_URL"].rstrip("/")
        self._http = requests.Session()
        self._log_in()
        self._jobs = [job for task in tasks for job in self._get(f"/jobs?task_id={task}&page_size=100")["results"]]
        self._labels = {
            label["id"]: label
            for task in tasks
            for label in self._get(f"/labels?task_id={task}&page_size=500")["results"]
        }
        self._frames = {
            task: [PurePath(frame["name"]).name for frame in self._get(f"/tasks/{task}/data/meta")["frames"]]
            for task in tasks
        }

    def size(self, file: str) -> tuple[int, int]:
        """Width and height of a frame, as the server sees it."""
        task, frame, _ = self._place(file)
        meta = self._get(f"/tasks/{task}/data/meta")["frames"][frame]
        return meta["width"], meta["height"]

    def find(self, file: str, kind: str, label: str, points: list[float]) -> Shape:
        """The shape on a frame that lies where a label of the dataset does."""
        _, frame, job = self._place(file)
        near = [
            shape
            for shape in self._get(f"/jobs/{job}/annotations")["shapes"]
            if (shape["frame"], shape["type"], self._labels[shape["label_id"]]["name"]) == (frame, kind, label)
            and len(shape["points"]) == len(points)
            and max(abs(a - b) for a, b in zip(shape["points"], points, strict=True)) < 0.01
        ]
        assert len(near) == 1, f"{len(near)} shapes of {label} on {file} at {points}"
        return near[0]

    def move(self, file: str, shape: Shape, points: list[float]) -> None:
        """Give a shape other points."""
        self._write(file, "update", {**shape, "points": points})

    def relabel(self, file: str, shape: Shape, label: str) -> None:
        """Give a shape another class; attributes keep their values, as in CVAT's editor."""
        names = {spec["id"]: spec["name"] for spec in self._specs(shape["label_id"])}
        values = {names[value["spec_id"]]: value["value"] for value in shape["attributes"]}
        target = self._label(label)
        attributes = [
            {"spec_id": spec["id"], "value": values[spec["name"]]}
            for spec in self._specs(target)
            if spec["name"] in values
        ]
        self._write(file, "update", {**shape, "label_id": target, "attributes": attributes})

    def set_attribute(self, file: str, shape: Shape, name: str, value: str) -> None:
        """Change one attribute of a shape."""
        spec = next(spec["id"] for spec in self._specs(shape["label_id"]) if spec["name"] == name)
        edited = deepcopy(shape)
        next(item for item in edited["attributes"] if item["spec_id"] == spec)["value"] = value
        self._write(file, "update", edited)

    def add(self, file: str, kind: str, label: str, points: list[float], attributes: dict[str, str]) -> None:
        """Draw a new shape; attributes not given get their defaults."""
        label_id = self._label(label)
        values = [
            {"spec_id": spec["id"], "value": attributes.get(spec["name"], spec["default_value"])}
            for spec in self._specs(label_id)
        ]
        shape = {"type": kind, "label_id": label_id, "points": points, "attributes": values, "source": "manual"}
        shape |= {"frame": self._place(file)[1], "occluded": False, "group": 0, "z_order": 0}
        self._write(file, "create", shape)

    def delete(self, file: str, shape: Shape) -> None:
        """Remove a shape."""
        self._write(file, "delete", shape)

    def _write(self, file: str, action: str, shape: Shape) -> None:
        body = {"version": 0, "tags": [], "shapes": [shape], "tracks": []}
        self._call("PATCH", f"/jobs/{self._place(file)[2]}/annotations?action={action}", body)

    def _place(self, file: str) -> tuple[int, int, int]:
        """Task, frame number and job of a file."""
        for job in self._jobs:
            names = self._frames[job["task_id"]]
            if file in names and job["start_frame"] <= names.index(file) <= job["stop_frame"]:
                return job["task_id"], names.index(file), job["id"]
        raise LookupError(f"{file} is in none of the jobs")

    def _label(self, name: str) -> int:
        return next(label["id"] for label in self._labels.values() if label["name"] == name)

    def _specs(self, label_id: int) -> list[dict[str, Any]]:
        return list(self._labels[label_id]["attributes"])

    def _log_in(self) -> None:
        token = os.environ.get("FIFTYONE_CVAT_TOKEN")
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"
            return
        names = {"username": "FIFTYONE_CVAT_USERNAME", "email": "FIFTYONE_CVAT_EMAIL"}
        who = {key: os.environ[name] for key, name in names.items() if os.environ.get(name)}
        answer = self._call("POST", "/auth/login", {**who, "password": os.environ["FIFTYONE_CVAT_PASSWORD"]})
        self._http.cookies.clear()  # the key alone says who we are; with cookies, writes would need more
        self._http.headers["Authorization"] = f"Token {answer['key']}"

    def _get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        organization = os.environ.get("FIFTYONE_CVAT_ORGANIZATION")
        headers = {"X-Organization": organization} if organization else {}
        answer = self._http.request(method, f"{self._url}/api{path}", json=body, headers=headers, timeout=60)
        if not answer.ok:
            raise DemoError(
                f"CVAT refused what the annotator did: {method} {path}: {answer.status_code} {answer.text[:300]}"
            )
        parsed: dict[str, Any] = answer.json()
        return parsed
