"""What handlers need besides the store."""

from __future__ import annotations

from dataclasses import dataclass

from .background import Background
from .creation import Creator
from .events import Events
from .settings import Settings


@dataclass(frozen=True)
class Services:
    """What runs beside the requests.

    Attributes:
        settings: how the sandbox behaves.
        background: runs background requests.
        creator: makes frames and jobs of uploaded files.
        events: delivers webhooks.
    """

    settings: Settings
    background: Background
    creator: Creator
    events: Events
