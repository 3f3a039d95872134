"""Why something can't be done, as the App says it: under the names that its forms have."""

from __future__ import annotations

from pathlib import Path

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.as_in_forms import CHOICES, LABELS, as_in_forms
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.checks import SEND_OTHERS
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.project import SAY_WHAT


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            f"1 of 3 images can't be sent. {SEND_OTHERS}",
            "1 of 3 images can't be sent. Choose in the form to send the others.",
        ),
        (
            f"It lacks 'cat'. {SAY_WHAT}",
            "It lacks 'cat'. Choose in the form, under More options, what to do about that.",
        ),
        (
            "Put that right, or set `bad_files` to 'leave_out' to send without it.",
            'Put that right, or set "If CVAT can\'t read files" to "Leave their samples out" to send without it.',
        ),
        ("Set `organization` to 'lab'. Nothing was sent.", 'Set "Organization" to "lab". Nothing was sent.'),
        ("or set `media_source` to 'upload'.", 'or set "Images" to "Upload them".'),
        ("Set `organization` to send there.", 'Set "Organization" to send there.'),
        ("Refresh again with `confirm=True`.", f'Refresh again with "{LABELS["confirm=True"]}".'),
        (
            "Nothing was changed. Add the images to the dataset first.",
            'Nothing was changed. Add the images to the dataset first, or turn on "Make samples of images that match '
            'none".',
        ),
        ("Check `media_map`.", "Check `media_map`."),
        ("The field `Organization` is yours.", "The field `Organization` is yours."),
    ],
)
def test_parameters_have_the_names_of_the_forms(said: str, words: str) -> None:
    assert as_in_forms(said) == words


def test_the_forms_have_these_names(root: Path) -> None:
    forms = "".join(path.read_text() for path in (root / "operators").rglob("*.py") if path.stem != "as_in_forms")
    assert [label for label in (*LABELS.values(), *CHOICES.values()) if f'"{label}' not in forms] == []
