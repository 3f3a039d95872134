"""Secrets stay out of everything that is kept or shown: records, state, forms, results, logs."""

from __future__ import annotations

import json
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo_odm
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from operators_app import Dialog
from sync_loop import Loop, operator

from sandbox import Account, Sandbox

PASSWORD = "hunter2-do-not-tell"


@pytest.fixture
def loop(dataset: fo.Dataset, photos: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server whose password is not the name of its user."""
    with Sandbox(users=[Account("ann", PASSWORD, superuser=True)], creation_delay=0.0) as box:
        for name, value in {"URL": box.url, "USERNAME": "ann", "PASSWORD": PASSWORD}.items():
            monkeypatch.setenv(f"FIFTYONE_CVAT_{name}", value)
        yield Loop(dataset, box, photos)


def everything_kept(loop: Loop) -> str:
    """All that the database has, and the plugin's own state as it was before it was compressed."""
    database = foo_odm.get_db_conn()
    texts = [str(list(database[name].find())) for name in database.list_collection_names()]
    for item in record.find_all(loop.dataset).values():
        base = BaseStore(RunStore(loop.dataset, item.run_id))
        texts += [str(base.marks()), *(str(base.task(task.id)) for task in item.tasks)]
        texts += [str(base.labels(job)) for task in item.tasks for job in task.jobs]
    return "\n".join(texts)


def test_from_the_environment(filled: Loop, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    caplog.set_level("DEBUG")
    dialog = Dialog(filled, "send_to_cvat")
    forms = [dialog.accept_defaults(), dialog.fill(more=True)]
    shown = [dialog.run(), Dialog(filled, "load_annotations", anno_key="cvat").run()]
    key = next(iter(filled.box.store.api_keys.values()))
    said = capfd.readouterr()
    everything = [
        json.dumps(forms),
        str(dialog.request),
        *(str(item.steps) for item in shown),
        everything_kept(filled),
        caplog.text,
        said.out,
        said.err,
    ]
    assert "cvat" in filled.dataset.list_annotation_runs()
    for secret in (PASSWORD, key):
        assert not any(secret in text for text in everything)


def test_from_a_program(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program gives for logging in counts, is passed on to nobody and kept nowhere."""
    monkeypatch.delenv("FIFTYONE_CVAT_PASSWORD")
    login = {"username": "ann", "password": PASSWORD}
    run = filled.send(**login)
    report = operator("load_annotations")(filled.dataset, run, **login)
    assert PASSWORD not in f"{run} {report} {everything_kept(filled)}"
    with pytest.raises(Exception, match="There are no credentials"):
        filled.load(run)
    operator("delete_run")(filled.dataset, run, delete_tasks=True, **login)
    assert filled.dataset.list_annotation_runs() == []


def test_params_take_no_login(filled: Loop) -> None:
    """They would be kept in the database if the operation were delegated."""
    with pytest.raises(Exception, match="There is no parameter 'password'") as caught:
        filled.execute("send_to_cvat", anno_key="run", label_field="gt", password=PASSWORD)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("given", [{"password": "wrong-" + PASSWORD}, {"token": "wrong-" + PASSWORD}])
def test_errors(filled: Loop, given: dict[str, str]) -> None:
    with pytest.raises(Exception, match="did not accept") as caught:
        filled.send(username="ann", **given)
    error: BaseException | None = caught.value
    while error is not None:
        assert PASSWORD not in f"{error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
