"""Certificates that are wrong, each with its own sentence; and files of authorities that are none."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cvat import Client, Credentials, RetryPolicy, Unreachable, UploadFile


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


def openssl(place: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=place)


def made(place: Path, name: str, *options: str) -> Path:
    """A certificate that signs itself; its key is in the same file."""
    path = place / f"{name}.pem"
    if not path.exists():
        words = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x")
        openssl(place, *words, "-keyout", f"{name}.key", "-out", f"{name}.crt", *options)
        path.write_bytes((place / f"{name}.crt").read_bytes() + (place / f"{name}.key").read_bytes())
    return path


HERE = ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")


def dated(place: Path, name: str, first: str, last: str) -> Path:
    """A certificate with dates, which ``openssl req`` of older versions can't set."""
    path = place / f"{name}.pem"
    (place / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
    )
    (place / "index.txt").write_text("")
    (place / "serial").write_text("01\n")
    key = made(place, "key")
    openssl(place, "req", "-new", "-key", str(key), "-subj", "/CN=x", "-out", f"{name}.csr")
    words = ("ca", "-batch", "-config", "ca.cnf", "-selfsign", "-keyfile", str(key), "-in", f"{name}.csr")
    openssl(place, *words, "-startdate", first, "-enddate", last, "-notext", "-out", f"{name}.crt")
    path.write_bytes((place / f"{name}.crt").read_bytes() + (place / "key.key").read_bytes())
    return path


@contextlib.contextmanager
def serving(certificate: Path, talk: Callable[[ssl.SSLSocket], None] = lambda connection: None) -> Iterator[int]:
    """A TLS server; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                talk(connection)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


CASES: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    # which certificate, under which name the server is asked, what is said
    "expired": (
        lambda place: dated(place, "old", "200101000000Z", "200102000000Z"),
        "localhost",
        "its certificate, or one of those that vouch for it, has expired; the server's administrator must renew it",
    ),
    "not valid yet": (
        lambda place: dated(place, "new", "20990101000000Z", "20990102000000Z"),
        "localhost",
        "its certificate is not valid yet; check the clock of this computer",
    ),
    "for another name": (
        lambda place: made(place, "other", "-addext", "subjectAltName=DNS:cvat.example"),
        "localhost",
        "its certificate is for another name than this; use the name that it was issued for",
    ),
    "for no address": (
        lambda place: made(place, "name", "-addext", "subjectAltName=DNS:localhost"),
        "127.0.0.1",
        "; use the name that it was issued for",
    ),
    "without a name": (
        lambda place: made(place, "bare"),
        "localhost",
        "its certificate is for another name than this; use the name that it was issued for",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_with_a_certificate(
    place: Path, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    make, host, expected = CASES[case]
    certificate = make(place)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(certificate) as port:
        client = Client(Credentials(url=f"https://{host}:{port}", token="a.b"), retry=hasty)
        with pytest.raises(Unreachable) as caught:
            client.create_task("t")
        assert str(caught.value).startswith(f"CVAT at https://{host}:{port} cannot be reached: its certificate")
        assert str(caught.value).endswith(expected)
        assert client.session.requests_made == 1, "trying again is pointless"


def test_nobody_known_vouches_for_it(place: Path, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = made(place, "mine", *HERE), made(place, "foreign", *HERE)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    with (
        serving(mine) as port,
        pytest.raises(Unreachable, match=r"could not be verified.*name that authority's file in"),
    ):
        Client(Credentials(url=f"https://localhost:{port}", token="a.b"), retry=hasty).check()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_file_of_authorities_that_is_not_there(
    place: Path, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, str(place / "gone.pem"))
    expected = f"the file of certificate authorities that {variable} names is not there; name one that is, or unset it"
    client = Client(Credentials(url="https://localhost:9", token="a.b"), retry=hasty)
    for call in (lambda: client.create_task("t"), client.check):
        with pytest.raises(Unreachable) as caught:
            call()
        assert str(caught.value) == f"CVAT at https://localhost:9 cannot be reached: {expected}"
    assert client.session.requests_made == 2


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_of_authorities_without_any(
    place: Path, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (place / "none.pem").write_bytes(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(place / "none.pem"))
    with serving(made(place, "mine", *HERE)) as port, pytest.raises(Unreachable) as caught:
        Client(Credentials(url=f"https://localhost:{port}", token="a.b"), retry=hasty).create_task("t")
    assert "the file of certificate authorities that REQUESTS_CA_BUNDLE names has no certificates" in str(caught.value)


def test_a_directory_that_is_no_directory_of_authorities(
    place: Path, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(place))
    with serving(made(place, "mine", *HERE)) as port, pytest.raises(Unreachable, match="could not be verified"):
        Client(Credentials(url=f"https://localhost:{port}", token="a.b"), retry=hasty).check()


def test_what_comes_slowly_and_goes_slowly_over_tls(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Waits are cut into short ones, within which half a record of TLS may have come, or gone."""
    monkeypatch.setattr("cvat.wire.REACTION", 0.02)
    certificate = made(place, "mine", *HERE)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    content = bytes(range(256)) * 40_000
    received = bytearray()
    body = b'{"rq_id": "' + b"x" * 1_000 + b'"}'

    def serve(connection: ssl.SSLSocket) -> None:
        while b"\r\n\r\n" not in received:
            received.extend(connection.recv(4096))
        length = int(received.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        head = received.index(b"\r\n\r\n") + 4
        time.sleep(0.2)
        while len(received) < head + length:
            received.extend(connection.recv(1 << 20))
            time.sleep(0.002)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 100):
            time.sleep(0.05)
            connection.sendall(body[start : start + 100])

    (tmp_path / "a.png").write_bytes(content)
    with serving(certificate, serve) as port:
        client = Client(Credentials(url=f"https://localhost:{port}", token="a.b"), timeout=10)
        rq_id = client.upload(5, [UploadFile("a.png", tmp_path / "a.png", len(content))])
    assert rq_id == "x" * 1_000
    assert content in received
