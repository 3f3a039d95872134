"""The house: which room knows which, what the manifest says, and what must not be written down."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PACKAGES = ("cvat", "labels", "sync", "backend", "operators", "panels", "sandbox", "demo", "bench")

ROOMS = ("cvat", "labels", "sync", "backend", "operators", "panels", "sandbox")

FORBIDDEN = {
    "cvat": ("fiftyone", "labels", "sync", "backend", "operators", "panels", "sandbox"),
    "labels": ("requests", "sync", "backend", "operators", "panels", "sandbox"),
    "sync": ("requests", "backend", "operators", "panels", "sandbox"),
    "backend": ("requests", "cvat", "operators", "panels", "sandbox"),
    "operators": ("requests", "cvat", "backend", "panels", "sandbox"),
    "panels": ("requests", "cvat", "backend", "sandbox"),
    "sandbox": ("fiftyone", "requests", "cvat", "labels", "sync", "backend", "operators", "panels"),
}
"""What a room may not import, its modules included."""

WINGS = ("dataset", "runs", "send", "load", "imports", "watch", "refresh")
ABOVE = {
    "": WINGS,
    "dataset": ("runs", "send", "load", "imports", "watch", "refresh"),
    "runs": ("send", "load", "imports", "watch", "refresh"),
    "send": ("load", "imports", "watch", "refresh"),
    "load": ("send", "imports", "watch", "refresh"),
    "imports": ("watch", "refresh"),
    "watch": ("send", "imports", "refresh"),
    "refresh": ("imports", "watch"),
}
"""What a wing of `sync` may not import; the files that all wings share have no name."""

# Brackets around a letter, so that no pattern matches itself
UNWANTED = {
    "a place on somebody's machine": r"/[r]oot/|/[w]ork/|/[U]sers/\w|/[h]ome/(?!django\b)\w",
    "the address of a package registry": r"[p]ypi\.org|pythonhosted\.[o]rg|registry\.[n]pmjs|[-/]index-[u]rl\b",
    "TLS that is not verified": r"verify\s*=\s*[F]alse|InsecureRequest[W]arning|CERT_[N]ONE",
}


def modules(root: Path, room: str) -> list[Path]:
    """The Python files of a room."""
    found = sorted((root / room).rglob("*.py"))
    assert found, f"the room {room} is empty"
    return found


def imports(root: Path, path: Path) -> Iterator[str]:
    """The full names that a module imports; those of the project begin with the name of a room."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = [*base, *([node.module] if node.module else [])]
            yield from (".".join([*stem, alias.name]) for alias in node.names)


def is_in(name: str, package: str) -> bool:
    """Whether a name is a package, or lies in it."""
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_no_other_than_it_may(root: Path, room: str) -> None:
    found = [
        f"{path.relative_to(root)}: {name}"
        for path in modules(root, room)
        for name in imports(root, path)
        if any(is_in(name, package) for package in FORBIDDEN[room])
    ]
    assert found == []


@pytest.mark.parametrize("wing", ABOVE)
def test_a_wing_of_sync_imports_no_other_than_it_may(root: Path, wing: str) -> None:
    paths = modules(root, f"sync/{wing}") if wing else sorted((root / "sync").glob("*.py"))
    found = [
        f"{path.relative_to(root)}: {name}"
        for path in paths
        for name in imports(root, path)
        if any(is_in(name, f"sync.{other}") for other in ABOVE[wing])
    ]
    assert paths and found == []


