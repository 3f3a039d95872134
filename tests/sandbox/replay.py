"""Replays recorded scenarios in a sandbox, and says what differs."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import requests
from sandbox_comparison import Comparison, describe
from sandbox_setups import ACTIONS, SETUPS, SIZES, STEPS
from sandbox_standins import StandIns
from sandbox_world import World

from sandbox import Sandbox

Json = dict[str, Any]

_PATIENCE = 5.0
# Lists by these are lists of few things; others are lists of everything on the server.
_SELECTIVE = {"name", "search", "tracker_link", "task_id", "project_id", "job_id", "issue_id", "parent", "username"}
_EVERYTHING = ("projects", "tasks", "jobs", "labels", "webhooks", "requests", "access_tokens")
_SUMMARIES = {"issues", "jobs"}


@dataclass
class Outcome:
    """What became of one scenario: numbers of exchanges, and differences by number."""

    replayed: list[int] = field(default_factory=list)
    differences: dict[int, list[str]] = field(default_factory=dict)


class Receiver:
    """Takes webhook deliveries; answers 500 on /fail."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.events.append(
                    {
                        "event": body["event"],
                        "keys": sorted(body),
                        "before": sorted(body.get("before_update", ())),
                        "signed": "X-Signature-256" in self.headers,
                    }
                )
                self.send_response(500 if self.path == "/fail" else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Replay:
    """Replays scenarios that belong together, one after the other in one world.

    Args:
        scenarios: their facts.
        media: recorded files.
        unclaimed: numbers of exchanges that are not replayed, by scenario.
        random: exchanges whose answer is random, so that only its structure counts.
    """

    def __init__(
        self, scenarios: list[Json], media: Path, unclaimed: dict[str, set[int]], random: set[tuple[str, int]]
    ) -> None:
        self.scenarios = scenarios
        self.unclaimed = unclaimed
        self.random = random
        self.receiver = Receiver()
        self.world = World(Sandbox(), StandIns(media, _sizes(scenarios)))
        self.world.ids.places["<receiver>"] = self.receiver.url
        self._dates: dict[str, str] = {}
        self._held_until = -1

    def close(self) -> None:
        self.receiver.close()
        self.world.close()

    def run(self) -> dict[str, Outcome]:
        """Replay everything."""
        return {facts["scenario"]: self._run(facts) for facts in self.scenarios}

    def _run(self, facts: Json) -> Outcome:
        name, outcome = facts["scenario"], Outcome()
        if name in SETUPS:
            SETUPS[name](self.world)
        self._facts = facts
        for fact in facts["exchanges"]:
            number = fact["n"]
            self._pace(fact)
            step = STEPS.get((name, number))
            if step:
                step(self.world)
            if number in self.unclaimed.get(name, ()):
                continue
            found = self._check(name, fact)
            outcome.replayed.append(number)
            if found:
                outcome.differences[number] = [self._title(fact), *found]
        return outcome

    def _pace(self, fact: Json) -> None:
        """Keep a background request where the recording saw it, however slow this machine is."""
        status = _polled(fact)
        if fact.get("response", {}).get("status") == 202:
            waits = self._waits(fact)
            for gate in waits.values():
                self.world.box.hold(gate)
            self._held_until = max([self._held_until, *waits])
        elif fact["n"] > self._held_until and fact.get("request", {}).get("method") != "DELETE":
            if self._held_until >= 0:
                self.world.box.release()
            self._held_until = -1
        elif status == "started":
            self.world.box.release("queued")

    def _waits(self, start: Json) -> dict[int, str]:
        """The looks at a request that is started, while it was not over: their status by number."""
        rq_id = (start["response"].get("json") or {}).get("rq_id", "-")
        waits = {}
        for fact in self._facts["exchanges"]:
            status = _polled(fact) if rq_id in unquote(_path(fact)) else None
            if fact["n"] > start["n"] and status in ("queued", "started"):
                waits[fact["n"]] = str(status)
            elif fact["n"] > start["n"] and status:
                break  # over; it may be started again later
        return waits

    @staticmethod
    def _title(fact: Json) -> str:
        request = fact.get("request")
        return f"{request['method']} {request['path']} {request.get('query', '')}" if request else fact["after"]

    def _check(self, name: str, fact: Json) -> list[str]:
        if "changed" in fact:
            return self._check_dates(fact)
        if "deliveries" in fact:
            return self._check_deliveries(fact)
        return self._check_exchange(fact, loose=(name, fact["n"]) in self.random)

    def _check_exchange(self, fact: Json, loose: bool) -> list[str]:
        request, recorded = fact["request"], fact["response"]
        self._make_missing_task(fact)
        self._find_missing_job(fact)
        self._find_missing_labels(fact)
        self._wait_for_creation(request)
        self._begin_upload(request)
        reply = self._send(fact)
        loose = loose or _is_of_everything(request)
        comparison = Comparison(self.world.ids, self.world.box.url, loose, in_order=request["method"] != "GET")
        if reply.status_code != recorded["status"]:
            return [f"status: recorded {recorded['status']}, replayed {reply.status_code} {reply.text[:300]}"]
        self._learn(fact, reply)
        if "json" in recorded:
            try:
                comparison.compare(recorded["json"], reply.json())
            except ValueError:
                comparison.add("JSON", recorded["json"], reply.text[:200])
        elif recorded.get("text") is not None and recorded["text"] != reply.text:
            comparison.add("text", recorded["text"], reply.text)
        if "content" in recorded and describe(reply.content) != recorded["content"]:
            comparison.add("content", recorded["content"], describe(reply.content))
        self._compare_headers(recorded["headers"], reply, comparison)
        return comparison.found

    def _send(self, fact: Json) -> requests.Response:
        """Send; a background request is asked until it is as far as the recorded one was."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            reply = self.world.send(fact["request"])
            wanted = fact["response"].get("json")
            polled = "/api/requests/" in fact["request"]["path"] and isinstance(wanted, dict) and "status" in wanted
            if not polled or reply.status_code != 200:
                return reply
            now, then = reply.json()["status"], wanted["status"]
            order = ["queued", "started", "failed", "finished"]
            if order.index(now) >= order.index(then) or time.monotonic() > deadline:
                return reply

    def _make_missing_task(self, fact: Json) -> None:
        """A task that the recordings use without showing how it was made."""
        match = re.match(r"/api/tasks/(\d+)", fact["request"]["path"])
        if not match or fact["response"]["status"] == 404 or self.world.ids.knows("task", int(match[1])):
            return
        number = int(match[1])
        for other in self._facts["exchanges"]:
            seen = other.get("response", {}).get("json")
            if isinstance(seen, dict) and str(seen.get("url", "")).endswith(f"/api/tasks/{number}"):
                self.world.make_task(number, name=seen["name"])
                return
        self.world.make_task(number)

    def _find_missing_job(self, fact: Json) -> None:
        """A job that the recording uses without showing how its id became known: by task and first frame."""
        match = re.search(r"/api/jobs/(\d+)", fact["request"]["path"])
        body = fact["request"].get("json")
        number = int(match[1]) if match else body.get("job") if isinstance(body, dict) else None
        if number is None or self.world.ids.knows("job", number):
            return
        self.world.box.settle()
        for other in self._facts["exchanges"]:
            seen = other.get("response", {}).get("json")
            for thing in [seen, *(seen.get("results", ()) if isinstance(seen, dict) else ())]:
                if isinstance(thing, dict) and str(thing.get("url", "")).endswith(f"/api/jobs/{number}"):
                    self.world.learn_job(number, thing["task_id"], thing["start_frame"], thing["type"])
                    return
        if fact["response"]["status"] != 404:
            self.world.learn_job(number)

    def _find_missing_labels(self, fact: Json) -> None:
        """Labels and attributes of a job or task whose ids the recording uses without showing them, in their order."""
        match = re.search(r"/api/(job|task)s/(\d+)/annotations", fact["request"]["path"])
        body = fact["request"].get("json")
        if match and isinstance(body, dict):
            query = f"{match[1]}_id={self.world.ids.get(match[1], int(match[2]))}"
            self.world.learn_unknown(query, json.dumps(body))

    def _wait_for_creation(self, request: Json) -> None:
        """Pollings in between are not all recorded."""
        is_data = request["path"].rstrip("/").endswith("/data") and request["method"] != "GET"
        if "/api/requests" in request["path"] or is_data or request["method"] == "DELETE":
            return
        if not self.world.box.holding:
            self.world.box.settle()

    def _begin_upload(self, request: Json) -> None:
        """A resumable upload of a file whose content stands somewhere later in the recording."""
        self._upload = b""
        headers = request.get("headers", {})
        if "upload-length" not in headers or int(headers["upload-length"]) > 10**6:
            return
        import base64

        encoded = headers.get("upload-metadata", "").removeprefix("filename ").split(",")[0]
        if not encoded or " " in encoded:
            return
        name, length = base64.b64decode(encoded).decode(), int(headers["upload-length"])
        real = self.world.files.media / name.rsplit("/", 1)[-1]
        if real.exists() and real.stat().st_size == length:
            self._upload = real.read_bytes()
        else:
            self._upload = self.world.files.find(name, length, "")

    def _learn(self, fact: Json, reply: requests.Response) -> None:
        """Take over what later requests refer to."""
        recorded = fact["response"]
        location = recorded["headers"].get("location", "")
        upload = re.search(r"1_[0-9a-f-]{36}", location)
        if upload:
            self.world.ids.learn("tus", upload[0], reply.headers["location"].rsplit("/", 1)[-1])
            self.world.uploads[upload[0]] = self._upload
        body = recorded.get("json")
        if isinstance(body, dict) and isinstance(body.get("value"), str):
            self.world.tokens[body["value"]] = reply.json()["value"]
        if isinstance(body, dict) and body.get("key") == "<invitation key>":
            self.world.tokens["<invitation key>"] = reply.json()["key"]
        if isinstance(body, dict) and "&id=" in str(body.get("rq_id")):
            old, new = (
                str(rq_id).partition("&id=")[2].partition("&")[0] for rq_id in (body["rq_id"], reply.json()["rq_id"])
            )
            self.world.ids.places[old] = new
        if isinstance(body, dict) and body.get("result_id"):
            self.world.ids.learn("task", body["result_id"], reply.json()["result_id"])
        if "/backup/download" in fact["request"]["path"]:
            self.world.backup = reply.content
        who, _, how = (fact["request"].get("as") or "").partition(" ")
        if how == "(session)" and "set-cookie" in recorded["headers"] and reply.cookies.get("sessionid"):
            self.world.sessions[who] = reply.cookies.get_dict()

    def _compare_headers(self, recorded: Json, reply: requests.Response, comparison: Comparison) -> None:
        for name, value in recorded.items():
            if name == "set-cookie":
                got = {
                    cookie.split("=")[0].strip() for cookie in re.split(r",(?=\s*\w+=)", reply.headers.get(name, ""))
                }
                if set(value) != got:
                    comparison.add("cookies", value, sorted(got))
                continue
            got_value = reply.headers.get(name)
            if name == "retry-after":
                value = got_value if got_value and got_value.isdecimal() else value
            if name == "content-type" and not reply.content:
                continue
            wanted = self.world.ids.text(str(value), self.world.box.url)
            if got_value != wanted:
                comparison.add(f"header {name}", wanted, got_value)

    def _check_dates(self, fact: Json) -> list[str]:
        """Which `updated_date` moved since the last look."""
        if fact["after"] in ACTIONS:
            ACTIONS[fact["after"]](self.world)
        single = fact["after"] == "create" or isinstance(fact["changed"], list)
        places = {"job": ("job", 161), "task": ("task", 149)} if single else {
            "job0": ("job", 157), "job1": ("job", 158), "task": ("task", 148), "project": ("project", 24),
        }  # fmt: skip
        dates = {
            name: self.world.call("GET", f"/{kind}s/{self.world.ids.get(kind, number)}")["updated_date"]
            for name, (kind, number) in places.items()
        }
        before, self._dates = self._dates, dates
        if fact["changed"] is None:
            return []
        wanted = fact["changed"]
        wanted = wanted if isinstance(wanted, dict) else dict(zip(places, wanted, strict=True))
        moved = {name: dates[name] != before[name] for name in dates}
        return [] if moved == wanted else [f"dates that moved: recorded {wanted}, replayed {moved}"]

    def _check_deliveries(self, fact: Json) -> list[str]:
        """Which events arrived since the last look; how many of a kind is not compared."""
        self.world.box.settle()
        got, self.receiver.events[:] = list(self.receiver.events), []
        found = []
        names = [{entry["event"] for entry in events} for events in (fact["deliveries"], got)]
        if names[0] != names[1]:
            found.append(f"events: recorded {sorted(names[0])}, replayed {sorted(names[1])}")
        for name in names[0] & names[1]:
            old, new = ([entry for entry in events if entry["event"] == name] for events in (fact["deliveries"], got))
            for aspect in ("keys", "signed"):
                if old[0][aspect] != new[0][aspect]:
                    found.append(f"{aspect} of {name}: recorded {old[0][aspect]}, replayed {new[0][aspect]}")
            lost = _changed(old) - _changed(new) - _SUMMARIES
            if lost:
                found.append(f"changes of {name} that are not reported: {sorted(lost)}")
        return found


def _path(fact: Json) -> str:
    return str(fact.get("request", {}).get("path", ""))


def _polled(fact: Json) -> str | None:
    """The status of a background request, if a fact is a look at one."""
    body = fact.get("response", {}).get("json")
    return body.get("status") if "/api/requests/" in _path(fact) and isinstance(body, dict) else None


def _changed(events: list[Json]) -> set[str]:
    return {name for event in events for name in event["before"]}


def _is_of_everything(request: Json) -> bool:
    parts = request["path"].strip("/").split("/")
    if request["method"] != "GET" or parts[-1] not in _EVERYTHING or request.get("headers", {}).get("x-organization"):
        return False
    query = request.get("query", {})
    selective = _SELECTIVE & set(query) or re.search(r"_id|name|tracker", str(query.get("filter", "")))
    return not (selective or {"org", "org_id"} & set(query))


def _sizes(scenarios: list[Json]) -> dict[str, tuple[int, int]]:
    """Displayed sizes of the uploaded images, by name, as the recordings tell them."""
    sizes = dict(SIZES)
    for facts in scenarios:
        for fact in facts["exchanges"]:
            body = fact.get("response", {}).get("json")
            frames = body.get("frames", ()) if isinstance(body, dict) else ()
            for frame in (frame for frame in frames if isinstance(frame, dict)):
                sizes[frame["name"]] = (frame["width"], frame["height"])
    return sizes
