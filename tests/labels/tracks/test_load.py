"""Every label of a job's tracks is kept, edited, moved or deleted, and each frame of a track has exactly one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import Identity
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.keyframes import track_of
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.load import LoadedTracks, load_tracks
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.match import BaseTrack
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.numbering import FOUND, MERGED, NEW, SPLIT_OFF
from hypothesis import given
from hypothesis import strategies as st
from tracks_editor import FRAMES, edits, hide, merge, move, split, without_ids, write
from tracks_strategies import KINDS, MUTABLE, corrupt_tracks, objects
from tracks_world import World, box, size_of, stored


def base_of(tracks: Sequence[Track], frames: range = FRAMES) -> list[BaseTrack]:
    """Tracks as they were sent: each frame of each has a label, and each is an object of its own."""
    return [
        BaseTrack(track, tuple((f, f"{n}:{f}") for f in interpolate(track, frames).frames), Identity(n + 1), n)
        for n, track in enumerate(tracks)
    ]


def boxes(y: float, start: int, stop: int, last: int = 39) -> Track:
    """A box that moves to the right on some frames, and is outside after the last one."""
    shapes = [
        {"type": "rectangle", "frame": f, "points": (5 * f, y, 5 * f + 40, y + 40), "outside": f == stop}
        for f in ((start, stop) if stop <= last else (start, stop - 1))
    ]
    return Track.model_validate({"frame": start, "label_id": 1, "shapes": shapes})


def saved(*tracks: Track) -> list[Track]:
    """Tracks as CVAT has them after a save: new ones have new ids."""
    return [track if track.id is not None else stored([track], 9000 + 100 * n)[0] for n, track in enumerate(tracks)]


A, B = stored([boxes(0, 0, 40), boxes(100, 0, 20)])
BASE = base_of([A, B])
USED = {1, 2}


def load(*now: Track, **more: Any) -> LoadedTracks:
    return load_tracks(BASE, saved(*now), FRAMES, size_of, USED, **more)


def frames_of(keys: Sequence[tuple[int, str]], track: int) -> list[int]:
    """The frames of a base track's labels."""
    return sorted(frame for frame, label_id in keys if label_id.startswith(f"{track}:"))


def indexes(loaded: LoadedTracks) -> list[int | None]:
    return [identity.index for identity in loaded.numbering.identities]


def nothing(loaded: LoadedTracks) -> bool:
    return not (loaded.edited or loaded.deleted or loaded.moved or loaded.new)


def test_unedited_tracks_change_nothing() -> None:
    loaded = load(A, B)
    assert nothing(loaded) and indexes(loaded) == [1, 2] and loaded.numbering.counts == Counter()


def test_delete_and_undo_changes_nothing() -> None:
    loaded = load(B, without_ids(A))
    assert nothing(loaded) and indexes(loaded) == [2, 1]
    assert loaded.numbering.counts == {FOUND: 1}


def test_delete_undo_and_edit_is_an_edit() -> None:
    loaded = load(B, move(without_ids(A), 0, {0: 9.0}))
    assert [label.key[0] for label in loaded.edited] == list(range(39)) and not (loaded.new or loaded.deleted)
    assert indexes(loaded) == [2, 1]


def test_a_deleted_track_is_gone_on_all_its_frames() -> None:
    loaded = load(A)
    assert frames_of(loaded.deleted, 1) == list(range(20)) and not (loaded.edited or loaded.new)


def test_a_new_track_has_a_free_index() -> None:
    loaded = load(A, boxes(300, 5, 9), B)
    assert [(label.frame, label.track, label.keyframe) for label in loaded.new] == [
        (5, 1, True), (6, 1, False), (7, 1, False), (8, 1, False),
    ]  # fmt: skip
    assert indexes(loaded) == [1, 3, 2] and loaded.numbering.counts == {NEW: 1}


@pytest.mark.parametrize(("frame", "stays"), [(10, 1), (30, 0)])
def test_of_a_split_track_the_larger_part_keeps_the_index(frame: int, stays: int) -> None:
    loaded = load(B, *split(A, frame))
    assert not (loaded.deleted or loaded.new or loaded.edited)
    assert indexes(loaded) == ([2, 1, 3] if stays == 0 else [2, 3, 1])
    off = range(frame) if stays == 1 else range(frame, 40)
    assert sorted(frame for (frame, _), _ in loaded.moved) == list(off)
    assert loaded.numbering.counts == {FOUND: 1, SPLIT_OFF: 1}


