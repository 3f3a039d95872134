"""The top of the panel: who is logged in, or what is wrong with the connection; and the sandbox to try."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import fiftyone as fo
import pytest
import requests
from fiftyone.plugins.orgs.roundtrip.cvat.panels import sandbox_part
from panels_app import Panel
from sync_loop import Loop


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def outcome(panel: Panel) -> str:
    """What "Test connection" says is wrong; nothing if all is well."""
    panel.event("test")
    return str(panel.state["missing"])


def test_all_is_well(filled: Loop) -> None:
    panel = Panel(filled, "cvat")
    assert outcome(panel) == ""
    (said,) = panel.of("notify")
    assert said["message"] == f"It works: CVAT 2.54.1 at {filled.box.url}, logged in as admin"
    assert "refresh" in panel.shown["bar"]["type"]["properties"] and "problem" not in panel.shown
    assert not panel.state["sandbox_offered"], "somebody has said which CVAT is meant"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://no-such-host.invalid", "cannot be reached: "),
        ("http://127.0.0.1:{closed}", "nothing is listening at this address"),
        ("https://127.0.0.1:{open}", "it does not speak TLS"),
    ],
)
def test_what_is_wrong_with_the_address(filled: Loop, monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    address = url.format(closed=free_port(), open=filled.box.url.rsplit(":", 1)[1])
    monkeypatch.setenv("FIFTYONE_CVAT_URL", address)
    panel = Panel(filled, "cvat")
    assert said in outcome(panel)
    assert panel.shown["problem"]["view"]["description"] == panel.state["missing"]
    assert "test" in panel.shown["bar"]["type"]["properties"]
    how = panel.shown["how"]["default"]
    assert "export FIFTYONE_CVAT_TOKEN=..." in how
    assert '$env:FIFTYONE_CVAT_USERNAME = "..."' in how
    assert '{"backends": {"cvat": {\n' in how
    assert max(map(len, how.splitlines()[1:])) < 75, "a line of code that is longer is cut in a narrow panel"


def test_a_wrong_password(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "wrong")
    assert "did not accept the password of 'admin'" in outcome(Panel(filled, "cvat"))


def test_a_login_that_worked_before_is_not_explained(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel(filled, "cvat")
    assert outcome(panel) == ""
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "wrong")
    other = filled.dataset.clone()
    monkeypatch.setattr(filled, "dataset", other)
    panel.event("on_change_dataset")
    assert outcome(panel) and "problem" in panel.shown
    assert not {"old", "how"} & panel.shown.keys()
    other.delete()


def test_somebody_who_may_not(filled: Loop) -> None:
    filled.box.faults.add("status", "GET", "/users/self", status=403, times=None)
    assert "does not let this user see" in outcome(Panel(filled, "cvat"))


def test_a_server_that_is_too_old(filled: Loop) -> None:
    filled.box.settings.version = "2.15.0"
    assert "has version 2.15.0, and 2.16 or newer is needed" in outcome(Panel(filled, "cvat"))


@pytest.fixture
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("FIFTYONE_CVAT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sandbox_part, "_links", [])
    before = dict(fo.annotation_config.backends)
    yield
    fo.annotation_config.backends.clear()
    fo.annotation_config.backends.update(before)


def test_the_sandbox_is_tried(filled: Loop, nothing_configured: None) -> None:
    panel = Panel(filled, "cvat")
    assert "There are no credentials for CVAT" in outcome(panel)
    assert set(panel.shown["bar"]["type"]["properties"]) == {"test", "sandbox"}, "nothing could be sent"
    assert "Set FIFTYONE_CVAT_URL" in panel.state["missing"]
    assert "Set FIFTYONE_CVAT_URL" not in panel.shown["how"]["default"], "it is said once"
    panel.event("try_sandbox")
    first = panel.shown["empty"]["type"]["properties"]["first"]
    assert {*first["type"]["properties"], *panel.shown["bar"]["type"]["properties"]} == {"send", "import", "refresh"}
    assert panel.state["missing"] == "" and "logged in as admin" in panel.state["server"]
    assert panel.state["server"].startswith("CVAT ") and filled.box.url not in panel.state["server"]
    assert "sandbox" not in panel.shown["bar"]["type"]["properties"]
    assert requests.get(panel.state["sandbox"], timeout=30).status_code == 200
    assert "is not CVAT" in panel.shown["sandbox_link"]["default"]
    filled.send(url=None)
    assert filled.load()["unchanged"] == 2


def test_the_sandbox_is_offered_only_where_it_is(
    filled: Loop, nothing_configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_part, "NEEDED", (sandbox_part.ROOT / "not_there",))
    panel = Panel(filled, "cvat")
    panel.event("refresh")
    assert "sandbox" not in panel.shown["bar"]["type"]["properties"]
