"""A sandbox: the server in a thread, with handles for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .app import App
from .background import Background
from .creation import Creator
from .events import Events
from .faults import Faults
from .http_server import LogEntry, Server
from .identity import Throttle
from .models import CloudStorage
from .services import Services
from .settings import Settings
from .snapshot import snapshot
from .store import DEFAULT_ACCOUNTS, Account, Store
from .transfers import copy_task


class Sandbox:
    """A stand-in for a CVAT server, in memory. It is not CVAT.

    Args:
        port: the port on which to listen, 0 for a free one.
        users: the accounts, or passwords by name (the first one is a superuser then); the first one is
            also whom `link` logs in.
        host: the address on which to listen.
        share: the folder that is the server's file share; none if None.
        anonymous_rate: requests without credentials a minute from one address; None for no limit.
        **settings: see `Settings`.

    Attributes:
        url: scheme, host and port.
        faults: rules for misbehaviour.
        settings: may be changed while it runs.
        store: the state, for tests that look inside.
    """

    def __init__(
        self,
        port: int = 0,
        users: Iterable[Account] | Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        anonymous_rate: int | None = 100,
        share: str | Path | None = None,
        **settings: Any,
    ) -> None:
        self.settings = Settings(**settings)
        self.users = _accounts(users) if users else DEFAULT_ACCOUNTS
        self.store = Store(self.users)
        self.store.share = None if share is None else Path(share)
        self.faults = Faults()
        self.throttle = Throttle(anonymous_rate)
        self._events = Events(self.store, self.settings)
        self._background = Background(self.store, self.settings)
        creator = Creator(self.store, self._background, self._events)
        services = Services(self.settings, self._background, creator, self._events)
        self._app = App(self.store, services, self.throttle)
        self._server = Server((host, port), self._app, self.settings, self.faults)
        self.url = f"http://{host}:{self._server.server_port}"
        creator.base = self._events.base = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def link(self) -> str:
        """The address of the pages for the first user: who has it is logged in."""
        return f"{self.url}/?key={self.store.link_key}"

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, end the background threads, close the connections."""
        self.faults.clear()
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_connections()
        self._background.close()
        self._events.close()
        self._thread.join()

    @property
    def log(self) -> list[LogEntry]:
        """All requests so far: (method, path, query, status, bytes of the request's body)."""
        return list(self._server.log)

    @property
    def connections(self) -> int:
        """How many connections with clients are open: none when all of them have ended, and been served."""
        return self._server.connections

    @property
    def crashes(self) -> list[Exception]:
        """Errors inside the sandbox that nobody expected."""
        return [*self._app.crashes, *self._background.crashes]

    def state(self) -> dict[str, Any]:
        """The whole content without ids and dates, so that two ways to the same result compare equal."""
        with self.store.lock:
            return snapshot(self.store)

    def add_cloud_storage(self, name: str, folder: str | Path, prefix: str = "", owner: str | None = None) -> int:
        """Make a folder a bucket that the server can read; the id of the cloud storage.

        Args:
            name: of the bucket and of the cloud storage.
            folder: its files; their paths are the keys.
            prefix: what keys must begin with to be seen.
            owner: the user whose it is; the first one if None.
        """
        store = self.store
        with store.lock:
            user = next(user for user in store.users.values() if owner in (None, user.username))
            ident = store.next_id("cloud storage")
            store.cloud_storages[ident] = CloudStorage(ident, name, name, Path(folder), user, None, store.now(), prefix)
        return ident

    def restore_copy(self, task: int) -> int:
        """Back a task up and restore the backup: a copy under new ids; the id of the copy."""
        with self.store.lock:
            found = self.store.tasks[task]
            return copy_task(self.store, found, found.owner).id

    def hold(self, status: str = "queued") -> None:
        """Let creations of tasks get no further than `status` ("queued" or "started") until `release`."""
        self._background.hold(status)

    def release(self, status: str | None = None) -> None:
        """Undo `hold`, for one status or for both."""
        self._background.release(status)

    @property
    def holding(self) -> bool:
        """Whether creations are held."""
        return self._background.holding

    @contextmanager
    def hold_creations(self, status: str = "queued") -> Iterator[None]:
        """Inside this block creations of tasks get no further than `status`."""
        self.hold(status)
        try:
            yield
        finally:
            self.release(status)

    def settle(self, timeout: float = 10.0) -> None:
        """Wait until no task is being created, no webhook waits for its delivery, and no write is still to come.

        Raises:
            TimeoutError: if that takes too long.
        """
        deadline = time.monotonic() + timeout
        while not (self._background.idle and self._events.idle and not self._server.late):
            if time.monotonic() > deadline:
                raise TimeoutError(f"still busy after {timeout} s")
            time.sleep(0.002)

    def expire_requests(self) -> None:
        """Forget finished background requests now, as if their lifetime were over."""
        with self.store.lock:
            for entry in self.store.background_requests.values():
                if entry.status == "finished":
                    entry.expiry_date = entry.created_date


def _accounts(users: Iterable[Account] | Mapping[str, str]) -> tuple[Account, ...]:
    if isinstance(users, Mapping):
        return tuple(Account(name, password, number == 0) for number, (name, password) in enumerate(users.items()))
    return tuple(users)
