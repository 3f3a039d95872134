"""Making something in CVAT once, though answers may be lost."""

import time
from collections.abc import Callable
from typing import TypeVar

from ...cvat import AmbiguousOutcome
from .patience import Wait, life_of

Thing = TypeVar("Thing")

TRIES = 3
"""Times that it is made at most while the answers are lost, and nothing is to be found."""


def make_once(
    make: Callable[[], Thing], find: Callable[[], Thing | None], check: Callable[[], None]
) -> tuple[Thing, bool]:
    """Makes something; if the answer is lost it is looked for as long as the request may live, and then made again.

    Args:
        make: asks CVAT to make it
        find: looks for what is there of it
        check: raises if nobody is to wait any longer

    Returns:
        it, and whether an answer was lost: another one may then be there, or come later

    Raises:
        AmbiguousOutcome: if all answers were lost, and nothing was found
    """
    lost = False
    for left in reversed(range(TRIES)):
        began = time.monotonic()
        try:
            return make(), lost
        except AmbiguousOutcome:
            lost = True
            lasted = time.monotonic() - began
            for _ in Wait.of(life_of(0, lasted) - lasted, check).looks():
                if (found := find()) is not None:
                    return found, lost
            if not left:
                raise
    raise AssertionError("the last try returns or raises")
