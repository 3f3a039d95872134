"""The models and the errors, held to what a real CVAT answered."""

from __future__ import annotations

import json
import re
from dataclasses import is_dataclass
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from cvat import (
    About,
    Annotations,
    Comment,
    Conflict,
    CvatError,
    DataMeta,
    Issue,
    Job,
    Label,
    NotAuthenticated,
    NotFound,
    Organization,
    PermissionDenied,
    Project,
    Refused,
    RequestStatus,
    ServerFault,
    Task,
    TooLarge,
    User,
)
from cvat.answers import error_for, error_text
from cvat.creation import clean_message
from cvat.limits import SHOWN_TEXT
from cvat.responses import Response

Exchange = dict[str, Any]

MODELS = [
    (r"/api/server/about$", About),
    (r"/api/users/(self|\d+)$", User),
    (r"/api/organizations/\d+$", Organization),
    (r"/api/projects(/\d+)?$", Project),
    (r"/api/labels/\d+$", Label),
    (r"/api/tasks(/\d+)?$", Task),
    (r"/api/(tasks|jobs)/\d+/data/meta$", DataMeta),
    (r"/api/jobs/\d+$", Job),
    (r"/api/jobs/\d+/annotations$", Annotations),
    (r"/api/requests/[^/]+$", RequestStatus),
    (r"/api/issues(/\d+)?$", Issue),
    (r"/api/comments(/\d+)?$", Comment),
]

LISTS = {
    "users": User, "organizations": Organization, "projects": Project, "labels": Label, "tasks": Task,
    "jobs": Job, "requests": RequestStatus, "issues": Issue, "comments": Comment,
}  # fmt: skip

ERRORS = {
    400: Refused,
    401: NotAuthenticated,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}


def replay(exchange: Exchange) -> Response:
    """The recorded answer as the transport gives it."""
    headers = CaseInsensitiveDict(exchange.get("answer_headers", {}))
    text = json.dumps(exchange["json"]) if "json" in exchange else exchange.get("text", "")
    return Response(exchange["status"], exchange["method"], exchange["path"], headers, text.encode())


def same(model: Any, answer: Any) -> bool:
    """Whether the model has all of the answer that it has a place for."""
    if isinstance(answer, dict) and not isinstance(model, dict):
        kind: Any = type(model)
        fields = kind.__dataclass_fields__ if is_dataclass(model) else kind.model_fields
        return all(same(getattr(model, key), value) for key, value in answer.items() if key in fields)
    if isinstance(answer, list):
        return len(model) == len(answer) and all(map(same, model, answer))
    return bool(model == answer) or (answer is None and model in (0, ""))


def fitting(exchanges: list[Exchange]) -> int:
    """Checks the answers that there are models for, and counts them."""
    parsed = 0
    for exchange in exchanges:
        answer = exchange.get("json")
        if exchange["status"] not in (200, 201) or not isinstance(answer, dict):
            continue
        items, kind = (
            [answer],
            next((model for path, model in MODELS if re.search(path, exchange["path"])), None),
        )
        if isinstance(answer.get("results"), list):
            kind = LISTS.get(exchange["path"].split("/")[2])
            items = [item for item in answer["results"] if isinstance(item, dict)]
        for item in items if kind is not None else ():
            assert same(kind.model_validate_json(json.dumps(item)), item), exchange["path"]
            parsed += 1
    return parsed


def test_answers_fit_the_models(recorded: list[Exchange]) -> None:
    assert fitting(recorded) > 200


def test_answers_of_the_whole_recordings_fit(recorded: list[Exchange], all_recorded: list[Exchange]) -> None:
    assert fitting(all_recorded) >= fitting(recorded)


