"""The parameters of a send and a load: what they may be, and what a person is told who got them wrong."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import LoadRequest, SendRequest, parse

TAKEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what is given, what is understood
    "one field": ({"label_field": "gt"}, {"label_field": ("gt",)}),
    "fields": ({"label_field": ["gt", "pred"]}, {"label_field": ("gt", "pred")}),
    "no field": ({"label_field": None}, {"label_field": ()}),
    "one class": ({"classes": "cat"}, {"classes": ("cat",)}),
    "one person": ({"job_assignees": "ann"}, {"job_assignees": ("ann",)}),
    "a schema that is a name": ({"label_schema": "gt"}, {"label_schema": {"gt": {}}}),
    "a schema that is names": ({"label_schema": ["gt", "pred"]}, {"label_schema": {"gt": {}, "pred": {}}}),
    "blank texts": (
        {"task_name": " ", "project_name": "", "task_assignee": "", "issue_tracker": ""},
        dict.fromkeys(("task_name", "project_name", "task_assignee", "issue_tracker")),
    ),
    "the personal workspace": ({"organization": ""}, {"organization": ""}),
    "a project by both": ({"project_name": "a", "project_id": 3}, {"project_id": 3, "project_name": "a"}),
    "a project by its id": ({"project_id": 3}, {"project_id": 3, "project_name": None}),
}


@pytest.mark.parametrize(("given", "understood"), TAKEN.values(), ids=TAKEN)
def test_taken(given: dict[str, Any], understood: dict[str, Any]) -> None:
    request = parse(SendRequest, {"anno_key": "k", **given})
    assert {name: getattr(request, name) for name in understood} == understood


def test_every_parameter_of_annotate_is_known() -> None:
    """Those of ``SampleCollection.annotate()`` and its CVAT backend that concern images."""
    names = """label_schema label_field label_type classes attributes mask_targets allow_additions allow_deletions
        allow_label_edits allow_index_edits allow_spatial_edits media_field launch_editor task_name task_size
        segment_size image_quality project_name organization task_assignee job_assignees issue_tracker"""
    assert set(names.split()) <= set(SendRequest.model_fields)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a slip": ({"label_fields": "gt"}, "There is no parameter 'label_fields'; did you mean 'label_field'?"),
    "another slip": ({"assignee": "x"}, "There is no parameter 'assignee'; did you mean 'task_assignee'?"),
    "something else": ({"xyz": 1}, "There is no parameter 'xyz'; there are: anno_key,"),
    "a secret, which is not repeated": ({"password": "hunter2"}, "There is no parameter 'password';"),
    "no key": ({"anno_key": ...}, "The parameter 'anno_key' is needed."),
    "a key with a space": (
        {"anno_key": "night shift"},
        "The parameter 'anno_key' is wrong: must be a name of letters, digits and underscores that does not start "
        "with a digit.",
    ),
    "an empty key": ({"anno_key": ""}, "The parameter 'anno_key' is wrong:"),
    "no size": ({"task_size": 0}, "The parameter 'task_size' is wrong:"),
    "no number": ({"segment_size": "many"}, "The parameter 'segment_size' is wrong:"),
    "too good": ({"image_quality": 101}, "The parameter 'image_quality' is wrong:"),
    "a policy that is none": ({"bad_files": "skip"}, "The parameter 'bad_files' is wrong: input should be 'stop' or"),
    "a schema that is a number": ({"label_schema": 3}, "The parameter 'label_schema' is wrong:"),
    "a long project": ({"project_name": "x" * 257}, "The parameter 'project_name' is wrong:"),
    "a long subset": ({"subset": "x" * 65}, "The parameter 'subset' is wrong:"),
    "a long link": ({"issue_tracker": "x" * 2001}, "The parameter 'issue_tracker' is wrong:"),
}


@pytest.mark.parametrize(("given", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(given: dict[str, Any], sentence: str) -> None:
    params = {name: value for name, value in {"anno_key": "k", **given}.items() if value is not ...}
    with pytest.raises(Refused) as caught:
        parse(SendRequest, params)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith((".", "?"))
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Refused) as caught:
        parse(SendRequest, {"label_fild": "gt", "task_size": -1})
    for name in ("anno_key", "label_fild", "task_size"):
        assert f"'{name}'" in str(caught.value)


def test_a_load_has_parameters_of_its_own() -> None:
    with pytest.raises(Refused, match="did you mean 'dest_field'"):
        parse(LoadRequest, {"anno_key": "k", "destfield": "x"})
    with pytest.raises(Refused, match="'unexpected' is wrong"):
        parse(LoadRequest, {"anno_key": "k", "unexpected": "prompt"})
