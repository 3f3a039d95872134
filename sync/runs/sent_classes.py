"""How many labels of which class a run was sent with, to be shown beside what there is now."""

from collections.abc import Mapping
from typing import Any

from ..errors import StateUnreadable
from .store import damaged

NAME = "classes"
MOST = 1_000
"""Classes of a field that are kept: the most frequent ones."""

Counts = dict[str, dict[str, int]]
"""Labels by field and class."""


def keep_sent_classes(store: Any, labels: Mapping[str, Mapping[str, int]]) -> None:
    """Keeps how many labels are sent, by field and class."""
    ranked = {name: sorted(classes.items(), key=lambda item: -item[1])[:MOST] for name, classes in labels.items()}
    store.save_json(NAME, {name: dict(classes) for name, classes in ranked.items()})


def sent_classes(store: Any) -> Counts:
    """What was kept; nothing of a run that was not sent by this plugin, or if it is damaged."""
    try:
        found = store.load_json(NAME) or {}
        with damaged(NAME):
            return {str(name): {str(cls): int(n) for cls, n in classes.items()} for name, classes in found.items()}
    except StateUnreadable:
        return {}
