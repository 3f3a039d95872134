"""Fixtures of the suites that go through the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import patience
from sync_annotator import Annotator
from sync_failures import Failures
from sync_loop import Loop

from sandbox import Sandbox

__all__ = ["box", "cvat", "failures", "filled", "loop", "new_world", "sentences"]


@pytest.fixture
def box(fresh_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A server of the test's own, whose address and account are in the environment."""
    fresh_sandbox.settings.creation_delay = 0.0
    monkeypatch.setattr(patience, "LEAST", 0.3)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.02)
    monkeypatch.setenv("FIFTYONE_CVAT_URL", fresh_sandbox.url)
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
    yield fresh_sandbox
    assert fresh_sandbox.crashes == []


@pytest.fixture
def new_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], tuple[fo.Dataset, Sandbox]]]:
    """Makes an empty dataset and a server of its own, which is then that of the environment."""
    with ExitStack() as stack:

        def make() -> tuple[fo.Dataset, Sandbox]:
            server = stack.enter_context(Sandbox(port=0, creation_delay=0.0))
            monkeypatch.setenv("FIFTYONE_CVAT_URL", server.url)
            dataset = fo.Dataset()
            stack.callback(dataset.delete)
            return dataset, server

        for name in ("USERNAME", "PASSWORD"):
            monkeypatch.setenv(f"FIFTYONE_CVAT_{name}", "admin")
        yield make


@pytest.fixture
def loop(dataset: fo.Dataset, box: Sandbox, photos: Callable[..., list[Path]]) -> Loop:
    """A dataset, the operators and a server."""
    return Loop(dataset, box, photos)


@pytest.fixture
def cvat(loop: Loop) -> Annotator:
    """Somebody who edits in CVAT."""
    return loop.cvat


@pytest.fixture
def filled(loop: Loop) -> Loop:
    """The loop with two samples, a cat on the first and a dog on the second."""
    boxes = [fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2]) for name in ("cat", "dog")]
    loop.fill(*(fo.Detections(detections=[box]) for box in boxes))
    return loop


@pytest.fixture(scope="session")
def sentences() -> Iterator[list[tuple[str, str]]]:
    """What was said to people when something failed, case by case; ``pytest -s`` shows it in the end."""
    said: list[tuple[str, str]] = []
    yield said
    print("\n\n" + "\n".join(f"{case}\n    {sentence}" for case, sentence in said))


@pytest.fixture
def failures(loop: Loop, request: pytest.FixtureRequest, sentences: list[tuple[str, str]]) -> Failures:
    """Does what fails, and looks at what must hold for every failure."""
    return Failures(loop, request.node.name, sentences)
