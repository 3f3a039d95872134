"""The colours of classes in CVAT: one colour for one class in all fields, apart from each other."""

import colorsys
import zlib
from collections.abc import Iterable, Mapping

HUES = 24
"""So many colours can be distinguished by eye."""
SHADES = ((0.75, 0.95), (0.9, 0.7), (0.45, 0.9))
"""Saturation and brightness."""


def color_classes(names: Iterable[str], chosen: Mapping[str, str] | None = None) -> dict[str, str]:
    """A colour for each class: the chosen one, else one that its name alone decides as long as that is free.

    Args:
        names: the classes; one that comes twice has one colour
        chosen: colours that somebody chose, as ``#rrggbb``, by class

    Returns:
        the colours as ``#rrggbb``, by class; beyond the number of colours that can be distinguished they repeat
    """
    colors = dict(chosen or {})
    taken = set(colors.values())
    palette = [_color(hue / HUES, *shade) for shade in SHADES for hue in range(HUES)]
    for name in sorted(set(names) - colors.keys()):
        start = zlib.crc32(name.encode()) % HUES  # of the first shade: the clearest colours
        order = (palette[(start + 7 * step) % HUES + HUES * (step // HUES)] for step in range(len(palette)))
        colors[name] = next((color for color in order if color not in taken), palette[start])
        taken.add(colors[name])
    return colors


def _color(hue: float, saturation: float, brightness: float) -> str:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, brightness)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
