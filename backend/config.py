"""The config of the backend: what `annotate()` was asked for, as a request of the engine."""

from typing import Any

import fiftyone as fo
import fiftyone.utils.annotations as foua

from ..sync.connection import NAMES
from ..sync.errors import Refused
from ..sync.request import SendRequest, parse
from ..sync.runs.record import NAME
from .backend import Backend
from .caller import arguments_of

SAID = (
    "label_schema",
    "label_field",
    "label_type",
    "classes",
    "attributes",
    "mask_targets",
    "allow_additions",
    "allow_deletions",
    "allow_label_edits",
    "allow_index_edits",
    "allow_spatial_edits",
)
"""The arguments of `annotate()` that concern labels."""
ADDED = ("only_keyframes",)
"""What FiftyOne adds to the schema of a field, and the engine decides by itself."""


class BackendConfig(foua.AnnotationBackendConfig):
    """What was asked for; it lives as long as a call of `annotate()` or `connect_to_api()`.

    The parameters are those of :class:`sync.request.SendRequest` that `annotate()` does not have itself, and how to log
    in: ``url``, ``token``, ``username``, ``email``, ``password``, ``organization``.

    Args:
        name: the name of the backend in FiftyOne's annotation config; ``None`` if the class itself was given
        label_schema: the schema as FiftyOne completed it
        media_field: the field with the image paths
        **params: the others

    Raises:
        Refused: if there is no such parameter, or it is wrong; it is named
    """

    def __init__(self, name: str | None, label_schema: Any, media_field: str = "filepath", **params: Any) -> None:
        if name not in (None, NAME, "cvat"):  # the logins of others would not be found when the run is loaded
            raise Refused(f"In FiftyOne's annotation config this backend is called '{NAME}', not '{name}'.")
        super().__init__(name or NAME, label_schema, media_field=media_field)
        said = fo.annotation_config.backends.get(name or NAME) or {}
        # A login of FiftyOne's config goes to the address of that config only, so it is not what the program gives
        self._login = {key: value for key, value in params.items() if key in NAMES and said.get(key) != value}
        self._params = {key: value for key, value in params.items() if key not in NAMES}
        if "organization" in self._login:
            self._params["organization"] = self._login["organization"]
        parse(SendRequest, {"anno_key": NAME, "media_field": media_field, **self._params})
        self._asked = arguments_of(foua.annotate)

    @property
    def run_cls(self) -> type[Backend]:
        """The backend of this config."""
        return Backend

    @property
    def login(self) -> dict[str, Any]:
        """How the program says to log in."""
        return self._login

    def samples(self, given: Any) -> Any:
        """The samples that were asked for: FiftyOne leaves out labels of another type than the schema's in silence,
        the engine sends or counts them."""
        return given if self._asked is None else self._asked["samples"]

    def request(self, key: str, launch_editor: bool) -> SendRequest:
        """What to send, as the engine is asked for it.

        Args:
            key: the key of the run
            launch_editor: whether to open CVAT afterwards

        Raises:
            Refused: if it can't be asked for so
        """
        if self._asked is None:
            labels = {"label_schema": {name: _without(item, ADDED) for name, item in (self.label_schema or {}).items()}}
        else:
            labels = {name: self._asked[name] for name in SAID if self._asked.get(name) is not None}
        fixed = {"anno_key": key, "media_field": self.media_field, "launch_editor": launch_editor}
        return parse(SendRequest, {**self._params, **labels, **fixed})


def _without(item: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}
