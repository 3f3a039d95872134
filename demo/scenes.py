"""Three kinds of made-up photograph: a street, a car park from above, a shop's shelf; each knows what it shows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from . import objects
from .paint import Box, Canvas, Color, Point, lighter

SKIES: dict[str, tuple[Color, Color, float, float]] = {  # top, bottom, warmth, brightness
    "clear": ((74, 130, 196), (190, 214, 230), 0.02, 1.06),
    "overcast": ((150, 158, 166), (206, 210, 212), -0.02, 0.94),
    "dusk": ((62, 58, 104), (238, 164, 110), 0.10, 0.82),
    "rain": ((104, 114, 126), (160, 168, 174), -0.05, 0.80),
}
ASPHALT: Color = (84, 86, 90)
CHALK: Color = (222, 222, 214)


@dataclass
class Thing:
    """One object in a picture, with its box in pixels."""

    label: str
    box: Box
    attributes: dict[str, object] = field(default_factory=dict)


@dataclass
class Outline:
    """A region (closed) or a line (open), in pixels."""

    label: str
    points: list[Point]
    attributes: dict[str, object] = field(default_factory=dict)


@dataclass
class Scene:
    """A finished picture and what is in it."""

    image: Image.Image
    weather: str
    things: list[Thing]
    regions: list[Outline]
    lanes: list[Outline]


def street(rng: np.random.Generator, size: tuple[int, int], weather: str) -> Scene:
    """A street running to the horizon, with houses, traffic and people."""
    canvas = Canvas(size, rng)
    width, height = size
    vanish: Point = (width * rng.uniform(0.42, 0.58), height * rng.uniform(0.38, 0.44))
    top, bottom, warmth, brightness = SKIES[weather]
    canvas.gradient(top, bottom, (0, 0, width, height))
    _houses(canvas, vanish)
    road, pavements = _ground(canvas, vanish)
    lanes = _markings(canvas, vanish)
    for side in (0.06, 0.93):
        x, y = width * side, vanish[1] + 0.1 * height
        canvas.line([(x, y - 0.05 * height), (x, y + 0.16 * height)], (70, 52, 40), 0.012 * width)
        canvas.leaves((x, y - 0.12 * height), 0.085 * width, (58, 98, 52))
    things = _walkers(canvas, vanish) + _traffic(canvas, vanish)
    regions = [Outline("road", road, {"surface": "asphalt", "wet": weather == "rain"})]
    regions += [Outline("pavement", points, {"surface": "stone", "wet": weather == "rain"}) for points in pavements]
    return Scene(canvas.develop(warmth, brightness), weather, things, regions, lanes)


def _houses(canvas: Canvas, vanish: Point) -> None:
    """Two rows of house fronts that shrink towards the vanishing point."""
    width, height = canvas.width, canvas.height
    for edge in (0.0, float(width)):
        far = edge
        for depth in (0.0, 0.3, 0.52, 0.68, 0.79, 0.87):
            near, far = edge + (vanish[0] - edge) * depth, edge + (vanish[0] - edge) * min(1, depth + 0.3 * (1 - depth))
            scale, far_scale = 1 - depth, 1 - min(1, depth + 0.3 * (1 - depth))
            roof = canvas.rng.uniform(0.75, 1.05) * height * 0.46
            tone = canvas.rng.uniform(-24, 24)
            wall = lighter(((158, 130, 108), (150, 146, 138), (132, 108, 98))[canvas.rng.integers(3)], tone)
            front = [
                (near, vanish[1] - roof * scale), (far, vanish[1] - roof * far_scale),
                (far, vanish[1] + 0.12 * height * far_scale), (near, vanish[1] + 0.16 * height * scale),
            ]  # fmt: skip
            canvas.polygon(front, wall)
            canvas.texture(front, 7, 2)
            _windows(canvas, front, wall)


def _windows(canvas: Canvas, front: list[Point], wall: Color) -> None:
    (x0, top0), (x1, top1), (_, low1), (_, low0) = front
    for row in range(4):
        for column in range(3):
            corners = []
            for u, v in ((0.12, 0.1), (0.28, 0.1), (0.28, 0.2), (0.12, 0.2)):
                u, v = u + column * 0.3, v + row * 0.2
                top, low = top0 + (top1 - top0) * u, low0 + (low1 - low0) * u
                corners.append((x0 + (x1 - x0) * u, top + (low - top) * v))
            lit = canvas.rng.random() < 0.2
            canvas.polygon(corners, (232, 206, 148) if lit else lighter(wall, -64))


def _ground(canvas: Canvas, vanish: Point) -> tuple[list[Point], list[list[Point]]]:
    """Road and pavements; returns their outlines."""
    width, height = canvas.width, canvas.height
    everything: list[Point] = [(0, vanish[1] + 0.13 * height), vanish, (width, vanish[1] + 0.13 * height)]
    everything += [(width, height), (0, height)]
    canvas.polygon(everything, (138, 134, 128))
    canvas.texture(everything, 9, 3)
    road = [
        (vanish[0] - 0.012 * width, vanish[1] + 0.01 * height), (vanish[0] + 0.012 * width, vanish[1] + 0.01 * height),
        (width * 0.99, height - 1.0), (width * 0.01, height - 1.0),
    ]  # fmt: skip
    canvas.polygon(road, ASPHALT)
    canvas.texture(road, 16, 1.5)
    canvas.texture(road, 8, 30)
    for corner, end in ((road[0], road[3]), (road[1], road[2])):
        canvas.line([corner, end], (170, 168, 160), 0.006 * width)
    left = [road[0], road[3], (0.0, height - 1.0), (0.0, vanish[1] + 0.14 * height)]
    right = [road[1], road[2], (width - 1.0, height - 1.0), (width - 1.0, vanish[1] + 0.14 * height)]
    return road, [left, right]


def _markings(canvas: Canvas, vanish: Point) -> list[Outline]:
    """The dashed middle line and the two edge lines; returns them as open lines."""
    width, height = canvas.width, canvas.height
    start = (vanish[0], vanish[1] + 0.03 * height)

    def along(x_end: float, depth: float) -> Point:
        return start[0] + (x_end - start[0]) * depth, start[1] + (height - 1 - start[1]) * depth

    middle = width * 0.5
    for depth in (0.03, 0.07, 0.13, 0.22, 0.36, 0.58, 0.84):
        (x0, y0), (x1, y1) = along(middle, depth), along(middle, depth * 1.28)
        w0, w1 = 0.007 * width * depth, 0.007 * width * depth * 1.28
        canvas.polygon([(x0 - w0, y0), (x0 + w0, y0), (x1 + w1, y1), (x1 - w1, y1)], CHALK)
    lanes = [Outline("lane_divider", [along(middle, d) for d in (0.03, 0.2, 0.5, 1.0)], {"style": "dashed"})]
    for x_end in (width * 0.07, width * 0.93):
        line = [along(x_end, depth) for depth in (0.04, 0.25, 0.6, 1.0)]
        canvas.line(line, CHALK, 0.004 * width)
        lanes.append(Outline("road_edge", line, {"style": "solid"}))
    return lanes


def _traffic(canvas: Canvas, vanish: Point) -> list[Thing]:
    """Cars and lorries, the far ones first."""
    width, height = canvas.width, canvas.height
    things = []
    depths = np.sort(canvas.rng.choice([0.16, 0.26, 0.38, 0.54, 0.74], size=canvas.rng.integers(3, 5), replace=False))
    first_lane = int(canvas.rng.integers(2))
    for index, depth in enumerate(depths):
        lane = (0.29, 0.71)[(first_lane + index) % 2]
        foot = vanish[1] + 0.03 * height + (0.94 * height - vanish[1]) * depth
        middle = vanish[0] + (width * lane - vanish[0]) * depth
        is_truck = index == 0 and canvas.rng.random() < 0.7
        wide = width * (0.31 if is_truck else 0.27) * depth
        tall = wide * (1.25 if is_truck else 0.74)
        box = (middle - wide / 2, foot - tall, middle + wide / 2, foot)
        color, plate = _color(canvas.rng), f"{canvas.rng.integers(0, 10000):06d}"
        brush = objects.truck_from_behind if is_truck else objects.car_from_behind
        brush(canvas, box, objects.PAINTS[color], plate)
        speed = round(float(canvas.rng.uniform(0, 60)), 2)
        facts: dict[str, object] = {"color": color, "plate": plate, "speed": speed, "parked": speed < 12}
        things.append(Thing("truck" if is_truck else "car", box, facts))
    return things


def _walkers(canvas: Canvas, vanish: Point) -> list[Thing]:
    """People on the pavements, and a bicycle leaning about."""
    width, height, rng = canvas.width, canvas.height, canvas.rng
    things = []
    for depth in np.sort(rng.uniform(0.22, 0.62, size=rng.integers(2, 4))):
        side = -0.08 if rng.random() < 0.5 else 1.08
        middle, foot = vanish[0] + (width * side - vanish[0]) * depth, vanish[1] + (height - vanish[1]) * depth
        tall = 0.42 * height * depth
        box = (middle - 0.17 * tall, foot - tall, middle + 0.17 * tall, foot)
        color = _color(rng)
        objects.person(canvas, box, objects.PAINTS[color], objects.SKIN[rng.integers(3)])
        things.append(Thing("person", box, {"color": color, "moving": bool(rng.random() < 0.7)}))
    color = _color(rng)
    wide = 0.13 * width
    left, foot = (0.035 * width, 0.71 * height) if rng.random() < 0.5 else (0.84 * width, 0.72 * height)
    box = (left, foot - 0.62 * wide, left + wide, foot)
    objects.bicycle(canvas, box, objects.PAINTS[color])
    things.append(Thing("bicycle", box, {"color": color, "parked": True}))
    return things


def parking(rng: np.random.Generator, size: tuple[int, int], weather: str) -> Scene:
    """A car park from above: two rows of bays along a drive."""
    canvas = Canvas(size, rng)
    width, height = size
    everything: list[Point] = [(0, 0), (width, 0), (width, height), (0, height)]
    canvas.gradient(lighter(ASPHALT, 14), lighter(ASPHALT, -6), (0, 0, width, height))
    canvas.texture(everything, 15, 1.5)
    canvas.texture(everything, 9, 40)
    count = int(width // 150)
    bay, deep = width / (count + 0.6), 0.34 * height
    things, regions = [], []
    for row, top in enumerate((0.06 * height, 0.60 * height)):
        for column in range(count):
            left = bay * (0.3 + column)
            outline = [(left, top), (left + bay, top), (left + bay, top + deep), (left, top + deep)]
            canvas.line([outline[0], outline[3]], CHALK, 2.4)
            canvas.line([outline[1], outline[2]], CHALK, 2.4)
            taken = bool(rng.random() < 0.4)
            number = f"{row * count + column + 1:03d}"
            canvas.text((left + bay / 2, top + deep / 2), number, 0.05 * height, lighter(ASPHALT, 58))
            regions.append(Outline("bay", outline, {"number": number, "taken": taken}))
            if taken:
                things.append(_parked_car(canvas, (left, top, left + bay, top + deep)))
    lane = [
        (0.02 * width, 0.5 * height),
        (0.35 * width, 0.49 * height),
        (0.68 * width, 0.51 * height),
        (0.98 * width, 0.5 * height),
    ]
    for start in np.arange(0.05, 0.95, 0.12):
        y = (0.5 + 0.004 * np.sin(9 * start)) * height
        canvas.line([(start * width, y), ((start + 0.06) * width, y)], CHALK, 2.4)
    for _ in range(int(rng.integers(1, 3))):
        things.append(_passer_by(canvas))
    warmth, brightness = SKIES[weather][2:]
    lanes = [Outline("driveway", lane, {"style": "dashed"})]
    return Scene(canvas.develop(warmth, brightness), weather, things, regions, lanes)


def _parked_car(canvas: Canvas, bay: Box) -> Thing:
    rng = canvas.rng
    left, top, right, bottom = bay
    wide, tall = 0.68 * (right - left), 0.84 * (bottom - top)
    x = left + (right - left - wide) * rng.uniform(0.35, 0.65)
    y = top + (bottom - top - tall) * rng.uniform(0.3, 0.7)
    color = _color(rng)
    box = (x, y, x + wide, y + tall)
    objects.car_from_above(canvas, box, objects.PAINTS[color])
    plate = f"{rng.integers(0, 10000):06d}"
    return Thing("car", box, {"color": color, "plate": plate, "speed": 0.0, "parked": True})


def _passer_by(canvas: Canvas) -> Thing:
    rng = canvas.rng
    tall = 0.15 * canvas.height
    middle, foot = rng.uniform(0.12, 0.88) * canvas.width, 0.575 * canvas.height
    box = (middle - 0.18 * tall, foot - tall, middle + 0.18 * tall, foot)
    color = _color(rng)
    objects.person(canvas, box, objects.PAINTS[color], objects.SKIN[rng.integers(3)])
    return Thing("person", box, {"color": color, "moving": True})


def shelf(rng: np.random.Generator, size: tuple[int, int], weather: str) -> Scene:
    """A shop's shelf with bottles, tins and cartons."""
    canvas = Canvas(size, rng)
    width, height = size
    everything: list[Point] = [(0, 0), (width, 0), (width, height), (0, height)]
    canvas.gradient((186, 178, 164), (128, 120, 108), (0, 0, width, height))
    canvas.texture(everything, 6, 3)
    rows = 2
    things, regions = [], []
    for row in range(rows):
        floor = height * (row + 0.93) / rows
        space = 0.70 * height / rows
        canvas.cast(
            [(0, floor - 1.2 * space), (width, floor - 1.2 * space), (width, floor - space), (0, floor - space)],
            0.4,
            14,
        )
        things += _goods(canvas, floor, space)
        board = (0.0, floor, float(width), floor + 0.055 * height / rows * 2)
        canvas.block(board, (150, 112, 74), 0, 0.35)
        corners = [(board[0], board[1]), (board[2], board[1]), (board[2], board[3]), (board[0], board[3])]
        canvas.texture(corners, 10, 2)
        regions.append(Outline("shelf_board", corners, {"row": row + 1, "full": True}))
    return Scene(canvas.develop(0.03, 1.02), weather, things, regions, [])


