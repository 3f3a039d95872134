"""What the demo asks a person to try. What stands in double quotes here stands so on the screen."""

from __future__ import annotations

STEPS = (
    """Tick a few pictures and press "Send to CVAT", the arrow out of a frame above the grid. The form is filled in:
    press "Send".""",
    """The result has a link: follow it. Move a box, change the class of another, delete a third, and press "Save".""",
    """Back in the App, press the + beside "Samples" and open "CVAT". The run has a button
    "Load", which loads at once. To see each label first, choose "Load with options" at the three dots, switch on
    "Show what would change", and press "Load" there. The grid shows what you drew.""",
    """Take it back: "Undo the last load", at the three dots.""",
    """Change a label on both sides. In CVAT, give a car another class, and press "Save". In the App, open the same
    picture, press "Annotate", choose the same car and give it a class that is neither of these. Then
    "Load with options", at the three dots, with "Decide later: leave these labels as they are, and list them", and
    "Resolve": "Take CVAT's" or "Keep mine".""",
)
CLIP = """Do the same with a video: at the top of the App, open the dataset {clip}, and send its clip with
    "Send to CVAT". In CVAT, step to a frame, move a car there, and press "Save": that frame becomes a keyframe. After
    "Load" the car is moved on the frames up to the next keyframes, and on no others."""
IMPORT = """Load what was annotated without FiftyOne: press ` and choose "Import from CVAT". Task {task} is such a one:
    choose it under "Tasks", give the name of a new field under "Field for the labels", and press "Import"."""


def instructions(app: str, cvat: str, task: int | None, clip: str = "roundtrip-demo-clip") -> str:
    """All that a person is told.

    Args:
        app: the address of the App.
        cvat: where CVAT is, in words.
        task: the number of a task that was annotated without FiftyOne; None if there is none.
        clip: the name of the dataset with a video.
    """
    steps = [*STEPS, CLIP.format(clip=clip), *([IMPORT.format(task=task)] if task is not None else [])]
    lines = [f"{number}. {_in_lines(step)}" for number, step in enumerate(steps, 1)]
    return "\n".join(["", f"The App:   {app}", f"CVAT:      {cvat}", "", *lines, "", "Ctrl-C ends everything."])


def _in_lines(step: str) -> str:
    return "\n   ".join(line.strip() for line in step.splitlines())
