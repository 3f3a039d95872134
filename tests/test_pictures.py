"""The pictures of the documentation: all are there, and the browser suite makes each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)[^)]*\)|<(?:img|source)\b[^>]*?\bsrc(?:set)?\s*=\s*[\"']([^\"' ]+)")
SHOT = re.compile(r'\b(?:shoot|publish|cut)\(\s*(?:app\.shots / )?"(\w+)(?:\.png)?"')
SHOT_WITH_NAME = re.compile(r'check_refusal\(.*"(\w+)"\)')
LARGEST = {".png": 250_000, ".webp": 3_000_000}


def named(root: Path) -> list[tuple[Path, str]]:
    """The pictures that the documentation names: the page, and the address as it stands there."""
    pages = [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]
    return [(page, one or other) for page in pages for one, other in PICTURE.findall(page.read_text())]


def test_every_picture_that_is_named_is_there(root: Path) -> None:
    found = named(root)
    assert found
    elsewhere = re.compile(r"https?://|data:")
    missing = [f"{page.name}: {name}" for page, name in found if not elsewhere.match(name) and not _file(page, name)]
    assert missing == []


def _file(page: Path, name: str) -> bool:
    return (page.parent / name.partition("#")[0]).is_file()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("![A form](images/form.png)", ["images/form.png"]),
        ('![A form](<images/form.png> "The form")', ["images/form.png"]),
        ('<p><img width="400" src="docs/images/loop.webp"></p>', ["docs/images/loop.webp"]),
        ("[a link](guide.md) and `![no picture`", []),
    ],
)
def test_pictures_are_found_in_every_spelling(text: str, names: list[str]) -> None:
    assert [one or other for one, other in PICTURE.findall(text)] == names


def test_no_picture_is_left_over_or_too_large(root: Path) -> None:
    """`python dev.py pictures` would not make it anew, and it would tell of a screen that is gone."""
    code = "\n".join(path.read_text() for path in (root / "tests" / "app").glob("*.py"))
    made = {*SHOT.findall(code), *SHOT_WITH_NAME.findall(code)}
    pictures = sorted((root / "docs" / "images").iterdir())
    assert [path.name for path in pictures if path.stem not in made] == []
    assert [path.name for path in pictures if path.stat().st_size > LARGEST[path.suffix]] == []
