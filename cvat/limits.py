"""How much a server may send, and for how long: generous for CVAT, but bounded for whatever answers instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AnswerLimit:
    """How large the JSON of an answer may be.

    Attributes:
        bytes: After decompression.
        values: Numbers, texts, lists and objects in it. A list of millions of zeros is small as JSON and large in
            memory.
    """

    bytes: int
    values: int


USUAL_ANSWER = AnswerLimit(bytes=64 << 20, values=4_000_000)
"""Tasks, labels, lists: some 30,000 tasks, or 40,000 jobs, in one answer."""

LARGE_ANSWER = AnswerLimit(bytes=256 << 20, values=32_000_000)
"""The annotations of a job, and the frames of a task: some 500,000 boxes with attributes."""

FRAME_BYTES = 1 << 30
"""Bytes of one original frame."""

ERROR_BYTES = 64 << 10
"""Bytes that are read of an error page; the rest is not waited for."""

PAGE_TEXT = 8_000
"""Characters of an error page, or of a message, that patterns look at."""

KEPT_TEXT = 4_000
"""Characters of CVAT's own message that an exception keeps in ``detail``."""

SHOWN_TEXT = 300
"""Characters of it that a sentence shows."""

HEADER_TEXT = 2_000
"""Characters of a header, or of an address in an answer, that are looked at; longer ones count as absent."""

HEAD_BYTES = 1 << 20
"""Bytes of status line, headers and framing beside the body."""

PAGES = 10_000
"""Pages of one list that are followed."""

LIST_ITEMS = 1_000_000
"""Objects of one list."""

LIST_SECONDS = 900.0
"""Seconds for all pages of one list."""

EXCHANGE_TIMEOUTS = 10
"""How many times its ``timeout`` (which is for the next byte) one whole exchange may last."""

LONGEST_EXCHANGE = 3600.0
"""Seconds that one exchange, upload and answer together, may last at most."""

REACTION = 0.2
"""Seconds after which a wait looks again whether the caller wants to stop."""
