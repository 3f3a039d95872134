"""Review comments in the App: counted by each load, listed with links, their samples one click away."""

from __future__ import annotations

import pytest
from operators_app import Dialog, properties
from sync_loop import Loop, operator


@pytest.fixture
def reviewed(filled: Loop) -> Loop:
    """Somebody wrote a comment on each of the two frames; one is settled."""
    filled.send()
    for frame, text in enumerate(("too small", "no | dog")):
        body = {"job": 1, "frame": frame, "position": [1.0, 2.0], "message": text}
        issue = filled.cvat.call("POST", "issues", body)["id"]
    filled.cvat.call("PATCH", f"issues/{issue}", {"resolved": True})
    return filled


def test_a_load_counts_them(reviewed: Loop) -> None:
    dialog = Dialog(reviewed, "load_annotations")
    dialog.accept_defaults()
    assert "- Review comments in CVAT: 1 open, 1 resolved, 2 new; " in dialog.run().output
    assert reviewed.load()["comments"] == {"open": 1, "resolved": 1, "samples": 1, "new": 0}
    assert [bool(tags) for tags in reviewed.dataset.values("tags")] == [True, False]


def test_a_preview_reads_none(reviewed: Loop) -> None:
    before = reviewed.documents()
    assert reviewed.load(preview=True)["comments"] == {}
    assert reviewed.documents() == before
    assert operator("comments")(reviewed.dataset, "run") == []


def test_they_are_listed(reviewed: Loop) -> None:
    reviewed.load()
    dialog = Dialog(reviewed, "comments", anno_key="run")
    text = dialog.run().result["text"]
    assert text.startswith("**2 comments, 1 open**")
    url = f"{reviewed.box.url}/tasks/1/jobs/1?frame="
    assert f"| photo_000.jpg | [0]({url}0) | admin: too small | open |" in text
    assert f"| photo_001.jpg | [1]({url}1) | admin: no \\| dog | resolved |" in text


def test_the_samples_are_one_click_away(reviewed: Loop) -> None:
    reviewed.load()
    dialog = Dialog(reviewed, "comments")
    assert dialog.opens_at_once()
    shown = dialog.output()
    assert shown["text"].startswith("**2 comments, 1 open**")
    button = properties(properties(shown["form"])["samples"])["view_samples"]["view"]
    assert button["label"] == "View the 1 sample with open comments"
    assert Dialog(reviewed, "view_samples", **button["params"]).run().result == {"samples": 1}


def test_nobody_commented(filled: Loop) -> None:
    filled.send()
    filled.load()
    text = Dialog(filled, "comments", anno_key="run").run().result["text"]
    assert text == "Nobody has commented on this run in CVAT."
