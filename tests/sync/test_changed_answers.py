"""Answers of a server in which some values are others, missing or there twice: a load is a report whose counts add up,
or a sentence; the dataset can be read afterwards, and loads as ever."""

from __future__ import annotations

import json
import random

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from sync_changed import changed
from sync_loop import Loop

TURNS = 10
ANSWERS = (
    *("/annotations", r"/api/jobs(\?|$)", r"/api/tasks/\d+$", "/meta", "/api/labels", "/api/issues", "/api/comments"),
    *("/api/server/about", "/api/users/self"),
)
INVISIBLE = ("\\u202e", "\\u200b", "\\u001b", "\\u0000")


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
