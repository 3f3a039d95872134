"""A person at work in CVAT: plain requests to the server, without anything of the plugin."""

from __future__ import annotations

import itertools
from typing import Any

import requests

from sandbox import Sandbox

Thing = dict[str, Any]
"""A tag, a shape, a label ... as CVAT's JSON has it."""

_RECTANGLE = [40.0, 30.0, 100.0, 90.0]


class Annotator:
    """Somebody who edits the tasks of a server.

    Args:
        box: the server
        username: who; the password is the same
    """

    def __init__(self, box: Sandbox, username: str = "admin") -> None:
        self.box = box
        self._http = requests.Session()
        self._http.auth = (username, username)

    def call(self, method: str, path: str, json: Any = None, **query: Any) -> Any:
        """One request to the API; the answer's JSON."""
        answer = self._http.request(method, f"{self.box.url}/api/{path}", json=json, params=query)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def find(self, path: str, **query: Any) -> list[Thing]:
        """A whole list, by id."""
        return list(self.call("GET", path, page_size="all", sort="id", **query)["results"])

    def jobs(self, task: int = 1, kind: str = "annotation") -> list[Thing]:
        """The jobs of a task."""
        return [job for job in self.find("jobs", task_id=task) if job["type"] == kind]

    def _job(self, frame: int, task: int) -> int:
        return next(job["id"] for job in self.jobs(task) if job["start_frame"] <= frame <= job["stop_frame"])

    def labels(self, task: int = 1) -> dict[str, Thing]:
        """The labels of a task, by name."""
        return {label["name"]: label for label in self.find("labels", task_id=task)}

    def objects(self, kind: str = "shapes", frame: int | None = None, task: int = 1) -> list[Thing]:
        """The shapes or tags of a task, by frame and id."""
        read = [self.call("GET", f"jobs/{job['id']}/annotations")[kind] for job in self.jobs(task)]
        found = [item for item in itertools.chain(*read) if frame in (None, item["frame"])]
        return sorted(found, key=lambda item: (item["frame"], item["id"]))

    def shape(self, frame: int = 0, number: int = 0, task: int = 1) -> Thing:
        """One shape of a frame, in the order in which they were made."""
        return self.objects("shapes", frame, task)[number]

    def tag(self, frame: int = 0, number: int = 0, task: int = 1) -> Thing:
        """One tag of a frame."""
        return self.objects("tags", frame, task)[number]

    def write(self, action: str, *things: Thing, task: int = 1, job: int | None = None) -> list[Thing]:
        """Creates, updates or deletes tags and shapes of one frame, as the web editor does on "Save"."""
        job = job or self._job(things[0]["frame"], task)
        body = {
            "version": 0,
            "tags": [item for item in things if "points" not in item],
            "shapes": [item for item in things if "points" in item],
            "tracks": [],
        }
        saved = self.call("PATCH", f"jobs/{job}/annotations", body, action=action)
        return [*saved["tags"], *saved["shapes"]]

    def edit(self, thing: Thing, task: int = 1, **changes: Any) -> Thing:
        """Changes an object and keeps its id."""
        return self.write("update", {**thing, **changes}, task=task)[0]

    def move(self, thing: Thing, by: float = 5.0, task: int = 1) -> Thing:
        """Drags a shape to the right."""
        points = [x + by if i % 2 == 0 else x for i, x in enumerate(thing["points"])]
        return self.edit(thing, task, points=points)

    def relabel(self, thing: Thing, name: str, task: int = 1) -> Thing:
        """Gives an object another class; as in the editor, attributes of equal names keep their values."""
        label = self.labels(task)[name]
        old = next(item for item in self.labels(task).values() if item["id"] == thing["label_id"])
        names = {spec["id"]: spec["name"] for spec in old["attributes"]}
        texts = {names[item["spec_id"]]: item["value"] for item in thing["attributes"]}
        attributes = [
            {"spec_id": spec["id"], "value": texts.get(spec["name"], spec["default_value"])}
            for spec in label["attributes"]
        ]
        return self.edit(thing, task, label_id=label["id"], attributes=attributes)

    def set(self, thing: Thing, attribute: str, text: str, task: int = 1) -> Thing:
        """Gives an attribute of an object another value."""
        label = next(item for item in self.labels(task).values() if item["id"] == thing["label_id"])
        names = (attribute, f"{attribute} (read-only)")
        spec = next(spec["id"] for spec in label["attributes"] if spec["name"] in names)
        others = [item for item in thing["attributes"] if item["spec_id"] != spec]
        return self.edit(thing, task, attributes=[*others, {"spec_id": spec, "value": text}])

    def draw(
        self, name: str, frame: int = 0, points: list[float] | None = None, type: str = "rectangle", task: int = 1
    ) -> Thing:
        """Draws a new shape, or makes a new tag, with the defaults of its class."""
        label = self.labels(task)[name]
        attributes = [{"spec_id": spec["id"], "value": spec["default_value"]} for spec in label["attributes"]]
        thing: Thing = {"frame": frame, "label_id": label["id"], "attributes": attributes, "source": "manual"}
        if type != "tag":
            thing |= {"type": type, "points": points or _RECTANGLE, "rotation": 0.0, "occluded": False, "z_order": 0}
        return self.write("create", thing, task=task)[0]

    def track(self, name: str, *keyframes: Thing, task: int = 1, label_id: int | None = None, **more: Any) -> Thing:
        """Draws a track: its keyframes have a ``frame`` and ``points``, and perhaps ``outside``.

        A box that is merged into a track, or drawn as one, is such a track in the web editor.
        """
        label = self.labels(task)[name] if label_id is None else {"id": label_id}
        blank = {"type": "rectangle", "occluded": False, "outside": False, "z_order": 0, "rotation": 0.0}
        shapes = [{**blank, "attributes": [], **keyframe} for keyframe in keyframes]
        first = min(keyframe["frame"] for keyframe in keyframes)
        track = {"label_id": label["id"], "frame": first, "source": "manual", "attributes": [], "shapes": shapes}
        body = {"version": 0, "tags": [], "shapes": [], "tracks": [{**track, **more}]}
        saved = self.call("PATCH", f"jobs/{self._job(first, task)}/annotations", body, action="create")
        return dict(saved["tracks"][0])

    def merge(self, *shapes: Thing, task: int = 1) -> Thing:
        """Merges boxes of several frames into a track, as the editor does: deleted, then a track that is outside after
        each box."""
        keyframes = []
        for shape in shapes:
            kept = {key: shape[key] for key in ("frame", "points", "rotation", "attributes")}
            keyframes += [kept, {**kept, "frame": shape["frame"] + 1, "outside": True}]
        for shape in shapes:
            self.delete(shape, task)
        mutable = {
            spec["id"] for label in self.labels(task).values() for spec in label["attributes"] if spec["mutable"]
        }
        fixed = [item for item in shapes[0]["attributes"] if item["spec_id"] not in mutable]
        for keyframe in keyframes:
            keyframe["attributes"] = [item for item in keyframe["attributes"] if item["spec_id"] in mutable]
        last = max(job["stop_frame"] for job in self.jobs(task))
        keyframes = [keyframe for keyframe in keyframes if keyframe["frame"] <= last]
        return self.track("", *keyframes, task=task, label_id=shapes[0]["label_id"], attributes=fixed)

    def save_twice(self, *things: Thing, task: int = 1) -> list[Thing]:
        """The editor's double save: what was created is created once more, under new ids."""
        return self.write("create", *({k: v for k, v in thing.items() if k != "id"} for thing in things), task=task)

    def group(self, *things: Thing, task: int = 1) -> int:
        """Groups objects: all get a number that nothing has; it."""
        number = 1 + max((item["group"] or 0 for item in self.objects("shapes", task=task)), default=0)
        self.write("update", *({**thing, "group": number} for thing in things), task=task)
        return number

    def delete(self, thing: Thing, task: int = 1) -> None:
        """Deletes an object."""
        self.write("delete", thing, task=task)

    def undo_deletion(self, thing: Thing, task: int = 1) -> Thing:
        """Deletes an object and brings it back: it has a new id then."""
        self.delete(thing, task)
        again = self.write("create", {key: value for key, value in thing.items() if key != "id"}, task=task)[0]
        assert again["id"] != thing["id"]
        return again

    def remove_frames(self, *frames: int, task: int = 1) -> None:
        """Says which frames of a task are removed; the others are not."""
        self.call("PATCH", f"tasks/{task}/data/meta", {"deleted_frames": list(frames)})

    def add_class(self, name: str, task: int = 1, **settings: Any) -> None:
        """Adds a class to a task."""
        self.call("PATCH", f"tasks/{task}", {"labels": [{"name": name, "attributes": [], **settings}]})

    def rename_class(self, name: str, new: str, task: int = 1) -> None:
        """Renames a class."""
        label = self.labels(task)[name]
        path = f"projects/{label['project_id']}" if label.get("project_id") else f"tasks/{task}"
        self.call("PATCH", path, {"labels": [{"id": label["id"], "name": new}]})
