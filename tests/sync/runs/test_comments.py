"""What reviewers remark in CVAT: a list in the run, tags on the samples, and as few requests as can tell."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Client, CvatError, Issue
from fiftyone.plugins.orgs.roundtrip.cvat.sync.connection import connect, find_credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import comments
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.comments import Message, ReviewComment, is_news
from sync_annotator import Annotator
from sync_loop import Loop

NOBODY = {"open": 0, "resolved": 0, "samples": 0, "new": 0}


def cat() -> fo.Detections:
    return fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2])])


class Review:
    """A run of four images in two jobs, and somebody who refreshes its comments."""

    def __init__(self, loop: Loop, key: str = "run") -> None:
        self.loop = loop
        self.key = key
        self.run = loop.send(anno_key=key, segment_size=2)
        self.task = self.run["tasks"][0]["id"]
        self.jobs = [job["id"] for job in loop.cvat.jobs(self.task)]

    def remark(self, text: str, frame: int = 0, who: Annotator | None = None) -> int:
        job = self.jobs[frame // 2] if 0 <= frame < 4 else self.jobs[0]
        body = {"job": job, "frame": frame, "position": [1.0, 2.0, 30.0, 40.0], "message": text}
        return int((who or self.loop.cvat).call("POST", "issues", body)["id"])

    def answer(self, issue: int, text: str) -> int:
        return int(self.loop.cvat.call("POST", "comments", {"issue": issue, "message": text})["id"])

    def resolve(self, issue: int, resolved: bool = True) -> None:
        self.loop.cvat.call("PATCH", f"issues/{issue}", {"resolved": resolved})

    def refresh(self) -> tuple[dict[str, int], list[str]]:
        """Refreshes with the jobs as just listed; the counts, and what else was asked of the server."""
        record = records.find(self.loop.dataset, self.key)
        with connect(find_credentials()) as client:
            jobs = [job for job in client.jobs(task_ids=[self.task]) if job.type == "annotation"]
            clock = self.loop.clock
            counts = comments.refresh_comments(self.loop.dataset, record, client, jobs)
            return counts, [line for line in self.loop.requests(clock) if "login" not in line]

    def listed(self) -> list[dict[str, Any]]:
        return comments.list_comments(self.loop.dataset, self.key)

    def tagged(self) -> list[int]:
        """The numbers of the samples with the tag."""
        tags = self.loop.dataset.values("tags")
        return [number for number, items in enumerate(tags) if comments.REVIEW_TAG in items]


@pytest.fixture
def review(loop: Loop) -> Review:
    loop.fill(cat(), cat(), cat(), cat())
    return Review(loop)


def test_a_run_without_issues_costs_nothing(review: Review) -> None:
    before = review.loop.documents()
    assert review.refresh() == (NOBODY, [])
    assert review.listed() == []
    assert review.loop.documents() == before


def test_a_remark_is_listed_and_its_sample_tagged(review: Review) -> None:
    issue = review.remark("box too wide", frame=1)
    review.answer(issue, "agreed")
    counts, asked = review.refresh()
    assert counts == {"open": 1, "resolved": 0, "samples": 1, "new": 1}
    assert asked == ["GET /api/issues", "GET /api/comments"]
    (comment,) = review.listed()
    sample = review.loop.dataset.values("id")[1]
    expected = {"issue": issue, "task": review.task, "job": review.jobs[0], "frame": 1, "sample_id": sample}
    assert comment.items() >= expected.items()
    assert (comment["position"], comment["resolved"]) == ([1.0, 2.0, 30.0, 40.0], False)
    assert comment["text"] == "admin: box too wide\nadmin: agreed"
    assert [message["text"] for message in comment["messages"]] == ["box too wide", "agreed"]
    assert review.tagged() == [1]


def test_what_did_not_change_is_asked_once_and_not_written(review: Review) -> None:
    review.remark("too wide", frame=0)
    review.remark("missing", frame=3)
    review.refresh()
    before = review.loop.documents()
    counts, asked = review.refresh()
    assert (counts["open"], counts["new"]) == (2, 0)
    assert asked == ["GET /api/issues"]
    assert review.loop.documents() == before


def test_a_resolved_remark_loses_the_tag_and_a_reopened_one_has_it_again(review: Review) -> None:
    first, second = review.remark("too wide", frame=2), review.remark("and too high", frame=2)
    review.refresh()
    review.resolve(first)
    assert review.refresh()[0] == {"open": 1, "resolved": 1, "samples": 1, "new": 0}
    assert review.tagged() == [2]  # the other is open
    review.resolve(second)
    assert review.refresh()[0] == {"open": 0, "resolved": 2, "samples": 0, "new": 0}
    assert review.tagged() == []
    review.resolve(first, resolved=False)  # the number of issues is the same all the time
    assert review.refresh()[0]["open"] == 1
    assert review.tagged() == [2]


def test_an_answer_is_read_even_to_a_resolved_remark(review: Review) -> None:
    issue = review.remark("too wide")
    review.resolve(issue)
    review.refresh()
    answer = review.answer(issue, "it is not")
    review.refresh()
    assert review.listed()[0]["text"] == "admin: too wide\nadmin: it is not"
    review.loop.cvat.call("DELETE", f"comments/{answer}")
    review.refresh()
    assert review.listed()[0]["text"] == "admin: too wide"


def test_a_deleted_remark_is_gone(review: Review) -> None:
    issue = review.remark("too wide", frame=1)
    review.refresh()
    review.loop.cvat.call("DELETE", f"issues/{issue}")
    assert review.refresh()[0] == NOBODY
    assert (review.listed(), review.tagged()) == ([], [])
    assert review.refresh()[1] == []  # and nothing is asked any more


def test_who_wrote_what(review: Review) -> None:
    other = Annotator(review.loop.box, "annotator1")
    user = next(user for user in review.loop.cvat.find("users") if user["username"] == "annotator1")
    review.loop.cvat.call("PATCH", f"jobs/{review.jobs[1]}", {"assignee": user["id"]})
    issue = review.remark("what is this?", frame=2, who=other)
    review.answer(issue, "a dog")
    review.refresh()
    assert review.listed()[0]["text"] == "annotator1: what is this?\nadmin: a dog"


def test_what_is_kept_is_known_without_asking(review: Review) -> None:
    review.remark("too wide", frame=1)
    review.refresh()
    review.remark("missing", frame=3)
    clock = review.loop.clock
    counts = comments.kept_counts(review.loop.dataset, records.find(review.loop.dataset, "run"))
    assert counts == {"open": 1, "resolved": 0, "samples": 1, "new": 0}
    assert review.loop.clock == clock


def test_a_frame_that_is_not_there_has_no_sample(review: Review) -> None:
    """CVAT does not check the frame of an issue."""
    review.remark("where?", frame=99)
    counts, _ = review.refresh()
    assert (counts["open"], counts["samples"]) == (1, 0)
    assert review.listed()[0]["sample_id"] is None
    assert review.tagged() == []


def test_a_tag_that_was_taken_away_by_hand_stays_away(review: Review) -> None:
    review.remark("too wide", frame=1)
    review.refresh()
    review.loop.dataset.untag_samples(comments.REVIEW_TAG)
    review.remark("too wide", frame=3)
    review.refresh()
    assert review.tagged() == [3]


def test_a_tag_that_another_run_needs_stays(review: Review) -> None:
    other = Review(review.loop, "other")
    mine, theirs = review.remark("too wide", frame=1), other.remark("too high", frame=1)
    review.refresh()
    other.refresh()
    review.resolve(mine)
    review.refresh()
    assert review.tagged() == [1]
    other.resolve(theirs)
    other.refresh()
    assert review.tagged() == []


def test_jobs_that_were_not_listed_keep_their_comments(review: Review) -> None:
    review.remark("too wide", frame=0)
    review.remark("missing", frame=3)
    review.refresh()
    record = records.find(review.loop.dataset, "run")
    with connect(find_credentials()) as client:
        jobs = [job for job in client.jobs(review.task) if job.id == review.jobs[0]]
        assert comments.refresh_comments(review.loop.dataset, record, client, jobs)["open"] == 2
    assert len(review.listed()) == 2
    assert review.tagged() == [0, 3]


def test_a_failure_changes_nothing_and_says_so(review: Review) -> None:
    review.remark("too wide", frame=0)
    review.loop.box.faults.add("status", "GET", "/api/comments", status=500, times=None)
    before = review.loop.documents()
    with pytest.raises(CvatError, match="The labels are loaded; the review comments are as they were"):
        review.refresh()
    assert (review.listed(), review.loop.documents()) == ([], before)
    review.loop.box.faults.clear()
    assert review.refresh()[0]["new"] == 1


def test_an_interrupted_refresh_is_repeated(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    review.remark("too wide", frame=0)
    with monkeypatch.context() as patch:
        patch.setattr(comments.RunStore, "save", _killed)
        with pytest.raises(KeyboardInterrupt):
            review.refresh()
    assert review.tagged() == [0]
    assert review.refresh()[0] == {"open": 1, "resolved": 0, "samples": 1, "new": 1}
    assert review.tagged() == [0]


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_many_jobs_are_asked_together_or_one_by_one(review: Review) -> None:
    """A server that refuses the filter is asked job by job."""
    for frame in (0, 3):
        review.remark("too wide", frame=frame)
    with connect(find_credentials()) as client:
        together = _read(client, review.jobs)
        review.loop.box.faults.add("status", "GET", "/api/issues", status=400)
        clock = review.loop.clock
        assert _read(client, review.jobs) == together
        assert len(review.loop.requests(clock)) == 5
    assert [len(items) for items in together] == [2, 2]


def _read(client: Client, jobs: list[int]) -> tuple[list[Any], list[Any]]:
    return client.issues_of(jobs), client.comments_of(jobs)


KNOWN = ReviewComment(
    issue=1, task=1, job=1, frame=0, sample_id=None, updated_date="a", messages=(Message(author="x", text="y", at=""),)
)


@pytest.mark.parametrize(
    ("issue", "earlier", "news"),
    [
        ({"updated_date": "a", "comments": {"count": 1}}, KNOWN, False),
        ({"updated_date": "b", "comments": {"count": 1}}, KNOWN, True),
        ({"updated_date": "a", "comments": {"count": 2}}, KNOWN, True),
        ({"updated_date": "a", "comments": {"count": 0}}, KNOWN, True),
        ({"updated_date": "a", "comments": {"count": 1}}, None, True),
    ],
)
def test_news(issue: dict[str, Any], earlier: ReviewComment | None, news: bool) -> None:
    assert is_news(Issue(id=1, frame=0, **issue), earlier) == news
