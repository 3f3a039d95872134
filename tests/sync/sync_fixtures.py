"""Fixtures of the suites that go through the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fiftyone as fo
import pytest
from sync_annotator import Annotator
from sync_loop import Loop

from sandbox import Sandbox

__all__ = ["box", "cvat", "loop"]


@pytest.fixture
def box(fresh_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A server of the test's own, whose address and account are in the environment."""
    fresh_sandbox.settings.creation_delay = 0.0
    monkeypatch.setenv("FIFTYONE_CVAT_URL", fresh_sandbox.url)
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
    yield fresh_sandbox
    assert fresh_sandbox.crashes == []


@pytest.fixture
def loop(dataset: fo.Dataset, box: Sandbox, photos: Callable[..., list[Path]]) -> Loop:
    """A dataset, the operators and a server."""
    return Loop(dataset, box, photos)


@pytest.fixture
def cvat(loop: Loop) -> Annotator:
    """Somebody who edits in CVAT."""
    return loop.cvat