def _goods(canvas: Canvas, floor: float, space: float) -> list[Thing]:
    """One row of goods, from left to right until the board is full."""
    rng = canvas.rng
    things = []
    x = 0.03 * canvas.width
    while True:
        kind = ("bottle", "can", "box")[rng.integers(3)]
        tall = space * {"bottle": 0.95, "can": 0.5, "box": 0.72}[kind] * rng.uniform(0.92, 1.04)
        wide = tall * {"bottle": 0.3, "can": 0.66, "box": 0.62}[kind]
        if x + wide > 0.97 * canvas.width:
            return things
        color = _color(rng)
        box = (x, floor - tall, x + wide, floor)
        brush = {"bottle": objects.bottle, "can": objects.can, "box": objects.carton}[kind]
        name = ("ALBA", "NORD", "MIRA", "SOLE")[rng.integers(4)]
        brush(canvas, box, objects.PAINTS[color], name)
        code, price = f"{rng.integers(0, 10**6):08d}", round(float(rng.integers(4, 60)) / 4, 2)
        things.append(Thing(kind, box, {"color": color, "code": code, "price": price, "on_sale": price < 4}))
        x += wide + canvas.width * rng.uniform(0.06, 0.14)


def _color(rng: np.random.Generator) -> str:
    return str(rng.choice(list(objects.PAINTS)))