def test_every_file_of_sync_is_shared_or_in_a_wing(root: Path) -> None:
    folders = {path.name for path in (root / "sync").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(WINGS)
    for wing in WINGS:
        told = ast.get_docstring(ast.parse((root / "sync" / wing / "__init__.py").read_text()))
        assert told and len(ast.parse((root / "sync" / wing / "__init__.py").read_text()).body) == 1


def test_labels_know_of_cvat_its_models_only(root: Path) -> None:
    names = {name for path in modules(root, "labels") for name in imports(root, path) if is_in(name, "cvat")}
    assert names and all(is_in(name, "cvat.models") for name in names), sorted(names)


def test_no_room_is_imported_past_its_relative_name(root: Path) -> None:
    """FiftyOne gives the rooms names of its own, so an absolute import would find nothing, or something else."""
    for room in set(ROOMS) - {"sandbox"}:
        for path in modules(root, room):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and not node.level:
                    names.append(node.module or "")
                assert not [n for n in names if n.split(".")[0] in ROOMS], path


def imported_files(root: Path, path: Path) -> set[Path]:
    """The files of the project that a file imports, also for type checkers only."""
    found = set()
    for name in imports(root, path):
        place = root.joinpath(*name.split("."))
        for file in (place.with_name(f"{place.name}.py"), place / "__init__.py", place.parent.with_suffix(".py")):
            if file.is_file():
                found.add(file)
                break
        else:
            found.add(place.parent / "__init__.py")
    return {file for file in found if file.is_file()} - {path}


def circles(arrows: dict[Path, set[Path]]) -> list[Path]:
    """The files in a circle of imports, and those that need one of them."""
    left = dict(arrows)
    while ready := [file for file, wanted in left.items() if not wanted & left.keys()]:
        for file in ready:
            del left[file]
    return sorted(left)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_has_an_import_circle(root: Path, package: str) -> None:
    arrows = {path: imported_files(root, path) for path in modules(root, package)}
    assert [str(path.relative_to(root)) for path in circles(arrows)] == []


def test_a_circle_is_found(tmp_path: Path) -> None:
    texts = {"__init__": "", "a": "from . import b", "b": "if TYPE_CHECKING:\n    from .c.d import x", "c/__init__": ""}
    for name, text in {**texts, "c/d": "from ..a import y", "e": "from .a import y\nfrom . import z"}.items():
        (tmp_path / "p" / name).with_suffix(".py").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).with_suffix(".py").write_text(text)
    arrows = {path: imported_files(tmp_path, path) for path in modules(tmp_path, "p")}
    package = tmp_path / "p"
    assert circles(arrows) == [package / "a.py", package / "b.py", package / "c" / "d.py", package / "e.py"]


def manifest(root: Path) -> dict[str, Any]:
    """The plugin's manifest."""
    import yaml

    return dict(yaml.safe_load((root / "fiftyone.yml").read_text()))


@pytest.mark.parametrize(("room", "base"), [("operators", "Operator"), ("panels", "Panel")])
def test_the_manifest_lists_exactly_what_there_is(plugin: ModuleType, root: Path, room: str, base: str) -> None:
    import fiftyone.operators as foo

    for path in modules(root, room):
        if path.stem != "__init__":
            parts = path.relative_to(root).with_suffix("").parts
            importlib.import_module(".".join((plugin.__name__, *parts)))
    kind = getattr(foo, base)
    prefix = f"{plugin.__name__}.{room}."
    classes = {
        value
        for name, module in list(sys.modules.items())
        if name.startswith(prefix)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == name
    }
    names = sorted(cls().config.name for cls in classes)
    assert names == sorted(manifest(root)[room])


def test_the_registry_has_every_operator_and_panel(plugin: ModuleType, root: Path) -> None:
    from fiftyone.operators.registry import OperatorRegistry

    registry = OperatorRegistry()
    assert registry.list_errors() == []
    said = manifest(root)
    uris = {operator.uri for operator in registry.list_operators(builtin=False)}
    assert {f"{said['name']}/{name}" for name in (*said["operators"], *said["panels"])} <= uris


def tracked(root: Path) -> list[Path]:
    """The files under version control."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [path for name in answer.stdout.split("\0") if name and (path := root / name).is_file()]


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """The tracked files that are text."""
    for path in tracked(root):
        data = path.read_bytes()
        if b"\0" not in data:
            yield path.relative_to(root), data.decode()


@pytest.mark.parametrize("what", UNWANTED)
def test_no_tracked_file_has(root: Path, what: str) -> None:
    pattern = re.compile(UNWANTED[what])
    found = [f"{path}: {match.group()}" for path, text in texts(root) for match in pattern.finditer(text)]
    assert found == []


def test_versions_agree(root: Path) -> None:
    project = re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(), re.M)
    newest = re.search(r"^## \[(\d.*?)\]", (root / "CHANGELOG.md").read_text(), re.M)
    assert project and newest
    assert manifest(root)["version"] == project[1] == newest[1]


def test_the_tests_that_hold_what_security_promises_are_there(root: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", (root / "docs" / "security.md").read_text())
    assert len(named) > 20
    assert [path for path in named if not (root / path).is_file()] == []
