"""FiftyOne's own `annotate()` and `load_annotations()`, in front of the same engine as the operators."""

import os
import sys
from typing import Any

import fiftyone as fo

from ..sync.connection import NAMES
from ..sync.runs.record import NAME, RESULTS
from .config import BackendConfig
from .results import RunResults

__all__ = ["BackendConfig", "RunResults", "register"]

PREFIX = f"FIFTYONE_{NAME.upper()}_"


def register() -> None:
    """Makes the backend known to FiftyOne in this process. What the annotation config says of it stays.

    Stored runs name their class by a module of its own, so that it can be found wherever this plugin is installed.
    """
    module = RESULTS.rpartition(".")[0]
    sys.modules.setdefault(module, sys.modules[__name__])
    said: dict[str, Any] = fo.annotation_config.backends.setdefault(NAME, {})
    said.setdefault("config_cls", f"{module}.{BackendConfig.__name__}")
    for name in NAMES:  # as FiftyOne reads the variables of the backends that its config lists
        if value := os.environ.get(PREFIX + name.upper()):
            said.setdefault(name, value)
