"""What the client sends, held to requests that a real CVAT accepted."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cvat_sdk import models
from cvat_sdk.api_client import Configuration
from cvat_sdk.api_client.model_utils import OpenApiModel, validate_and_convert_types

from cvat import (
    UNCHANGED,
    Annotations,
    AttributeSpec,
    AttributeValue,
    Client,
    CvatError,
    DataOptions,
    LabelSpec,
    Shape,
    Tag,
    Track,
    TrackedShape,
    UploadFile,
    encode_objects,
)
from cvat.redaction import Secret

Exchange = dict[str, Any]

LABEL = LabelSpec(
    name="car",
    color="#ff0000",
    type="any",
    attributes=(AttributeSpec(name="make", input_type="text", default_value="unknown"),),
)
POINT = LabelSpec(name="head", type="points")
FISH = LabelSpec(name="fish", type="skeleton", sublabels=(POINT,), svg="<circle></circle>")
VALUES = (AttributeValue(spec_id=1, value="x"),)
BOX = Shape(type="rectangle", frame=0, label_id=1, points=(1.0, 2.0, 3.0, 4.0), group=3, attributes=VALUES)
SKELETON = Shape(
    type="skeleton",
    frame=0,
    label_id=1,
    elements=(Shape(type="points", frame=0, label_id=2, points=(1.0, 2.0)),),
)
KEYFRAME = TrackedShape(type="rectangle", frame=0, points=(1.0, 2.0, 3.0, 4.0), attributes=VALUES)
TRACK = Track(frame=0, label_id=1, group=0, attributes=VALUES, shapes=(KEYFRAME,))
NEW = Annotations(tags=(Tag(frame=0, label_id=1, attributes=VALUES),), shapes=(BOX, SKELETON), tracks=(TRACK,))
OLD = Annotations(
    tags=(NEW.tags[0].model_copy(update={"id": 1}),),
    shapes=(BOX.model_copy(update={"id": 2}),),
    tracks=(TRACK.model_copy(update={"id": 3, "shapes": (KEYFRAME.model_copy(update={"id": 4}),)}),),
)


def asked(call: Callable[..., Any], *given: Any, **more: Any) -> None:
    """Calls the client, whose question counts here: the answer is none."""
    with suppress(CvatError):
        call(*given, **more)


CALLS: dict[str, Callable[[Client], Any]] = {
    "about": lambda client: client.version,
    "users": lambda client: client.users(),
    "find user": lambda client: client.find_user("annotator1"),
    "organizations": lambda client: client.organizations(),
    "projects": lambda client: client.projects("wire"),
    "projects by name": lambda client: client.find_projects("wire"),
    "project": lambda client: client.project(8),
    "create project": lambda client: client.create_project("p", [LABEL, FISH]),
    "add attributes": lambda client: client.add_attributes(8, 9, LABEL.attributes),
    "delete project": lambda client: client.delete_project(8),
    "labels of a project": lambda client: client.labels(project_id=8),
    "labels of a task": lambda client: client.labels(task_id=8),
    "labels of a job": lambda client: client.labels(job_id=8),
    "add labels to a project": lambda client: client.add_labels([LabelSpec(name="new")], project_id=8),
    "add labels to a task": lambda client: client.add_labels([LabelSpec(name="new")], task_id=8),
    "create task": lambda client: client.create_task(
        "t",
        labels=[LabelSpec(name="car")],
        bug_tracker="x",
        subset="Train",
        segment_size=2,
        overlap=1,
        assignee_id=2,
    ),
    "create task in a project": lambda client: client.create_task("t", project_id=8),
    "task": lambda client: client.task(8),
    "tasks by name": lambda client: client.tasks(name="t"),
    "tasks by part": lambda client: client.find_tasks(search="t"),
    "tasks of a project": lambda client: client.tasks(project_id=8),
    "tasks by tracker": lambda client: client.tasks(tracker_link="https://tracker.example/?a=1&b=2"),
    "update task": lambda client: client.update_task(8, name="n", subset="s", bug_tracker="b", assignee_id=None),
    "delete task": lambda client: client.delete_task(8),
    "creation": lambda client: client.creation(8, "action=create&target=task&target_id=8"),
    "frames of a task": lambda client: client.task_meta(8),
    "frames of a job": lambda client: client.job_meta(8),
    "jobs of a task": lambda client: client.jobs(8),
    "jobs of a project": lambda client: client.jobs(project_id=8),
    "job": lambda client: client.job(8),
    "assign": lambda client: client.update_job(8, assignee=2),
    "unassign": lambda client: client.update_job(8, assignee=None),
    "stage and state": lambda client: client.update_job(8, stage="validation", state="new"),
    "state": lambda client: client.update_job(8, assignee=UNCHANGED, state="completed"),
    "annotations": lambda client: client.annotations(8),
    "create annotations": lambda client: client.create_annotations(8, NEW),
    "update annotations": lambda client: client.update_annotations(8, OLD),
    "delete annotations": lambda client: client.delete_annotations(8, OLD),
    "create objects": lambda client: asked(
        client.create_objects, 8, encode_objects(*(NEW.for_create()[kind] for kind in ("tags", "shapes", "tracks")))
    ),
    "files of the share": lambda client: asked(client.attach, 8, ["a.png"]),
    "a frame": lambda client: client.download_frame(8, 1, io.BytesIO()),
    "a compressed frame": lambda client: client.download_frame(8, 1, io.BytesIO(), quality="compressed"),
    "issues": lambda client: client.issues(8),
    "comments": lambda client: client.comments(8),
    "issues of jobs": lambda client: client.issues_of([8, 9]),
    "comments of jobs": lambda client: client.comments_of([8]),
}


def pattern(path: str) -> str:
    """A path without its ids."""
    path = re.sub(r"/\d+_?[0-9a-f-]*(?=/|$)", "/N", path)
    return re.sub(r"^(/api/requests/)[^/]+", r"\1N", path)


def keys(value: Any, where: str = "") -> set[str]:
    """The keys of a body with their places; items of a list have the same place."""
    if isinstance(value, dict):
        return {f"{where}.{key}" for key in value}.union(*(keys(item, f"{where}.{key}") for key, item in value.items()))
    if isinstance(value, list):
        return set().union(*(keys(item, f"{where}[]") for item in value))
    return set()


class Accepted:
    """What a real server took: by method and path, all keys, headers and query names."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self._by_call: dict[tuple[str, str], list[Exchange]] = {}
        self._labels: set[str] = set()
        for exchange in exchanges:
            if exchange["status"] < 300:
                self._by_call.setdefault((exchange["method"], pattern(exchange["path"])), []).append(exchange)
                self._labels |= {key for key in keys(exchange.get("body")) if key.startswith(".labels")}

    def check(self, seen: Any) -> list[Exchange]:
        """Asserts that such a request was accepted, and gives the recorded ones."""
        alike = self._by_call.get((seen.method, pattern(seen.path)), [])
        assert alike, f"{seen.method} {seen.path} was never recorded"
        query = set(dict(parse_qsl(seen.query, keep_blank_values=True)))
        known = set().union(*(exchange.get("query", {}) for exchange in alike)) | {
            "page",
            "page_size",
            "sort",
        }
        assert query <= known, f"query {query - known}"
        if "action" in query:
            assert [exchange for exchange in alike if f"action={exchange['query'].get('action')}" in seen.query]
        if seen.headers.get("Content-Type") == "application/json":
            sent = keys(json.loads(seen.body))
            # Annotations are answered in the form in which they are written; labels are the same everywhere.
            written = "json" if "action" in query else "body"
            taken = self._labels.union(
                *(keys(exchange.get("body")) | keys(exchange.get(written)) for exchange in alike)
            )
            # The fields of a form and of JSON are the same ones.
            taken |= {f".{name}" for exchange in alike for name in exchange.get("form", ())}
            assert sent <= taken, f"keys {sorted(sent - taken)}"
        return alike


