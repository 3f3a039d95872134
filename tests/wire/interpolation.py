"""What stored tracks are on every frame of a clip, by the code of a real CVAT server.

The recording has them with every value of every frame, and with what the web editor makes of them. Here each track is
a line of `interpolation.jsonl`: as it is stored, its frames by what differs from the frame before, and what the web
editor shows otherwise.

    python tests/wire/interpolation.py        writes it again from the recording

The recording is looked for in `$CVAT_WIRE_DIR`, else in `shared/cvat-wire` beside the repository.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FACTS = HERE / "interpolation.jsonl"
RECORDINGS = Path(os.environ.get("CVAT_WIRE_DIR") or HERE.parent.parent.parent / "shared" / "cvat-wire").resolve()

Json = dict[str, Any]


def distil(recording: Json) -> str:
    """The lines of the file."""
    return "".join(json.dumps(_track(track), separators=(",", ":")) + "\n" for track in recording["tracks"])


def _track(track: Json) -> Json:
    """One track; its frames are missing where the server raised an error."""
    server = track["server"]
    kept = {"name": track["name"], "stored": track["stored"], "differences": track["differences"]}
    if isinstance(server, str):
        return {**kept, "error": server}
    frames = sorted([*server, *track["server_with_outside"]], key=lambda shape: shape["frame"])
    shown = {shape["frame"] for shape in server}
    return {**kept, "shown": sorted(shown), "frames": _by_difference(frames)}


def _by_difference(frames: list[Json]) -> list[Json]:
    before: Json = {}
    found = []
    for shape in frames:
        found.append({name: value for name, value in shape.items() if name not in before or before[name] != value})
        before = shape
    return found


def load() -> list[Json]:
    """The tracks, with all values of each frame."""
    tracks = [json.loads(line) for line in FACTS.read_text(encoding="utf-8").splitlines()]
    for track in tracks:
        before: Json = {}
        for number, changes in enumerate(track.get("frames", ())):
            before = track["frames"][number] = {**before, **changes}
    return tracks


if __name__ == "__main__":
    FACTS.write_text(distil(json.loads((RECORDINGS / "21_interpolation.json").read_text(encoding="utf-8"))))
    print(f"{len(load())} tracks, {FACTS.stat().st_size / 1000:.0f} kB")
