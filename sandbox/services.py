"""What handlers need besides the store."""

from __future__ import annotations

from dataclasses import dataclass

from .creation import Creator
from .events import Events
from .settings import Settings


@dataclass(frozen=True)
class Services:
    """What runs beside the requests.

    Attributes:
        settings: how the sandbox behaves.
        creator: makes frames and jobs of uploaded files.
        events: delivers webhooks.
    """

    settings: Settings
    creator: Creator
    events: Events
