"""Attribute values: typed in FiftyOne, text in CVAT."""

from __future__ import annotations

import datetime
import math
from typing import Any

import bson
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import (
    NotCarried,
    Unreadable,
    from_text,
    kind_of,
    to_text,
)
from hypothesis import given
from hypothesis import strategies as st
from labels_server import bits
from labels_strategies import texts, values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("002100", "002100"),
        ("true", "true"),
        ("1e5", "1e5"),
        ("", ""),
        (None, ""),
        (" two words\n", " two words\n"),
        ("ünï ☃", "ünï ☃"),
        ("x" * 4096, "x" * 4096),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (2**53 + 1, "9007199254740993"),
        (1.25, "1.25"),
        (3.0, "3.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (math.inf, "inf"),
        (bson.Int64(5), "5"),
        (np.float64(1.5), "1.5"),
    ],
)
def test_text_in_cvat(value: Any, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(
    "value",
    ["x" * 4097, "zero\0byte", [1], {"a": 1}, datetime.datetime(2026, 1, 1), bson.ObjectId("65" * 12), b"bytes", 1j],
)
def test_what_cvat_cannot_hold(value: Any) -> None:
    with pytest.raises(NotCarried, match=r"^(values of type|texts (over|with))"):
        to_text(value)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("002100", "str", "002100"),
        ("true", "str", "true"),
        (" kept ", "str", " kept "),
        ("", "str", None),
        (" ", "str", " "),
        ("4", "int", 4),
        (" 4 ", "int", 4),
        ("4.0", "int", 4),
        ("1e5", "int", 100_000),
        ("9007199254740993", "int", 2**53 + 1),
        ("", "int", None),
        ("4", "float", 4.0),
        ("2.50", "float", 2.5),
        ("-inf", "float", -math.inf),
        ("", "float", None),
        ("true", "bool", True),
        ("False", "bool", False),  # as scripts write a checkbox
        ("", "bool", None),
    ],
)
def test_value_in_fiftyone(text: str, kind: Any, value: Any) -> None:
    assert bits(from_text(text, kind)) == bits(value)


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("abc", "int", "'abc' is not a whole number"),
        ("1.5", "int", "'1.5' is not a whole number"),
        ("nan", "int", "'nan' is not a whole number"),
        ("1_000", "int", "'1_000' is not a whole number"),
        ("9007199254740993.0", "int", "'9007199254740993.0' is not a whole number"),  # would be read as its neighbour
        ("9223372036854775808", "int", "'9223372036854775808' is not a whole number"),  # MongoDB could not store it
        ("1e400", "int", "'1e400' is not a whole number"),
        ("1" * 4096, "int", f"'{'1' * 40}' is not a whole number"),
        ("abc", "float", "'abc' is not a number"),
        ("1e400", "float", "'1e400' is not a number"),
        ("1_0.5", "float", "'1_0.5' is not a number"),
        ("maybe", "bool", "'maybe' is not true or false"),
        ("None", "bool", "'None' is not true or false"),
    ],
)
def test_texts_that_are_no_value(text: str, kind: Any, why: str) -> None:
    with pytest.raises(Unreadable) as caught:
        from_text(text, kind)
    assert str(caught.value) == why


@given(values)
def test_a_value_comes_back_with_every_bit(value: Any) -> None:
    kind = kind_of(value)
    there = from_text(to_text(value), kind or "str")
    assert bits(there) == bits(value if value != "" else None)


@given(texts, st.sampled_from(["str", "int", "float", "bool"]))
def test_any_text_is_read_or_refused(text: str, kind: Any) -> None:
    try:
        value = from_text(text, kind)
    except Unreadable:
        assert kind != "str"
        return
    assert value is None or kind_of(value) == kind
    bson.encode({"value": value})


@given(st.from_regex(r"[-+0-9._eE infatysNI]{1,20}", fullmatch=True), st.sampled_from(["int", "float"]))
def test_any_number_that_is_read_can_be_stored(text: str, kind: Any) -> None:
    try:
        value = from_text(text, kind)
    except Unreadable:
        return
    assert value is None or kind_of(value) == kind
    bson.encode({"value": value})
