"""What the suites of tracks share: helper modules in this folder, and what is kept of the recordings."""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIRE = HERE.parents[1] / "wire"
FACTS = {"wire_distill": WIRE / "distill.py", "wire_interpolation": WIRE / "interpolation.py"}

sys.path.append(str(HERE))

for _name, _path in FACTS.items():
    if _name not in sys.modules:
        _spec = importlib.util.spec_from_file_location(_name, _path)
        assert _spec is not None and _spec.loader is not None
        sys.modules[_name] = importlib.util.module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules[_name])
