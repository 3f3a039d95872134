"""The gate for shapes that come from CVAT: it stores any numbers, and a label must not be made of some."""

from .attributes import Unreadable
from .masks import check_runs
from .shapes import FARTHEST_PX, CvatShape, Size

COUNTS = {"rectangle": 4, "ellipse": 4, "cuboid": 16}
"""How many numbers the points of a shape are."""

LEAST = {"polygon": 6, "polyline": 4, "points": 2}
"""The fewest numbers of those with any number of points."""


def check_shape(shape: CvatShape, size: Size) -> None:
    """Checks that a label can be read from a shape, in memory that is no larger than its frame.

    Args:
        shape: as CVAT has it
        size: of its frame, in pixels

    Raises:
        Unreadable: if not; the message says why
    """
    if not 0.0 <= shape.rotation <= 360.0:
        raise Unreadable("a rotation that is not 0 to 360 degrees")
    if shape.type == "mask":
        check_runs(shape.points, size)
        return
    count = len(shape.points)
    if count != COUNTS.get(shape.type, count) or count < LEAST.get(shape.type, 0):
        raise Unreadable("without the points of such a shape")
    if shape.type in LEAST and count % 2:
        raise Unreadable("without the points of such a shape")
    numbers = (*shape.points, *(value for node in shape.nodes for value in (node.x, node.y)))
    if not all(abs(number) <= FARTHEST_PX for number in numbers):
        raise Unreadable("absurdly far outside its image")