def test_error_bodies_become_one_sentence(recorded: list[Exchange], all_recorded: list[Exchange]) -> None:
    failures = [exchange for exchange in (*recorded, *all_recorded) if exchange["status"] >= 400]
    assert len(failures) > 100
    for exchange in failures:
        error = error_for(replay(exchange), url="http://cvat.test", with_token=False)
        assert type(error) is ERRORS.get(exchange["status"], ServerFault if exchange["status"] >= 500 else Refused)
        assert error.status == exchange["status"]
        assert "\n" not in str(error)
        assert "<" not in str(error).replace("<b>", "").replace("<server-root>", "")
        assert len(str(error)) < SHOWN_TEXT + 150
        assert error.path == exchange["path"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"detail": "No Task matches the given query."}, "No Task matches the given query."),
        ({"name": ["This field is required."]}, "name: This field is required."),
        (["All label names must be unique"], "All label names must be unique"),
        ("duplicate key value", "duplicate key value"),
        ({"non_field_errors": ["Stop frame"]}, "Stop frame"),
        ({"shapes": [{}, {"points": ["bad", "worse"]}]}, "shapes[1].points: bad worse"),
        ({"labels": {"non_field_errors": ["a list"]}}, "labels.non_field_errors: a list"),
        ({"detail": None}, ""),
        ([], ""),
    ],
)
def test_error_shapes(body: Any, text: str) -> None:
    assert error_text(replay({"method": "GET", "path": "/", "status": 400, "json": body})) == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
        ("<!doctype html><h1>Server &amp; Error</h1><script>x()</script>", "Server & Error"),
        ("There is no request with specified id", "There is no request with specified id"),
        ("", ""),
    ],
)
def test_error_pages(page: str, text: str) -> None:
    assert error_text(replay({"method": "GET", "path": "/", "status": 500, "text": page})) == text


def test_long_messages_are_cut_in_the_sentence_only() -> None:
    error = error_for(
        replay({"method": "POST", "path": "/api/tasks", "status": 400, "json": ["x" * 900]}),
        url="http://cvat.test",
        with_token=False,
    )
    assert len(str(error)) < SHOWN_TEXT + 100
    assert len(error.detail) == 900


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/api/tasks/5", 404, "CVAT could not read task 5: why"),
        ("PATCH", "/api/jobs/7/annotations", 400, "CVAT refused to change the annotations of job 7: why"),
        ("POST", "/api/tasks/7/data/", 400, "CVAT refused to take the files of task 7: why"),
        ("POST", "/api/tasks", 400, "CVAT refused to create a task: why"),
        (
            "GET",
            "/api/requests/action%3Dcreate",
            403,
            "CVAT does not let this user see how far it is: why",
        ),
        (
            "DELETE",
            "/api/tasks/5",
            403,
            "CVAT does not let this user delete task 5: why. If the access token is read-only, use one that may write",
        ),
        ("GET", "/api/x", 401, "CVAT at u did not accept the access token; it may be expired or revoked"),
    ],
)
def test_sentences(method: str, path: str, status: int, sentence: str) -> None:
    exchange = {"method": method, "path": path, "status": status, "json": {"detail": "why"}}
    assert str(error_for(replay(exchange), url="u", with_token=True)) == sentence


def test_reasons_of_failed_creations(recorded: list[Exchange]) -> None:
    failed = [
        exchange["json"]["message"]
        for exchange in recorded
        if isinstance(exchange.get("json"), dict) and exchange["json"].get("status") == "failed"
    ]
    cleaned = {clean_message(message) for message in failed}
    assert cleaned >= {
        ("failed to parse image file 'corrupt.png'", "corrupt.png"),
        ("failed to parse image file 'not_an_image.png'", "not_an_image.png"),
        ("No media data found", None),
        ("cannot identify image file 'empty.png'", "empty.png"),
        ("[Errno 1094995529] Invalid data found when processing input: 'clip.mp4'", "clip.mp4"),
        ("[Errno 2] No such file or directory: 'b.png'", "b.png"),
        ("Invalid index number: 1, Maximum allowed index is 0", None),
    }
    for reason, _ in cleaned:
        assert "Traceback" not in reason and "\n" not in reason and "<server-root>" not in reason


def test_reason_names_a_file_with_an_apostrophe() -> None:
    message = "utils.errors.InvalidImageError: failed to parse image file 'it's.png'\n"
    assert clean_message(message) == ("failed to parse image file 'it's.png'", "it's.png")


def test_a_model_ignores_what_it_does_not_know_and_takes_nulls() -> None:
    task = Task.model_validate({"id": 1, "name": "t", "size": None, "subset": None, "new_in_3": {}})
    assert (task.size, task.subset, task.jobs.count) == (0, "", 0)


def test_every_error_is_a_cvat_error() -> None:
    for kind in (*ERRORS.values(), ServerFault):
        assert issubclass(kind, CvatError)
