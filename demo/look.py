"""How the demo's dataset looks in the App: few labels at first, and colours that are told apart."""

from __future__ import annotations

import fiftyone as fo

from .objects import PAINTS

COLORS = {
    "car": "#1f77ff",
    "truck": "#ffb000",
    "person": "#ff2d9b",
    "bicycle": "#00c853",
    "bottle": "#00b8d4",
    "can": "#ff5722",
    "box": "#aa00ff",
}
SHOWN = ["ground_truth"]
"""The fields that are drawn when the App opens; the others are a click away in the sidebar."""


def dress(dataset: fo.Dataset) -> None:
    """Say how the App shows a dataset."""
    colors = [{"value": name, "color": color} for name, color in COLORS.items()]
    dataset.app_config.color_scheme = fo.ColorScheme(
        color_by="value",
        color_pool=list(COLORS.values()),
        opacity=0.7,
        fields=[{"path": field, "colorByAttribute": "label", "valueColors": colors} for field in SHOWN],
    )
    dataset.app_config.active_fields = fo.ActiveFields(paths=SHOWN)
    dataset.save()


def let_annotate(dataset: fo.Dataset) -> None:
    """Say what may be edited in the App itself, so that its "Annotate" needs no preparation."""
    schema = {
        "type": "detections",
        "component": "dropdown",
        "classes": list(COLORS),
        "attributes": [
            {"name": "color", "type": "str", "component": "dropdown", "values": list(PAINTS)},
            {"name": "plate", "type": "str", "component": "text"},
            *({"name": name, "type": "bool", "component": "toggle"} for name in ("parked", "moving")),
        ],
    }
    dataset.update_label_schema("ground_truth", schema)
    dataset.activate_label_schemas("ground_truth")
