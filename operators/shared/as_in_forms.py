"""Why something can't be done, as the App says it: parameters and their values under the names that its forms have."""

import re

from ...sync.send.checks import SEND_OTHERS
from ...sync.send.project import SAY_WHAT

LABELS = {
    "bad_files": "If CVAT can't read files",
    "completed=True": "Also jobs that are completed",
    "confirm=True": "Also if this deletes more than a fifth of the labels in CVAT",
    "frame_start": "First frame",
    "frame_step": "Frame step",
    "frame_stop": "Last frame",
    "in_progress=True": "Also jobs that somebody is working on",
    "label_field": "Field for the labels",
    "media_source": "Images",
    "organization": "Organization",
    "preview=True": "Only show what would change",
    "project_labels": "What is missing",
    "segment_size": "Images in a job",
    "sequence_field": "Images in sequence",
    "sequence_order": "In the order of",
}
"""Of parameters; a switch that is turned on is named with ``=True``."""
CHOICES = {
    ("bad_files", "leave_out"): "Leave their samples out",
    ("media_source", "upload"): "Upload them",
    ("project_labels", "extend"): "Add it to the project",
}
"""Of the values of these."""
SENTENCES = {
    SEND_OTHERS: "Choose in the form to send the others.",
    SAY_WHAT: "Choose in the form, under More options, what to do about that.",
    "Add the images to the dataset first.": (
        'Add the images to the dataset first, or turn on "Make samples of images that match none".'
    ),
    "set `unmatched` to 'ignore' to leave them out": 'choose "Leave out images that match no sample"',
}
"""Where forms ask for the same in another way."""

_NAMED = re.compile(r"`(\w+(?:=True)?)`(?: to '([^']*)')?")


def as_in_forms(error: object) -> str:
    """What is said to programs, as a person can do it in the App; what no form asks for stays as it is."""
    said = str(error)
    for sentence, words in SENTENCES.items():
        said = said.replace(sentence, words)
    return _NAMED.sub(_renamed, said)


def _renamed(found: re.Match[str]) -> str:
    name, value = found.groups()
    if name not in LABELS:
        return found[0]
    return f'"{LABELS[name]}"' if value is None else f'"{LABELS[name]}" to "{CHOICES.get((name, value), value)}"'
