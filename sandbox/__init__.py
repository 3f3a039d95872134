"""A small stand-in for a CVAT server, for demos and tests. It is not CVAT.

It behaves as the recorded answers of CVAT 2.54.1 in the parts of the API that are listed in
`sandbox/handlers`, keeps everything in memory, and can misbehave on demand (`sandbox/faults.py`). What the
server sees by itself, its share and its cloud storages, follows CVAT's sources (`sandbox/storages.py`).
"""

from .faults import Fault
from .sandbox import Sandbox
from .settings import Settings
from .store import Account

__all__ = ["Account", "Fault", "Sandbox", "Settings"]
