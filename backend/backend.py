"""The backend: `annotate()` sends by the engine, `load_annotations()` loads by it."""

import logging
from typing import Any, get_args

import fiftyone.core.annotation as foa
import fiftyone.core.fields as fof
import fiftyone.utils.annotations as foua

from ..labels.types import LABEL_TYPES
from ..labels.widgets import Input
from ..sync import terminal
from ..sync.connection import NAMES, connect, find_credentials
from ..sync.send.grow import grow
from ..sync.send.send import send
from .api import Api
from .caller import arguments_of
from .loading import load_run, read_call

logger = logging.getLogger(__name__)


class Backend(foua.AnnotationBackend):
    """FiftyOne's view of the engine.

    FiftyOne completes a label schema before it calls a backend; what is said here is only what lets it through. The
    engine completes the schema itself, from all that it knows of the dataset.
    """

    @classmethod
    def validate(cls, config: Any) -> None:
        """Any config: that of `annotate()`, and that of a stored run."""

    @property
    def supported_media_types(self) -> list[str]:
        return ["image", "video", "unknown"]  # unknown: files without suffix, which the engine looks at

    @property
    def supported_label_types(self) -> list[str]:
        return list(LABEL_TYPES)

    @property
    def supported_scalar_types(self) -> list[type]:
        return [fof.IntField, fof.FloatField, fof.StringField, fof.BooleanField]

    @property
    def supported_attr_types(self) -> list[str]:
        return list(get_args(Input))

    @property
    def supports_clips_views(self) -> bool:
        return True

    @property
    def supports_keyframes(self) -> bool:
        return True

    @property
    def supports_video_sample_fields(self) -> bool:
        return True

    @property
    def requires_label_schema(self) -> bool:
        return True

    def recommend_attr_tool(self, name: str, value: Any) -> dict[str, Any]:
        return {"type": "text"}

    def requires_attr_values(self, attr_type: str) -> bool:
        return False

    def register_run(self, samples: Any, key: str, overwrite: bool = True, cleanup: bool = True) -> None:
        """Nothing: the engine makes the run as soon as it knows that it can be sent."""

    @classmethod
    def save_run_results(cls, samples: Any, key: str, run_results: Any, **options: Any) -> None:
        """Nothing is stored, as the engine keeps the run; FiftyOne calls this when it is done with its own merge."""
        run_results.merged = False

    def upload_annotations(self, samples: Any, anno_key: str, launch_editor: bool = False) -> Any:
        """Sends, or adds to a run; see :func:`sync.send.send.send` and :func:`sync.send.grow.grow`."""
        request, login = self.config.request(anno_key, launch_editor), self.config.login
        credentials = find_credentials(login, ask=True)
        target = self.config.samples(samples)
        with connect(credentials, request.organization) as client, terminal.watching() as reporter:
            summary = (grow if request.extend else send)(target, request, client, reporter)
        logger.info("Sent to CVAT: %s", ", ".join(task["url"] for task in summary["tasks"]))
        for item in summary["left_out"]:
            logger.warning("Left out: %s (%s)", item["what"], f"{item['count']:,}")
        results = foa.AnnotationMethod.load_run_results(target, anno_key, cache=False)
        results.login = login
        if launch_editor:
            results.launch_editor()
        return results

    def download_annotations(self, results: Any) -> dict[str, Any]:
        """Loads and merges by the engine; nothing is left to FiftyOne's own merge."""
        dataset, key = results.samples._root_dataset, results.key
        asked = arguments_of(foua.load_annotations)
        dataset._annotation_cache.pop(key, None)  # FiftyOne would keep the login with the results
        call = read_call(key, asked, results.login)
        load_run(dataset, call)
        results.login = call.login
        results.merged = asked is not None
        return {}

    def _connect_to_api(self) -> Api:
        login = login_of(self.config)
        return Api(connect(find_credentials(login, ask=True), login.get("organization")))


def login_of(config: Any) -> dict[str, Any]:
    """How to log in, as the program said it: to `annotate()`, or to FiftyOne when it loaded the results of a run."""
    if hasattr(config, "login"):
        return dict(config.login)
    return {name: value for name in NAMES if (value := getattr(config, name, None))}
