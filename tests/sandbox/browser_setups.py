"""What existed before the scenarios that were recorded in CVAT's editor, and what others did meanwhile."""

from __future__ import annotations

from sandbox_labels import ATTRIBUTES, PLAIN, SHORT, Json, Setup
from sandbox_world import World


def _annotate(world: World, job: int, recorded: dict[str, list[int]], **data: list[Json]) -> None:
    """Create annotations and pair their ids."""
    path = f"/jobs/{world.ids.get('job', job)}/annotations?action=create"
    written = world.call("PATCH", path, json=world.ids.body(data))
    for kind, idents in recorded.items():
        for old, thing in zip(idents, written[f"{kind}s"], strict=True):
            world.ids.learn(kind, old, thing["id"])
    for track in written["tracks"]:
        for old, keyframe in zip((88, 89), track["shapes"], strict=True):
            world.ids.learn("keyframe", old, keyframe["id"])


def browser(task: int, job: int, labels: list[int], specs: list[int], shapes: list[int]) -> Setup:
    """A job of three frames with four shapes, as the browser scenarios begin."""

    def setup(world: World) -> None:
        car, plain = labels
        files = world.pictures(["f0.png", "f1.png", "f2.png"], (640, 480))
        kinds = [{"name": "car", "attributes": SHORT}, PLAIN]
        made = world.make_task(task, files, labels=kinds, jobs=[job], label_ids=labels)
        world.learn_specs(world.learn_labels(f"task_id={made}", []), specs)
        values = [{"spec_id": spec, "value": value} for spec, value in zip(specs, ("vw", "true", "10"), strict=True)]
        box = {"type": "rectangle", "frame": 0, "label_id": plain}
        polygon = [100.333333333, 300, 200, 300, 200, 400.7777777, 100, 400]
        _annotate(world, job, {"shape": shapes}, shapes=[
            {**box, "source": "auto", "points": [100.123456789012, 80.25, 220.5, 180.75]},
            {**box, "label_id": car, "source": "file", "points": [330.1, 90.2, 430.3, 190.4], "attributes": values},
            {**box, "type": "polygon", "points": polygon},
            {**box, "points": [330, 300, 430, 400], "rotation": 30.5, "occluded": True, "z_order": 1, "group": 4},
        ])  # fmt: skip

    return setup


def browser_tracks(world: World) -> None:
    labels = [
        {"name": "car", "attributes": [ATTRIBUTES[0], ATTRIBUTES[4]]},
        {"name": "area", "type": "mask"},
    ]
    clip = (world.files.media / "clip_20f.mp4").read_bytes()
    task = world.make_task(163, {"clip_20f.mp4": clip}, labels=labels, jobs=[178], label_ids=[376, 377])
    world.learn_specs(world.learn_labels(f"task_id={task}", []), [220, 221])
    mask = {"type": "mask", "frame": 0, "label_id": 377, "points": [0, 100, 40, 30, 49, 39]}
    keyframes = [
        {"type": "rectangle", "frame": frame, "points": points, "attributes": [{"spec_id": 221, "value": value}]}
        for frame, points, value in ((0, [5, 5, 25, 25], "10"), (10, [25, 15, 45, 35], "20"))
    ]
    track = {"frame": 0, "label_id": 376, "group": 0, "source": "file", "shapes": keyframes}
    track["attributes"] = [{"spec_id": 220, "value": "vw"}]
    _annotate(world, 178, {"shape": [42356], "track": [36]}, shapes=[mask], tracks=[track])


def browser_merge(world: World) -> None:
    """Four frames with boxes, two lines of one group, a mask and a polygon."""
    labels = [{"name": "car", "attributes": [ATTRIBUTES[0], ATTRIBUTES[4]]}, PLAIN, {"name": "area", "type": "mask"}]
    files = world.pictures([f"i{number}.png" for number in range(4)], (640, 480))
    task = world.make_task(918, files, labels=labels, jobs=[1617], label_ids=[3516, 3517, 3518])
    world.learn_specs(world.learn_labels(f"task_id={task}", []), [1779, 1780])
    box = {"type": "rectangle", "label_id": 3516}
    line = {"type": "polyline", "frame": 1, "group": 3, "label_id": 3517}
    speeds = [[{"spec_id": 1779, "value": "vw"}, {"spec_id": 1780, "value": speed}] for speed in ("10", "20")]
    _annotate(world, 1617, {"shape": list(range(218247, 218253))}, shapes=[
        {**box, "frame": 0, "points": [50, 50, 150, 150], "attributes": speeds[0]},
        {**box, "frame": 2, "points": [90, 70, 190, 170], "attributes": speeds[1]},
        {**line, "points": [300, 60, 350, 110, 420, 60]},
        {**line, "points": [300, 160, 350, 210, 420, 160]},
        {"type": "mask", "frame": 3, "label_id": 3518, "points": [0, 8000, 400, 300, 499, 379]},
        {"type": "polygon", "frame": 3, "label_id": 3516, "points": [100, 100, 220, 100, 220, 220, 100, 220]},
    ])  # fmt: skip


def delete_shape(world: World) -> None:
    """Another client removes the first rectangle while the browser shows it."""
    path = f"/jobs/{world.ids.get('job', 177)}/annotations"
    first = world.ids.get("shape", 42346)
    shape = next(shape for shape in world.call("GET", path)["shapes"] if shape["id"] == first)
    world.call("PATCH", f"{path}?action=delete", json={"shapes": [shape]})


def replace_shapes(world: World) -> None:
    """Another client writes everything anew: the same shapes get new ids."""
    path = f"/jobs/{world.ids.get('job', 177)}/annotations"
    by_id = {shape["id"]: shape for shape in world.call("GET", path)["shapes"]}
    shapes = [by_id[world.ids.get("shape", recorded)] for recorded in (42348, 42350, 42347, 42349, 42346)]
    bare = [{key: value for key, value in shape.items() if key != "id"} for shape in shapes]
    for recorded, shape in zip(
        range(42351, 42356), world.call("PUT", path, json={"shapes": bare})["shapes"], strict=True
    ):
        world.ids.learn("shape", recorded, shape["id"])


def change_polygon(world: World) -> None:
    """Another client moves the polygon."""
    path = f"/jobs/{world.ids.get('job', 177)}/annotations"
    shape = next(shape for shape in world.call("GET", path)["shapes"] if shape["type"] == "polygon")
    shape["points"] = [10, 10, 50, 10, 50, 50]
    world.call("PATCH", f"{path}?action=update", json={"shapes": [shape]})