def test_a_new_index_is_one_that_mongodb_holds() -> None:
    """Above the largest one there is none: a small one is free."""
    now = saved(A, B, boxes(200, 3, 9), boxes(300, 5, 8))
    loaded = load_tracks(BASE, now, FRAMES, size_of, {*USED, 4, 2**63 - 1})
    assert indexes(loaded) == [1, 2, 3, 5]


def test_merged_tracks_have_the_index_of_the_larger_one() -> None:
    one, other = stored([boxes(0, 0, 15), boxes(0, 15, 40)])
    base = base_of([one, other])
    loaded = load_tracks(base, saved(merge(one, other)), FRAMES, size_of, USED)
    assert not (loaded.deleted or loaded.new) and indexes(loaded) == [2]
    assert [(frame, track) for (frame, _), track in loaded.moved] == [(frame, 0) for frame in range(15)]
    assert loaded.numbering.counts == {FOUND: 1, MERGED: 1}


def test_a_track_elsewhere_is_not_the_one_that_was_deleted() -> None:
    loaded = load(A, boxes(125, 0, 20))
    assert len(loaded.deleted) == len(loaded.new) == 20 and indexes(loaded) == [1, 3]


def test_a_track_whose_id_is_there_gives_its_labels_to_no_other() -> None:
    copy = boxes(100, 0, 20)
    loaded = load(A, hide(B, 10), copy)
    assert frames_of(loaded.deleted, 1) == list(range(10, 20)) and len(loaded.new) == 20


def test_nothing_on_removed_frames_counts() -> None:
    removed = set(range(5, 40))
    loaded = load(boxes(300, 0, 9), removed=removed)
    assert frames_of(loaded.deleted, 0) == frames_of(loaded.deleted, 1) == list(range(5))
    assert [label.frame for label in loaded.new] == list(range(5))


def test_a_track_that_cannot_be_read_says_nothing_of_its_labels() -> None:
    broken = A.model_copy(update={"shapes": tuple(s.model_copy(update={"points": ()}) for s in A.shapes)})
    loaded = load(broken, B)
    assert nothing(loaded)
    assert Counter(oddity.reason for _, oddity in loaded.odd) == {"a keyframe whose points are no rectangle": 2}


def test_a_track_that_is_outside_all_along_is_deleted() -> None:
    hidden = A.model_copy(update={"shapes": tuple(s.model_copy(update={"outside": True}) for s in A.shapes)})
    assert frames_of(load(hidden, B).deleted, 0) == list(FRAMES)


@pytest.mark.parametrize("overlap", [0, 4])
def test_an_object_in_two_jobs_is_one_whether_they_are_loaded_together_or_not(overlap: int) -> None:
    jobs = [range(20 + overlap), range(20, 40)]
    sent = World().send([box(f, 0.01 * f, index=1) for f in FRAMES], jobs)
    pieces = stored([track.track for track in sent.tracks])
    bases = [
        [BaseTrack(piece, one.held, one.identity, one.origin)] for piece, one in zip(pieces, sent.tracks, strict=True)
    ]
    now = [saved(*split(pieces[0], 5)), saved(move(pieces[1], 30, {0: 9.0}), boxes(0, 30, 35))]
    orders = {}
    for order in ((0, 1), (1, 0)):
        used = {1}
        for job in order:
            loaded = load_tracks(bases[job], now[job], jobs[job], size_of, used)
            used.update(identity.index or 0 for identity in loaded.numbering.identities)
            orders[order, job] = loaded
    for job in (0, 1):
        one, other = orders[(0, 1), job], orders[(1, 0), job]
        assert (one.edited, one.deleted, one.moved, one.new) == (other.edited, other.deleted, other.moved, other.new)
    assert indexes(orders[(0, 1), 0]) == [2, 1] and indexes(orders[(0, 1), 1]) == [1, 3]
    assert {label.key[0] for label in orders[(0, 1), 1].edited} == set(range(21, 39))


