"""Answers of a server in which one value is another, missing, or there twice."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

TEXTS = ("", "x" * 300_000, "\x00", "\u202e\u200b\x1b[31mX", "a\nb\r\n# h", "../../etc", "$where", "a.b", "_id", "NaN")
NASTY = (*TEXTS, None, True, -1, 0, 2**63, 10**30, -(10**9), 1.5, 1e308, [], [[]], {}, {"a": 1}, [1, 2])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(answer: Any, chance: random.Random) -> Any:
    """An answer of which one place is something else, lacks something, or has something twice."""
    path = chance.choice(list(places(answer)))
    here = copy.deepcopy(at(answer, path))
    if isinstance(here, list) and here and chance.random() < 0.5:
        here.append(chance.choice(here))
    elif isinstance(here, dict) and here and chance.random() < 0.5:
        del here[chance.choice(list(here))]
    elif chance.random() < 0.3:
        here = copy.deepcopy(at(answer, chance.choice(list(places(answer)))))
    else:
        here = chance.choice(NASTY)
    if not path:
        return here
    answer = copy.deepcopy(answer)
    at(answer, path[:-1])[path[-1]] = here
    return answer
