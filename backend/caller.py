"""What FiftyOne was asked for, where it does not pass that on to a backend."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

DEPTH = 4
"""Calls between a function of FiftyOne and the backend, at most."""


def arguments_of(function: Callable[..., Any]) -> dict[str, Any] | None:
    """The arguments that a function was called with, if it is calling now; ``None`` if it is not.

    FiftyOne completes a label schema before a backend sees it, and tells a backend nothing of ``dest_field``,
    ``unexpected`` and ``cleanup``. The engine completes schemas itself, and merges itself, so it needs what was said.

    Args:
        function: a function of FiftyOne that has not changed its arguments by the time that it calls the backend
    """
    wanted = inspect.unwrap(function).__code__
    frame = sys._getframe(1)
    for _ in range(DEPTH):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        code = frame.f_code
        if code is wanted:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x08)]
            return {name: frame.f_locals[name] for name in names}
    return None
