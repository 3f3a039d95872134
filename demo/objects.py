"""The things that stand in the made-up photographs: each brush paints one into a box of left, top, right, bottom."""

from __future__ import annotations

import math

from .paint import Box, Canvas, Color, lighter

PAINTS: dict[str, Color] = {
    "red": (168, 38, 36),
    "blue": (42, 78, 148),
    "white": (214, 216, 214),
    "black": (42, 44, 48),
    "silver": (142, 148, 154),
    "green": (52, 104, 72),
    "yellow": (204, 164, 48),
}
GLASS: Color = (46, 58, 70)
_CIRCLE = [(math.cos(step * math.pi / 12), math.sin(step * math.pi / 12)) for step in range(25)]
TYRE: Color = (24, 24, 26)
SKIN: tuple[Color, ...] = ((224, 178, 148), (168, 116, 82), (108, 72, 52))


def car_from_behind(canvas: Canvas, box: Box, color: Color, plate: str) -> None:
    """A car on a street, seen from behind."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    canvas.shadow((left - 0.06 * width, bottom - 0.16 * height, right + 0.06 * width, bottom + 0.1 * height))
    for x in (left + 0.06 * width, right - 0.26 * width):
        canvas.block((x, bottom - 0.26 * height, x + 0.2 * width, bottom), TYRE, 0.03 * width)
    cabin = [(0.12, 0.46), (0.24, 0.02), (0.76, 0.02), (0.88, 0.46)]
    canvas.polygon([(left + x * width, top + y * height) for x, y in cabin], lighter(color, 14))
    window = [(0.2, 0.42), (0.29, 0.09), (0.71, 0.09), (0.8, 0.42)]
    canvas.polygon([(left + x * width, top + y * height) for x, y in window], GLASS)
    gleam = [(0.3, 0.4), (0.38, 0.1), (0.5, 0.1), (0.42, 0.4)]
    canvas.polygon([(left + x * width, top + y * height) for x, y in gleam], lighter(GLASS, 26))
    canvas.block((left, top + 0.4 * height, right, bottom - 0.12 * height), color, 0.08 * width, 0.45)
    for x in (left + 0.03 * width, right - 0.2 * width):
        canvas.block((x, top + 0.5 * height, x + 0.17 * width, top + 0.62 * height), (196, 30, 26), 0.02 * width)
    bumper = (left + 0.02 * width, bottom - 0.24 * height, right - 0.02 * width, bottom - 0.12 * height)
    canvas.block(bumper, lighter(color, -46), 0.03 * width)
    middle = left + width / 2
    canvas.block(
        (middle - 0.15 * width, top + 0.61 * height, middle + 0.15 * width, top + 0.73 * height), (232, 232, 220), 1
    )
    canvas.text((middle, top + 0.67 * height), plate, 0.1 * height, (30, 30, 34))


def truck_from_behind(canvas: Canvas, box: Box, color: Color, plate: str) -> None:
    """A lorry on a street, seen from behind."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    canvas.shadow((left - 0.06 * width, bottom - 0.1 * height, right + 0.06 * width, bottom + 0.08 * height))
    for x in (left + 0.05 * width, right - 0.25 * width):
        canvas.block((x, bottom - 0.17 * height, x + 0.2 * width, bottom), TYRE, 0.02 * width)
    canvas.block((left, top, right, bottom - 0.14 * height), color, 0.02 * width, 0.35)
    canvas.line([(left + width / 2, top + 0.03 * height), (left + width / 2, bottom - 0.2 * height)], (60, 62, 66))
    for share in (0.08, 0.92):
        x = left + share * width
        canvas.line([(x, top + 0.05 * height), (x, bottom - 0.22 * height)], lighter(color, -30), 0.015 * width)
    canvas.block((left, bottom - 0.2 * height, right, bottom - 0.12 * height), (58, 60, 64))
    for x in (left + 0.02 * width, right - 0.16 * width):
        canvas.block((x, bottom - 0.19 * height, x + 0.14 * width, bottom - 0.14 * height), (196, 40, 30))
    canvas.text((left + width / 2, bottom - 0.16 * height), plate, 0.05 * height, (226, 226, 214))


