"""What the panel knows of CVAT: who answers, and how far the jobs of the runs are. Asked seldom, and kept."""

import time
from collections.abc import Sequence
from typing import Any

import fiftyone.operators as foo

from ..operators.shared import context
from ..operators.shared.choose_run import Run, is_usable
from ..sync.connection import HOW
from ..sync.errors import CvatError, RoundtripError
from ..sync.runs.look import look_at
from ..sync.send.proposals import describe_login

MOST = 50
"""Runs whose jobs are asked for; the newest."""


def greet(ctx: foo.ExecutionContext) -> tuple[str, str]:
    """Who answers at the configured server, and what is wrong if nobody does; one of them is empty."""
    try:
        with context.client_for(ctx, hasty=True) as client:
            return describe_login(client), ""
    except (RoundtripError, CvatError) as error:
        return "", str(error)


def look(ctx: foo.ExecutionContext, runs: Sequence[Run]) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """The jobs of runs by ``run_id``, with one request for each workspace that they are in; and what went wrong."""
    groups: dict[tuple[str, str | None], list[Run]] = {}
    for run in [run for run in runs if is_usable(run)][:MOST]:
        groups.setdefault((run.record.server, run.record.organization), []).append(run)
    found: dict[str, list[dict[str, Any]]] = {}
    problems: list[str] = []
    for (server, organization), members in groups.items():
        try:
            with context.client_for(ctx, organization, server=server, hasty=True) as client:
                jobs = look_at(ctx.dataset, [run.record for run in members], client)
        except (RoundtripError, CvatError) as error:
            problems.append(str(error))
            continue
        found.update({run_id: [job._asdict() for job in listed] for run_id, listed in jobs.items()})
    return found, list(dict.fromkeys(problems))


def how_to_log_in() -> str:
    """The ways to log in, in Markdown, to be copied."""
    return "\n".join(
        [
            HOW,
            "",
            "```",
            "export FIFTYONE_CVAT_URL=https://app.cvat.ai",
            "export FIFTYONE_CVAT_TOKEN=...",
            "",
            "# or, with a password",
            "export FIFTYONE_CVAT_USERNAME=...",
            "export FIFTYONE_CVAT_PASSWORD=...",
            "```",
            "",
            "Start the App again afterwards.",
        ]
    )


def clock() -> str:
    """The time of day, for the line that says when CVAT was asked last."""
    return time.strftime("%H:%M")
