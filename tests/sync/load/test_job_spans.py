"""Which jobs of a task share frames: the same as if each were compared with each."""

from __future__ import annotations

import random

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Job
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.shared_jobs import JobSpans


def make_job(number: int, start: int, stop: int) -> Job:
    return Job(id=number, task_id=1, start_frame=start, stop_frame=stop)


@pytest.mark.parametrize("number", range(40))
def test_the_jobs_that_share_frames(number: int) -> None:
    """Also of jobs within others, of jobs of the same frames, and of jobs that are listed in no order."""
    dice = random.Random(number)
    jobs = []
    for job_id in dice.sample(range(1, 99), 12):
        start = dice.randrange(30)
        jobs.append(make_job(job_id, start, start + dice.choice([0, 1, 2, 5, 40])))
    spans = JobSpans(jobs)
    for job in jobs:
        frames = set(range(job.start_frame, job.stop_frame + 1))
        both = {one.id: frames & {*range(one.start_frame, one.stop_frame + 1)} for one in jobs if one is not job}
        found = spans.neighbors_of(job)
        assert [one.job_id for one in found] == [job_id for job_id, some in both.items() if some]
        assert all(set(one.frames) == both[one.job_id] for one in found)
        before = {one.id for one in jobs if (one.start_frame, one.id) < (job.start_frame, job.id)}
        assert {one.job_id for one in found if one.is_earlier} == before & {one.job_id for one in found}
        shared = set().union(*(both[job_id] for job_id in before))
        assert spans.shared_with_earlier(job) == shared
