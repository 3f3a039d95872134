"""Labels and images that several recorded scenarios have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox_world import World

Setup = Callable[[World], None]
Json = dict[str, Any]

ATTRIBUTES = [
    {"name": "make", "mutable": False, "input_type": "text", "default_value": "unknown", "values": []},
    {"name": "color", "mutable": False, "input_type": "select", "default_value": "red", "values": ["red", "green"]},
    {"name": "side", "mutable": True, "input_type": "radio", "default_value": "left", "values": ["left", "right"]},
    {"name": "parked", "mutable": True, "input_type": "checkbox", "default_value": "false", "values": ["false"]},
    {"name": "speed", "mutable": True, "input_type": "number", "default_value": "5", "values": ["0", "200", "5"]},
]
SHORT = [ATTRIBUTES[0], ATTRIBUTES[3], ATTRIBUTES[4]]
FISH = {
    "name": "fish",
    "type": "skeleton",
    "svg": "",
    "sublabels": [
        {"name": "head", "type": "points", "attributes": []},
        {
            "name": "tail",
            "type": "points",
            "attributes": [
                {
                    "name": "visible", "mutable": True, "input_type": "checkbox",
                    "default_value": "true", "values": ["true"],
                }
            ],
        },
    ],
}  # fmt: skip
PLAIN = {"name": "plain", "attributes": []}


def images(world: World, count: int) -> dict[str, bytes]:
    return world.pictures([f"img_{number}.png" for number in range(count)])