@pytest.fixture
def accepted(all_recorded: list[Exchange]) -> Accepted:
    return Accepted(all_recorded)


@pytest.fixture
def replaying(server: Any, answer: Any, client: Client, recorded: list[Exchange]) -> Client:
    """A client whose server gives the recorded answers."""
    answers: dict[tuple[str, str], Exchange] = {}
    for exchange in recorded:
        if exchange["status"] < 300 and exchange.get("json") is not None:
            answers.setdefault((exchange["method"], pattern(exchange["path"])), exchange)

    def script(seen: Any) -> Any:
        if "action=" in seen.query:
            return answer(json=json.loads(seen.body))
        found = answers.get((seen.method, pattern(seen.path)))
        return answer(204) if found is None else answer(found["status"], json=found["json"])

    server.script = script
    return client


NEWEST: dict[tuple[str, str], Any] = {
    ("POST", "/api/projects"): models.ProjectWriteRequest,
    ("PATCH", "/api/projects/N"): models.PatchedProjectWriteRequest,
    ("POST", "/api/tasks"): models.TaskWriteRequest,
    ("PATCH", "/api/tasks/N"): models.PatchedTaskWriteRequest,
    ("PATCH", "/api/jobs/N"): models.PatchedJobWriteRequest,
    ("PATCH", "/api/jobs/N/annotations"): models.PatchedLabeledDataRequest,
    ("PATCH", "/api/labels/N"): models.PatchedLabelRequest,
    ("POST", "/api/webhooks"): models.WebhookWriteRequest,
    ("POST", "/api/tasks/N/data"): models.DataRequest,
}
"""What CVAT's own client, in its newest version, takes for the body of each request."""


