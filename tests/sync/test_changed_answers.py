"""Answers of a server in which some values are others, missing or there twice: a load is a report whose counts add up,
or a sentence; the dataset can be read afterwards, and loads as ever."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from sync_loop import Loop

TURNS = 10
ANSWERS = (
    *("/annotations", r"/api/jobs(\?|$)", r"/api/tasks/\d+$", "/meta", "/api/labels", "/api/issues", "/api/comments"),
    *("/api/server/about", "/api/users/self"),
)
TEXTS = ("", "x" * 300_000, "\x00", "\u202e\u200b\x1b[31mX", "a\nb\r\n# h", "../../etc", "$where", "a.b", "_id", "NaN")
NASTY = (*TEXTS, None, True, -1, 0, 2**63, 10**30, -(10**9), 1.5, 1e308, [], [[]], {}, {"a": 1}, [1, 2])
INVISIBLE = ("\\u202e", "\\u200b", "\\u001b", "\\u0000")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(answer: Any, chance: random.Random) -> Any:
    """An answer of which one place is something else, lacks something, or has something twice."""
    path = chance.choice(list(places(answer)))
    here = copy.deepcopy(at(answer, path))
    if isinstance(here, list) and here and chance.random() < 0.5:
        here.append(chance.choice(here))
    elif isinstance(here, dict) and here and chance.random() < 0.5:
        del here[chance.choice(list(here))]
    elif chance.random() < 0.3:
        here = copy.deepcopy(at(answer, chance.choice(list(places(answer)))))
    else:
        here = chance.choice(NASTY)
    if not path:
        return here
    answer = copy.deepcopy(answer)
    at(answer, path[:-1])[path[-1]] = here
    return answer


@pytest.mark.parametrize("seed", range(2))
def test_loads(filled: Loop, seed: int) -> None:
    chance = random.Random(seed)
    filled.send()
    filled.cvat.call("POST", "issues", {"job": 1, "frame": 0, "position": [1.0, 1.0], "message": "look"})
    for turn in range(TURNS):
        filled.cvat.move(filled.cvat.shape(0))
        filled.cvat.draw("dog", 1, [10.0 + turn, 10.0, 50.0, 50.0])
        filled.box.faults.add("change", path=chance.choice(ANSWERS), change=lambda a: changed(a, chance), times=2)
        try:
            report = filled.load(preview=chance.random() < 0.3)
        except (RoundtripError, CvatError) as error:
            said = [str(error)]
            assert said[0].endswith((".", "?", "…")) and len(said[0]) < 3_000, (seed, turn, said)
        else:
            objects, said = report["objects"], report["notes"]
            assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"], (seed, turn)
            assert len(json.dumps(report)) < 300_000, (seed, turn)
        assert not [mark for mark in INVISIBLE if mark in json.dumps(said)], (seed, turn)
        filled.box.faults.clear()
        filled.dataset.clone().delete()  # all of it can be read
    filled.load()
    report = filled.load()
    assert report["changed"] == report["added"] == 0
    assert sum(map(len, filled.labels())) == len(filled.cvat.objects()) - report["objects"]["left"]
