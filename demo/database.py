"""A MongoDB of one's own for the demo, the benchmarks and the tests.

Left alone, FiftyOne joins whichever database service the same user already runs, in whatever folder that one
keeps its data. Nothing here may ever touch the user's own datasets, so a database is started for each run and
named to FiftyOne by `FIFTYONE_DATABASE_URI`, before FiftyOne is imported.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import shutil
import sys
from pathlib import Path

from .guard import Guarded
from .trouble import DemoError


class Database:
    """A private MongoDB in a folder, on a free port of this machine only.

    Args:
        folder: where its data live; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: Guarded | None = None

    def start(self) -> str:
        """Start it, make it the one that FiftyOne uses, and end it with this process at the latest.

        Returns:
            the address.

        Raises:
            DemoError: if there is no `mongod`, or it does not come up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [find_mongod(), "--dbpath", str(self.folder), "--bind_ip", "127.0.0.1", "--port", "0"]
        self._process = Guarded([*command, "--nounixsocket", "--wiredTigerCacheSizeGB", "1"])
        uri = f"mongodb://127.0.0.1:{self._wait_for_port(self._process)}"
        os.environ["FIFTYONE_DATABASE_URI"] = uri
        os.environ["FIFTYONE_DATABASE_DIR"] = str(self.folder)
        os.environ["FIFTYONE_DATABASE_VALIDATION"] = "false"  # no advice on versions: it lives for one run
        return uri

    def stop(self) -> None:
        """End the database and wait until it is gone. May be called twice."""
        if self._process is not None:
            self._process.stop()

    def _wait_for_port(self, process: Guarded) -> int:
        """The port on which the database listens, read off its log."""
        for line in process.lines():
            entry = json.loads(line)
            if entry.get("msg") == "Waiting for connections":
                process.ignore_rest()
                return int(entry["attr"]["port"])
            if entry.get("s") in ("E", "F"):
                print(f"mongod: {entry['msg']} {entry.get('attr', '')}", file=sys.stderr)
        raise DemoError(f"MongoDB did not start in {self.folder}; its last words are above.")


def find_mongod() -> str:
    """The `mongod` that came with FiftyOne, or else one on the PATH.

    Raises:
        DemoError: if there is neither.
    """
    spec = importlib.machinery.PathFinder.find_spec("fiftyone")  # looked for, not imported
    places = [Path(place) / "db" / "bin" for place in (spec.submodule_search_locations or [])] if spec else []
    bundled = [str(place / "mongod") for place in places if os.access(place / "mongod", os.X_OK)]
    found = next(iter(bundled), None) or shutil.which("mongod")
    if found is None:
        raise DemoError("FiftyOne came without a MongoDB for this system: install mongod and try again.")
    return found
