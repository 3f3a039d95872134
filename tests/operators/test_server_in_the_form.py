"""The dialog "Send to CVAT" asks the server who is there: once, and never for long."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync import connection
from operators_app import Dialog, defaults, invalid, properties
from sync_loop import Loop


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"USERNAME": "", "PASSWORD": ""}, "There are no credentials for CVAT at"),
        ({"PASSWORD": "wrong"}, "did not accept the password of 'admin'"),
        ({"TOKEN": "nonsense"}, "did not accept the access token"),
        ({"URL": "http://127.0.0.1:9"}, "nothing is listening at this address"),
        ({"URL": "ftp://x"}, "The CVAT address 'ftp://x' can't be used"),
        ({"URL": "silent"}, "no answer within the time allowed"),
    ],
)
def test_cvat_cannot_be_used(
    filled: Loop, monkeypatch: pytest.MonkeyPatch, silent: str, settings: dict[str, str], sentence: str
) -> None:
    """The form says so at once, and is complete all the same."""
    for name, value in settings.items():
        monkeypatch.setenv(f"FIFTYONE_CVAT_{name}", silent if value == "silent" else value)
    monkeypatch.setattr(connection, "HASTE", 0.3)
    opened = Dialog(filled, "send_to_cvat")
    begun = time.monotonic()
    form = opened.form()
    assert time.monotonic() - begun < 2
    assert sentence in invalid(form)["server"]
    assert properties(form)["server"]["view"]["name"] == "Error"
    assert {"target", "label_field", "anno_key"} <= properties(form).keys()
    form = opened.fill(**{**defaults(form), "more": True})
    assert time.monotonic() - begun < 2, "asked again for the same dialog"
    assert properties(form)["task_assignee"]["view"]["choices"] == []


def test_the_server_is_asked_once_for_a_dialog(filled: Loop) -> None:
    opened = Dialog(filled, "send_to_cvat")
    clock = filled.clock
    opened.accept_defaults()
    for number in range(5):
        opened.fill(anno_key=f"key_{number}")
    assert len(filled.requests(clock)) == 3