def person(canvas: Canvas, box: Box, coat: Color, skin: Color, trousers: Color = (44, 48, 66)) -> None:
    """Somebody on foot."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    middle = left + width / 2
    canvas.shadow((left, bottom - 0.05 * height, right + 0.3 * width, bottom + 0.03 * height), 0.5, 2)
    for foot in (-0.26, 0.2):
        hip, end = (middle + 0.1 * width * (1 if foot > 0 else -1), top + 0.5 * height), middle + foot * width
        canvas.line([hip, (end, bottom - 0.02 * height)], trousers, 0.24 * width)
        canvas.ellipse((end - 0.16 * width, bottom - 0.04 * height, end + 0.2 * width, bottom), (34, 30, 28))
    for side in (-1, 1):
        shoulder = (middle + side * 0.3 * width, top + 0.22 * height)
        hand = (middle + side * 0.42 * width, top + 0.52 * height)
        canvas.line([shoulder, hand], lighter(coat, -22), 0.17 * width)
    canvas.block(
        (middle - 0.36 * width, top + 0.15 * height, middle + 0.36 * width, top + 0.56 * height), coat, 0.2 * width
    )
    canvas.ellipse((middle - 0.22 * width, top, middle + 0.22 * width, top + 0.15 * height), skin)
    canvas.ellipse((middle - 0.23 * width, top, middle + 0.23 * width, top + 0.08 * height), (58, 42, 32))


def bicycle(canvas: Canvas, box: Box, color: Color) -> None:
    """A bicycle from the side."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    radius = min(0.26 * width, 0.34 * height)
    back, front = (left + radius, bottom - radius), (right - radius, bottom - radius)
    canvas.shadow((left, bottom - 0.06 * height, right, bottom + 0.06 * height), 0.5, 2)
    for x, y in (back, front):
        ring = [(x + radius * 0.93 * c, y + radius * 0.93 * s) for c, s in _CIRCLE]
        canvas.line(ring, TYRE, max(1.2, 0.1 * radius))
    seat, head = (left + 0.36 * width, top + 0.28 * height), (left + 0.7 * width, top + 0.26 * height)
    pedal = (left + 0.46 * width, bottom - radius)
    stroke = max(1.5, 0.035 * width)
    for path in ([back, seat, pedal, back], [seat, head, pedal], [head, front]):
        canvas.line(path, color, stroke)
    canvas.line(
        [(seat[0] - 0.08 * width, top + 0.2 * height), (seat[0] + 0.08 * width, top + 0.2 * height)], TYRE, 2 * stroke
    )
    canvas.line(
        [head, (head[0] - 0.02 * width, top + 0.05 * height), (head[0] + 0.1 * width, top + 0.05 * height)],
        TYRE,
        stroke,
    )


def car_from_above(canvas: Canvas, box: Box, color: Color) -> None:
    """A parked car, seen from above, its nose up."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    canvas.cast([(left + 4, top + 6), (right + 7, top + 6), (right + 7, bottom + 6), (left + 4, bottom + 6)])
    canvas.block(box, color, 0.26 * width, 0.2)
    canvas.block(
        (left + 0.09 * width, top + 0.05 * height, right - 0.09 * width, top + 0.26 * height),
        lighter(color, 10),
        0.1 * width,
    )
    front = [(0.12, 0.36), (0.2, 0.27), (0.8, 0.27), (0.88, 0.36), (0.8, 0.41), (0.2, 0.41)]
    back = [(0.16, 0.84), (0.22, 0.76), (0.78, 0.76), (0.84, 0.84), (0.76, 0.88), (0.24, 0.88)]
    for shape in (front, back):
        canvas.polygon([(left + x * width, top + y * height) for x, y in shape], GLASS)
    canvas.block(
        (left + 0.15 * width, top + 0.43 * height, right - 0.15 * width, top + 0.74 * height),
        lighter(color, 22),
        0.08 * width,
    )
    for x in (left + 0.08 * width, right - 0.26 * width):
        canvas.block((x, top + 0.01 * height, x + 0.18 * width, top + 0.05 * height), (242, 238, 206), 0.03 * width)


def bottle(canvas: Canvas, box: Box, color: Color, name: str) -> None:
    """A bottle on a shelf."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    _stand(canvas, box)
    canvas.block(
        (left + 0.36 * width, top, right - 0.36 * width, top + 0.4 * height), lighter(color, -12), 0.04 * width
    )
    canvas.block((left, top + 0.28 * height, right, bottom), color, 0.22 * width, 0.4)
    canvas.block((left + 0.33 * width, top, right - 0.33 * width, top + 0.07 * height), (216, 178, 64), 1)
    canvas.block(
        (left + 0.12 * width, top + 0.34 * height, left + 0.22 * width, bottom - 0.06 * height),
        lighter(color, 70),
        0.04 * width,
    )
    canvas.block((left, top + 0.52 * height, right, top + 0.8 * height), (234, 228, 208), 0)
    canvas.text((left + width / 2, top + 0.66 * height), name, 0.22 * width, lighter(color, -40))


def can(canvas: Canvas, box: Box, color: Color, name: str) -> None:
    """A tin on a shelf."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    _stand(canvas, box)
    canvas.block(box, color, 0.1 * width, 0.3)
    canvas.block(
        (left + 0.14 * width, top + 0.06 * height, left + 0.28 * width, bottom - 0.06 * height),
        lighter(color, 60),
        0.05 * width,
    )
    canvas.ellipse((left, top - 0.06 * height, right, top + 0.08 * height), (190, 194, 198))
    canvas.ellipse(
        (left + 0.08 * width, top - 0.035 * height, right - 0.08 * width, top + 0.055 * height), (158, 162, 168)
    )
    canvas.text((left + width / 2, top + 0.5 * height), name, 0.24 * width, (248, 244, 232))


def carton(canvas: Canvas, box: Box, color: Color, name: str) -> None:
    """A cardboard box on a shelf."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    _stand(canvas, box)
    canvas.block(box, color, 1, 0.25)
    canvas.polygon(
        [
            (left, top + 0.62 * height),
            (right, top + 0.48 * height),
            (right, top + 0.78 * height),
            (left, top + 0.9 * height),
        ],
        lighter(color, 54),
    )
    canvas.text((left + width / 2, top + 0.28 * height), name, 0.2 * width, (250, 248, 240))


def _stand(canvas: Canvas, box: Box) -> None:
    left, top, right, bottom = box
    canvas.cast([(left + 3, top + 8), (right + 7, top + 8), (right + 7, bottom), (left + 3, bottom)], 0.35, 3)
