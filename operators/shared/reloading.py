"""Making the App show labels as they are now."""

from collections.abc import Iterator
from typing import Any

import fiftyone.operators as foo

URI = "@roundtrip/cvat/reload_opened_samples"
BUTTONS = "@roundtrip/cvat/ask_for_buttons"
"""Operators of `assets/app.js`."""


def reload(ctx: foo.ExecutionContext) -> Iterator[Any]:
    """Reloads the dataset and the samples that were opened, which the App keeps; the steps of a generator."""
    yield ctx.trigger(URI)
    yield ctx.trigger(BUTTONS)
    yield ctx.ops.reload_dataset()
