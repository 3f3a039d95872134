"""Loads that come by themselves, as a person turns them on: in the App, from Python, and as a service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.plugins.orgs.roundtrip.cvat.operators.watch import program
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.history import history
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch import background
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.alarm import Alarm
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.program import prepare
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.rule import WatchRequest, turn_on
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.status import WatchStatus, watch_status
from operators_app import Dialog, defaults, properties
from panels_app import Panel
from sync_loop import URI, Loop, operator


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    """The threads of the App's server end with the test."""
    yield
    background.end_all()


def complete(loop: Loop) -> None:
    """Somebody moves a box and says that the job is done."""
    loop.cvat.move(loop.cvat.shape(0))
    for job in loop.cvat.jobs():
        loop.cvat.call("PATCH", f"jobs/{job['id']}", {"state": "completed"})


def status(loop: Loop) -> WatchStatus:
    """How the run stands."""
    return watch_status(loop.dataset, records.find(loop.dataset, "run"))


def wait_until(condition: Callable[[], Any]) -> Any:
    """What a condition gives, once it does."""
    ends = time.monotonic() + 300
    while not (found := condition()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return found


def test_the_form_turns_it_on_and_off(filled: Loop) -> None:
    filled.send()
    dialog = Dialog(filled, "watch_runs", anno_key="run")
    form = dialog.accept_defaults()
    assert defaults(form) == {
        **{"anno_key": "run", "on": True, "states": ["completed"], "stages": []},
        **{"policy": "ask", "every": 60.0},
    }
    shown = dialog.run()
    assert shown.notice == ("success", "The run run is loaded by itself from now on.")
    assert "completed jobs; conflicts wait for you" in shown.result["text"]
    wait_until(lambda: status(filled).state == "watched")
    complete(filled)
    dialog.run()  # whoever turns it on again has it look at once
    wait_until(lambda: history(filled.dataset, "run"))
    assert history(filled.dataset, "run")[0]["by_itself"]
    off = Dialog(filled, "watch_runs", anno_key="run", on=False)
    assert set(properties(off.form())) == {"anno_key", "on"}
    assert off.run().notice[1] == "The run run is not loaded by itself any more."
    assert status(filled).state == "off"
    assert off.run().notice[0] == "error", "it was off already"


def test_the_switch_of_the_panel_says_what_is_so(filled: Loop) -> None:
    filled.send()
    panel = Panel(filled, "cvat")

    def shown() -> tuple[str, str]:
        card = panel.drawn[0]
        button = card["actions"]["type"]["properties"]["by_itself"]["view"]["label"]
        return button, card["watch"]["default"] if "watch" in card else ""

    assert shown() == ("Load by itself: off", "")
    panel.event("switch_watch", run="run")
    assert [params["variant"] for params in panel.of("notify")] == ["success"]

    def is_watched() -> bool:
        panel.event("tick")
        return shown()[1].startswith("Loads by itself: watched, last look ")

    wait_until(is_watched)
    complete(filled)
    panel.event("switch_watch", run="run")
    assert shown() == ("Load by itself: off", "")
    panel.event("switch_watch", run="run")

    def has_come() -> bool:
        panel.event("tick")
        return any(params["message"] == "Loaded by itself: run." for params in panel.of("notify"))

    wait_until(has_come)
    assert panel.of("@roundtrip/cvat/reload_opened_samples") and panel.of("reload_dataset")
    background.end_all()
    panel.event("on_load")
    assert "the App's server begins again soon" in shown()[1]
    panel.event("tick")
    wait_until(is_watched)
    panel.event("watch_rule", run="run")
    (asked,) = panel.of("prompt_user_for_operation")
    assert (asked["operator_uri"], asked["params"]) == ("@roundtrip/cvat/watch_runs", {"anno_key": "run"})


def test_the_panel_says_what_stopped_it(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiftyone.plugins.orgs.roundtrip.cvat.sync.load.cautions.FEW", 0)
    filled.send()
    filled.cvat.delete(filled.cvat.shape(0))
    for job in filled.cvat.jobs():
        filled.cvat.call("PATCH", f"jobs/{job['id']}", {"state": "completed"})
    operator("watch_runs")(filled.dataset, "run", once=True)
    panel = Panel(filled, "cvat")
    line = panel.state["cards"][0]["watch"]["line"]
    assert line.startswith("Loads by itself: stopped ") and "It would delete 1 of 2 labels" in line
    text = Dialog(filled, "load_history", anno_key="run").run().result["text"]
    assert text.startswith("Loads by itself: stopped ") and "It would delete 1 of 2 labels" in text


def test_a_program_looks_once(filled: Loop) -> None:
    watch = operator("watch_runs")
    run = filled.send()
    assert "it is turned on for no run of this dataset. Name the `runs`" in watch(filled.dataset, once=True)["text"]
    copy = filled.dataset.clone()
    assert "'run' is not with this dataset" in watch(copy, once=True)["text"]
    copy.delete()
    complete(filled)
    done = watch(filled.dataset, run, once=True, states=["completed", "rejected"])
    assert (done["text"], done["loads"][0]["changed"]) == ("1 load came by itself.", 1)
    assert filled.execute("watch_runs", once=True)["loads"] == []
    assert filled.execute("watch_runs", anno_key="run", once=True, on=True)["troubles"] == {}
    assert watch(filled.dataset, "run", on=False)["text"] == "Not loaded by itself any more: run."
    assert watch(filled.dataset, ["run"], once=True)["troubles"] == {"run": "It is turned off for this run."}
    assert watch(filled.dataset, ["run"], once=True, on=True)["troubles"] == {}


@pytest.mark.parametrize(
    ("runs", "params", "sentence"),
    [
        (["nobody"], {}, "has no annotation run 'nobody'"),
        ([], {"states": "completed"}, "Name the runs that this rule is for"),
        ([], {"on": False}, "Name the runs that are not to be loaded by themselves"),
        (["run"], {"on": False}, "is not loaded by itself; there is nothing to turn off"),
        (["run"], {"every": 0.01}, "'every' is wrong"),
        (["run"], {"states": "finished"}, "'states.0' is wrong"),
        (["run"], {"state": "completed"}, "did you mean 'states'"),
        ([7], {}, "This is no run"),
    ],
)
def test_what_makes_no_sense_is_refused(filled: Loop, runs: Any, params: dict[str, Any], sentence: str) -> None:
    if "run" in runs:
        filled.send()
    with pytest.raises(Exception, match=sentence):
        operator("watch_runs")(filled.dataset, runs, once=True, **params)


def test_a_service_loads_and_ends_on_a_signal(filled: Loop, root: Path, tmp_path: Path) -> None:
    """As `python -m` would start it: a process that imports FiftyOne, and loads the plugin by itself."""
    filled.send()
    said = tmp_path / "said.txt"
    command = [sys.executable, "-m", "roundtrip_watch", "--dataset", filled.dataset.name, "--runs", "run"]
    filled.dataset.persistent = True
    with (
        said.open("w") as out,
        subprocess.Popen(
            [*command, "--every", "5"],
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(root / "importable")},
        ) as process,
    ):
        try:
            wait_until(lambda: status(filled).state == "watched" or process.poll() is not None)
            assert process.poll() is None, said.read_text()
            complete(filled)
            wait_until(lambda: "Loaded by itself" in said.read_text())
            process.send_signal(signal.SIGTERM)
            assert process.wait(300) == 0, said.read_text()
        finally:
            process.kill()
    lines = [line.split(" ", 2)[2] for line in said.read_text().splitlines()]
    assert lines[-2:] == [
        "run: Loaded by itself from 1 of 1 jobs: 0 added, 1 changed, 0 deleted labels.",
        "1 load came by itself.",
    ]
    assert status(filled).state == "left" and status(filled).at


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--dataset", "nobody"], 2, "There is no dataset 'nobody'."),
        (["--runs", "nobody"], 2, "has no annotation run 'nobody'"),
        (["--every", "0"], 2, "'every' is wrong"),
        (["--once", "--webhook", "0"], 2, "A webhook is for a watcher that goes on"),
        (["--webhook-url", "http://h"], 2, "give --webhook PORT"),
        (["--webhook", "0"], 2, "Set FIFTYONE_CVAT_WEBHOOK_SECRET"),
        (["--webhook", "70000", "--webhook-url", "http://h"], 2, "Nothing can listen at 127.0.0.1, port 70000"),
        (["--once", "--runs", "run"], 1, "did not accept the password"),
    ],
)
def test_the_program_says_what_is_wrong(
    filled: Loop, monkeypatch: pytest.MonkeyPatch, capsys: Any, arguments: list[str], code: int, sentence: str
) -> None:
    monkeypatch.setattr(program.signal, "signal", lambda *_: None)
    if code == 1:
        filled.send()
        monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "wrong")
    named = [] if "--dataset" in arguments else ["--dataset", filled.dataset.name]
    assert program.main([*named, *arguments]) == code
    said = capsys.readouterr()
    assert sentence in (said.err if code == 2 else said.out)


