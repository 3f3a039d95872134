"""Runs made elsewhere: sent by FiftyOne's built-in CVAT integration, and loaded by it."""

import logging
from collections.abc import Mapping
from typing import Any

import fiftyone.utils.cvat as fouc
from pydantic import BaseModel, ConfigDict

from ...cvat import Credentials
from ...labels.types import FIELD_TYPES, LABEL_TYPES
from ..dataset.samples import field_class
from ..errors import LoadFailed, Refused, RunMissing, redacted_traceback
from ..runs.run_record import BACKEND

logger = logging.getLogger(__name__)

SENTENCE = (
    "This run was sent by FiftyOne's built-in integration and is loaded by it: what CVAT has replaces what the dataset "
    "has. Merge, preview and undo do not apply. It does not check the server's TLS certificate."
)
"""What a person should know before and after such a load."""


class ForeignRun(BaseModel):
    """A run of FiftyOne's built-in CVAT integration.

    Args:
        key: the run's key
        backend: the name of the backend that it was sent with, usually ``"cvat"``
        server: the address of the CVAT server; empty if the run does not say
        fields: the label fields that were sent
        samples: how many samples were; ``None`` if their view can't be loaded any more
        created_at: when, as an ISO date in UTC; empty if the run does not say
    """

    model_config = ConfigDict(frozen=True)

    key: str
    backend: str
    server: str = ""
    fields: tuple[str, ...] = ()
    samples: int | None = None
    created_at: str = ""


def find_foreign(dataset: Any) -> dict[str, ForeignRun]:
    """The runs of a dataset that the built-in CVAT integration made, by key, newest first; nothing is asked of CVAT."""
    dataset = dataset._root_dataset
    found = [run for key in dataset.list_annotation_runs() if (run := _read(dataset, key)) is not None]
    return {run.key: run for run in sorted(found, key=lambda run: run.created_at, reverse=True)}


def foreign_tasks(dataset: Any, key: str) -> tuple[int, ...]:
    """The ids in CVAT of such a run's tasks; none if its results can't be read. Large runs take a moment."""
    try:
        results = dataset._root_dataset.load_annotation_results(key, cache=False)
        return tuple(int(task_id) for task_id in results.task_ids)
    except Exception:  # whatever an older FiftyOne has written
        return ()


def load_foreign(dataset: Any, key: str, credentials: Credentials) -> dict[str, Any]:
    """Loads a run of the built-in integration with FiftyOne's own code. Unexpected labels are kept.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key
        credentials: how to log in; a user name and a password, as the built-in integration knows no access tokens

    Returns:
        ``anno_key``; ``fields``: by field how many labels there were ``before`` and are ``after``, for the fields of
        the run and those whose number changed; the same totals; and ``notes``, sentences for the person

    Raises:
        RunMissing: if there is no such run
        Refused: if it can't be loaded so; nothing was changed
        LoadFailed: if FiftyOne's code fails
    """
    dataset = dataset._root_dataset
    run = find_foreign(dataset).get(key)
    if run is None:
        raise RunMissing(f"The dataset '{dataset.name}' has no run '{key}' of FiftyOne's built-in CVAT integration.")
    login = _login(run, credentials)
    before = _count_labels(dataset)
    dataset._annotation_cache.pop(key, None)  # with the login of an earlier try
    try:
        dataset.load_annotations(key, unexpected="keep", progress=False, **login)
    except Exception as error:  # anything, as FiftyOne's code raises what it meets
        logger.error("FiftyOne's built-in integration failed\n%s", redacted_traceback(error))
        raise LoadFailed(
            f"FiftyOne's built-in integration could not load the run '{key}' ({type(error).__name__}); the log has the "
            "details. What it had written by then stays; loading again writes all of it."
        ) from None
    finally:
        dataset._annotation_cache.pop(key, None)  # FiftyOne keeps the login with the results
    return _report(run, before, _count_labels(dataset))


def _read(dataset: Any, key: str) -> ForeignRun | None:
    try:
        info = dataset.get_annotation_info(key)
    except Exception:  # whatever the record of another tool lacks here
        return None
    config = info.config
    if getattr(config, "backend", None) == BACKEND or not isinstance(config, fouc.CVATBackendConfig):
        return None
    return ForeignRun(
        key=key,
        backend=str(config.method),
        server=(getattr(config, "url", None) or "").rstrip("/"),
        fields=tuple(config.label_schema or ()),
        samples=_count_samples(dataset, key),
        created_at=f"{info.timestamp.isoformat(timespec='seconds')}+00:00" if info.timestamp else "",
    )


def _count_samples(dataset: Any, key: str) -> int | None:
    try:
        return len(dataset.load_annotation_view(key))
    except Exception:  # a stage of it may name a field or a run that is gone
        return None


def _login(run: ForeignRun, credentials: Credentials) -> dict[str, str]:
    if run.server and run.server != credentials.url:
        raise Refused(f"The run '{run.key}' was sent to {run.server}, but you are connected to {credentials.url}.")
    if not credentials.username or credentials.password is None:
        raise Refused(
            f"The run '{run.key}' is loaded by FiftyOne's built-in integration, which logs in with a user name and a "
            "password; nothing was changed. Set FIFTYONE_CVAT_USERNAME and FIFTYONE_CVAT_PASSWORD, and try again."
        )
    return {
        "url": credentials.url,
        "username": credentials.username,
        "password": credentials.password.get_secret_value(),
    }


def _count_labels(dataset: Any) -> dict[str, int]:
    """How many labels each label field of a dataset has."""
    counts = {}
    for name in dataset.get_field_schema():
        try:
            cls = field_class(dataset, name)
        except ValueError:
            continue
        if cls and cls in FIELD_TYPES:
            inside = LABEL_TYPES[FIELD_TYPES[cls][0]].list_path
            counts[name] = int(dataset.count(f"{name}.{inside}" if inside else name))
    return counts


def _report(run: ForeignRun, before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, Any]:
    fields = {
        name: {"before": before.get(name, 0), "after": count}
        for name, count in after.items()
        if name in run.fields or count != before.get(name, 0)
    }
    totals = {when: sum(counts[when] for counts in fields.values()) for when in ("before", "after")}
    return {"anno_key": run.key, "fields": fields, **totals, "notes": [SENTENCE]}
