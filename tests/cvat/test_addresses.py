"""Addresses: hosts that are not there, certificates, redirects, paths."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat import (
    Client,
    Credentials,
    CvatError,
    Redirected,
    RetryPolicy,
    Unreachable,
)

TASK = {"id": 5, "name": "t"}


def test_an_address_where_nothing_listens(hasty: RetryPolicy) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = Client(Credentials(url=f"http://127.0.0.1:{port}", token="a.b"), retry=hasty)
    with pytest.raises(Unreachable, match="nothing is listening at this address"):
        client.task(5)
    with pytest.raises(Unreachable, match="nothing is listening"):
        client.create_task("t")  # nothing was sent, so nothing is in doubt


def test_a_host_that_does_not_exist(hasty: RetryPolicy) -> None:
    client = Client(Credentials(url="https://nowhere.invalid", token="a.b"), retry=hasty)
    with pytest.raises(Unreachable, match=r"https://nowhere.invalid cannot be reached: its host name is not known"):
        client.check()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Where the certificate of ``tls_server`` is."""
    return tmp_path / "certificate.pem"


@pytest.fixture
def tls_server(tmp_path: Path, certificate: Path) -> Iterator[str]:
    """A TLS server whose certificate nobody trusts."""
    key = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://localhost:{listener.getsockname()[1]}"
    listener.close()


def test_an_untrusted_certificate(tls_server: str, hasty: RetryPolicy) -> None:
    client = Client(Credentials(url=tls_server, token="a.b"), retry=hasty)
    with pytest.raises(Unreachable, match=r"certificate could not be verified.*REQUESTS_CA_BUNDLE"):
        client.create_task("t")
    assert client.session.requests_made == 1


def test_a_certificate_of_an_own_authority(
    tls_server: str, certificate: Path, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(Unreachable, match="the connection broke"):  # after TLS was set up
        Client(Credentials(url=tls_server, token="a.b"), retry=hasty).check()


def test_tls_where_there_is_none(server: Any, hasty: RetryPolicy) -> None:
    client = Client(Credentials(url=server.url.replace("http:", "https:"), token="a.b"), retry=hasty)
    with pytest.raises(Unreachable, match="does not speak TLS; its url may have to begin with http://"):
        client.check()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(server: Any, answer: Any, client: Client, status: int) -> None:
    server.answers(answer(status, headers={"Location": "http://localhost:1/api/tasks/5?secret=1"}))
    with pytest.raises(Redirected, match=r"redirects to http://localhost:1, which is not followed") as caught:
        client.task(5)
    assert "secret" not in str(caught.value)
    assert len(server.seen) == 1


def test_a_redirect_to_tls_gives_the_hint(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(301, headers={"Location": server.url.replace("http:", "https:") + "/api/tasks"}))
    with pytest.raises(Redirected, match="its url may have to begin with https://"):
        client.create_task("t")
    assert len(server.seen) == 1


def test_a_redirect_on_the_same_server_is_followed_for_reading_only(server: Any, answer: Any, client: Client) -> None:
    server.script = lambda seen: (
        answer(json=TASK) if seen.path == "/moved" else answer(302, headers={"Location": "/moved"})
    )
    assert client.task(5).id == 5
    assert server.seen[1].headers["Authorization"] == server.seen[0].headers["Authorization"]
    with pytest.raises(Redirected, match="may be incomplete"):
        client.create_task("t")
    server.answers(answer(302, headers={"Location": "/again"}))
    with pytest.raises(Redirected, match="without end"):
        client.task(5)


def test_a_path_prefix_is_kept(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.answers(answer(json=TASK))
    client = Client(Credentials(url=server.url + "/cvat/", token="a.b"), retry=hasty)
    client.task(5)
    assert server.lines == ["GET /cvat/api/tasks/5"]
    assert client.job_url(5, 7) == f"{server.url}/cvat/tasks/5/jobs/7"
    assert client.task_url(5) == f"{server.url}/cvat/tasks/5"


NOWHERE = ["http://[::1", "http://host:port/", "http://host:99999/", "", "ftp://x/", "x" * 9_000, "http://[x]/",
           "http://ann:pw-secret@host/", "javascript:alert(1)", "http://host:\u00b2/"]  # fmt: skip


@pytest.mark.parametrize("status", [301, 303, 308])
@pytest.mark.parametrize("location", NOWHERE, ids=lambda location: location[:20])
def test_a_redirect_to_nowhere(server: Any, answer: Any, client: Client, location: str, status: int) -> None:
    server.answers(answer(status, headers={"Location": location}))
    for call in (lambda: client.task(5), lambda: client.create_task("t"), lambda: client.delete_task(5)):
        with pytest.raises(Redirected, match="redirects to nowhere: what answers there may not be CVAT") as caught:
            call()
        assert "pw-secret" not in str(caught.value) and len(str(caught.value)) < 300
        assert not caught.value.may_be_done
    assert len(server.seen) == 3


REDIRECTS = {
    # where /api/tasks leads, and what is said of it
    "https": (
        "https://{host}/api/tasks",
        "to https://{host}, which is not followed; its url may have to begin",
    ),
    "another name": (
        "http://cvat.example/api/tasks",
        "to http://cvat.example, which is not followed; set the url",
    ),
    "a prefix": (
        "http://{host}/cvat/api/tasks",
        "to http://{host}/cvat, which is not followed; set the url",
    ),
    "a slash": (
        "http://{host}/api/tasks/",
        "to http://{host}, which is not followed; set the url",
    ),
    "a login page": ("/login?next=/api/tasks", "to http://{host}, which is not followed; it may want people"),
}


@pytest.mark.parametrize("case", REDIRECTS)
def test_a_redirect_says_what_is_wrong(server: Any, answer: Any, client: Client, case: str) -> None:
    location, expected = (text.format(host=server.url.partition("//")[2]) for text in REDIRECTS[case])
    server.answers(answer(302, headers={"Location": location}))
    with pytest.raises(Redirected) as caught:
        client.create_task("t")
    assert expected in str(caught.value)
    assert not caught.value.may_be_done


@pytest.mark.parametrize("status", [101, 103, 205, 300, 304, 306, 399])
def test_a_status_that_cvat_never_has(server: Any, answer: Any, client: Client, status: int) -> None:
    server.answers(answer(status))
    for call in (lambda: client.task(5), lambda: client.create_task("t")):
        with pytest.raises(CvatError):
            call()
