"""The operators' suite goes through the same loop as that of ``sync``."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parent.parent / "sync"))

import pytest
from sync_fixtures import *  # noqa: F403
from sync_loop import Loop


@pytest.fixture
def clash(filled: Loop) -> Loop:
    """Both labels have one class in CVAT and another here; a load left them alone."""
    filled.send(classes=["cat", "dog", "cow", "hen"])
    for frame in (0, 1):
        filled.cvat.relabel(filled.cvat.shape(frame), "cow")
    for sample in filled.dataset:
        sample.gt.detections[0].label = "hen"
        sample.save()
    filled.load(policy="ask")
    return filled
