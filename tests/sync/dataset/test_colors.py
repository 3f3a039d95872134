"""The colours that annotators see: those of the dataset's colour scheme, else one for one class in all fields."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.colors import class_colors

SCHEMA = LabelSchema.model_validate(
    {
        "fields": {
            "gt": {"type": "detections", "classes": ["car", "dog"]},
            "pred": {"type": "detections", "classes": ["car", "cat"]},
            "sky": {"type": "segmentation", "classes": ["blue", "grey"], "mask_targets": {1: "blue", 2: "grey"}},
        }
    }
)


def colors(dataset: fo.Dataset, **scheme: Any) -> dict[tuple[str, str], str]:
    dataset.app_config.color_scheme = fo.ColorScheme(**scheme)
    return class_colors(dataset, SCHEMA)


def test_one_class_has_one_colour_in_all_fields(dataset: fo.Dataset) -> None:
    found = class_colors(dataset, SCHEMA)
    assert set(found) == {(name, cls) for name, item in SCHEMA.fields.items() for cls in item.class_names}
    assert found["gt", "car"] == found["pred", "car"]
    assert len(set(found.values())) == 5


def test_the_colour_scheme_decides(dataset: fo.Dataset) -> None:
    values = [{"value": "car", "color": "red"}, {"value": "dog", "color": "rgb(0, 10, 255)"}]
    found = colors(
        dataset,
        fields=[
            {"path": "gt", "colorByAttribute": "label", "valueColors": values},
            {"path": "sky", "maskTargetsColors": [{"intTarget": 2, "color": "#808080"}]},
        ],
        default_mask_targets_colors=[{"intTarget": 1, "color": "#0000ff"}],
    )
    assert found["gt", "car"] == found["pred", "car"] == "#ff0000"
    assert found["gt", "dog"] == "#000aff"
    assert found["sky", "grey"] == "#808080"


def test_default_targets_count_where_the_field_says_none(dataset: fo.Dataset) -> None:
    found = colors(dataset, default_mask_targets_colors=[{"intTarget": 1, "color": "#0000ff"}])
    assert found["sky", "blue"] == "#0000ff"


@pytest.mark.parametrize(
    "entry",
    [
        {"path": "gt", "colorByAttribute": "age", "valueColors": [{"value": "car", "color": "red"}]},
        {"path": "gt", "valueColors": [{"value": "car", "color": "no colour"}, {"value": "car"}]},
        {"path": "gt", "valueColors": None},
        {"path": "gt", "valueColors": [{"color": "red"}]},
        {"path": "sky", "maskTargetsColors": [{"intTarget": "1", "color": "red"}, {"intTarget": 9, "color": "red"}]},
    ],
)
def test_what_says_no_colour_of_a_class_changes_nothing(dataset: fo.Dataset, entry: dict[str, Any]) -> None:
    assert colors(dataset, fields=[entry]) == colors(dataset)
