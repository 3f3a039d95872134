"""What runs in the background, and where the App offers that."""

from __future__ import annotations

from xml.etree import ElementTree

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.load.load_annotations import ICON as LOAD_ICON
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send.send_to_cvat import BUTTON as SEND_ICON
from operators_app import Dialog
from sync_loop import Loop, operator

from devtools.places import ROOT

LONG = (
    "send_to_cvat",
    "add_samples",
    "refresh_run",
    "undo_refresh",
    "resume_run",
    "load_annotations",
    "undo_load",
    "import_from_cvat",
    "watch_runs",
)


@pytest.mark.parametrize("works", [True, False])
def test_the_app_offers_to_schedule_only_where_it_works(
    filled: Loop, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    monkeypatch.setattr(fo.config, "allow_legacy_orchestrators", works)
    for name in LONG:
        dialog = Dialog(filled, name)
        options = dialog.operator.resolve_execution_options(dialog.context())
        assert (options.allow_immediate_execution, options.allow_delegated_execution) == (True, works), name
        del dialog.request["filters"]  # a program asks
        assert dialog.operator.resolve_execution_options(dialog.context()).allow_delegated_execution, name


def test_the_buttons_of_the_grid_have_icons_of_their_own(filled: Loop) -> None:
    filled.send()
    for name, icon, label in (
        ("send_to_cvat", SEND_ICON, "Send to CVAT"),
        ("load_annotations", LOAD_ICON, "Load annotations from CVAT"),
    ):
        dialog = Dialog(filled, name)
        shown = dialog.operator.resolve_placement(dialog.context()).to_json()["view"]
        assert (shown["label"], shown["icon"]) == (label, icon)
        assert ElementTree.fromstring((ROOT / icon.lstrip("/")).read_text()).tag.endswith("svg")


def test_the_button_of_a_load_waits_for_a_run(filled: Loop) -> None:
    dialog = Dialog(filled, "load_annotations")
    assert dialog.operator.resolve_placement(dialog.context()) is None
    filled.send()
    clock = filled.clock
    assert dialog.operator.resolve_placement(dialog.context()) is not None
    assert filled.requests(clock) == [], "CVAT is not asked"
    operator("delete_run")(filled.dataset, "run")
    assert dialog.operator.resolve_placement(dialog.context()) is None
