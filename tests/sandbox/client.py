"""A plain client for tests: no models, no retries."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from PIL import Image

from sandbox import Sandbox

Json = dict[str, Any]


def picture(size: tuple[int, int] = (64, 48), color: tuple[int, int, int] = (200, 30, 40), kind: str = "PNG") -> bytes:
    """An image file of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


def clip(frames: int = 20, size: tuple[int, int] = (64, 48)) -> bytes:
    """A video file in which a white square goes to the right, two pixels a frame."""
    import cv2
    import numpy as np

    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, size)
        for number in range(frames):
            image = np.full((size[1], size[0], 3), 60, np.uint8)
            image[8:24, 2 * number : 2 * number + 16] = 255
            writer.write(image)
        writer.release()
        return path.read_bytes()


class Api:
    """One account's view of a sandbox.

    Args:
        box: the sandbox.
        user: the account; its password is its name.
    """

    def __init__(self, box: Sandbox, user: str = "admin") -> None:
        self.box = box
        reply = requests.post(f"{box.url}/api/auth/login", json={"username": user, "password": user})
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {reply.json()['key']}"

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request and take whatever comes."""
        return self.session.request(method, f"{self.box.url}/api/{path}", **options)

    def json(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Send a request that has to succeed; the JSON of its answer, None for an empty one."""
        reply = self.send(method, path, json=body, **options)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def get(self, path: str) -> Any:
        return self.json("GET", path)

    def make_task(self, files: dict[str, bytes] | int = 2, data: Json | None = None, **fields: Any) -> int:
        """A task with label `car` and images, or files with options for them; its id."""
        if isinstance(files, int):
            files = {f"{number:04}.png": picture() for number in range(files)}
        fields.setdefault("name", "task")
        if "project_id" not in fields:
            fields.setdefault("labels", [{"name": "car"}])
        task = self.json("POST", "tasks", fields)["id"]
        parts = [(f"client_files[{n}]", (name, data)) for n, (name, data) in enumerate(files.items())]
        self.send(
            "POST", f"tasks/{task}/data/", data={"image_quality": 70, **(data or {})}, files=parts
        ).raise_for_status()
        self.box.settle()
        return int(task)

    def jobs(self, task: int) -> list[int]:
        """The ids of a task's jobs, by first frame."""
        return [job["id"] for job in self.get(f"jobs?task_id={task}&sort=id&page_size=all")["results"]]

    def label(self, task: int) -> int:
        """The id of a task's first label."""
        return int(self.get(f"labels?task_id={task}")["results"][0]["id"])

    def annotate(self, job: int, *shapes: Json, action: str = "create") -> list[Json]:
        """Write shapes to a job; what was written."""
        path = f"jobs/{job}/annotations?action={action}"
        return list(self.json("PATCH", path, {"shapes": list(shapes)})["shapes"])

    def shapes(self, job: int) -> dict[int, Json]:
        """The shapes of a job by id."""
        return {shape["id"]: shape for shape in self.get(f"jobs/{job}/annotations")["shapes"]}


def rectangle(label: int, frame: int = 0, points: tuple[float, ...] = (1, 2, 3, 4), **more: Any) -> Json:
    return {"type": "rectangle", "frame": frame, "label_id": label, "points": list(points), **more}
