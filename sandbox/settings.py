"""How a sandbox behaves; every part of the server reads it."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "2.54.1"
LARGEST_BUCKET_PAGE = 1000


@dataclass
class Settings:
    """How a sandbox behaves; may be changed while it runs.

    Attributes:
        version: what `server/about` says.
        latency: seconds that every answer waits.
        max_body: the largest request body in bytes; larger ones get a proxy's 413.
        max_tasks: how many tasks an account may have; None for no limit.
        creation_delay: seconds that the creation of a task is queued, and again that it is started.
        bucket_page: entries of a cloud storage in one answer at most.
        request_lifetime: seconds until a finished background request is forgotten.
        unsettled_replies: whether every second background request looks half written at first.
        kept_bytes: bytes of each uploaded file that are kept, from its beginning; None for all of them.
        seconds_per_megabyte: what a request takes longer for each megabyte of JSON in it.
    """

    version: str = VERSION
    latency: float = 0.0
    max_body: int | None = None
    max_tasks: int | None = None
    creation_delay: float = 0.03
    bucket_page: int = LARGEST_BUCKET_PAGE
    request_lifetime: float = 500.0
    unsettled_replies: bool = True
    kept_bytes: int | None = None
    seconds_per_megabyte: float = 0.0
