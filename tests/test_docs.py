"""The documentation: its parameters are those that there are, its examples are Python, its links lead somewhere."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest

HEADING = re.compile(r"^#+ (.+)$", re.M)
LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
OF_CALLS = {"anno_key", "dry_run", "resume"}
"""What is said of a call, not of what it is asked for, or above the tables."""
OPERATOR = re.compile(r'@roundtrip/cvat/(\w+)"|\bcvat\("(\w+)"\)')


def pages(root: Path) -> list[Path]:
    """The pages of the documentation."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("*.md"))]


def fields(path: Path, model: str) -> set[str]:
    """The parameters of a request."""
    found = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef) and node.name == model]
    return {
        node.target.id
        for node in found[0].body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def told(page: str, heading: str) -> set[str]:
    """The parameters in the table below a heading."""
    part = page.split(f"\n## `{heading}`\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("operator", "file", "model"),
    [
        ("send_to_cvat", "sync/request.py", "SendRequest"),
        ("load_annotations", "sync/request.py", "LoadRequest"),
        ("watch_runs", "sync/watch/rule.py", "WatchRequest"),
        ("import_from_cvat", "sync/imports/request.py", "ImportRequest"),
    ],
)
def test_each_parameter_is_told_and_no_other(root: Path, operator: str, file: str, model: str) -> None:
    found = told((root / "docs" / "python.md").read_text(), operator)
    assert found - OF_CALLS == fields(root / file, model) - OF_CALLS


def test_examples_are_python_and_call_operators_that_there_are(root: Path) -> None:
    examples = [example for page in pages(root) for example in EXAMPLE.findall(page.read_text())]
    assert len(examples) > 3
    manifest = (root / "fiftyone.yml").read_text()
    there = set(re.findall(r"^  - (\w+)$", manifest.partition("operators:")[2].partition("panels:")[0], re.M))
    for example in examples:
        ast.parse(example)
        assert {one or other for one, other in OPERATOR.findall(example)} <= there


def test_examples_use_names_that_their_page_defines(root: Path) -> None:
    unknown = [(page.name, name) for page in pages(root) for name in undefined(EXAMPLE.findall(page.read_text()))]
    assert unknown == []


def undefined(examples: list[str]) -> list[str]:
    """The names that a page's examples use, and none of them up to there defines."""
    known, unknown = set(dir(builtins)), []
    for node in (part for example in examples for part in ast.parse(example).body):
        parts = list(ast.walk(node))
        names = [part for part in parts if isinstance(part, ast.Name)]
        known |= {part.id for part in names if isinstance(part.ctx, ast.Store)}
        known |= {part.asname or part.name for part in parts if isinstance(part, ast.alias)}
        known |= {part.name for part in parts if isinstance(part, ast.FunctionDef)}
        known |= {part.arg for part in parts if isinstance(part, ast.arg)}
        unknown += [part.id for part in names if part.id not in known]
    return unknown


def test_links_lead_somewhere(root: Path) -> None:
    broken = []
    for page in pages(root):
        for link in LINK.findall(page.read_text()):
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            if not target.is_file() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.name}: {link}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """What headings of a page are called in links."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(page.read_text())}
