"""What a person reads while a send is on its way."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import Progress, ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.send_progress import SendProgress, duration, megabytes


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_adds_up_over_tasks(clock: Clock) -> None:
    told: list[Progress] = []
    progress = SendProgress(ProgressReporter(report=told.append), images=4, bytes=4_000_000, labels=10, clock=clock)
    progress.say("Making the task 'a'")
    assert told[-1] == Progress("Making the task 'a': 0 of 4 images, 0.0 MB of 4.0 MB, 0 of 10 labels", 0.0)
    clock.now = 10
    progress.keep(0, images=1, bytes=1_000_000)
    progress.keep(1, images=1, bytes=1_000_000)  # so soon after the other that nobody reads it
    assert len(told) == 2
    clock.now = 20
    progress.keep(1, images=1, bytes=1_000_000)
    progress.add(labels=5)
    clock.now = 21
    progress.add(labels=0)
    assert told[-1].done == pytest.approx(0.5)
    assert told[-1].text == (
        "Making the task 'a': 2 of 4 images, 2.0 MB of 4.0 MB, 5 of 10 labels (95 kB/s, about 21 s left)"
    )


def test_what_a_resumed_send_finds_done_is_not_its_pace(clock: Clock) -> None:
    told: list[Progress] = []
    progress = SendProgress(ProgressReporter(report=told.append), images=10, bytes=0, labels=0, clock=clock)
    progress.keep(0, images=8, bytes=0)
    clock.now = 10
    progress.keep(1, images=1, bytes=0)
    assert told[-1].text == "Sending: 9 of 10 images (about 10 s left)"


def test_nothing_to_do(clock: Clock) -> None:
    assert SendProgress(ProgressReporter(), images=0, bytes=0, labels=0, clock=clock).done == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (40, "40 s"), (90, "2 min"), (3600, "60 min"), (12_000, "3 h 20 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0.0 MB"), (9, "1 kB"), (44_800, "45 kB"), (123_456, "0.1 MB"), (4_560_000_000, "4.56 GB")]
)
def test_sizes(size: int, text: str) -> None:
    assert megabytes(size) == text
