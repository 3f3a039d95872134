"""What is wrong before anything is sent: logins, parameters, files. One sentence, and nothing has happened.

``pytest -s`` prints the sentences in the end, to be read as a person would.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from sync_failures import PASSWORD, Failures
from sync_loop import Loop

Arrange = Callable[[Loop, pytest.MonkeyPatch], Any]


def login(**settings: str | None) -> Arrange:
    """Changes the credentials in the environment."""

    def arrange(loop: Loop, patch: pytest.MonkeyPatch) -> None:
        for name, value in settings.items():
            if value is None:
                patch.delenv(f"FIFTYONE_CVAT_{name.upper()}", raising=False)
            else:
                patch.setenv(f"FIFTYONE_CVAT_{name.upper()}", value)

    return arrange


def token(**settings: Any) -> Arrange:
    """Logs in with an access token."""

    def arrange(loop: Loop, patch: pytest.MonkeyPatch) -> None:
        made = loop.cvat.call("POST", "auth/access_tokens", {"name": "t", **settings})
        patch.setenv("FIFTYONE_CVAT_TOKEN", made["value"])

    return arrange


LOGINS: dict[str, tuple[Arrange, str]] = {
    "wrong password": (login(password=PASSWORD), "an access token in CVAT and use it instead. Nothing was sent."),
    "no such account": (login(username="nobody"), "did not accept the password of 'nobody'"),
    "expired token": (token(expiry_date="2020-01-01T00:00:00Z"), "access token; it may be expired or revoked"),
    "malformed token": (login(token="nonsense"), "did not accept the access token"),
    "read-only token": (token(), "use one that may write. Nothing was made in CVAT"),
    "server down": (login(url="http://127.0.0.1:9"), "cannot be reached: nothing is listening at this address"),
    "no such server": (login(url="http://cvat.invalid"), "cannot be reached: its host name is not known"),
    "no credentials": (login(username=None, password=None), "Set FIFTYONE_CVAT_URL"),
    "another organization": (login(organization="nowhere"), "has no organization 'nowhere'"),
}


@pytest.mark.parametrize("case", LOGINS)
def test_login(filled: Loop, monkeypatch: pytest.MonkeyPatch, failures: Failures, case: str) -> None:
    arrange, expected = LOGINS[case]
    with monkeypatch.context() as patch:
        arrange(filled, patch)
        assert expected in failures.send()
    failures.nothing_left()
    failures.goes_on()


REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "no field said": ({"label_field": None}, "Nothing says which labels to annotate"),
    "no such field": ({"label_field": "nope"}, "There is no field 'nope'. To annotate a new field, say its"),
    "a new field without classes": (
        {"label_field": "new", "label_type": "detections"},
        "The field 'new' has no classes to annotate with; give its `classes`.",
    ),
    "a new field of no type": (
        {"label_field": "new", "label_type": "boxes", "classes": ["a"]},
        "'boxes' is no label type",
    ),
    "a field of another type": ({"label_type": "polylines"}, "holds Detections, which are annotated as"),
    "a new field with an impossible name": (
        {"label_field": "_new", "label_type": "detections", "classes": ["a"]},
        "'_new' can't be the name of a field",
    ),
    "no such field of paths": ({"media_field": "small"}, "There is no field 'small' with the paths of the files."),
    "no such person": ({"task_assignee": "nobody"}, "CVAT shows no user 'nobody'"),
    "no such annotator": ({"job_assignees": ["annotator1", "nobody"]}, "CVAT shows no user 'nobody'"),
    "no such organization": ({"organization": "nowhere"}, "has no organization 'nowhere'"),
    "a wrong parameter": ({"label_fields": "gt"}, "There is no parameter 'label_fields'; did you mean 'label_field'?"),
    "a class twice": ({"classes": ["a", "a"]}, "a class is listed twice: a"),
    "a choice without values": ({"attributes": {"x": {"type": "select"}}}, "needs a list of values"),
    "an unknown setting": ({"attributes": {"x": {"widget": "text"}}}, "there is no such setting"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_request(filled: Loop, failures: Failures, case: str) -> None:
    given, expected = REQUESTS[case]
    clock = filled.clock
    assert expected in failures.send(**given)
    assert not [line for line in filled.requests(clock) if line.startswith("POST") and "login" not in line]
    failures.nothing_left()
    failures.goes_on()


def test_nothing_to_send(filled: Loop, failures: Failures) -> None:
    assert "There are no samples to send" in failures.send(filled.dataset.limit(0))


def test_an_empty_field(filled: Loop, failures: Failures) -> None:
    filled.dataset.add_sample_field("empty", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    assert "'empty' has no classes" in failures.send(label_field="empty")


def test_a_key_that_is_taken(filled: Loop, failures: Failures) -> None:
    filled.send()
    assert "There is a run 'run' already. Choose another key" in failures.send()
    assert filled.load()["unchanged"] == 2
    failures.goes_on(anno_key="another")


def test_projects_that_cannot_be_used(filled: Loop, failures: Failures) -> None:
    for _ in range(2):
        filled.cvat.call("POST", "projects", {"name": "twins", "labels": []})
    assert "2 projects named 'twins'" in failures.send(project_name="twins")
    filled.cvat.call("POST", "projects", {"name": "other", "labels": [{"name": "cat", "attributes": []}]})
    assert "it lacks the label 'dog'" in failures.send(project_name="other")
    assert filled.cvat.find("tasks") == []


@pytest.mark.parametrize("content", [None, b"", b"no image", b"\xff\xd8\xff\xe0 cut off"])
def test_files(filled: Loop, failures: Failures, content: bytes | None) -> None:
    path = Path(filled.dataset.last().filepath)
    whole = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert f"1 of 2 images can't be sent: '{path}'" in failures.send()
    failures.nothing_left()
    path.write_bytes(whole)
    failures.goes_on()
