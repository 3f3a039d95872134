"""Bombs that an annotator can put into a job, loaded by a process with a ceiling: bounded memory and time, and the
outcome is a count or a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from sync_loop import Loop

CEILING = 3 << 28
"""Bytes of address space that a load may take beyond what FiftyOne has taken before it."""

LONGEST = 30.0
"""Seconds that a load may take, on a machine that may be busy."""

CHILD = """
import json, resource, sys, time
import fiftyone as fo
from fiftyone.operators.registry import OperatorRegistry
OperatorRegistry()
import fiftyone.operators as foo
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError

load = foo.get_operator("@roundtrip/cvat/load_annotations")
dataset = fo.load_dataset(sys.argv[1])
load(dataset, "run", preview=True)
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
print("ready", flush=True)
for line in sys.stdin:
    began = time.monotonic()
    try:
        report = load(dataset, "run", confirm=True)
        said = {"objects": report["objects"], "notes": report["notes"], "left": report["left"]}
    except (RoundtripError, CvatError) as error:
        said = {"sentence": str(error)}
    print(json.dumps({**said, "seconds": time.monotonic() - began}), flush=True)
"""


def shape(label: int, **values: Any) -> dict[str, Any]:
    plain = {"id": 1000, "type": "rectangle", "frame": 0, "label_id": label, "points": [1.0, 1.0, 9.0, 9.0]}
    return {**plain, "attributes": [], "group": 0, "source": "manual", **values}


def many(kind: str, things: Iterator[dict[str, Any]]) -> bytes:
    found: dict[str, Any] = {"version": 0, "tags": [], "shapes": [], "tracks": []}
    return json.dumps({**found, kind: list(things)}).encode()


def one(label: int, **values: Any) -> bytes:
    return many("shapes", iter([shape(label, **values)]))


def tag(label: int, number: int) -> dict[str, Any]:
    return {"id": number, "frame": 0, "label_id": label, "group": 0, "source": "manual", "attributes": []}


def attributes(count: int, spec: int) -> list[dict[str, Any]]:
    return [{"spec_id": spec, "value": "x"} for _ in range(count)]


Bomb = Callable[[int, int], bytes]
BOMBS: dict[str, tuple[Bomb, int, str]] = {
    # what it is: the job, for a class and its attribute; how many objects are left; why, or a sentence
    "a mask of 10^14 pixels": (
        lambda label, spec: one(label, type="mask", points=[0, 10**14, 0, 0, 10**7 - 1, 10**7 - 1]),
        1,
        "not readable: the runs and the box of a mask are no whole numbers",
    ),
    "a mask of 300,000 runs": (
        lambda label, spec: one(label, type="mask", points=[1] * 300_000 + [0, 0, 319, 239]),
        1,
        "not readable: the runs of a mask do not fill its box",
    ),
    "a polygon of 500,000 points": (
        lambda label, spec: one(label, type="polygon", points=[1.25, 2.5] * 500_000),
        1,
        "their sample would be larger than MongoDB can hold (16 MB)",
    ),
    "10,000 tags": (
        lambda label, spec: many("tags", (tag(label, n) for n in range(10_000))),
        9_999,
        "exact copies of other objects, as an editor's double save makes them",
    ),
    "10,000 types": (
        lambda label, spec: many("shapes", (shape(label, id=n, type=f"x{n}") for n in range(10_000))),
        10_000,
        "of too many other types and classes to name them",
    ),
    "a text of 20 MB": (
        lambda label, spec: one(label, attributes=[{"spec_id": spec, "value": "x" * 20_000_000}]),
        1,
        "their sample would be larger than MongoDB can hold (16 MB)",
    ),
    "a type of 20 MB": (
        lambda label, spec: one(label, type="x" * 20_000_000),
        1,
        "of a type that FiftyOne has no label for",
    ),
    "100,000 attributes": (lambda label, spec: one(label, attributes=attributes(100_000, spec)), 0, ""),
    "10,000 keyframes on a frame": (
        lambda label, spec: many("tracks", iter([{**tag(label, 5), "shapes": [shape(label)] * 10_000}])),
        0,
        "",
    ),
    "lists in lists": (
        lambda label, spec: b'{"shapes":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        0,
        "recursion limit exceeded",
    ),
    "elements in elements": (
        lambda label, spec: b'{"shapes":[' + b'{"elements":[' * 5_000 + b"]}" * 5_000 + b"]}",
        0,
        "recursion limit exceeded",
    ),
}


def test_bombs(filled: Loop) -> None:
    filled.send(label_schema={"gt": {"classes": ["cat", "dog"], "attributes": {"note": {"type": "text"}}}})
    cat = filled.cvat.labels()["cat"]
    label, spec = cat["id"], cat["attributes"][0]["id"]
    command = [sys.executable, "-c", textwrap.dedent(CHILD), filled.dataset.name, str(CEILING)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin and child.stdout
        assert any(line == "ready\n" for line in child.stdout)
        for name, (bomb, left, why) in BOMBS.items():
            filled.cvat.move(filled.cvat.shape(1))
            answer = {"headers": {"Content-Type": "application/vnd.cvat+json"}, "body": bomb(label, spec)}
            filled.box.faults.add("status", "GET", r"/api/jobs/\d+/annotations", status=200, times=None, **answer)
            child.stdin.write("\n")
            child.stdin.flush()
            line = child.stdout.readline()
            filled.box.faults.clear()
            assert line and len(line) < 1_000_000, name
            outcome = json.loads(line)
            assert outcome.get("objects", {"left": 0})["left"] == left, name
            assert why in outcome.get("sentence", "") or why in [item["reason"] for item in outcome["left"]], name
            assert outcome["seconds"] < LONGEST, name
        child.stdin.close()
