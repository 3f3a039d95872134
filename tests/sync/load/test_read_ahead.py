"""Jobs are read several at a time, and given in the order in which they are asked for."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Job, ServerFault
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.read_ahead import (
    AT_ONCE,
    LABELS_AHEAD,
    ReadAhead,
    several_at_once,
)


class Server:
    """Answers once as many requests are there as shall meet; notes what is read at the same time.

    Args:
        meet: how many requests each waits for, itself among them
    """

    def __init__(self, meet: int = 1, bad: tuple[int, ...] = ()) -> None:
        self.bad = bad
        self.asked: list[int] = []
        self._lock, self.now, self.most = threading.Lock(), 0, 0
        self._barrier = threading.Barrier(meet)

    def stable_annotations(self, job_id: int, *, before: str | None) -> tuple[str, Annotations]:
        with self._lock:
            self.asked.append(job_id)
            self.now += 1
            self.most = max(self.most, self.now)
        self._barrier.wait(5)
        with self._lock:
            self.now -= 1
        if job_id in self.bad:
            raise ServerFault("busy", method="GET", path="/")
        return f"{before} of {job_id}", Annotations()


def jobs(count: int) -> list[Job]:
    return [Job(id=n, task_id=1, stage="", state="", updated_date="date") for n in range(1, count + 1)]


def reading(server: Any, labels: int = 0, count: int = 12) -> ReadAhead:
    return ReadAhead(server, [(job, labels) for job in jobs(count)])


def test_several_at_a_time_and_in_order() -> None:
    server = Server(meet=AT_ONCE)
    with reading(server) as ahead:
        dates = [ahead.take(job)[0] for job in jobs(12)]
    assert dates == [f"date of {n}" for n in range(1, 13)]
    assert (sorted(server.asked), server.most) == ([*range(1, 13)], AT_ONCE)


def test_what_fails_is_one_job_s_own() -> None:
    with reading(Server(bad=(2, 5))) as ahead:
        for job in jobs(12):
            if job.id in (2, 5):
                with pytest.raises(ServerFault):
                    ahead.take(job)
            else:
                assert ahead.take(job)[0] == f"date of {job.id}"


def test_jobs_that_nobody_asks_for_hold_up_no_others() -> None:
    server = Server()
    with reading(server) as ahead:
        assert [ahead.take(jobs(12)[n])[0] for n in (0, 7, 11)] == ["date of 1", "date of 8", "date of 12"]
        assert ahead.take(Job(id=99, task_id=1, stage="", state="", updated_date="x"))[0] == "x of 99"
        assert ahead.take(jobs(3)[2])[0] == "date of 3"


def test_large_jobs_are_not_in_memory_together() -> None:
    server = Server()
    with reading(server, labels=LABELS_AHEAD) as ahead:
        for job in jobs(12):
            ahead.take(job)
    assert (server.most, len(server.asked)) == (1, 12)


def test_calls_give_their_results_in_order_and_the_first_error() -> None:
    barrier = threading.Barrier(AT_ONCE)

    def meet(number: int) -> int:
        barrier.wait(5)
        return -number

    assert several_at_once(meet, range(2 * AT_ONCE)) == [-n for n in range(2 * AT_ONCE)]
    with pytest.raises(ZeroDivisionError):
        several_at_once(lambda n: 1 // n, [1, 0, 2])