def test_many_lost_tracks_are_found_in_time() -> None:
    """All tracks of a crowded clip are removed, and drawn again slightly off."""
    tracks = stored([boxes(50.0 * n, 0, 40) for n in range(100)])
    now = saved(*(move(without_ids(track), 0, {0: 3.0}) for track in tracks))
    loaded = load_tracks(base_of(tracks), now, FRAMES, size_of, range(101))
    assert indexes(loaded) == list(range(1, 101)) and not (loaded.new or loaded.deleted)


@st.composite
def sessions(draw: st.DrawFn) -> tuple[list[Track], list[Track]]:
    """Tracks, and what an annotator made of them."""
    kinds = [kind for kind in KINDS if kind != "skeleton"]
    count = draw(st.integers(1, 3))
    tracks = stored([track_of(draw(objects(kinds)), FRAMES[-1], 0.5, (), {MUTABLE}) for _ in range(count)])
    now: list[Track] = []
    for track in tracks:
        match draw(st.integers(0, 5)):
            case 0:
                now.append(draw(edits(track))(track, 1e-3))
            case 1:
                now += split(track, draw(st.integers(track.frame + 1, track.frame + 9)))
            case 2:
                now.append(without_ids(track))
            case 3:
                now.append(move(without_ids(track), track.frame, {0: 2.0}))
            case 4 if now:
                now.append(merge(now.pop(), track))
            case 4 | 5 if draw(st.booleans()):
                now.append(write(track, track.frame, MUTABLE, "z"))
    return tracks, saved(*(track for track in now if track.shapes))


@given(sessions(), st.sets(st.integers(0, 39), max_size=3))
def test_each_frame_of_a_track_has_one_label(session: tuple[list[Track], list[Track]], removed: set[int]) -> None:
    tracks, now = session
    base = base_of(tracks)
    loaded = load_tracks(base, now, FRAMES, size_of, range(4), removed)
    keys = [dict(one.held) for one in base]
    deleted = set(loaded.deleted)
    assert len(deleted) == len(loaded.deleted) and not {key[0] for key in deleted} & removed
    kept: list[tuple[int, str]] = []
    for number, one in enumerate(loaded.matches.tracks):
        there = set(interpolate(one.track, FRAMES).frames) - removed
        labels = {f: keys[old][f] for f, old in one.sources.items() if f not in removed}
        alive = {f for f, label_id in labels.items() if (f, label_id) not in deleted}
        new = {label.frame for label in loaded.new if label.track == number}
        assert alive | new == there and not alive & new
        kept += [(f, labels[f]) for f in alive]
    everything = [(f, label_id) for one in keys for f, label_id in one.items() if f not in removed]
    assert sorted([*kept, *deleted]) == sorted(everything)
    assert {label.key for label in loaded.edited} <= set(kept)
    found = [identity.index for identity in loaded.numbering.identities]
    assert len(set(found)) == len(found)


@given(sessions())
def test_nobody_else_is_touched_by_an_edit(session: tuple[list[Track], list[Track]]) -> None:
    """What was not edited is not in any list, whatever happened to other tracks."""
    tracks, now = session
    untouched = {n for n, track in enumerate(tracks) if track in now}
    loaded = load_tracks(base_of(tracks), now, FRAMES, size_of, range(4))
    labels = [*(label.key for label in loaded.edited), *loaded.deleted, *(key for key, _ in loaded.moved)]
    assert not untouched & {int(label_id.split(":")[0]) for _, label_id in labels}


@given(st.lists(corrupt_tracks(), max_size=3), st.lists(corrupt_tracks(), max_size=3), st.booleans())
def test_corrupt_tracks_never_raise(then: list[dict[str, Any]], now: list[dict[str, Any]], same: bool) -> None:
    base = base_of([Track.model_validate({**data, "id": n}) for n, data in enumerate(then)])
    tracks = [Track.model_validate({**data, "id": n if same else 100 + n}) for n, data in enumerate(now)]
    loaded = load_tracks(base, tracks, FRAMES, size_of, facts=("occluded", "z_order", "group"))
    kept = {key for one in base for key in one.held} - set(loaded.deleted)
    assert {label.key for label in loaded.edited} <= kept
