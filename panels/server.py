"""What the panel knows of CVAT: who answers, and how far the jobs of the runs are. Asked seldom, and kept."""

import time
from collections.abc import Sequence

import fiftyone.operators as foo

from ..operators.shared import context
from ..operators.shared.choose_run import Run, is_usable
from ..sync.connection import HOW
from ..sync.errors import CvatError, RoundtripError
from ..sync.runs.look import jobs_of, keep_look, look_at
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


def look(ctx: foo.ExecutionContext, runs: Sequence[Run]) -> list[str]:
    """Looks at the jobs of runs, with one request for each workspace that they are in, and keeps what was seen.

    Returns:
        what went wrong
    """
    groups: dict[tuple[str, str | None], list[Run]] = {}
    for run in [run for run in runs if is_usable(run)][:MOST]:
        groups.setdefault((run.record.server, run.record.organization), []).append(run)
    problems: list[str] = []
    for (server, organization), members in groups.items():
        try:
            with context.client_for(ctx, organization, server=server, hasty=True) as client:
                found = look_at(ctx.dataset, [run.record for run in members], client)
        except (RoundtripError, CvatError) as error:
            problems.append(str(error))
            continue
        known = {run.record.run_id: jobs_of(run.record) for run in members}
        for run_id, jobs in found.items():
            keep_look(ctx.dataset, run_id, jobs, time.time(), known[run_id])
    return list(dict.fromkeys(problems))


def how_to_log_in(said: str) -> str:
    """The ways to log in, in Markdown, to be copied.

    Args:
        said: what the person reads above it
    """
    return "\n".join(
        [
            *([] if HOW in said else [HOW, ""]),
            "Linux and macOS:",
            "```",
            "export FIFTYONE_CVAT_URL=https://app.cvat.ai",
            "export FIFTYONE_CVAT_TOKEN=...",
            "# or, with a password",
            "export FIFTYONE_CVAT_USERNAME=...",
            "export FIFTYONE_CVAT_PASSWORD=...",
            "```",
            "",
            "Windows PowerShell:",
            "```",
            '$env:FIFTYONE_CVAT_URL = "https://app.cvat.ai"',
            '$env:FIFTYONE_CVAT_TOKEN = "..."',
            "# or, with a password",
            '$env:FIFTYONE_CVAT_USERNAME = "..."',
            '$env:FIFTYONE_CVAT_PASSWORD = "..."',
            "```",
            "",
            "FiftyOne's annotation config, `~/.fiftyone/annotation_config.json`:",
            "```",
            '{"backends": {"cvat": {',
            '  "url": "https://app.cvat.ai",',
            '  "username": "...", "password": "..."',
            "}}}",
            "```",
            "",
            "Start the App again afterwards.",
        ]
    )


def clock(at: float | None = None) -> str:
    """The time of day, now or in seconds since the epoch; if that was on another day, with the date."""
    now, then = time.localtime(), time.localtime(at)
    return time.strftime("%H:%M" if now[:3] == then[:3] else "%d %b %H:%M", then)