def unknown(value: Any, where: str = "") -> set[str]:
    """The keys of a body that its model does not know, with their places."""
    if isinstance(value, list):
        return set().union(*(unknown(item, f"{where}[]") for item in value))
    if not isinstance(value, OpenApiModel) or not hasattr(value, "_data_store"):
        return set()
    known = value._data_store
    new = {f"{where}.{key}" for key in known if key not in type(value).openapi_types}
    return new.union(*(unknown(item, f"{where}.{key}") for key, item in known.items()))


def check_newest(seen: Any) -> None:
    """Asserts that the newest CVAT knows all that a body has, and gets all that it needs."""
    if seen.headers.get("Content-Type") != "application/json" or not seen.body:
        return
    model = NEWEST[seen.method, pattern(seen.path).rstrip("/")]
    body = validate_and_convert_types(
        json.loads(seen.body), (model,), ["body"], True, True, configuration=Configuration(host="http://h")
    )
    assert unknown(body) == set()


@pytest.mark.parametrize("call", CALLS)
def test_requests_are_such_as_were_accepted(call: str, replaying: Client, server: Any, accepted: Accepted) -> None:
    CALLS[call](replaying)
    assert server.seen
    for seen in server.seen:
        accepted.check(seen)
        check_newest(seen)


def test_a_webhook_is_such_as_the_newest_server_takes(replaying: Client, server: Any) -> None:
    asked(replaying.create_webhook, "http://h", Secret("s"), project_id=5, description="d")
    check_newest(server.seen[0])


def test_what_the_newest_server_does_not_know_is_seen() -> None:
    """The check itself: a key that is new, a type that is wrong, and one that is missing."""

    class Seen:
        method, path, headers = "POST", "/api/tasks", {"Content-Type": "application/json"}
        body = b""

    for body in ({"name": "t", "colour": 1}, {"name": 1}, {"labels": []}, {"name": "t", "labels": [{"nam": "x"}]}):
        Seen.body = json.dumps(body).encode()
        with pytest.raises(Exception):  # noqa: B017
            check_newest(Seen)


