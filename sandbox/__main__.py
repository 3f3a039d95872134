"""`python -m sandbox`: a sandbox until Ctrl+C."""

from __future__ import annotations

import argparse
import os
import secrets
import threading
from pathlib import Path

from .sandbox import Sandbox
from .settings import VERSION
from .store import DEFAULT_ACCOUNTS, Account

VARIABLE = "SANDBOX_USERS"


def _accounts(text: str | None) -> tuple[Account, ...]:
    """The accounts in `name:password[:superuser],...`; the usual ones with new passwords if there is no text.

    Raises:
        ValueError: if it reads otherwise.
    """
    if not text:
        return tuple(Account(one.username, secrets.token_urlsafe(9), one.superuser) for one in DEFAULT_ACCOUNTS)
    accounts = []
    for number, entry in enumerate(text.split(","), 1):
        name, password, *role = [*entry.split(":"), ""][:4]
        if not (name and password) or role not in ([""], ["superuser", ""]):
            raise ValueError(f"{VARIABLE}: account {number} is not name:password or name:password:superuser")
        accounts.append(Account(name, password, role[0] == "superuser"))
    return tuple(accounts)


def main() -> None:
    """Serve, and say where and for whom. Passwords are no arguments: those are seen by everyone on the machine."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description=__doc__,
        epilog=f"Accounts are those in the variable {VARIABLE} (name:password[:superuser],...), else usual ones with "
        "new passwords.",
    )
    parser.add_argument("--port", type=int, default=8080, help="the port (0: a free one)")
    parser.add_argument("--version", default=VERSION, help="the version that the server claims")
    parser.add_argument("--latency", type=int, default=0, metavar="MS", help="delay of every answer")
    parser.add_argument("--share", type=Path, metavar="FOLDER", help="a folder that is the server's file share")
    parser.add_argument("--bucket", type=Path, action="append", default=[], metavar="FOLDER", help="a cloud storage")
    options = parser.parse_args()
    try:
        users = _accounts(os.environ.pop(VARIABLE, None))
    except ValueError as error:
        parser.error(str(error))
    latency = options.latency / 1000
    box = Sandbox(options.port, users, version=options.version, latency=latency, share=options.share)
    print("This is a sandbox that behaves like a CVAT server. It is not CVAT, and it keeps nothing.")
    print(f"  {box.url}")
    print(f"  its pages, for {users[0].username}: {box.link}")
    for account in box.users:
        print(f"  user {account.username}, password {account.password}{' (superuser)' * account.superuser}")
    for folder in options.bucket:
        print(f"  cloud storage {box.add_cloud_storage(folder.resolve().name, folder)}: {folder}")
    print("Ctrl+C ends it.", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        box.close()


if __name__ == "__main__":
    main()
