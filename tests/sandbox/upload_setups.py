"""Uploads that had begun, or waited to become a task, before a recorded exchange."""

from __future__ import annotations

from sandbox_labels import Setup
from sandbox_world import World


def queued_task(recorded: int, name: str) -> Setup:
    """A task with files whose creation will stay queued."""

    def setup(world: World) -> None:
        task = world.make_task(recorded, name=name)
        files = [("client_files[0]", ("a.png", world.pictures(["a.png"])["a.png"]))]
        world.call(
            "POST", f"/tasks/{task}/data", headers={"Upload-Multiple": ""}, data={"image_quality": 70}, files=files
        )
        world.box.hold()

    return setup


def uploaded(recorded: int, make: bool = True) -> Setup:
    """A task whose eight files are there, but for the end of the upload."""

    def setup(world: World) -> None:
        task = world.make_task(recorded) if make else world.ids.get("task", recorded)
        pictures = world.pictures([f"i{number:02}.png" for number in range(8)])
        files = [(f"client_files[{number}]", item) for number, item in enumerate(pictures.items())]
        form = {"image_quality": 70}
        world.call("POST", f"/tasks/{task}/data", headers={"Upload-Multiple": ""}, data=form, files=files)

    return setup


def finish_upload(world: World) -> None:
    task = world.ids.get("task", 100)
    form = {"image_quality": 70, "sorting_method": "predefined"}
    world.call("POST", f"/tasks/{task}/data", headers={"Upload-Finish": ""}, json=form)