def test_lists_ask_for_everything_by_id(replaying: Client, server: Any) -> None:
    replaying.jobs(8)
    assert server.seen[0].query == "task_id=8&page_size=all&sort=id"


def test_request_ids_are_encoded(replaying: Client, server: Any) -> None:
    replaying.creation(8, "action=create&target=task&target_id=8")
    assert server.seen[0].path == "/api/requests/action%3Dcreate%26target%3Dtask%26target_id%3D8"


def upload_script(answer: Any) -> Callable[[Any], Any]:
    """A server that takes every upload."""

    def script(seen: Any) -> Any:
        if seen.method == "PATCH":
            return answer(204, headers={"Upload-Offset": str(int(seen.headers["Upload-Offset"]) + len(seen.body))})
        if "Tus-Resumable" in seen.headers:
            place = "http://elsewhere.example/api/tasks/8/data/1_0d0d0d0d-aaaa-bbbb-cccc-0123456789ab"
            return answer(201, headers={"Location": place})
        if "Upload-Multiple" in seen.headers:
            return answer(200)
        return answer(202, json={"rq_id": "action=create&target=task&target_id=8"})

    return script


VIDEO = DataOptions(start_frame=3, stop_frame=16, step=4, chunk_size=5, use_zip_chunks=True)
UPLOADS = [
    {}, {"group_files": 1}, {"group_bytes": 2}, {"options": VIDEO}, {"options": VIDEO, "group_files": 1},
    {"options": VIDEO, "group_bytes": 2},
]  # fmt: skip


@pytest.mark.parametrize("limits", UPLOADS)
def test_uploads_are_such_as_were_accepted(
    server: Any, answer: Any, client: Client, accepted: Accepted, tmp_path: Path, limits: dict[str, Any]
) -> None:
    server.script = upload_script(answer)
    files = []
    for name in ("b 2.png", "käse.png"):
        (tmp_path / name).write_bytes(name.encode())
        files.append(UploadFile(name, tmp_path / name, len(name.encode())))
    client.upload(8, files, **limits)
    assert server.seen
    for seen in server.seen:
        alike = accepted.check(seen)
        check_newest(seen)
        headers = {name for name in seen.headers if name.startswith(("Upload-", "Tus-", "Origin"))}
        same = [exchange for exchange in alike if headers == _upload_headers(exchange)]
        assert same, headers
        if "multipart" in seen.headers.get("Content-Type", ""):
            form = set(re.findall(rb'name="(\w+)"\r', seen.body))
            assert {name.decode() for name in form} <= set(models.DataRequest.openapi_types)
            assert form <= {name.encode() for exchange in same for name in exchange.get("form", ())}
            parts = [part.decode() for part in re.findall(rb'name="(client_files\[\d+\])"; filename', seen.body)]
            assert parts == [f"client_files[{index}]" for index in range(len(parts))] != []
            assert b"image_quality" in seen.body


def _upload_headers(exchange: Exchange) -> set[str]:
    return {name for name in exchange.get("headers", ()) if name.startswith(("Upload-", "Tus-", "Origin"))}


def test_the_forms_of_file_names(server: Any, answer: Any, client: Client, tmp_path: Path) -> None:
    server.script = upload_script(answer)
    names = ["a b#%;&+'.png", 'q".png', "käse ☃.png"]
    path = tmp_path / "x"
    path.write_bytes(b"1")
    client.upload(8, [UploadFile(name, path, 1) for name in names])
    body = server.seen[0].body.decode()
    assert """; filename="a b#%;&+'.png"\r\n""" in body
    assert "; filename*=utf-8''q%22.png\r\n" in body
    assert "; filename*=utf-8''k%C3%A4se%20%E2%98%83.png\r\n" in body
