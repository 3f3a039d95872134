"""The steps that the demo prints: what they quote is on the screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demo.steps import CLIP, IMPORT, STEPS, instructions

OF_THE_APP = {"Samples", "Annotate"}
"""Words that FiftyOne itself shows."""


def quoted() -> set[str]:
    """What the steps quote."""
    text = " ".join(" ".join([*STEPS, CLIP, IMPORT]).split())
    return set(re.findall(r'"([^"]+)"', text))


@pytest.fixture(scope="session")
def source(root: Path) -> str:
    """All that can show words: operators, panels, the pages of the sandbox."""
    files = [path for room in ("operators", "panels") for path in (root / room).rglob("*.py")]
    files += [path for path in (root / "sandbox" / "page").rglob("*") if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("words", sorted(quoted() - OF_THE_APP))
def test_what_is_quoted_is_on_the_screen(source: str, words: str) -> None:
    assert f'"{words}"' in source or f">{words}<" in source


def test_the_whole_loop_is_told() -> None:
    text = " ".join([*STEPS, IMPORT])
    for words in ("Send to CVAT", "Show what would change", "Undo", "Resolve", "Import from CVAT"):
        assert words in text


def test_an_import_is_offered_only_where_there_is_something_to_import() -> None:
    assert "Task 7" in instructions("app", "cvat", 7)
    assert "Import" not in instructions("app", "cvat", None)
