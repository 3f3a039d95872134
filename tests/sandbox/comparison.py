"""Compares an answer of the sandbox with the recorded one."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image
from sandbox_ids import KEYS, Ids, inner_kind, kind_of

# The value may differ, the type may not.
_FREE = {
    "changed_fields", "color", "data", "description", "email", "first_name", "invitation", "key", "last_name",
    "logo_url", "subtitle", "svg", "value", "response", "status_code",
}  # fmt: skip
# Half written at first: the type may differ too.
_UNSETTLED = {"finished_date", "expiry_date", "started_date"}
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
_CUT = re.compile(r"<\.\.\. \d+ more items cut>")


class Comparison:
    """Walks two answers side by side and collects what differs.

    Args:
        ids: which id is which; ids that are new are learned.
        server: the address of the sandbox.
        loose: whether only keys and types count, and of lists only the first item: for lists of
            everything on the server, and where the answer is random.
        in_order: whether annotations come in the order of the request, as in answers of writes.
    """

    def __init__(self, ids: Ids, server: str, loose: bool = False, in_order: bool = True) -> None:
        self.ids = ids
        self.server = server
        self.loose = loose
        self.in_order = in_order
        self.found: list[str] = []

    def add(self, where: str, recorded: Any, replayed: Any) -> None:
        self.found.append(f"{where}: recorded {recorded!r}, replayed {replayed!r}")

    def compare(self, recorded: Any, replayed: Any, where: str = "", kind: str = "") -> None:
        """Compare two values; `kind` is what an `id` in them is."""
        if isinstance(recorded, dict) and isinstance(replayed, dict):
            self._objects(recorded, replayed, where, kind_of(recorded, kind))
        elif isinstance(recorded, list) and isinstance(replayed, list):
            self._lists(recorded, replayed, where, kind)
        elif type(recorded) is not type(replayed):
            self.add(where, recorded, replayed)
        elif isinstance(recorded, str):
            self._texts(recorded, replayed, where)
        elif recorded != replayed and not self.loose:
            self.add(where, recorded, replayed)

    def _objects(self, recorded: dict[str, Any], replayed: dict[str, Any], where: str, kind: str) -> None:
        if set(recorded) != set(replayed) and not where.endswith(".before_update"):
            self.add(f"{where} keys", sorted(set(recorded) - set(replayed)), sorted(set(replayed) - set(recorded)))
        names = [name for name in recorded if name in replayed]
        if recorded.get("status") == "started" and "message" in names:
            names.remove("message")  # a word about the progress, at times
        for name in sorted(names, key=lambda name: name != "id"):
            self._member(name, recorded[name], replayed[name], f"{where}.{name}", kind)

    def _member(self, name: str, recorded: Any, replayed: Any, where: str, kind: str) -> None:
        meaning = kind if name == "id" else KEYS.get(name, "")
        if meaning and isinstance(recorded, int) and isinstance(replayed, int):
            self._ids(meaning, recorded, replayed, where)
        elif name in _FREE:
            if type(recorded) is not type(replayed):
                self.add(where, recorded, replayed)
        elif name in _UNSETTLED and (recorded is None or replayed is None):
            return
        elif name in ("next", "previous"):
            self._links(recorded, replayed, where)
        elif name == "message" and "Traceback" in f"{recorded}{replayed}":
            self.compare(_last_line(recorded), _last_line(replayed), where)
        else:
            self.compare(recorded, replayed, where, inner_kind(name, kind) or _of_results(name))

    def _ids(self, kind: str, recorded: int, replayed: int, where: str) -> None:
        if self.loose:
            return
        if not self.ids.knows(kind, recorded):
            known = self.ids.back(kind, replayed)
            if known is not None:
                self.add(f"{where} is a new id", recorded, f"{replayed}, which is {known}")
            self.ids.learn(kind, recorded, replayed)
        elif self.ids.get(kind, recorded) != replayed:
            self.add(f"{where} ({self.ids.get(kind, recorded)})", recorded, replayed)

    def _lists(self, recorded: list[Any], replayed: list[Any], where: str, kind: str) -> None:
        if recorded and isinstance(recorded[-1], str) and _CUT.match(recorded[-1]):
            recorded, replayed = recorded[:-1], replayed[: len(recorded) - 1]
        if self.loose:
            recorded, replayed = recorded[:1], replayed[:1]
        if len(recorded) != len(replayed):
            self.add(f"{where} length", len(recorded), len(replayed))
        if kind in ("shape", "tag", "track", "keyframe") and not (self.loose or self.in_order):
            recorded, replayed = self._align(recorded, replayed, kind)
        if kind == "spec" and all(isinstance(thing.get("name"), str) for thing in [*recorded, *replayed]):
            recorded, replayed = (sorted(things, key=lambda thing: thing["name"]) for things in (recorded, replayed))
        if where.endswith(".attributes") and not self.loose:
            recorded, replayed = self._align_values(recorded, replayed)
        for number, (old, new) in enumerate(zip(recorded, replayed, strict=False)):
            self.compare(old, new, f"{where}[{number}]", kind)

    def _align(self, recorded: list[Any], replayed: list[Any], kind: str) -> tuple[list[Any], list[Any]]:
        """Bring annotations into the same order, where there is none: by ids that are known, else by their form."""
        if not all(isinstance(thing, dict) for thing in [*recorded, *replayed]):
            return recorded, replayed
        idents = [thing.get("id") for thing in recorded]
        if not all(isinstance(ident, int) and self.ids.knows(kind, ident) for ident in idents):
            return sorted(recorded, key=_outline), sorted(replayed, key=_outline)
        place = {self.ids.get(kind, thing["id"]): number for number, thing in enumerate(recorded)}
        return recorded, sorted(replayed, key=lambda thing: place.get(thing.get("id"), len(place)))

    def _align_values(self, recorded: list[Any], replayed: list[Any]) -> tuple[list[Any], list[Any]]:
        """Bring values of attributes into the same order, where there is none."""
        if not all(isinstance(thing, dict) and type(thing.get("spec_id")) is int for thing in [*recorded, *replayed]):
            return recorded, replayed
        place = {self.ids.get("spec", thing["spec_id"]): number for number, thing in enumerate(recorded)}
        return recorded, sorted(replayed, key=lambda thing: place.get(thing["spec_id"], len(place)))

    def _texts(self, recorded: str, replayed: str, where: str) -> None:
        if recorded == "<date>" or _DATE.match(recorded):
            if not _DATE.match(replayed):
                self.add(where, recorded, replayed)
        elif not self.loose:
            wanted = self.ids.text(recorded, self.server)
            if _placeless(wanted) != _placeless(replayed):
                self.add(where, wanted, replayed)

    def _links(self, recorded: Any, replayed: Any, where: str) -> None:
        if self.loose:
            return
        names = [link and sorted(parse_qs(urlsplit(link).query)) for link in (recorded, replayed)]
        if names[0] != names[1]:
            self.add(where, recorded, replayed)


def _outline(thing: dict[str, Any]) -> tuple[Any, ...]:
    """Where a new annotation is, but for its ids."""
    return thing["frame"], str(thing.get("type")), thing.get("points", [])


def describe(content: bytes) -> list[Any]:
    """Format, mode and size of a picture; name, format and size of each one in an archive."""
    if content[:2] != b"PK":
        with Image.open(io.BytesIO(content)) as image:
            return [image.format, image.mode, list(image.size)]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = [(name, describe(archive.read(name))) for name in archive.namelist()]
        return [[name, kind, size] for name, (kind, _, size) in found]


def _placeless(text: str) -> str:
    """Without the number of the directory that the server stores files in, and without waiting times."""
    return re.sub(r"(/data/data/|available in )\d+", r"\1N", text)


def _last_line(text: Any) -> str:
    return str(text).strip().splitlines()[-1] if str(text).strip() else ""


def _of_results(name: str) -> str:
    return "result" if name == "results" else ""
