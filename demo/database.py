"""A MongoDB of one's own for the demo, the benchmarks and the tests.

Left alone, FiftyOne joins whichever database service the same user already runs, in whatever folder that one
keeps its data. Nothing here may ever touch the user's own datasets, so a database is started for each run and
named to FiftyOne by `FIFTYONE_DATABASE_URI`, before FiftyOne is imported.

Run as a program, this file is the guard: it ends the database when whoever started it is gone, even killed.
"""

from __future__ import annotations

import atexit
import importlib.machinery
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path


class DatabaseError(RuntimeError):
    """The database cannot be started."""


class Database:
    """A private MongoDB in a folder, on a free port of this machine only.

    Args:
        folder: where its data live; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it, make it the one that FiftyOne uses, and end it with this process at the latest.

        Returns:
            the address.

        Raises:
            DatabaseError: if there is no `mongod`, or it does not come up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [find_mongod(), "--dbpath", str(self.folder), "--bind_ip", "127.0.0.1", "--port", "0"]
        command += ["--nounixsocket", "--wiredTigerCacheSizeGB", "1"]
        self._guard = subprocess.Popen(
            [sys.executable, __file__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the program; the database goes last
        )
        atexit.register(self.stop)
        uri = f"mongodb://127.0.0.1:{self._wait_for_port()}"
        os.environ["FIFTYONE_DATABASE_URI"] = uri
        os.environ["FIFTYONE_DATABASE_DIR"] = str(self.folder)
        return uri

    def stop(self) -> None:
        """End the database and wait until it is gone. May be called twice."""
        if self._guard is None:
            return
        guard, self._guard = self._guard, None
        guard.communicate()  # closes the guard's input, which is its sign to end

    def _wait_for_port(self) -> int:
        """The port on which the database listens, read off its log."""
        assert self._guard is not None and self._guard.stdout is not None
        for line in self._guard.stdout:
            entry = json.loads(line)
            if entry.get("msg") == "Waiting for connections":
                threading.Thread(target=self._guard.stdout.read, daemon=True).start()
                return int(entry["attr"]["port"])
            if entry.get("s") in ("E", "F"):
                print(f"mongod: {entry['msg']} {entry.get('attr', '')}", file=sys.stderr)
        raise DatabaseError(f"MongoDB did not start in {self.folder}; its last words are above.")


def find_mongod() -> str:
    """The `mongod` that came with FiftyOne, or else one on the PATH.

    Raises:
        DatabaseError: if there is neither.
    """
    spec = importlib.machinery.PathFinder.find_spec("fiftyone")
    places = [Path(place) / "db" / "bin" for place in (spec.submodule_search_locations or [])] if spec else []
    found = shutil.which("mongod", path=os.pathsep.join(map(str, places)) or None) or shutil.which("mongod")
    if found is None:
        raise DatabaseError("FiftyOne came without a MongoDB for this system: install mongod and try again.")
    return found


def guard(command: list[str]) -> int:
    """Run the database until it ends by itself or our input closes; returns its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    database = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end_with_parent() -> None:
        sys.stdin.read()
        database.terminate()

    threading.Thread(target=end_with_parent, daemon=True).start()
    return database.wait()


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
