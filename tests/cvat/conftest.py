"""A scripted HTTP server, the recordings, and clients that do not wait long."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cvat import Client, Credentials, RetryPolicy, UploadFile

sys.path.append(str(Path(__file__).resolve().parent))

from live_fixtures import *  # noqa: F403
from raw_server import *  # noqa: F403

HERE = Path(__file__).resolve().parent
HASTY = RetryPolicy(first_pause=0.01, longest_pause=0.02)

Exchange = dict[str, Any]


@pytest.fixture(scope="session")
def recorded() -> list[Exchange]:
    """Exchanges with a real CVAT; ``record.py`` describes the form."""
    return list(json.loads((HERE / "recorded.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def all_recorded(recorded: list[Exchange]) -> list[Exchange]:
    """All recordings if they are here, else the same as ``recorded``."""
    spec = importlib.util.spec_from_file_location("cvat_record", HERE / "record.py")
    assert spec is not None and spec.loader is not None
    record = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(record)
    return list(record.exchanges(record.DEFAULT)) or recorded


@dataclass
class Answer:
    """What the scripted server says; ``None`` as status closes the connection without an answer."""

    status: int | None = 200
    json: Any = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Seen], Answer]


class ScriptedServer:
    """Answers every request as the script says, and remembers what it saw."""

    def __init__(self) -> None:
        self.script: Script = lambda seen: Answer(404)
        self.seen: list[Seen] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen = Seen(self.command, path, query, dict(self.headers.items()), body)
                owner.seen.append(seen)
                answer = owner.script(seen)
                threading.Event().wait(answer.delay)
                if answer.status is None:
                    self.close_connection = True
                    return
                content = answer.body if answer.json is None else json.dumps(answer.json).encode()
                self.send_response(answer.status)
                kind = "application/vnd.cvat+json" if answer.json is not None else "text/html"
                self.send_header("Content-Type", answer.headers.pop("Content-Type", kind))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answers(self, *answers: Answer) -> None:
        """Gives these answers in turn, the last one for ever."""
        left = list(answers)
        self.script = lambda seen: left.pop(0) if len(left) > 1 else left[0]

    @property
    def lines(self) -> list[str]:
        """Method and path of what was seen."""
        return [f"{seen.method} {seen.path}" for seen in self.seen]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A scripted server."""
    made = ScriptedServer()
    yield made
    made.close()


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Client]:
    """A client of the scripted server that has an access token."""
    with Client(Credentials(url=server.url, token="abcdefgh." + "x" * 32), timeout=5, retry=HASTY) as made:
        yield made


@pytest.fixture
def hasty() -> RetryPolicy:
    """Repeats as often as usual, but at once."""
    return HASTY


@pytest.fixture
def answer() -> type[Answer]:
    """The class of the scripted server's answers."""
    return Answer


@pytest.fixture
def images(tmp_path: Path) -> Callable[..., list[UploadFile]]:
    """A factory of small images to upload, by their names."""
    from PIL import Image

    def make(*names: str, size: tuple[int, int] = (16, 12), noise: bool = False) -> list[UploadFile]:
        files = []
        for index, name in enumerate(names):
            path = tmp_path / f"{index}-{abs(hash(name)) % 10**8}.png"
            image = Image.effect_noise(size, 80) if noise else Image.new("RGB", size, (index % 256, 90, 30))
            image.save(path, "PNG", compress_level=0)
            files.append(UploadFile(name, path, path.stat().st_size))
        return files

    return make
