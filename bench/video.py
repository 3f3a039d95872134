"""How fast videos go both ways, and how much memory that takes: this plugin beside FiftyOne's own integration.

    python dev.py bench video
    python dev.py bench video --frames 500
    python dev.py bench video --memory

Both send the same video with the same objects to the same server, and load it after the same edits. Then the keyframes
of the demo's clip are counted, and it is measured what memory videos of 500 and of 4,000 frames with the same objects
take, which is all that the last form does.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import World, operator, table, timed, versions, world
from .load import Server
from .memory import watched

if TYPE_CHECKING:
    import fiftyone as fo

FIELD, KEY = "frames.ground_truth", "ours"
SIZE, RATE = (320, 180), 15
FRAMES, OBJECTS = 2000, 20

SEND = 3.0
"""The target: how many times faster than the built-in a send has to be."""

EDITED = {"nothing edited": 0, "one track edited": 1, "all tracks edited": OBJECTS}
"""How many tracks are moved on all their frames before a load."""

LOAD = {"nothing edited": 8.0, "one track edited": 8.0, "all tracks edited": 3.0}
"""The targets: how many times faster than the built-in the loads have to be. That of all is as for images."""

LABELS_OF_A_KEYFRAME = 5.0
"""The fewest labels of the demo's clip for which one keyframe has to do."""

LENGTHS, FLAT = (500, 4000), 150.0
"""Frames of two videos, and the megabytes that the longer one may take more, to be sent as to be loaded."""


