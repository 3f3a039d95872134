"""Texts of others, as a person can be shown them: what CVAT's people typed can hold anything."""

import re

MOST = 2_000
"""Characters of a text that are shown at most."""

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|\x1b[@-Z\\-_]"
)
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_TOWER = re.compile(f"({_MARK}{{3}}){_MARK}+")


def readable(text: str, most: int = MOST) -> str:
    """A text on one line, without what can't be seen: control characters, those that colour a terminal, and those that
    turn the direction of writing or have no width.

    Args:
        text: anything
        most: how many characters are kept; the end of a longer text is left out
    """
    text = _ANSI.sub("", text[: 4 * most])
    text = re.sub(" +", " ", "".join(map(_visible, text))).strip(" ")
    text = _TOWER.sub(r"\1", text)  # a tower of accents covers what is above and below it
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _visible(character: str) -> str:
    if character.isprintable() or character == NO_BREAK_SPACE:
        return character
    return " " if character.isspace() else ""
