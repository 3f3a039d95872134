"""Background requests: what the server does after it has answered, one thing after the other."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from . import clock
from .media import MediaError
from .models import BackgroundRequest
from .settings import Settings
from .store import Store

Work = Callable[[BackgroundRequest], None]

_YEAR = {"days": 365.0}
_LIVES = {"export:backup": 86400.0, "import:backup": 3600.0, "merge:job": 300.0, "merge:task": 300.0}
_TRACE = (
    'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.10/site-packages/rq/worker.py", '
    "line 1431, in perform_job\n    rv = job.perform()\n"
)


class Background:
    """Runs background requests in a thread.

    Args:
        store: the state.
        settings: delays and lifetimes.

    Attributes:
        crashes: errors that nobody expected.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.crashes: list[Exception] = []
        self._queue: queue.SimpleQueue[tuple[float, BackgroundRequest, Work] | None] = queue.SimpleQueue()
        self._gates = {"queued": threading.Event(), "started": threading.Event()}
        self.release()
        self._closing = threading.Event()
        self._count = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End after the present request."""
        self._closing.set()
        self.release()
        self._queue.put(None)
        self._thread.join()

    def hold(self, status: str) -> None:
        """Let requests get as far as `status` ("queued" or "started"), until `release`."""
        self._gates[status].clear()

    def release(self, status: str | None = None) -> None:
        """Let requests go on from this status, or from both."""
        for name, gate in self._gates.items():
            if status in (None, name):
                gate.set()

    def start(self, request: BackgroundRequest, work: Work) -> BackgroundRequest:
        """Queue a request; it replaces an older one of the same id.

        Args:
            request: the request.
            work: does it; may raise `MediaError` with the message of the failed request.
        """
        self._count += 1
        request.unsettled = self.settings.unsettled_replies and self._count % 2 == 0
        self.store.background_requests.pop(request.id, None)
        self.store.background_requests[request.id] = request
        self._queue.put((time.monotonic(), request, work))
        return request

    @property
    def holding(self) -> bool:
        """Whether requests are held somewhere."""
        return not all(gate.is_set() for gate in self._gates.values())

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or running."""
        with self.store.lock:
            return all(entry.status in ("failed", "finished") for entry in self.store.background_requests.values())

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            since, request, work = item
            self._wait(since + self.settings.creation_delay - time.monotonic())
            self._gates["queued"].wait()
            if not self._closing.is_set():
                self._perform(request, work)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._closing.wait(seconds)

    def _perform(self, request: BackgroundRequest, work: Work) -> None:
        with self.store.lock:
            if self.store.background_requests.get(request.id) is not request:
                return  # cancelled
            request.status = "started"
            request.started_date = self.store.now()
        self._wait(self.settings.creation_delay)
        self._gates["started"].wait()
        message = ""
        try:
            work(request)
        except MediaError as error:
            message = f"{error}\n"
        except Exception as error:
            self.crashes.append(error)
            message = f"{type(error).__name__}: {error}\n"
        self._finish(request, message)

    def _finish(self, request: BackgroundRequest, message: str) -> None:
        with self.store.lock:
            request.message = message
            request.trace = _TRACE + message if message else ""
            request.finished_date = self.store.now()
            life = _YEAR if message else {"seconds": self._lifetime(request)}
            request.expiry_date = clock.later(request.finished_date, **life)
            request.status = "failed" if message else "finished"

    def _lifetime(self, request: BackgroundRequest) -> float:
        """Seconds that a finished request is remembered."""
        return _LIVES.get(request.operation, self.settings.request_lifetime)
