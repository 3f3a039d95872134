"""The colours of classes: the same for the same class, apart for different ones, the chosen ones first."""

from __future__ import annotations

import re

from fiftyone.plugins.orgs.roundtrip.cvat.labels.colors import HUES, SHADES, color_classes
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.lists(st.text(max_size=5), max_size=120)


@given(NAMES, st.dictionaries(st.text(max_size=2), st.sampled_from(["#ff0000", "#00ff00"])))
def test_every_class_has_a_colour_and_different_classes_have_different_ones(
    names: list[str], chosen: dict[str, str]
) -> None:
    colors = color_classes(names, chosen)
    assert set(colors) == {*names, *chosen}
    assert all(re.fullmatch("#[0-9a-f]{6}", color) for color in colors.values())
    assert {name: colors[name] for name in chosen} == chosen
    ours = [color for name, color in colors.items() if name not in chosen]
    if len(colors) <= HUES * len(SHADES):
        assert len(set(ours)) == len(ours)
        assert not set(ours) & set(chosen.values())


def test_a_name_decides_as_long_as_its_colour_is_free() -> None:
    alone = color_classes(["car"])["car"]
    assert color_classes(["dog", "car", "bus"])["car"] == alone
    assert color_classes(["dog"], {"cat": alone})["dog"] != alone
