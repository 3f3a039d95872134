"""Sessions that a process keeps: a login takes CVAT 0.2 s, and each operator call and form would make one."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections import OrderedDict

from .credentials import Credentials
from .session import Session

MOST = 8
"""Sessions that are kept; the one that was not used for longest goes first."""


class _Kept:
    """The sessions of this process, by a digest from which the login can't be computed."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def get(self, credentials: Credentials) -> Session:
        """The session of this login, new if there is none that the server accepts."""
        key = self._digest(credentials)
        with self._lock:
            session = self._sessions.get(key)
            if session is None or session.rejected:
                self._forget_others(credentials, key)
                session = self._sessions[key] = Session(credentials.within(None))
            self._sessions.move_to_end(key)
            while len(self._sessions) > MOST:
                self._sessions.popitem(last=False)
        return session.within(credentials.organization)

    def _forget_others(self, credentials: Credentials, key: str) -> None:
        """Forgets what was given before: the same user's with another secret, and what the server rejected."""
        for other, session in list(self._sessions.items()):
            before = session.credentials
            same_user = bool(before.user) and (before.url, before.user) == (credentials.url, credentials.user)
            if other == key or session.rejected or same_user:
                del self._sessions[other]

    def _digest(self, credentials: Credentials) -> str:
        hidden = [credentials.token, credentials.password]
        parts = [credentials.url, credentials.username, credentials.email]
        parts += [secret.get_secret_value() if secret is not None else None for secret in hidden]
        return hashlib.blake2b(json.dumps(parts).encode(), key=self._salt).hexdigest()


_kept = _Kept()


def kept_session(credentials: Credentials) -> Session:
    """A session for these credentials that others of this process with the same login use, too.

    It is forgotten when the login changes or the server does not accept it. Sessions that are forgotten while somebody
    uses them go on, and end with their last user.
    """
    return _kept.get(credentials)


def forget_sessions() -> None:
    """Forgets all sessions: the next ones log in anew."""
    global _kept
    _kept = _Kept()


os.register_at_fork(after_in_child=forget_sessions)
