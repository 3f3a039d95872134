"""Webhook events: what changed, signed and delivered in the background, to loopback receivers only."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import queue
import threading
from typing import Any
from urllib.parse import urlsplit

from .models import Delivery, Job, Organization, Project, Task, User, Webhook
from .settings import Settings
from .store import Store
from .views import Views

_TIMEOUT = 5.0
_UNREACHABLE = 502


class Events:
    """Finds the webhooks of an event and delivers to them.

    Args:
        store: where webhooks and deliveries are.
        settings: the version, for the user agent.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.base = ""
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Deliver what is waiting, then end."""
        self._queue.put(None)
        self._thread.join()

    @property
    def idle(self) -> bool:
        """Whether everything was delivered."""
        return self._queue.unfinished_tasks == 0

    @property
    def wanted(self) -> bool:
        """Whether anybody listens at all."""
        return bool(self.store.webhooks)

    def send(
        self,
        event: str,
        kind: str,
        view: dict[str, Any],
        sender: User,
        project: Project | None,
        organization: Organization | None,
        before: dict[str, Any] | None = None,
    ) -> None:
        """Queue an event for every webhook that asked for it."""
        for hook in self.store.webhooks.values():
            mine = hook.project is project if hook.project else hook.organization is organization
            if not (mine and hook.is_active and event in hook.events):
                continue
            payload: dict[str, Any] = {kind: view, "sender": Views(self.base).user(sender), "event": event}
            if before is not None:
                payload["before_update"] = before
            payload["webhook_id"] = hook.id
            self._queue.put(self.record(hook, event, payload, ",".join(before or ())))

    def record(
        self,
        hook: Webhook,
        event: str,
        payload: dict[str, Any],
        changed: str = "",
        redelivery: bool = False,
    ) -> Delivery:
        """Make the entry for a delivery."""
        now = self.store.now()
        delivery = Delivery(
            self.store.next_id("delivery"), hook, event, payload, changed, redelivery, now, self.store.now()
        )
        hook.deliveries[delivery.id] = delivery
        return delivery

    def deliver_later(self, delivery: Delivery) -> None:
        self._queue.put(delivery)

    def deliver(self, delivery: Delivery) -> None:
        """Send, and note the answer."""
        hook = delivery.webhook
        status, answer = _post(hook, json.dumps(delivery.request).encode(), f"CVAT/{self.settings.version} sandbox")
        with self.store.lock:
            delivery.status_code, delivery.response = status, answer
            hook.last_status, hook.last_delivery_date = status, delivery.updated_date

    def _run(self) -> None:
        while (delivery := self._queue.get()) is not None:
            self.deliver(delivery)
            self._queue.task_done()


def _post(hook: Webhook, body: bytes, agent: str) -> tuple[int, str]:
    target = urlsplit(hook.target_url)
    host = target.hostname or ""
    if target.scheme != "http" or not _is_loopback(host):
        return _UNREACHABLE, ""
    headers = {"Content-Type": "application/json", "User-Agent": agent}
    if hook.secret:
        digest = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
        headers["X-Signature-256"] = f"sha256={digest}"
    connection = http.client.HTTPConnection(host, target.port or 80, timeout=_TIMEOUT)
    try:
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(1 << 16).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return _UNREACHABLE, ""
    finally:
        connection.close()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class UpdateEvents:
    """Compares a job, task and project before and after a block, and sends what changed.

    Args:
        events: where to send.
        sender: who changes.
        job: a job to watch.
        task: a task to watch.
        project: a project to watch.
    """

    def __init__(
        self,
        events: Events,
        sender: User,
        job: Job | None = None,
        task: Task | None = None,
        project: Project | None = None,
    ) -> None:
        self.events = events
        self.sender = sender
        things: list[tuple[str, Any]] = [("job", job), ("task", task), ("project", project)]
        self._things = [(kind, thing) for kind, thing in things if thing]
        self._before: list[dict[str, Any]] = []

    def __enter__(self) -> None:
        if self.events.wanted:
            self._before = [self._view(kind, thing) for kind, thing in self._things]

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is not None:
            return
        for (name, thing), before in zip(self._things, self._before, strict=False):
            after = self._view(name, thing)
            changed = {key: before.get(key) for key in after if before.get(key) != after[key]}
            if changed:
                project, organization = _home(thing)
                self.events.send(f"update:{name}", name, after, self.sender, project, organization, changed)

    def _view(self, kind: str, thing: Any) -> dict[str, Any]:
        view: dict[str, Any] = getattr(Views(self.events.base), kind)(thing)
        return view


def _home(thing: Any) -> tuple[Project | None, Organization | None]:
    if isinstance(thing, Project):
        return thing, thing.organization
    task = thing.task if isinstance(thing, Job) else thing
    return task.project, task.organization
