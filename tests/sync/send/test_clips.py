"""Clips of videos are tasks with their frames; what is outside of them, and what clips share, is counted once."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone import ViewField as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_loop import Loop
from sync_videos import FIELD, Videos, box, video


@pytest.fixture
def videos(loop: Loop) -> Videos:
    """Two videos with an object, a single box and events, some of which overlap."""
    found = Videos(loop)
    samples = [video(20, lambda n: [box(0.02 * n, index=1), box(0.7, label="van")]) for _ in range(2)]
    samples[0]["events"] = events((3, 8), (12, 15))
    samples[1]["events"] = events((2, 9), (6, 12), (7, 8), (6, 12))
    for sample in samples:
        sample["scene"] = fo.Classification(label="street")
    found.add(*samples)
    return found


def events(*supports: tuple[int, int]) -> fo.TemporalDetections:
    return fo.TemporalDetections(detections=[fo.TemporalDetection(label="jump", support=list(s)) for s in supports])


def spans(videos: Videos) -> list[tuple[int, int, int]]:
    """The frames of each task, from 0, and how many it has."""
    found = []
    for task in videos.loop.cvat.find("tasks"):
        meta = videos.loop.cvat.call("GET", f"tasks/{task['id']}/data/meta")
        found.append((meta["start_frame"], meta["stop_frame"], meta["size"]))
    return found


def left_out(said: dict[str, Any]) -> dict[str, int]:
    return {item["what"]: item["count"] for item in said["left_out"]}


def test_each_clip_is_a_task(videos: Videos) -> None:
    before = videos.frames()
    view = videos.dataset[:1].to_clips("events")
    foreseen = videos.send(view=view, dry_run=True)
    said = videos.send(view=view)
    assert spans(videos) == [(2, 7, 6), (11, 14, 4)]
    assert (said["labels"], said["left_out"], said["samples"]) == (20, [], 2)
    assert (foreseen["labels"], foreseen["left_out"], foreseen["images"]) == (20, [], 2)
    assert [task["name"][-30:] for task in foreseen["tasks"]] == [task["name"][-30:] for task in said["tasks"]]
    assert said["tasks"][0]["name"].endswith("clip_20.mp4, frames 3-8")
    assert [len(there.tracks) for task in (0, 1) for there in videos.annotations(task)] == [1, 1]
    assert videos.frames() == before
    assert len(videos.dataset.load_annotation_view("run")) == 1


@pytest.mark.parametrize("jobs", [{}, {"segment_size": 4}, {"segment_size": 4, "overlap": 2}], ids=str)
def test_what_clips_share_is_in_both_and_counted_once(videos: Videos, jobs: Any) -> None:
    view = videos.dataset[1:].to_clips("events")
    foreseen = videos.send(view=view, dry_run=True, **jobs)
    said = videos.send(view=view, **jobs)
    assert spans(videos) == [(1, 8, 8), (5, 11, 7), (6, 7, 2)]  # two are equal
    assert (said["labels"], foreseen["labels"], said["left_out"], foreseen["left_out"]) == (22, 22, [], [])
    assert said["notes"][0].startswith("11 labels are in CVAT as tracks")
    assert set(said["notes"]) <= {note.replace("will be", "are") for note in foreseen["notes"]}
    assert [set(videos.shown(task)) for task in range(3)] == [set(range(8)), set(range(7)), {0, 1}]


def test_labels_that_cannot_be_sent_are_counted_in_one_clip(videos: Videos) -> None:
    for frame in videos.dataset.last().frames.values():
        frame.gt.detections[1].bounding_box[0] = 1e200
        frame.save()
    view = videos.dataset[1:].to_clips("events")
    foreseen, said = videos.send(view=view, dry_run=True), videos.send(view=view)
    assert left_out(foreseen) == left_out(said)
    assert (said["labels"], sum(left_out(said).values())) == (11, 11)


@pytest.mark.parametrize(
    ("make", "labels"),
    [
        pytest.param(lambda v: v.filter_labels("frames.gt", F("label") == "van"), 10, id="filter"),
        pytest.param(lambda v: v.limit_labels("frames.gt", 1), 10, id="limit"),
        pytest.param(lambda v: v.select_fields("frames.gt"), 20, id="fields"),
        pytest.param(lambda v: v.match(F("support")[0] > 5), 8, id="match"),
        pytest.param(lambda v: v.sort_by("support", reverse=True).limit(1), 8, id="limit of clips"),
        pytest.param(lambda v: v.match_frames(F("frame_number") != 4), 18, id="frames"),
        pytest.param(lambda v: v.select_labels(ids=v.values(f"{FIELD}.detections.id", unwind=True)[:3]), 3, id="ids"),
        pytest.param(lambda v: v.to_clips([[(4, 5)], [(13, 13)]]), 6, id="clips of clips"),
    ],
)
def test_a_view_of_clips_shows_what_is_sent(videos: Videos, make: Any, labels: int) -> None:
    view = make(videos.dataset[:1].to_clips("events"))
    assert view.count(f"{FIELD}.detections") == labels
    said = videos.send(view=view, dry_run=True)
    assert (said["labels"], said["left_out"]) == (labels, [])


def test_clips_of_an_expression_and_of_lists(videos: Videos) -> None:
    for made in (videos.dataset[:1].to_clips(F("frame_number") > 17), videos.dataset[:1].to_clips([[(18, 20)]])):
        said = videos.send(view=made, anno_key=f"run_{len(spans(videos))}")
        assert said["labels"] == 6
    assert spans(videos) == [(17, 19, 3)] * 2


def test_labels_of_the_whole_video_go_with_its_first_clip(videos: Videos) -> None:
    view = videos.dataset.to_clips("events")
    said = videos.send(view=view, label_field=["scene", FIELD])
    assert said["labels_by_field"] == {"scene": 2, FIELD: 20 + 22}
    assert [sum(len(there.tags) for there in videos.annotations(task)) for task in range(5)] == [1, 0, 1, 0, 0]


def test_selected_clips_are_sent_from_the_app(videos: Videos) -> None:
    view = videos.dataset[:1].to_clips("events")
    said = videos.loop.execute("send_to_cvat", view, view.values("id")[1:], anno_key="run", label_field=FIELD)
    assert spans(videos) == [(11, 14, 4)] and said["labels"] == 8


def test_steps_are_within_each_clip(videos: Videos) -> None:
    view = videos.dataset[:1].to_clips("events")
    said = videos.send(view=view, frame_step=4)
    assert spans(videos) == [(2, 6, 2), (11, 11, 1)]
    assert (said["labels"], left_out(said)) == (6, {f"{FIELD}: labels on frames that were not sent": 14})
    with pytest.raises(Exception, match=r"overlap \(frames 2-9 and frames 6-12\), and of each 3 frames"):
        videos.send(view=videos.dataset.to_clips("events"), anno_key="two", frame_step=3)
    overlapping = videos.send(
        view=videos.dataset[1:].limit(1).to_clips([[(2, 9), (6, 12)]]), anno_key="two", frame_step=2
    )
    assert overlapping["labels"] + sum(left_out(overlapping).values()) == 22


def test_a_clip_beyond_the_end_is_named(videos: Videos) -> None:
    view = videos.dataset[:1].to_clips([[(18, 30), (25, 30)]])
    with pytest.raises(Exception, match=r"\(frames 25-30\) has 20 frames only, and the first one to send is frame 24"):
        videos.send(view=view)
    foreseen = videos.send(view=view, bad_files="leave_out", dry_run=True)
    said = videos.send(view=view, bad_files="leave_out")
    assert (said["labels"], foreseen["labels"], spans(videos)) == (6, 6, [(17, 19, 3)])
    assert left_out(said) == left_out(foreseen)


@pytest.mark.parametrize(
    ("make", "params", "sentence"),
    [
        pytest.param(lambda d: d.to_clips([[(9, 5)], [(1, 2)]]), {}, r"has the frames \[9, 5\]", id="backwards"),
        pytest.param(lambda d: d.to_clips([[(0, 5)], [(1, 2)]]), {}, r"has the frames \[0, 5\]", id="from zero"),
        pytest.param(lambda d: d.to_clips("events"), {"frame_stop": 5}, "Clips say which frames are sent", id="frames"),
        pytest.param(lambda d: d.to_trajectories(FIELD), {}, "These are trajectories", id="trajectories"),
        pytest.param(
            lambda d: d.to_clips("events").map_labels(FIELD, {"van": "car"}), {}, "by MapLabels, which", id="mapped"
        ),
        pytest.param(
            lambda d: d.to_clips("events").filter_labels(FIELD, F("label") != F("$events.label")),
            {},
            "by FilterLabels, which",
            id="by the clip's label",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(videos: Videos, make: Any, params: Any, sentence: str) -> None:
    with pytest.raises(Exception, match=sentence):
        videos.send(view=make(videos.dataset), **params)
    assert videos.loop.cvat.find("tasks") == []


def test_one_clip_of_a_missing_video(videos: Videos) -> None:
    sample = videos.dataset.first()
    sample.filepath = "/missing.mp4"
    sample.save()
    said = videos.send(view=videos.dataset.to_clips("events"), bad_files="leave_out")
    assert (said["labels"], left_out(said)[f"{FIELD}: labels of videos that are left out"]) == (22, 20)
    assert [sample.tags for sample in videos.dataset] == [["not_sent_to_cvat"], []]


def test_a_send_that_was_interrupted_goes_on_with_the_same_clips(videos: Videos) -> None:
    sample = videos.dataset.first()
    sample.metadata.total_frame_count = 14
    sample.save()
    view = videos.dataset[:1].to_clips("events")
    with pytest.raises(Exception, match="1 of 2 tasks is complete"):
        videos.send(view=view)
    sample.metadata.total_frame_count = 20
    sample.save()
    view._dataset.delete()  # as another process has none
    said = videos.loop.execute("resume_run", anno_key="run")
    assert said["labels"] == 20 and spans(videos) == [(2, 7, 6), (11, 14, 4)]


def test_clips_are_not_added_to_a_run(videos: Videos) -> None:
    videos.send(view=videos.dataset[:1])
    with pytest.raises(Exception, match="Clips are not added to a run"):
        videos.loop.send(videos.dataset[1:].to_clips("events"), label_field=None, extend=True)
    assert len(spans(videos)) == 1


SPAN = st.tuples(st.integers(1, 22), st.integers(0, 12)).map(lambda at: (at[0], sum(at)))
spans_of_clips = st.lists(SPAN, max_size=4)


def test_every_label_of_a_view_of_clips_is_counted_once(videos: Videos) -> None:
    for frame in list(videos.dataset.last().frames.values())[::3]:
        frame.gt.detections[1].bounding_box[0] = 1e200
        frame.save()

    @settings(max_examples=8)
    @given(clips=st.tuples(spans_of_clips, spans_of_clips).filter(any), step=st.sampled_from([1, 1, 2]))
    def check(clips: Any, step: int) -> None:
        view = videos.dataset.to_clips(list(clips))
        try:
            said = videos.send(view=view, frame_step=step, bad_files="leave_out", dry_run=True)
        except Exception as error:
            assert "overlap" in str(error) or "can't be sent" in str(error)
            return
        frames = sum(len({n for first, last in own for n in range(first, min(last, 20) + 1)}) for own in clips)
        lost = sum(count for what, count in left_out(said).items() if what.startswith(FIELD))
        assert said["labels"] + lost == 2 * frames

    check()


def test_clips_of_a_video_that_is_gone_are_refused(videos: Videos) -> None:
    """The view still has them, and would be sent without them, unsaid."""
    view = videos.dataset.to_clips([[(1, 4)], [(3, 9)]])
    videos.dataset.delete_samples(videos.dataset.first().id)
    with pytest.raises(Exception, match="Make the view anew"):
        videos.send(view=view)
    assert videos.loop.cvat.find("tasks") == []
