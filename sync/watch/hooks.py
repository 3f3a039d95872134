"""The webhooks of a watcher in CVAT: made when it begins, removed when it ends."""

import secrets
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from ...cvat import AmbiguousOutcome, Client, CvatError, Webhook
from ...cvat.redaction import Secret
from ..errors import Refused, RoundtripError
from ..runs import record as records
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from .order import Order
from .rule import read_rule
from .watcher import Connect

Scope = Literal["project", "organization"]
DESCRIPTION = "Wakes a watcher of the FiftyOne plugin @roundtrip/cvat"


class Place(NamedTuple):
    """Where a webhook belongs.

    Args:
        server, organization: where it is
        project: its project; ``None`` for the whole organization
    """

    server: str
    organization: str | None
    project: int | None


def new_secret() -> Secret:
    """A secret that nobody knows; it is kept in memory only."""
    return Secret(secrets.token_urlsafe(32))


def places_of(runs: Iterable[tuple[str, RunRecord]], scope: Scope) -> dict[Place, RunRecord]:
    """Where webhooks are needed for some runs.

    Args:
        runs: the runs, with their keys
        scope: whether they are those of projects or of organizations

    Raises:
        Refused: if a run is in none
    """
    found: dict[Place, RunRecord] = {}
    for key, record in runs:
        if scope == "project" and record.project_id is None:
            raise Refused(
                f"The run '{key}' is in no project of CVAT, so it can have no webhook of a project. Use the "
                "organization's, or none: it is looked at all the same."
            )
        if scope == "organization" and not record.organization:
            raise Refused(f"The run '{key}' is in no organization of CVAT. Use the webhook of its project.")
        project = record.project_id if scope == "project" else None
        found.setdefault(Place(record.server, record.organization, project), record)
    return found


def watched_records(dataset: Any, order: Order) -> list[tuple[str, RunRecord]]:
    """The runs that a watcher is to watch at this moment, with their keys."""
    found = records.find_all_now(dataset)
    return [
        (key, record)
        for key, record in found.items()
        if order.wants(record.run_id, read_rule(RunStore(dataset, record.run_id)))
    ]


class Hooks:
    """The webhooks that this process made.

    Args:
        url: where CVAT reaches the receiver
        secret: what CVAT signs with
        connect: gives a client for a run
        tell: takes sentences
    """

    def __init__(self, url: str, secret: Secret, connect: Connect, tell: Callable[[str, str], None]) -> None:
        self._url = url
        self._secret = secret
        self._connect = connect
        self._tell = tell
        self._made: list[tuple[RunRecord, int]] = []
        self._places: set[Place] = set()
        self._said: dict[str, str] = {}

    def make(self, places: dict[Place, RunRecord]) -> None:
        """Makes a webhook at each place, instead of one that a process left there which was killed.

        Raises:
            RoundtripError, CvatError: if one can't be made; those that were made are removed again
        """
        try:
            for place, record in places.items():
                self._make(place, record)
        except (RoundtripError, CvatError):
            self.remove()
            raise

    def meet(self, scope: Scope, runs: Iterable[tuple[str, RunRecord]]) -> None:
        """Makes the webhooks that lack for runs which are watched now.

        What can't be made is told of once, and tried again at the next look: the run is looked at all the same.

        Args:
            scope: whether they are those of projects or of organizations
            runs: the runs, with their keys
        """
        for key, record in runs:
            try:
                for place in places_of([(key, record)], scope).keys() - self._places:
                    self._make(place, record)
                self._said.pop(key, None)
            except (RoundtripError, CvatError) as error:
                if self._said.get(key) != str(error):
                    self._said[key] = str(error)
                    self._tell(key, f"No webhook was made: {error}")

    def _make(self, place: Place, record: RunRecord) -> None:
        client = self._connect(record)
        for left in self._ours(client, place):
            client.delete_webhook(left.id)
        self._made.append((record, self._create(client, place)))
        self._places.add(place)

    def remove(self) -> None:
        """Removes them; one that can't be removed is told of."""
        self._places.clear()
        while self._made:
            record, webhook_id = self._made.pop()
            try:
                self._connect(record).delete_webhook(webhook_id)
            except (RoundtripError, CvatError) as error:
                self._tell("", f"The webhook {webhook_id} stays in CVAT at {record.server}: {error}")

    def _create(self, client: Client, place: Place) -> int:
        try:
            made = client.create_webhook(self._url, self._secret, project_id=place.project, description=DESCRIPTION)
        except AmbiguousOutcome:
            found = self._ours(client, place)
            if not found:
                raise
            made = found[-1]
        return made.id

    def _ours(self, client: Client, place: Place) -> list[Webhook]:
        """The webhooks there that lead to this receiver, and were made by a watcher."""
        kind = "organization" if place.project is None else "project"
        return [
            hook
            for hook in client.webhooks(place.project)
            if (hook.target_url, hook.description, hook.type) == (self._url, DESCRIPTION, kind)
        ]
