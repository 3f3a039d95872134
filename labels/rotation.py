"""The rotation of boxes: clockwise in both, degrees in CVAT, and degrees or radians in FiftyOne.

FiftyOne after 1.22 takes the scalar ``rotation`` of a detection as radians and draws it; before, it drew none, and its
own importers wrote degrees.
"""

import math
import re
from typing import Literal

from .shapes import is_number

RotationUnit = Literal["degrees", "radians"]

FULL_TURN = 2 * math.pi
ROUNDING = 1e-6
"""What a full turn in radians may be more than that, having been written in single precision."""

RADIANS_SINCE = (1, 23)
"""The first version of FiftyOne that draws rotated boxes, by radians."""


def default_unit(version: str) -> RotationUnit:
    """The unit that a version of FiftyOne takes rotations in, such as of ``"1.22.1"``."""
    return "radians" if _numbers(version) >= RADIANS_SINCE else "degrees"


def draws_rotation(version: str) -> bool:
    """Whether the App of a version of FiftyOne draws boxes rotated; else it draws them upright."""
    return _numbers(version) >= RADIANS_SINCE


def _numbers(version: str) -> tuple[int, int]:
    found = re.match(r"\s*v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def to_degrees(value: float, unit: RotationUnit) -> float:
    """A rotation of FiftyOne as CVAT has it: degrees in ``[0, 360)``.

    Raises:
        ValueError: if it is beyond a full turn in radians, and so was hardly meant as such
    """
    if unit == "degrees":
        return _turn(value)
    if abs(value) > FULL_TURN + ROUNDING:
        raise ValueError("beyond a full turn in radians")
    return _turn(math.degrees(value))


def from_degrees(degrees: float, unit: RotationUnit) -> float:
    """A rotation of CVAT as FiftyOne has it: in ``[0, 360)``, or in ``[0, 2 pi)``."""
    return _turn(degrees) if unit == "degrees" else math.radians(_turn(degrees))


def _turn(degrees: float) -> float:
    """Degrees in ``[0, 360)``: what is below nothing by less than a double can show is 0."""
    turn = float(degrees) % 360.0
    return turn if turn < 360.0 else 0.0


class RotationsSeen:
    """The rotations that the labels of a field have, as far as they show their unit."""

    def __init__(self) -> None:
        self.within = 0
        """How many are above nothing, and within a full turn in radians."""
        self.beyond = 0
        """How many are not."""

    def add(self, value: object) -> None:
        """Counts the rotation of a label; none, and what is no number, shows nothing."""
        if isinstance(value, (int, float)) and is_number(value) and value != 0:
            if 0 < value <= FULL_TURN + ROUNDING:
                self.within += 1
            else:
                self.beyond += 1

    def caution(self, field: str, unit: RotationUnit) -> str:
        """What a person should look at before a send; empty for nothing."""
        if unit == "degrees" and self.within and not self.beyond:
            return (
                f"All rotations of '{field}' ({self.within}) are between 0 and 2 pi, and are sent as degrees. If they "
                "are radians, set `rotation_unit` to 'radians'."
            )
        return ""

    def note(self, field: str, unit: RotationUnit) -> str:
        """What unit rotations are sent in; empty if there are none."""
        return f"Rotations of '{field}' are taken as {unit}." if self.within or self.beyond else ""
