"""Groups of CVAT: those of users and those of the parts of labels never have the same number."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.encode import OWN_GROUP
from fiftyone.plugins.orgs.roundtrip.cvat.labels.groups import LARGEST_GROUP, last_used, users_groups
from hypothesis import given
from hypothesis import strategies as st
from labels_server import edited, schema_of, send

SCHEMA = schema_of(gt={"type": "polylines", "facts": {"group": "team"}})
LINE = [[0.1, 0.1], [0.5, 0.5]]
numbers = st.integers(0, 50) | st.integers(0, LARGEST_GROUP) | st.integers(LARGEST_GROUP - 9, LARGEST_GROUP)


@given(st.lists(numbers, max_size=30), st.integers(1, 20))
def test_numbers_after_the_last_are_free(used: list[int], count: int) -> None:
    last = last_used(used)
    ours = set(range(last + 1, last + 1 + count))
    assert not ours & set(used)
    assert max(ours) <= LARGEST_GROUP


def test_users_go_first() -> None:
    assert last_used([]) == 0
    assert last_used([7, 3]) == 7
    assert last_used([7, LARGEST_GROUP]) == 7


@pytest.mark.parametrize("value", [None, -1, 2**31, 2**70, 1.5, True, "7", [7], float("nan")])
def test_what_is_no_group_is_none(value: Any) -> None:
    field = SCHEMA.fields["gt"]
    assert users_groups([{"team": value}, {"team": 5}, {}], field) == {5}
    assert users_groups([{"team": 5}], schema_of(gt={}).fields["gt"]) == set()


def test_the_group_of_a_label_of_several_parts_stays_here() -> None:
    """Its parts are a group of their own in CVAT, whose number means nothing in FiftyOne."""
    sent = send({"label": "car", "points": [LINE, LINE], "team": 4}, SCHEMA)
    assert sent.encoded.left_out == (OWN_GROUP,)
    assert [item.group for item in sent.objects] == [1, 1]
    regrouped = [edited(item, group=9) for item in sent.objects]
    assert sent.changes(*regrouped) == {}
    (reason,) = sent.read(*regrouped).refused
    assert reason.startswith("changes of 'team' of labels of several parts")


def test_that_of_others_goes_there_and_back() -> None:
    sent = send({"label": "car", "points": [LINE], "team": 4}, SCHEMA)
    assert (sent.objects[0].group, sent.encoded.left_out) == (4, ())
    assert sent.changes(edited(sent.objects[0], group=9)) == {"team": 9}
