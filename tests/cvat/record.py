"""Makes ``recorded.json``: one exchange of each kind out of the recordings of a real CVAT server.

Usage: ``python tests/cvat/record.py [folder of the recordings]``. The folder is, in this order: the argument,
``CVAT_WIRE_DIR``, ``../shared/cvat-wire`` beside the repository.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "recorded.json"

DEFAULT = Path(os.environ.get("CVAT_WIRE_DIR") or HERE.parents[2] / "shared" / "cvat-wire")
"""Where the recordings are, if they are there."""

CALLS = re.compile(
    r"/api/(auth/login|server/about|users|organizations|projects|labels|tasks|jobs|requests/.+|issues|comments)(/|$)"
)
"""The paths that the client uses."""

OTHERS = re.compile(r"PUT |OPTIONS |/tasks/\d+/annotations|/preview|/chunks")
"""Calls among them that it does not make."""

LONGEST = {"GET": 2_000, "PATCH": 6_000}
"""Bytes beyond which an exchange is left out, by its method; writes are worth more."""

KEPT_HEADERS = ("Content-Type", "location", "retry-after", "upload-offset", "upload-length")


def pattern(path: str) -> str:
    """A path without its ids."""
    path = re.sub(r"/\d+_?[0-9a-f-]*(?=/|$)", "/N", path)
    return re.sub(r"^(/api/requests/)[^/]+", r"\1N", path)


def exchanges(folder: Path) -> Iterator[dict[str, Any]]:
    """All exchanges on paths that the client uses, in the form that the tests want."""
    for file in sorted(folder.glob("*.json")):
        for exchange in json.loads(file.read_text(encoding="utf-8")).get("exchanges", ()):
            if "request" not in exchange or not CALLS.search(exchange["request"]["path"]):
                continue
            request, response = exchange["request"], exchange["response"]
            if OTHERS.search(f"{request['method']} {request['path']}"):
                continue
            kept = {
                "file": file.stem.partition("_")[0],
                "method": request["method"],
                "path": request["path"],
                "query": request.get("query") or {},
                "headers": sorted(set(request.get("headers") or {}) - {"Authorization", "Cookie"}),
                "body": request.get("json"),
                "form": [name for name, _ in request.get("form") or ()],
                "files": [part["field"] for part in request.get("files") or ()],
                "status": response["status"],
                "answer_headers": {name: value for name, value in response["headers"].items() if name in KEPT_HEADERS},
                "json": response.get("json"),
                "text": response.get("text"),
            }
            yield {name: value for name, value in kept.items() if value not in (None, {}, [])}


def kind(exchange: dict[str, Any]) -> str:
    """What makes an exchange one of a kind."""
    body, answer = exchange.get("body"), exchange.get("json")
    failed = exchange["status"] >= 400 or (isinstance(answer, dict) and answer.get("status") == "failed")
    words = json.dumps(answer)[:90] if failed else _keys(answer)
    if failed and isinstance(answer, dict) and "message" in answer:
        words = answer["message"][-60:]
    parts = [
        exchange["method"],
        pattern(exchange["path"]),
        exchange["status"],
        sorted(exchange.get("query", ())),
    ]
    return json.dumps([*parts, _keys(body), exchange.get("form"), exchange.get("headers"), words])


def _keys(value: Any) -> Any:
    """The shape of a value: its keys, and those of the first items of its lists."""
    if isinstance(value, dict):
        return {key: _keys(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(_keys(item)) for item in value})[:4]
    return None


def main() -> None:
    """Writes the file."""
    chosen: dict[str, dict[str, Any]] = {}
    for exchange in exchanges(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT):
        if len(json.dumps(exchange)) <= LONGEST.get(exchange["method"], 3_000):
            chosen.setdefault(kind(exchange), exchange)
    lines = ",\n".join(json.dumps(exchange, ensure_ascii=False, separators=(",", ":")) for exchange in chosen.values())
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
