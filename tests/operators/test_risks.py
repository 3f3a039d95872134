"""Every operator says what can go wrong with it, for agents and people who decide what may be run."""

from __future__ import annotations

import fiftyone.operators.types as types
from operators_app import every_operator
from sync_loop import operator

RISKS = {
    # shows something, or opens a form
    **dict.fromkeys(("comments", "open_in_cvat", "run_info", "show_form", "view_run", "view_samples"), "low"),
    **dict.fromkeys(("look_at_load", "look_at_import"), "low"),
    # changes who has a job, or a name, ends a send that can go on, writes a new file
    **dict.fromkeys(("change_job", "load_history", "rename_run", "stop_run"), "medium"),
    # gives images to CVAT, or changes labels so that it can be undone
    **dict.fromkeys(("import_from_cvat", "load_annotations", "resolve_conflicts", "undo_load"), "high"),
    **dict.fromkeys(("add_samples", "refresh_run", "undo_refresh", "resume_run", "send_to_cvat", "watch_runs"), "high"),
    # deletes what cannot be brought back
    "delete_run": "dangerous",
    "move_run": "dangerous",
}


def test_every_operator_declares_its_risk() -> None:
    assert {name: operator(name).config.risk_level.value for name in every_operator()} == RISKS


def test_the_risk_is_what_an_agent_is_told() -> None:
    for name, risk in RISKS.items():
        assert operator(name).risk_level is types.RiskLevel[risk.upper()]
        assert operator(name).config.to_json()["risk_level"] == risk