def test_the_program_makes_a_webhook_and_removes_it(filled: Loop, capsys: Any) -> None:
    filled.send(project_name="night")
    arguments = ["--dataset", filled.dataset.name, "--webhook", "0", "--webhook-url", "http://127.0.0.1:9/"]
    watcher = prepare(filled.dataset, WatchRequest(runs=("run",)), program._connect, program._print, Alarm())
    with program._listening(program._parser().parse_args(arguments), watcher):
        (hook,) = filled.cvat.find("webhooks")
        assert hook["project_id"] == 1 and "Listening at 127.0.0.1, port " in capsys.readouterr().out
    assert filled.cvat.find("webhooks") == []


def test_runs_that_join_later_get_their_webhook(filled: Loop, capsys: Any) -> None:
    """Each place has one; what can't be made is told of once, and the run is watched all the same."""
    arguments = ["--dataset", filled.dataset.name, "--webhook", "0", "--webhook-url", "http://127.0.0.1:9/"]
    watcher = prepare(filled.dataset, WatchRequest(), program._connect, program._print, Alarm())
    with program._listening(program._parser().parse_args(arguments), watcher):
        watcher.look()
        assert filled.cvat.find("webhooks") == []
        for key, project in (("one", "night"), ("two", "night"), ("three", "day"), ("alone", None)):
            filled.send(anno_key=key, project_name=project)
            turn_on(filled.dataset, key, {}, here=True)
        fault = filled.box.faults.add("status", "POST", "/api/webhooks", status=403)
        watcher.look()
        watcher.look()
        assert fault.applied == 1
        assert sorted(hook["project_id"] for hook in filled.cvat.find("webhooks")) == [1, 2]
        said = capsys.readouterr().out
        assert said.count("No webhook was made") == 2 and said.count("is in no project of CVAT") == 1
        made = filled.clock
        watcher.look()
        assert not [line for line in filled.requests(made) if "webhooks" in line]
    assert filled.cvat.find("webhooks") == []


def test_a_worker_watches(filled: Loop) -> None:
    """As a worker of FiftyOne runs what was scheduled, in a process that has it as any other."""
    filled.send()
    complete(filled)
    asked = {"dataset": filled.dataset, "request_delegation": True}
    queued = foo.execute_operator(f"{URI}/watch_runs", ctx=asked, params={"runs": ["run"], "once": True}).result
    service = DelegatedOperationService()
    service.execute_operation(service.get(queued["id"]))
    done = service.get(queued["id"])
    assert done.run_state == "completed" and "Loaded by itself from 1 of 1 jobs" in done.status.label, done.result
    assert done.result.result["text"] == "1 load came by itself."
    assert history(filled.dataset, "run")[0]["by_itself"]
    operator("watch_runs")(filled.dataset, "run", on=False)
    queued = foo.execute_operator(f"{URI}/watch_runs", ctx=asked, params={"runs": ["run"]}).result
    service.execute_operation(service.get(queued["id"]))
    ended = service.get(queued["id"]).result.result
    assert "It is turned off for all runs that it was for, so it has ended." in ended["text"]
    assert ended["troubles"] == {"run": "It is turned off for this run."}
