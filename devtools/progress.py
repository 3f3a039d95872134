"""How far pip is, told while it works."""

from __future__ import annotations

import re
import sys
import threading
import time
from types import TracebackType

WORDS = re.compile(r"\s*(?P<what>Collecting|Downloading|Building wheels?|Installing) (?P<which>.+)")
OFTEN, SELDOM = 1.0, 15.0
"""Seconds between two lines on a terminal, where one takes the place of the other; and elsewhere."""


class Progress:
    """Says every now and then what pip is doing and since when, also while pip says nothing."""

    def __init__(self) -> None:
        self._words = "starting"
        self._packages = 0
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._go_on_telling, daemon=True)

    def __enter__(self) -> Progress:
        self._teller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._teller.join()

    def hear(self, line: str) -> None:
        """Take a line of pip's output."""
        found = WORDS.match(line)
        if found is None:
            return
        self._packages += found["what"] == "Collecting"
        if found["what"] == "Installing":
            self._words = f"installing {self._packages} packages"
        else:
            self._words = f"package {self._packages}: {found['what'].lower()} {found['which'][:60]}"

    def _go_on_telling(self) -> None:
        started, moving = time.monotonic(), sys.stdout.isatty()
        while not self._over.wait(OFTEN if moving else SELDOM):
            line = f"  {time.monotonic() - started:4.0f} s, {self._words}"
            print(f"\r{line}\x1b[K" if moving else line, end="" if moving else "\n", flush=True)
        if moving:
            print("\r\x1b[K", end="", flush=True)
