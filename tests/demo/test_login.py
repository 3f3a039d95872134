"""The server of the demo: the user's own, which must let us in, or the sandbox, which sees nothing of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.server import PREFIX, cvat_server
from demo.trouble import DemoError
from sandbox import Sandbox

LOGIN = {"USERNAME": "admin", "PASSWORD": "admin"}


def give(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Sets variables as a user would, and no others."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(PREFIX + name, value)


def theirs() -> dict[str, str]:
    """The variables as they are now."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


def test_the_sandbox_sees_nothing_of_the_users_login(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, TOKEN="secret", EMAIL="me@example.com", PASSWORD="secret", ORGANIZATION="mine", URL=" ")
    with cvat_server() as link:
        assert link is not None
        now = theirs()
        assert now.keys() == {f"{PREFIX}{name}" for name in ("URL", "USERNAME", "PASSWORD")}
        assert now[f"{PREFIX}URL"].startswith("http://127.0.0.1:")
        assert "secret" not in now.values()


def test_the_users_server_is_named_with_who_they_are(
    monkeypatch: pytest.MonkeyPatch, fresh_sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, URL=f" {fresh_sandbox.url}/ ", **LOGIN)
    with cvat_server() as link:
        assert link is None
        assert os.environ[f"{PREFIX}URL"] == fresh_sandbox.url
    assert capsys.readouterr().out == f"CVAT 2.54.1 at {fresh_sandbox.url}, logged in as admin.\n"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "no login for it: set FIFTYONE_CVAT_TOKEN, or"),
        ({"USERNAME": "admin"}, "no login for it"),
        ({"USERNAME": "admin", "PASSWORD": "wrong"}, "did not accept the password of 'admin'"),
        ({"TOKEN": "wrong"}, "token"),
        ({**LOGIN, "URL": "http://127.0.0.1:9"}, "cannot be reached"),
        ({**LOGIN, "URL": "ftp://cvat.example"}, "must look like https://cvat.example.com"),
        ({**LOGIN, "URL": "https://me:secret@cvat.example"}, "must not contain a user name or a password"),
        ({**LOGIN, "ORGANIZATION": "nobody"}, "nobody"),
    ],
)
def test_a_refusal_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, fresh_sandbox: Sandbox, variables: dict[str, str], words: str
) -> None:
    give(monkeypatch, **{"URL": fresh_sandbox.url, **variables})
    with pytest.raises(DemoError) as error, cvat_server():
        pass
    said = str(error.value)
    assert words in said
    assert "\n" not in said
    assert "secret" not in said and "wrong" not in said.replace("wrong password", "")


def test_nothing_is_painted_before(monkeypatch: pytest.MonkeyPatch, fresh_sandbox: Sandbox, root: Path) -> None:
    give(monkeypatch, URL=fresh_sandbox.url, USERNAME="admin", PASSWORD="no")
    done = subprocess.run([sys.executable, "-m", "demo", "--headless"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "did not accept the password of 'admin'" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().count("\n") == 0
