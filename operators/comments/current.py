"""The review comments that a run has in CVAT now, for somebody who looks at them in the App."""

from typing import Any

import fiftyone.operators as foo

from ...sync.errors import CvatError, RoundtripError
from ...sync.runs import record
from ...sync.runs.comments import comments_now, list_comments
from ..shared import context, shown_samples
from ..shared.safe import WHOLE, safe
from . import texts


def comments(ctx: foo.ExecutionContext, key: str) -> dict[str, Any]:
    """The review comments of a run as CVAT has them now; if it does not answer, as of the last load.

    Returns:
        the list and a ``text`` in Markdown; how many ``samples`` have open ones, which are kept to be shown under the
        name ``of``
    """
    run, away = record.find(ctx.dataset, key), ""
    try:
        with context.client_for(ctx, run.organization, server=run.server, hasty=True) as client:
            found = comments_now(ctx.dataset, run, client)
    except (RoundtripError, CvatError) as error:
        found = list_comments(ctx.dataset, key)
        away = f"{safe(error, WHOLE)} These are the comments as of the last load.\n\n"
    named = [item for item in found if item["sample_id"]]
    ids = list(dict.fromkeys(item["sample_id"] for item in named if not item["resolved"]))
    shown_samples.keep(ctx, f"comments {key}", ids)
    names = shown_samples.names_of(ctx.dataset, named)
    text = texts.listed(found, {task.id: task.url for task in run.tasks}, names, run.server)
    if not found and not away:
        text = "Nobody has commented on this run in CVAT."
    return {"comments": found, "text": away + text, "samples": len(ids), "of": f"comments {key}"}
