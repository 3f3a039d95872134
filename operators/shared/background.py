"""Operators that can run in the background."""

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators.executor import ExecutionOptions

from . import context


class InBackground:
    """An operator that runs in the background if it is asked to; see :func:`.running.perform`.

    A program can always ask. The App offers it only where it works: elsewhere, an arrow beside the button would say
    "for testing" of the only way there is, and "not available" of the other.
    """

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> ExecutionOptions:
        """What the button of the form offers."""
        works = fo.config.allow_legacy_orchestrators or not context.in_app(ctx)
        return ExecutionOptions(allow_immediate_execution=True, allow_delegated_execution=works)
