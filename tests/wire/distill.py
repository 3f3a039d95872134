"""Distils recordings of a real CVAT server into the facts that the sandbox is held to.

The recordings are JSON files of HTTP exchanges, two megabytes, kept outside this repository. What is
needed to replay them fits into `facts/`: what was sent, the status, the headers that matter, and the
answer without dates. One file a scenario, one line an exchange.

Objects with the same keys are written once in full and then by their differences: `{"~": 3, "id": 7}`
is the third full object of the file with another id. Long runs of one character are `{"*": ["x", 300]}`.

    python tests/wire/distill.py        writes facts/ and media/ again from the recordings

The recordings are looked for in `$CVAT_WIRE_DIR`, else in `shared/cvat-wire` beside the repository.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FACTS = HERE / "facts"
MEDIA = HERE / "media"
RECORDINGS = Path(os.environ.get("CVAT_WIRE_DIR") or HERE.parent.parent.parent / "shared" / "cvat-wire").resolve()

Json = dict[str, Any]

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
_RUN = re.compile(r"(.)\1{99,}", re.DOTALL)
_REQUEST_HEADERS = (
    "accept", "authorization", "if-none-match", "origin", "tus-resumable", "upload-finish", "upload-length",
    "upload-metadata", "upload-multiple", "upload-offset", "upload-start", "x-csrftoken", "x-forwarded-host",
    "x-organization",
)  # fmt: skip
_RESPONSE_HEADERS = (
    "allow", "cache-control", "content-type", "location", "retry-after", "tus-resumable", "upload-filename",
    "upload-length", "upload-offset", "www-authenticate",
)  # fmt: skip


def distil(recording: Json) -> Json:
    """The facts of one scenario: its name, purpose, and exchanges with their numbers."""
    facts = []
    for number, entry in enumerate(recording["exchanges"]):
        fact = _distil_exchange(entry) if "request" in entry else _distil_comment(entry)
        if fact:
            facts.append({"n": number, **fact})
    return {"scenario": recording["scenario"], "why": recording["why"], "exchanges": facts}


def _distil_exchange(entry: Json) -> Json:
    sent, got = entry["request"], entry["response"]
    request: Json = {"method": sent["method"], "path": sent["path"], "as": sent.get("as")}
    for name in ("query", "json", "form", "text", "body"):
        if name in sent and sent[name] not in ({}, ""):
            request[name] = sent[name]
    if "files" in sent:
        request["files"] = [[part["field"], part["name"], part["size"], part["sha256"]] for part in sent["files"]]
    headers = {name.lower(): value for name, value in (sent.get("headers") or {}).items()}
    kept = {name: value for name, value in headers.items() if name in _REQUEST_HEADERS}
    if kept.get("authorization") == "Token <token>":
        del kept["authorization"]  # whoever `as` says
        request["as"] = request["as"] or "admin"
    if "cookie" in headers:
        kept["cookie"] = "..."
    if "text" in sent or "body" in sent:
        kept["content-type"] = headers.get("content-type", "")
    answer = _distil_answer(got)
    content = re.search(r"content: (\[.*?\])(?:;|$)", entry.get("note", ""))
    if content and got["status"] == 200:
        answer["content"] = [_without_size(part) for part in json.loads(content[1])]
    return {"request": {**request, "headers": kept}, "response": answer}


def _without_size(part: Any) -> Any:
    """A member of an archive as its name, format and width and height, without its bytes."""
    return [part[0], *part[2:]] if isinstance(part, list) and isinstance(part[0], str) else part


def _distil_answer(got: Json) -> Json:
    headers = {name.lower(): value for name, value in (got.get("headers") or {}).items()}
    kept = {name: value for name, value in headers.items() if name in _RESPONSE_HEADERS}
    if "set-cookie" in headers:
        kept["set-cookie"] = [cookie.split("=")[0] for cookie in headers["set-cookie"]]
    answer: Json = {"status": got["status"], "headers": kept}
    if "json" in got:
        answer["json"] = _undated(got["json"])
    elif "<html" not in got.get("text", ""):
        answer["text"] = got.get("text", "") if "text" in got else None
    return answer


def _distil_comment(entry: Json) -> Json | None:
    """Observations that can be repeated: dates that moved, annotations read in between, deliveries."""
    comment = entry["comment"]
    if isinstance(comment, dict) and "changed" in comment:
        return {"after": comment["after"], "changed": comment["changed"]}
    if "annotations" in entry:
        path = comment.split()[1]
        return {
            "observed": comment,
            "request": {"method": "GET", "path": path, "as": "admin", "headers": {}},
            "response": {"status": 200, "headers": {}, "json": _with_floats(entry["annotations"])},
        }
    if "deliveries" in entry:
        events = [
            {
                "event": delivery["json"]["event"],
                "keys": sorted(delivery["json"]),
                "before": sorted(delivery["json"].get("before_update", ())),
                "signed": "X-Signature-256" in delivery["headers"],
            }
            for delivery in entry["deliveries"]
        ]
        return {"after": comment.removeprefix("delivered after: "), "deliveries": events}
    return None


def _with_floats(annotations: Json) -> Json:
    """What another reader had written down without the fractions of whole numbers."""
    for thing in [*annotations["shapes"], *(shape for track in annotations["tracks"] for shape in track["shapes"])]:
        thing["rotation"] = float(thing["rotation"])
        thing["points"] = [float(number) for number in thing["points"]]
    return annotations


def _undated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _undated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_undated(item) for item in value]
    return _DATE.sub("<date>", _shorten(value)) if isinstance(value, str) else value


def _shorten(text: str) -> str:
    """A traceback without what is between its first and its last line."""
    if not text.startswith("Traceback"):
        return text
    lines = text.strip().splitlines()
    return f"{lines[0]}\n...\n{lines[-1]}\n"


class Packer:
    """Writes objects by their difference from the first one with the same keys."""

    def __init__(self) -> None:
        self.models: dict[tuple[str, ...], tuple[int, Json]] = {}

    def pack(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._pack_text(value)
        if isinstance(value, list):
            return [self.pack(item) for item in value]
        if not isinstance(value, dict):
            return value
        assert not {"~", "*"} & set(value)
        key = tuple(sorted(value))
        if len(key) < 2 or key not in self.models:
            packed = {name: self.pack(item) for name, item in value.items()}
            if len(key) >= 2:
                self.models.setdefault(key, (len(self.models), value))
            return packed
        number, model = self.models[key]
        differences = {name: item for name, item in value.items() if not _same(item, model[name])}
        return {"~": number, **{name: self.pack(item) for name, item in differences.items()}}

    def _pack_text(self, text: str) -> Any:
        run = _RUN.fullmatch(text)
        return {"*": [run[1], len(text)]} if run else text


class Unpacker:
    """Reads what a `Packer` wrote, in the same order."""

    def __init__(self) -> None:
        self.models: dict[tuple[str, ...], Json] = {}

    def unpack(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.unpack(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "*" in value:
            return value["*"][0] * value["*"][1]
        if "~" in value:
            model = list(self.models.values())[value["~"]]
            return {**model, **{name: self.unpack(item) for name, item in value.items() if name != "~"}}
        result = {name: self.unpack(item) for name, item in value.items()}
        if len(result) >= 2:
            self.models.setdefault(tuple(sorted(result)), result)
        return result


def _same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down (1 is not 1.0)."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def to_lines(facts: Json) -> str:
    """The content of a file of facts."""
    packer = Packer()
    head = {name: value for name, value in facts.items() if name != "exchanges"}
    lines = [head, *(packer.pack(exchange) for exchange in facts["exchanges"])]
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def from_lines(text: str) -> Json:
    """The facts in the content of a file."""
    head, *lines = (json.loads(line) for line in text.splitlines())
    unpacker = Unpacker()
    return {**head, "exchanges": [unpacker.unpack(line) for line in lines]}


def load() -> dict[str, Json]:
    """The distilled facts by the name of their scenario."""
    found = (from_lines(path.read_text(encoding="utf-8")) for path in sorted(FACTS.glob("*.jsonl")))
    return {facts["scenario"]: facts for facts in found}


def recordings() -> list[Json]:
    """The recordings of exchanges, if they are here."""
    found = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(RECORDINGS.glob("*.json")))
    return [recording for recording in found if "exchanges" in recording]


def main() -> None:
    """Write facts and media again."""
    FACTS.mkdir(exist_ok=True)
    MEDIA.mkdir(exist_ok=True)
    for recording in recordings():
        path = FACTS / f"{recording['scenario']}.jsonl"
        path.write_text(to_lines(distil(recording)), encoding="utf-8")
    for path in sorted((RECORDINGS / "media").iterdir()):
        shutil.copyfile(path, MEDIA / path.name)
    size = sum(path.stat().st_size for path in [*FACTS.iterdir(), *MEDIA.iterdir()])
    print(f"{len(list(FACTS.iterdir()))} scenarios, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
