"""The webhooks that a watcher makes in CVAT, and removes; and a delivery on its whole way."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.redaction import Secret
from fiftyone.plugins.orgs.roundtrip.cvat.sync import connection
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.record import find
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.run_record import RunRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.hooks import DESCRIPTION, Hooks, new_secret, places_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.receiver import Receiver
from sync_loop import Loop

URL = "http://127.0.0.1:9/hook"


def connect(record: RunRecord) -> Any:
    """A client for a run."""
    return connection.connect(connection.find_credentials(server=record.server), record.organization)


def hooks(url: str = URL, secret: Secret | None = None) -> tuple[Hooks, list[str]]:
    """Webhooks that can be made, and what is said."""
    said: list[str] = []
    return Hooks(url, secret or new_secret(), connect, lambda key, text: said.append(text)), said


@pytest.fixture
def places(filled: Loop) -> Any:
    """Those of a run in a project."""
    filled.send(project_name="night")
    return places_of([("run", find(filled.dataset, "run"))], "project")


def test_a_job_that_changes_wakes_a_watcher(filled: Loop, places: Any) -> None:
    """CVAT signs with the secret that it was given, and removes the webhook in the end."""
    rung: list[int] = []
    secret = new_secret()
    with Receiver(secret, rung.append) as receiver:
        made, said = hooks(f"http://127.0.0.1:{receiver.port}/", secret)
        made.make(places)
        (hook,) = filled.cvat.find("webhooks")
        assert (hook["type"], hook["project_id"], hook["events"]) == ("project", 1, ["update:job"])
        assert hook["description"] == DESCRIPTION and hook["enable_ssl"] and hook["is_active"]
        (task,) = filled.cvat.find("tasks")
        (job,) = filled.cvat.jobs(task["id"])
        filled.cvat.call("PATCH", f"jobs/{job['id']}", {"state": "completed"})
        filled.cvat.call("POST", f"webhooks/{hook['id']}/ping")
        filled.box.close()  # after it has delivered what waits
    assert rung == [task["id"]]
    assert said == []


def test_they_are_removed_and_only_ours(filled: Loop, places: Any) -> None:
    theirs = {"type": "project", "project_id": 1, "events": ["update:job"], "target_url": URL}
    filled.cvat.call("POST", "webhooks", theirs)
    killed, _ = hooks()
    killed.make(places)  # its process is killed
    made, said = hooks()
    made.make(places)
    assert [hook["description"] for hook in filled.cvat.find("webhooks")] == ["", DESCRIPTION]
    made.remove()
    made.remove()
    assert [hook["description"] for hook in filled.cvat.find("webhooks")] == [""] and said == []


def test_a_lost_answer_makes_no_second_one(filled: Loop, places: Any) -> None:
    filled.box.faults.add("lost_reply", "POST", "/api/webhooks")
    made, _ = hooks()
    made.make(places)
    assert len(filled.cvat.find("webhooks")) == 1
    made.remove()
    assert filled.cvat.find("webhooks") == []


def test_what_can_not_be_made_is_told(filled: Loop, places: Any) -> None:
    filled.send(anno_key="alone")
    alone, inside = find(filled.dataset, "alone"), find(filled.dataset, "run")
    with pytest.raises(Exception, match="The run 'alone' is in no project of CVAT"):
        places_of([("run", inside), ("alone", alone)], "project")
    with pytest.raises(Exception, match="The run 'run' is in no organization"):
        places_of([("run", inside)], "organization")
    made, _ = hooks("no address")
    with pytest.raises(Exception, match="Enter a valid URL"):
        made.make(places)
    made, said = hooks()
    made.make(places)
    filled.box.faults.add("status", "DELETE", "/api/webhooks", status=403)
    made.remove()
    (sentence,) = said
    assert "stays in CVAT" in sentence


def test_the_organization_has_one_for_all_its_runs(filled: Loop) -> None:
    filled.cvat.call("POST", "organizations", {"slug": "team"})
    for key in ("one", "two"):
        filled.send(anno_key=key, organization="team")
    runs = [(key, find(filled.dataset, key)) for key in ("one", "two")]
    made, _ = hooks()
    made.make(places_of(runs, "organization"))
    (hook,) = filled.cvat.find("webhooks", org="team")
    assert (hook["type"], hook["project_id"]) == ("organization", None)
    made.remove()
    assert filled.cvat.find("webhooks", org="team") == []


def test_a_secret_is_not_shown_or_kept(filled: Loop, places: Any) -> None:
    secret = new_secret()
    text = secret.get_secret_value()
    assert 32 <= len(text) <= 64 and new_secret().get_secret_value() != text
    made, _ = hooks(secret=secret)
    made.make(places)
    database = filled.dataset._sample_collection.database
    everything = str([[*database[name].find()] for name in database.list_collection_names()])
    assert text not in everything and text not in f"{secret!r} {made!r} {vars(made)}"
    made.remove()
