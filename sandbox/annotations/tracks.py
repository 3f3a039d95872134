"""Annotations of a task over its jobs: cut at job borders when written, put together when read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..responses import server_error
from .interpolation import interpolate

Json = dict[str, Any]
Collection = dict[str, list[Json]]
KINDS = ("tags", "shapes", "tracks")
_MATCHED = ("rectangle", "polygon", "polyline")


def cut(data: Collection, start: int, stop: int) -> Collection:
    """The part of a collection on the frames of one job; frames of no job are in no part."""
    return {
        "tags": [{**tag} for tag in data["tags"] if start <= tag["frame"] <= stop],
        "shapes": [_copy_shape(shape) for shape in data["shapes"] if start <= shape["frame"] <= stop],
        "tracks": [part for track in data["tracks"] for part in _cut_track(track, start, stop)],
    }


def _copy_shape(shape: Json) -> Json:
    copy = {**shape}
    if "elements" in shape:
        copy["elements"] = [{**element} for element in shape["elements"]]
    return copy


def _cut_track(track: Json, start: int, stop: int) -> list[Json]:
    keyframes = _cut_keyframes(track["shapes"], start, stop)
    if track["shapes"] and not keyframes:
        return []
    part = {**track, "shapes": keyframes, "frame": keyframes[0]["frame"] if keyframes else track["frame"]}
    if "elements" in track:
        part["elements"] = [piece for element in track["elements"] for piece in _cut_track(element, start, stop)]
    return [part]


def _cut_keyframes(keyframes: list[Json], start: int, stop: int) -> list[Json]:
    """Keyframes inside the borders, with interpolated ones where the track crosses a border."""
    ordered = sorted(keyframes, key=lambda keyframe: keyframe["frame"])
    inside = [{**keyframe} for keyframe in ordered if start <= keyframe["frame"] <= stop]
    before = [keyframe for keyframe in ordered if keyframe["frame"] < start]
    after = [keyframe for keyframe in ordered if keyframe["frame"] > stop]
    if before and not before[-1]["outside"] and not (inside and inside[0]["frame"] == start):
        inside.insert(0, interpolate(before[-1], (inside or after or before)[0], start))
    if after and inside and not inside[-1]["outside"] and inside[-1]["frame"] != stop:
        earlier = ordered[ordered.index(after[0]) - 1]
        inside.append(interpolate(earlier, after[0], stop))
    return inside


def join(parts: Iterable[tuple[int, int, Collection]]) -> Collection:
    """Put the parts of the jobs together.

    Equal tags and shapes on frames that jobs share are one, also a shape of which one copy was moved a little.
    Tracks that run along each other there are united; the others end, by a hidden keyframe, where the next job has
    its first frame of its own.

    Args:
        parts: first and last frame of each job with its annotations, by first frame.
    """
    whole: Collection = {kind: [] for kind in KINDS}
    shared_until: int | None = None
    for start, stop, part in parts:
        for kind in ("tags", "shapes"):
            known = [thing for thing in whole[kind] if thing["frame"] >= start]
            whole[kind] += [thing for thing in part[kind] if not _take_copy(thing, known)]
        if shared_until is None:
            whole["tracks"] = list(part["tracks"])
        else:
            whole["tracks"] = _join_tracks(whole["tracks"], part["tracks"], start, shared_until)
        shared_until = stop + 1
    return whole


def _take_copy(thing: Json, known: list[Json]) -> bool:
    """Whether a tag or shape is a copy of one of another job; that one is no longer looked at then."""
    for other in known:
        if _content(other) == _content(thing) or _is_moved_copy(other, thing):
            known.remove(other)
            return True
    return False


def _is_moved_copy(one: Json, other: Json) -> bool:
    if any(one.get(name) != other.get(name) for name in ("frame", "type", "label_id")):
        return False
    return one.get("type") in _MATCHED and overlap(one["points"], other["points"]) > 0.5


def _content(thing: Json) -> str:
    """What makes two objects equal: everything but ids."""
    return repr([(key, thing[key]) for key in sorted(thing) if key not in ("id", "elements")]) + "".join(
        _content(element) for element in thing.get("elements", ())
    )


def _join_tracks(old: list[Json], new: list[Json], start: int, end: int) -> list[Json]:
    left = list(new)
    result = []
    for track in old:
        twin = next((other for other in left if _run_along(track, other, range(start, end))), None)
        if twin is None:
            result.append(_close(track, end))
        else:
            left.remove(twin)
            result.append(_unite(track, twin))
    return result + left


def _run_along(one: Json, other: Json, frames: range) -> bool:
    """Whether two tracks of one label overlap by more than half on the frames that jobs share.

    Raises:
        Refusal: 500 for a track with two different keyframes on one frame.
    """
    if not frames or one["label_id"] != other["label_id"]:
        return False
    if _is_ambiguous(one) or _is_ambiguous(other):
        raise server_error()
    shares = []
    for frame in frames:
        left, right = _at(one, frame), _at(other, frame)
        if left is None and right is None:
            continue
        shares.append(overlap(left, right) if left and right else 0.0)
    return bool(shares) and sum(shares) / len(shares) > 0.5


def _is_ambiguous(track: Json) -> bool:
    frames: dict[int, str] = {}
    return any(frames.setdefault(entry["frame"], _content(entry)) != _content(entry) for entry in track["shapes"])


def _at(track: Json, frame: int) -> list[float] | None:
    """The points of a track on a frame, None where it is not."""
    ordered = sorted(track["shapes"], key=lambda keyframe: keyframe["frame"])
    before = [keyframe for keyframe in ordered if keyframe["frame"] <= frame]
    if not before or before[-1]["outside"]:
        return None
    after = [keyframe for keyframe in ordered if keyframe["frame"] > frame]
    return interpolate(before[-1], (after or before[-1:])[0], frame)["points"] or None


def overlap(left: list[float], right: list[float]) -> float:
    """Intersection over union of the bounding boxes."""
    boxes = [(min(p[::2]), min(p[1::2]), max(p[::2]), max(p[1::2])) for p in (left, right)]
    (ax, ay, bx, by), (cx, cy, dx, dy) = boxes
    common = max(0.0, min(bx, dx) - max(ax, cx)) * max(0.0, min(by, dy) - max(ay, cy))
    union = (bx - ax) * (by - ay) + (dx - cx) * (dy - cy) - common
    return common / union if union else 0.0


def _unite(old: Json, new: Json) -> Json:
    taken = {keyframe["frame"] for keyframe in old["shapes"]}
    keyframes = old["shapes"] + [entry for entry in new["shapes"] if entry["frame"] not in taken]
    keyframes.sort(key=lambda entry: entry["frame"])
    marked = [{**entry, "keyframe": True} for entry in keyframes[:-1]]
    return {**old, "shapes": [*marked, keyframes[-1]]}


def _close(track: Json, end: int) -> Json:
    closed = {**track}
    if not track["shapes"][-1]["outside"]:
        closed["shapes"] = [*track["shapes"], {**track["shapes"][-1], "frame": end, "outside": True}]
    if track.get("elements"):
        closed["elements"] = [_close(element, end) for element in track["elements"]]
    return closed