def boxes_of(frames: int) -> list[list[list[float]]]:
    """Where each object is on each frame, as FiftyOne has it: they drive back and forth, and stand for a while."""
    found = []
    for number in range(OBJECTS):
        period, top = 40 + 6 * number, 0.04 * number
        way = [min(abs(frame % (2 * period) - period), period * 3 // 4) / period for frame in range(frames)]
        found.append([[0.8 * x, top, 0.15, 0.15] for x in way])
    return found


def make_dataset(name: str, folder: Path, frames: int) -> fo.Dataset:
    """A video with labels on all its frames, written as the database has them."""
    import cv2
    import fiftyone as fo
    import numpy as np
    from bson import ObjectId

    path = folder / f"{name}.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE, SIZE)
    for number in range(frames):
        writer.write(np.full((SIZE[1], SIZE[0], 3), number % 200, np.uint8))
    writer.release()
    facts = fo.VideoMetadata(
        frame_width=SIZE[0], frame_height=SIZE[1], frame_rate=RATE, total_frame_count=frames, duration=frames / RATE
    )
    sample = fo.Sample(str(path), metadata=facts)
    sample.frames[1] = fo.Frame(
        ground_truth=fo.Detections(detections=[fo.Detection(label="car", bounding_box=[0, 0, 1, 1], moving=True)])
    )
    dataset = fo.Dataset(name, persistent=True)
    dataset.add_sample(sample)
    dataset.add_dynamic_frame_fields()
    (first,) = dataset._frame_collection.find()
    (label,) = first["ground_truth"]["detections"]
    places, documents = boxes_of(frames), []
    for frame in range(frames):
        labels = [
            {**label, "_id": ObjectId(), "bounding_box": own[frame], "index": number, "moving": frame % 100 < 75}
            for number, own in enumerate(places, 1)
        ]
        value = {**first["ground_truth"], "detections": labels}
        documents.append({**first, "_id": ObjectId(), "frame_number": frame + 1, "ground_truth": value})
    dataset._frame_collection.delete_many({})
    dataset._frame_collection.insert_many(documents)
    dataset.reload()
    return dataset


class Videos(Server):
    """The server as annotators of videos use it."""

    def tracks(self, task: int) -> list[dict[str, Any]]:
        """The tracks of a task of one job."""
        (job,) = self.jobs(task)
        return sorted(self._call("GET", f"jobs/{job}/annotations")["tracks"], key=lambda track: track["id"])

    def move_tracks(self, task: int, count: int) -> None:
        """Moves the first tracks of a task a pixel to the right and down, on all their keyframes."""
        (job,) = self.jobs(task)
        chosen = self.tracks(task)[:count]
        for track in chosen:
            for shape in track["shapes"]:
                shape["points"] = [value + 1.0 for value in shape["points"]]
        body = {"version": 0, "tags": [], "tracks": chosen, "shapes": []}
        if chosen:
            self._call("PATCH", f"jobs/{job}/annotations", params={"action": "update"}, json=body)


@dataclass(frozen=True)
class Found:
    """What was measured of one client.

    Attributes:
        send: seconds
        loads: seconds, by what was edited
        keyframes: how many there were in CVAT
    """

    send: float
    loads: dict[str, float]
    keyframes: int


def keyframes_of(tracks: Sequence[dict[str, Any]]) -> int:
    """How many keyframes tracks have on which their object is."""
    return sum(not shape["outside"] for track in tracks for shape in track["shapes"])


def measure_ours(here: World, dataset: fo.Dataset, server: Videos, rounds: int) -> Found:
    """This plugin: medians of so many rounds."""
    send, load = operator("send_to_cvat"), operator("load_annotations")
    sends: list[float] = []
    loads: dict[str, list[float]] = {name: [] for name in EDITED}
    keyframes = 0
    frames = dataset._frame_collection.count_documents({})
    for number in range(rounds):
        key = f"{KEY}_{number}"
        seconds, run = timed(lambda key=key: send(dataset, anno_key=key, label_field=FIELD, **here.login))
        sends.append(seconds)
        assert run["labels"] == frames * OBJECTS, run
        task = run["tasks"][0]["id"]
        keyframes = keyframes_of(server.tracks(task))
        for name, count in EDITED.items():
            server.move_tracks(task, count)
            seconds, done = timed(lambda key=key: load(dataset, key, **here.login))
            assert done["changed"] == frames * count, (name, done["changed"])
            loads[name].append(seconds)
        server.delete(task)
    return Found(statistics.median(sends), {name: statistics.median(own) for name, own in loads.items()}, keyframes)


def measure_builtin(here: World, dataset: fo.Dataset, server: Videos) -> Found:
    """FiftyOne's own integration, once."""
    seconds, results = timed(lambda: dataset.annotate("builtin", backend="cvat", label_field=FIELD, **here.login))
    task = results.task_ids[0]
    keyframes, loads = keyframes_of(server.tracks(task)), {}
    for name, count in EDITED.items():
        server.move_tracks(task, count)
        loads[name], _ = timed(lambda: dataset.load_annotations("builtin", unexpected="keep", **here.login))
    return Found(seconds, loads, keyframes)


def report(ours: Found, builtin: Found, labels: int) -> tuple[str, list[str]]:
    """The table, and the targets that were missed."""
    pairs = [("send", ours.send, builtin.send, SEND)]
    pairs += [(f"load, {name}", ours.loads[name], builtin.loads[name], LOAD[name]) for name in EDITED]
    rows, missed = [], []
    for name, own, other, target in pairs:
        met = other / own >= target
        wanted = f"{target:g}x as fast as built-in"
        rows.append(
            [name, f"{own:.3f} s", f"{other:.2f} s", f"{other / own:.1f}x", f"{wanted}: {'met' if met else 'missed'}"]
        )
        missed += [] if met else [f"{name}: {wanted}"]
    rows.append([f"keyframes for {labels:,} labels", f"{ours.keyframes:,}", f"{builtin.keyframes:,}", "", ""])
    return table(["", "this plugin", "built-in", "faster than built-in", "target"], rows), missed


def look_at_clip(here: World, server: Videos) -> tuple[str, list[str]]:
    """How many keyframes the demo's clip needs."""
    from demo.clip import build

    run = operator("send_to_cvat")(build("clip", here.folder), anno_key=KEY, label_field=FIELD, **here.login)
    keyframes = keyframes_of(server.tracks(run["tasks"][0]["id"]))
    text = f"The demo's clip: {keyframes:,} keyframes for {run['labels']:,} labels."
    met = run["labels"] >= LABELS_OF_A_KEYFRAME * keyframes
    return text, [] if met else [f"{text} At least {LABELS_OF_A_KEYFRAME:g} labels for each are the target"]


def in_another_process(call: Any, *given: Any) -> Any:
    """What a call returns that is made by a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as others:
        return others.submit(call, *given).result()


def make(folder: str, frames: int) -> str:
    """A dataset for other processes; its name."""
    return str(make_dataset(f"memory_{frames}", Path(folder), frames).name)


def send_watched(name: str, login: dict[str, str]) -> tuple[int, float]:
    """Sends a dataset; the task, and the megabytes above idle."""
    import fiftyone as fo

    send, dataset = operator("send_to_cvat"), fo.load_dataset(name)
    with watched() as memory:
        run = send(dataset, anno_key=KEY, label_field=FIELD, **login)
    return int(run["tasks"][0]["id"]), memory.growth


def load_watched(name: str, login: dict[str, str]) -> float:
    """Loads a dataset; the megabytes above idle."""
    import fiftyone as fo

    load, dataset = operator("load_annotations"), fo.load_dataset(name)
    with watched() as memory:
        load(dataset, KEY, **login)
    return memory.growth


def measure_memory(here: World, server: Videos) -> tuple[str, list[str]]:
    """What a send and loads take of videos of two lengths, each in a process of its own."""
    found: list[dict[str, float]] = []
    for frames in LENGTHS:
        name = in_another_process(make, str(here.folder), frames)
        task, used = in_another_process(send_watched, name, here.login)
        own = {"send": used}
        for what, count in EDITED.items():
            server.move_tracks(task, count)
            own[f"load, {what}"] = in_another_process(load_watched, name, here.login)
        server.delete(task)
        found.append(own)
    short, long = found
    rows, missed = [], []
    for what in short:
        met = long[what] - short[what] <= FLAT
        wanted = f"at most {FLAT:.0f} MB more"
        rows.append([what, f"{short[what]:.0f} MB", f"{long[what]:.0f} MB", f"{wanted}: {'met' if met else 'missed'}"])
        missed += [] if met else [f"memory, {what}: {wanted}"]
    return table(["memory above idle", *(f"{frames:,} frames" for frames in LENGTHS), "target"], rows), missed


def main() -> int:
    """Measures, prints, and says by the exit code whether the targets were met."""
    parser = argparse.ArgumentParser(prog="dev.py bench video", description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES, help="how many the video has")
    parser.add_argument("--rounds", type=int, default=3, help="how often this plugin is measured; the medians count")
    parser.add_argument("--memory", action="store_true", help="measure memory, and nothing else")
    options = parser.parse_args()
    missed = []
    with world() as here:
        server = Videos(here.url)
        if not options.memory:
            dataset = make_dataset("video", here.folder, options.frames)
            ours = measure_ours(here, dataset, server, options.rounds)
            text, bad = report(ours, measure_builtin(here, dataset, server), options.frames * OBJECTS)
            clip, few = look_at_clip(here, server)
            print(f"A video of {options.frames:,} frames with {OBJECTS} objects\n\n{text}\n\n{clip}\n", flush=True)
            missed += bad + few
        text, bad = measure_memory(here, server)
        missed += bad
        print(f"{OBJECTS} objects\n\n{text}\n\n{versions()}")
    for target in missed:
        print(f"Missed: {target}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
