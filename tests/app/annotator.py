"""An annotator: edits made in CVAT, over its API."""

from __future__ import annotations

from typing import Any

import requests

MOVE = 15.0
"""Pixels by which a box is moved."""


class Annotator:
    """Somebody who is logged in to a CVAT.

    Args:
        url: of the server
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = ("admin", "admin")

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Asks the server; the JSON of its answer."""
        answer = self.session.request(method, f"{self.url}/api/{path}", timeout=30, **options)
        answer.raise_for_status()
        return answer.json()

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks."""
        return list(self.ask("GET", "tasks")["results"])

    def labels(self, task: int) -> list[dict[str, Any]]:
        """The classes of a task."""
        return list(self.ask("GET", "labels", params={"task_id": task})["results"])

    def shapes(self, job: int = 1) -> list[dict[str, Any]]:
        """The boxes of a job."""
        return list(self.ask("GET", f"jobs/{job}/annotations")["shapes"])

    def edit(self, job: int = 1) -> list[list[float]]:
        """Moves one box, gives one another class, deletes one and draws one.

        Returns:
            the corners of the first three as they were before
        """
        classes = {label["name"]: label["id"] for label in self.ask("GET", "labels", params={"job_id": job})["results"]}
        moved, relabelled, deleted = self.shapes(job)[:3]
        corners = [list(shape["points"]) for shape in (moved, relabelled, deleted)]
        moved["points"] = [value + MOVE for value in moved["points"]]
        other = next(number for name, number in sorted(classes.items()) if number != relabelled["label_id"])
        relabelled.update(label_id=other, attributes=[])  # attributes belong to the class
        drawn = {"type": "rectangle", "frame": 0, "label_id": classes["person"], "points": [20.0, 20.0, 140.0, 200.0]}
        for action, shapes in ("update", [moved, relabelled]), ("delete", [deleted]), ("create", [drawn]):
            body = {"version": 0, "tags": [], "tracks": [], "shapes": shapes}
            self.ask("PATCH", f"jobs/{job}/annotations", params={"action": action}, json=body)
        return corners
