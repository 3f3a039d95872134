"""Making the App show labels as they are now."""

from collections.abc import Iterator
from typing import Any

import fiftyone.operators as foo

URI = "@roundtrip/cvat/reload_opened_samples"
"""The operator of `assets/app.js`."""


def reload(ctx: foo.ExecutionContext) -> Iterator[Any]:
    """Reloads the dataset and the samples that were opened, which the App keeps; the steps of a generator."""
    yield ctx.trigger(URI)
    yield ctx.ops.reload_dataset()
