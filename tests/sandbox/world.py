"""A sandbox in which a recorded scenario is replayed, with accounts, ids and uploads."""

from __future__ import annotations

import re
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import requests
from sandbox_ids import Ids
from sandbox_standins import StandIns

from sandbox import Sandbox

Json = dict[str, Any]

CAR_AND_PERSON = [{"name": "car", "attributes": []}, {"name": "person", "attributes": []}]


class World:
    """The replayed world.

    Args:
        box: the sandbox.
        files: makes the bytes of uploads.
    """

    def __init__(self, box: Sandbox, files: StandIns) -> None:
        self.box = box
        self.files = files
        self.ids = Ids()
        self.keys: dict[str, str] = {}
        self.sessions: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.uploads: dict[str, bytes] = {}
        self.backup = b""
        self.folder = TemporaryDirectory()
        self.http = requests.Session()
        self.http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for name in ("admin", "annotator1", "annotator2"):
            self.login(name)

    def close(self) -> None:
        self.http.close()
        self.box.close()
        self.folder.cleanup()

    def login(self, name: str) -> None:
        """Get the key of an account, and a session of its own."""
        reply = requests.post(f"{self.box.url}/api/auth/login", json={"username": name, "password": name})
        self.keys[name] = reply.json()["key"]
        self.sessions[name] = reply.cookies.get_dict()

    def call(self, method: str, path: str, who: str = "admin", status: int | None = None, **options: Any) -> Any:
        """A request of the setup; it has to succeed. The JSON of the answer, if any."""
        headers = {"Authorization": f"Token {self.keys[who]}", **options.pop("headers", {})}
        reply = requests.request(method, f"{self.box.url}/api{path}", headers=headers, **options)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def make_task(
        self,
        recorded: int | None = None,
        files: dict[str, bytes] | None = None,
        labels: list[Json] | None = None,
        jobs: list[int] | None = None,
        label_ids: list[int] | None = None,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> int:
        """Make a task as one that the recordings found there.

        Args:
            recorded: its recorded id.
            files: its media.
            labels: its labels, if it is in no project.
            jobs: the recorded ids of its jobs, by first frame.
            label_ids: the recorded ids of labels, sublabels and attributes as they come.
            headers: for requests, such as an organization.
            **fields: further fields of the task.

        Returns:
            Its id here.
        """
        if "project_id" not in fields:
            fields["labels"] = CAR_AND_PERSON if labels is None else labels
        fields.setdefault("name", "wire")
        task = self.call("POST", "/tasks", json=fields, headers=headers or {})["id"]
        self.ids.learn("task", recorded, task)
        if files:
            self.upload(task, files)
        self.learn_jobs(task, jobs or [])
        self.learn_labels(f"task_id={task}", label_ids or [])
        return int(task)

    def upload(self, task: int, files: dict[str, bytes]) -> None:
        """Fill a task with media, and wait."""
        parts = [(f"client_files[{n}]", (name, data)) for n, (name, data) in enumerate(files.items())]
        form = {"image_quality": "70", "sorting_method": "predefined"}
        self.call("POST", f"/tasks/{task}/data/", data=form, files=parts)
        self.box.settle()

    def learn_jobs(self, task: int, recorded: list[int]) -> list[int]:
        """Pair recorded jobs with those of a task, by first frame."""
        found = self.call("GET", f"/jobs?task_id={task}&sort=id&page_size=all&type=annotation")["results"]
        for old, new in zip(recorded, found, strict=False):
            self.ids.learn("job", old, new["id"])
        return [job["id"] for job in found]

    def learn_job(self, recorded: int, task: int | None = None, start: int | None = None, kind: str = "") -> None:
        """Pair a recorded job with one here: of a recorded task and its first frame, else the next of the newest."""
        tasks = self.box.store.tasks
        found = tasks.get(self.ids.get("task", task)) if task else list(tasks.values())[-1]
        for job in found.jobs.values() if found else ():
            known = self.ids.back("job", job.id) is not None
            if not known and start in (None, job.start_frame) and kind in ("", job.type):
                self.ids.learn("job", recorded, job.id)
                return

    def learn_labels(self, query: str, recorded: list[int]) -> list[Json]:
        """Pair recorded label ids, in the order label, its sublabels, next label."""
        found = self.call("GET", f"/labels?{query}&page_size=all")["results"]
        flat = [part["id"] for label in found for part in (label, *label["sublabels"])]
        for old, new in zip(recorded, flat, strict=False):
            self.ids.learn("label", old, new)
        return list(found)

    def learn_specs(self, labels: list[Json], recorded: list[int]) -> None:
        """Pair recorded attribute ids."""
        flat = [spec["id"] for label in labels for part in (label, *label["sublabels"]) for spec in part["attributes"]]
        for old, new in zip(recorded, flat, strict=False):
            self.ids.learn("spec", old, new)

    def learn_unknown(self, query: str, text: str) -> None:
        """Pair ids of labels and attributes in a text that are not known yet with those that nobody named yet."""
        for kind, key in (("label", "label_id"), ("spec", "spec_id")):
            found = sorted({int(number) for number in re.findall(rf'"{key}": (\d+)', text)})
            unknown = [number for number in found if not self.ids.knows(kind, number)]
            if unknown:
                labels = self.call("GET", f"/labels?{query}&page_size=all")["results"]
                parts = [part for label in labels for part in (label, *label["sublabels"])]
                things = parts if kind == "label" else [spec for part in parts for spec in part["attributes"]]
                free = [thing["id"] for thing in things if self.ids.back(kind, thing["id"]) is None]
                for old, new in zip(unknown, free, strict=False):
                    self.ids.learn(kind, old, new)

    def pictures(self, names: list[str], size: tuple[int, int] = (64, 48)) -> dict[str, bytes]:
        """Image files."""
        maker = StandIns(self.files.media, dict.fromkeys(names, size))
        return {name: maker.find(name, 1, "") for name in names}

    def share(self, files: dict[str, bytes]) -> None:
        """Give the server a share with these files, by path."""
        root = self.box.store.share = Path(self.folder.name)
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)

    def send(self, request: Json) -> requests.Response:
        """Send a recorded request."""
        path = self._path(request["path"])
        headers = {name: self._header(value) for name, value in request.get("headers", {}).items()}
        headers |= self._credentials(request)
        options: Json = {}
        if "files" in request:
            options["files"] = [
                (field, (name, self.backup if field == "task_file" else self.files.find(name, size, sha)))
                for field, name, size, sha in request["files"]
            ]
        if "form" in request:
            options["data"] = [tuple(pair) for pair in request["form"]]
        elif "json" in request:
            options["json"] = self._json(request["json"], "label" if request["path"].startswith("/api/labels/") else "")
        elif "text" in request:
            options["data"] = self.ids.text(request["text"], self.box.url).encode()
        elif "body" in request:
            options["data"] = self._chunk(request)
        return self.http.request(
            request["method"],
            f"{self.box.url}{path}",
            params=self.ids.query(request.get("query", {}), request["path"]),
            headers=headers,
            allow_redirects=False,
            **options,
        )

    def _path(self, path: str) -> str:
        path = self.ids.text(path, self.box.url)
        return re.sub(r"<[^>]+>", lambda match: quote(self.tokens.get(match[0], "unknown")), path)

    def _header(self, value: str) -> str:
        value = value.replace("<server>", self.box.url)
        return self.tokens.get(value, value)

    def _json(self, body: Any, kind: str) -> Any:
        body = self.ids.body(body, kind)
        if isinstance(body, dict) and body.get("password") == "<password>":
            name = (body.get("username") or body["email"]).split("@")[0]
            body = {**body, "password": name}
        if isinstance(body, dict) and "target_url" in body:
            body = {**body, "target_url": self.ids.text(body["target_url"], self.box.url)}
        if isinstance(body, dict) and body.get("expiry_date") in self.tokens:
            body = {**body, "expiry_date": self.tokens[body["expiry_date"]]}
        return body

    def _credentials(self, request: Json) -> dict[str, str]:
        given = request.get("headers", {}).get("authorization")
        who = request.get("as") or ""
        name, _, how = who.partition(" ")
        if given:
            return {"Authorization": self._authorization(given, name)}
        if how == "(session)" and "cookie" not in request["headers"]:
            return {}
        if how == "(session)":
            session = self.sessions[name]
            headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in session.items())}
            if "x-csrftoken" in request["headers"]:
                headers["X-CSRFToken"] = session["csrftoken"]
            return headers
        return {"Authorization": f"Token {self.keys[name]}"} if name else {}

    def _authorization(self, given: str, name: str) -> str:
        scheme, _, value = given.partition(" ")
        if value == "<token>":
            value = self.keys[name]
        elif value == "<access token with a changed tail>":
            value = self.tokens["<access token rw>"][:-1] + "!"
        return f"{scheme} {self.tokens.get(value, value)}".strip()

    def _chunk(self, request: Json) -> bytes:
        """The part of a resumable upload that a recorded PATCH sent."""
        size = request["body"]["size"]
        upload = request["path"].rsplit("/", 1)[-1]
        offset = int(request["headers"].get("upload-offset", 0))
        content = self.uploads.get(upload, b"")
        return content[offset : offset + size].ljust(size, b"\0")
