"""The results of a run as FiftyOne gives them: its state, its editor, its end."""

import logging
from collections.abc import Mapping
from typing import Any

import fiftyone.utils.annotations as foua

from ..sync import terminal
from ..sync.connection import connect, find_credentials
from ..sync.errors import Refused, RunMissing
from ..sync.readable import readable
from ..sync.runs.cvat_state import described, look
from ..sync.runs.record import NAME, RESULTS, find
from ..sync.runs.run_record import RunRecord
from ..sync.send.delete_run import delete_tasks
from .api import Api, open_page
from .backend import Backend, login_of

logger = logging.getLogger(__name__)


class RunResults(foua.AnnotationResults):
    """A run of this plugin, however it was sent.

    All that is known of it is in its record and in CVAT, so nothing is stored with these results.

    Args:
        samples: the view that was sent
        config: the run's config
        anno_key: its key
    """

    def __init__(self, samples: Any, config: Any, anno_key: str) -> None:
        super().__init__(samples, config, anno_key, {}, backend=Backend(config))
        self.login: Mapping[str, Any] = login_of(config)
        self.merged = False
        """Whether the engine has merged, and FiftyOne's own merge is going to look for something to do."""

    @property
    def cls(self) -> str:
        return RESULTS

    def attributes(self) -> list[str]:
        return ["cls"]

    @property
    def config(self) -> Any:
        """The run's config; without fields as long as FiftyOne's own merge would go through them."""
        return foua.AnnotationBackendConfig(NAME, {}) if self.merged else self._config

    @property
    def record(self) -> RunRecord:
        """What is known of the run now."""
        return find(self.samples._root_dataset, self.key)

    def __str__(self) -> str:
        """The run as it is kept here; what CVAT has of it says :meth:`print_status`."""
        try:
            run = self.record
        except RunMissing as error:
            return f"Results of an annotation run. {error}"
        jobs = sum(len(task.jobs) for task in run.tasks)
        labels = ", ".join(f"{name} ({run.labels.get(name, 0):,})" for name in run.label_schema)
        facts = {
            "Run": self.key,
            "Dataset": self.samples._root_dataset.name,
            "Status": "imported" if run.imported else run.status,
            "Samples": f"{run.samples:,}",
            "Labels": labels if not run.imported else ", ".join(run.label_schema),
            "In CVAT": f"{run.server} (tasks: {len(run.tasks):,}, jobs: {jobs:,})",
            "Loaded": run.loaded_at or "not yet",
        }
        return "\n".join(f"{name + ':':<9}{readable(value)}" for name, value in facts.items())

    __repr__ = __str__

    def get_status(self) -> dict[str, Any]:
        """The tasks and jobs of the run as they are in CVAT now; see :func:`sync.runs.cvat_state.look`."""
        with self.connect_to_api() as api:
            return look(self.key, self.record, api.client)

    def print_status(self) -> None:
        """Prints the state of its tasks and jobs."""
        print(described(self.get_status()))

    def launch_editor(self) -> None:
        """Opens the run's first task in the browser.

        Raises:
            Refused: if it has none
        """
        tasks = self.record.tasks
        if not tasks:
            raise Refused(f"The run '{self.key}' has no task in CVAT.")
        open_page(tasks[0].url)

    def cleanup(self) -> None:
        """Deletes the run's tasks in CVAT. The run stays, with its loads, which can still be undone."""
        with self.connect_to_api() as api, terminal.watching() as reporter:
            done = delete_tasks(self.samples._root_dataset, self.key, api.client, reporter)
        (logger.warning if done["tasks_left"] else logger.info)(done["text"])

    def connect_to_api(self) -> Api:
        """The CVAT server of the run, in its workspace."""
        if self.backend._api is not None:
            return self.backend._api
        run = self.record
        credentials = find_credentials(self.login, ask=True, server=run.server)
        return Api(connect(credentials, run.organization))

    def __enter__(self) -> "RunResults":
        self.use_api(self.connect_to_api())
        return self

    def __exit__(self, *args: Any) -> None:
        self.connect_to_api().close()
        self.use_api(None)

    def save(self) -> None:
        """Nothing: what there is to keep is kept by the engine."""

    def save_config(self) -> None:
        """Refused: the record of a run is not changed from here."""
        raise Refused("The record of a run is kept by the plugin; what is changed in `results.config` can't be saved.")

    def _finalize_id_map(self) -> None:
        """Nothing: the engine knows which label is which object."""

    @classmethod
    def _from_dict(cls, d: Mapping[str, Any], samples: Any, config: Any, anno_key: str) -> "RunResults":
        return cls(samples, config, anno_key)
