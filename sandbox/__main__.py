"""`python -m sandbox`: a sandbox until Ctrl+C."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from .sandbox import Sandbox
from .settings import VERSION
from .store import DEFAULT_ACCOUNTS, Account


def _accounts(text: str) -> tuple[Account, ...]:
    """Read `name:password[:superuser],...`."""
    accounts = []
    for entry in text.split(","):
        name, password, *role = entry.split(":")
        if not (name and password) or role not in ([], ["superuser"]):
            raise argparse.ArgumentTypeError(f"{entry!r} is not name:password or name:password:superuser")
        accounts.append(Account(name, password, bool(role)))
    return tuple(accounts)


def main() -> None:
    """Serve, and say where and for whom."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="the port (0: a free one)")
    parser.add_argument("--users", type=_accounts, default=DEFAULT_ACCOUNTS, metavar="NAME:PASSWORD[:superuser],...")
    parser.add_argument("--version", default=VERSION, help="the version that the server claims")
    parser.add_argument("--latency", type=int, default=0, metavar="MS", help="delay of every answer")
    parser.add_argument("--share", type=Path, metavar="FOLDER", help="a folder that is the server's file share")
    parser.add_argument("--bucket", type=Path, action="append", default=[], metavar="FOLDER", help="a cloud storage")
    options = parser.parse_args()
    latency = options.latency / 1000
    box = Sandbox(options.port, options.users, version=options.version, latency=latency, share=options.share)
    print("This is a sandbox that behaves like a CVAT server. It is not CVAT, and it keeps nothing.")
    print(f"  {box.url}")
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
