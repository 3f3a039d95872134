"""What a person gets who downloads the plugin: all that it needs, and little else."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

MOST_BYTES = 3_000_000
NEEDED = {"README.md", "LICENSE", "CHANGELOG.md", "requirements.txt", "fiftyone.yml", "dev.py"}
NOT_NEEDED = ("tests/", "bench/", "docs/images/", ".ci/", ".git")

LIST_OPERATORS = """
import json
from fiftyone.operators.registry import OperatorRegistry
import demo.__main__, demo.app, demo.loop, sandbox.__main__  # nothing that the demo needs was left out

registry = OperatorRegistry()
print("\\n" + json.dumps([registry.list_errors(), [found.uri for found in registry.list_operators(builtin=False)]]))
"""


@pytest.fixture(scope="module")
def archive(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest commit as a downloaded and unpacked archive, in a folder of plugins."""
    data = subprocess.run(["git", "archive", "HEAD"], cwd=root, capture_output=True, check=True).stdout
    folder = tmp_path_factory.mktemp("plugins") / "roundtrip-main"
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        packed.extractall(folder, filter="data")
    return folder


def test_it_has_what_is_needed_and_is_small(archive: Path) -> None:
    files = {str(path.relative_to(archive)): path.stat().st_size for path in archive.rglob("*") if path.is_file()}
    assert files.keys() >= NEEDED
    assert [name for name in files if name.startswith(NOT_NEEDED)] == []
    assert sum(files.values()) < MOST_BYTES


def test_fiftyone_loads_it_and_the_demo_is_whole(archive: Path) -> None:
    import fiftyone  # noqa: F401 - starts the database that the other process needs

    env = {**os.environ, "FIFTYONE_PLUGINS_DIR": str(archive.parent), "PYTHONPATH": ""}
    command = [sys.executable, "-c", LIST_OPERATORS]
    done = subprocess.run(command, cwd=archive, env=env, stdout=subprocess.PIPE, text=True, check=True)
    errors, operators = json.loads(done.stdout.splitlines()[-1])
    assert errors == []
    manifest: dict[str, Any] = yaml.safe_load((archive / "fiftyone.yml").read_text())
    assert {f"{manifest['name']}/{name}" for name in (*manifest["operators"], *manifest["panels"])} <= set(operators)
