"""Whatever ends a send before it begins says once that nothing was sent; a look ahead and a resume do not."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import CvatError, Refused, RoundtripError
from sync_loop import Loop

SAID = "nothing was sent"
REFUSED: dict[str, dict[str, Any]] = {
    "no field": {"label_field": "nowhere"},
    "a very long field": {"label_field": "x" * 5_000},
    "no type": {"label_field": "new", "label_type": "blobs"},
    "another type": {"label_field": "gt", "label_type": "classification"},
    "no classes": {"label_field": "new", "label_type": "detections"},
    "no labels asked for": {"label_field": None},
    "no schema": {"label_schema": {"gt": 3}},
    "a wrong schema": {"label_schema": {"gt": {"classes": [{}]}}},
    "a key that is taken": {"anno_key": "taken"},
    "frames of images": {"frame_step": 2},
    "no media field": {"media_field": "nowhere"},
    "no sequence field": {"sequence_field": "nowhere"},
    "an order of nothing": {"sequence_order": "gt"},
    "nobody": {"task_assignee": "nobody"},
    "no project": {"project_id": 77},
    "a project of other labels": {"project_name": "zoo"},
    "none of the labels": {"project_name": "zoo", "project_labels": "leave_out"},
    "no organization": {"organization": "nowhere"},
}
GROWN: dict[str, dict[str, Any]] = {
    "nothing new": {},
    "another schema": {"label_schema": {"gt": {"classes": ["cow"]}}},
    "another project": {"project_name": "zoo"},
}


@pytest.fixture
def zoo(filled: Loop) -> Loop:
    """A run, and a project with none of its labels."""
    filled.send(anno_key="taken")
    filled.cvat.call("POST", "projects", {"name": "zoo", "labels": [{"name": "bird", "attributes": []}]})
    return filled


def sentence(loop: Loop, **params: Any) -> str:
    """Why something is not sent."""
    tasks = len(loop.box.store.tasks)
    with pytest.raises((RoundtripError, CvatError)) as caught:
        loop.send(**params)
    assert len(loop.box.store.tasks) == tasks
    return str(caught.value)


def test_a_refused_send(zoo: Loop) -> None:
    for name, params in REFUSED.items():
        told = sentence(zoo, **params)
        assert told.casefold().count(SAID) == 1 and told.endswith("."), (name, told)


def test_refused_growth(zoo: Loop) -> None:
    for name, params in GROWN.items():
        told = sentence(zoo, **{"anno_key": "taken", "extend": True, **params})
        assert told.casefold().count(SAID) == 1 and told.endswith("."), (name, told)


def test_a_server_that_is_away(zoo: Loop) -> None:
    zoo.box.faults.add("status", "GET", "/api/", status=500, times=None)
    zoo.fill(None, suffix=".png")
    for params in ({}, {"anno_key": "taken", "extend": True}):
        assert sentence(zoo, **params).casefold().count(SAID) == 1


def test_a_look_ahead_and_a_resume_do_not_say_it(zoo: Loop) -> None:
    assert SAID not in sentence(zoo, label_field="nowhere", dry_run=True).casefold()
    zoo.box.faults.add("status", "POST", "/data", status=500, times=None)
    with pytest.raises(RoundtripError, match="half"):
        zoo.send(anno_key="half")
    with pytest.raises(Refused) as caught:
        zoo.send(anno_key="half", resume=True, organization="elsewhere")
    assert SAID not in str(caught.value).casefold()
