"""For programs: with this folder on the Python path, FiftyOne finds the plugin's annotation backend by itself."""

from fiftyone.operators import get_operator

try:
    get_operator("@roundtrip/cvat/load_annotations")  # FiftyOne loads its plugins when it looks for an operator
except ValueError:
    raise ImportError("FiftyOne does not find the plugin @roundtrip/cvat: is it installed, and enabled?") from None

from fiftyone.plugins.orgs.roundtrip.cvat.backend import BackendConfig, RunResults

__all__ = ["BackendConfig", "RunResults"]
