"""What people may do with single shapes of videos or sequences in CVAT, beside what they may do with tracks."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sim_memory import Thing
from sim_story import NUMBERS
from sim_tracks import FRAME, TracksStory
from sim_video import without_ids

OF_SHAPES = ("id", "frame", "label_id", "group", "source", "score", "elements")
"""What a shape has and a keyframe has not."""


class ShapesStory(TracksStory):
    """What people may do with tracks, and with single shapes."""

    def shape(self, number: int) -> tuple[int, Thing] | None:
        shapes = [(job, shape) for job in self.world.spans for shape in self.world.in_job(job, "shapes")]
        return shapes[number % len(shapes)] if shapes else None

    def change_a_shape(self, number: int, change: Callable[[int, Thing], None]) -> None:
        if found := self.shape(number):
            change(*found)
            self.world.save(found[0], "update", found[1])

    @rule(number=NUMBERS)
    def move_a_shape_there(self, number: int) -> None:
        at = self.mark() / 4
        self.change_a_shape(number, lambda _, shape: shape.update(points=[at, 20.0, at + 40.0, 60.0]))

    @rule(number=NUMBERS, name=st.sampled_from(["car", "van"]))
    def relabel_a_shape_there(self, number: int, name: str) -> None:
        def relabel(job: int, shape: Thing) -> None:
            label = self.world.classes(job)[name]
            texts = [{**item, "spec_id": label.attributes[0].id} for item in shape["attributes"]]
            shape.update(label_id=label.id, attributes=texts)

        self.change_a_shape(number, relabel)

    @rule(number=NUMBERS, undone=st.booleans())
    def delete_a_shape_there(self, number: int, undone: bool) -> None:
        if found := self.shape(number):
            self.world.save(found[0], "delete", found[1])
            if undone:
                self.world.save(found[0], "create", *without_ids([found[1]]))

    @rule(number=NUMBERS, frame=FRAME)
    def make_a_track_of_a_shape_there(self, number: int, frame: int) -> None:
        """The editor's merge: of a shape, and of those of its class on other frames, if there are any."""
        if (found := self.shape(number)) is None:
            return
        job, first = found
        others = {shape["frame"]: shape for shape in self.world.in_job(job, "shapes")}
        same = {at: shape for at, shape in others.items() if shape["label_id"] == first["label_id"] and at <= frame}
        merged = [shape for _, shape in sorted((same | {first["frame"]: first}).items())]
        self.world.save(job, "delete", *merged)
        keyframes = [self.keyframe(shape) for shape in merged]
        end = merged[-1]["frame"] + 1
        if end in self.world.spans[job]:
            keyframes.append({**keyframes[-1], "frame": end, "outside": True})
        track = {"frame": merged[0]["frame"], "label_id": first["label_id"], "attributes": [], "shapes": keyframes}
        self.world.save(job, "create", track)

    def keyframe(self, shape: Thing) -> Thing:
        facts = {name: value for name, value in shape.items() if name not in OF_SHAPES}
        return {**facts, "frame": shape["frame"], "outside": False}
