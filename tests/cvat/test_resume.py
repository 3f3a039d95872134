"""An upload may die anywhere: going on from its checkpoint ends as if nothing had happened."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import requests

from cvat import Client, Credentials, LabelSpec, Refused, RetryPolicy, UploadFile
from cvat.checkpoint import ANNOUNCED, Checkpoint, InMemory
from cvat.transport import Transport
from sandbox import Sandbox

SMALL = tuple(f"{index}.png" for index in range(5))


class Killed(BaseException):
    """The process ends here."""


class Death:
    """Ends the process at the n-th moment of a kind; 0 never."""

    def __init__(self, kind: str = "", nth: int = 0) -> None:
        self.kind, self.nth, self.seen = kind, nth, 0

    def at(self, kind: str) -> None:
        """A moment. Who died once does nothing more."""
        if kind == self.kind:
            self.seen += 1
            if self.nth and self.seen >= self.nth:
                raise Killed

    @property
    def struck(self) -> bool:
        return bool(self.nth) and self.seen >= self.nth


class Journal:
    """A checkpoint in a store outside, reached by a process that may die before or after each writing."""

    def __init__(self, kept: Checkpoint, death: Death) -> None:
        self.kept, self.death = kept, death

    def is_stored(self, name: str) -> bool:
        return self.kept.is_stored(name)

    def stored(self, names: Sequence[str]) -> None:
        self.death.at("before writing")
        self.kept.stored(names)
        self.death.at("after writing")

    def place(self, name: str) -> str | None:
        return self.kept.place(name)

    def placed(self, name: str, place: str) -> None:
        self.death.at("before writing")
        self.kept.placed(name, place)
        self.death.at("after writing")


MOMENTS = ("before a request", "after a request", "before writing", "after writing", "amid a body")


class World:
    """A server, the files, and what an undisturbed upload makes of them."""

    def __init__(self, box: Sandbox, retry: RetryPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
        self.box, self.retry = box, retry
        self.death = Death()
        send = Transport._send_once

        def mortal(transport: Transport, *arguments: Any) -> requests.Response:
            if arguments[0].path.endswith("login"):
                return send(transport, *arguments)
            self.death.at("before a request")
            answer = send(transport, *arguments)
            self.death.at("after a request")
            return answer

        monkeypatch.setattr(Transport, "_send_once", mortal)

    def client(self) -> Client:
        return Client(Credentials(url=self.box.url, username="admin", password="admin"), timeout=5, retry=self.retry)

    def new_task(self) -> int:
        with self.client() as client:
            return client.create_task("upload", labels=[LabelSpec(name="car")]).id

    def attempt(self, task_id: int, files: list[UploadFile], kept: Checkpoint, death: Death, **options: Any) -> bool:
        """One process; whether it came to the end."""
        self.death = death
        try:
            with self.client() as client:
                client.upload(
                    task_id,
                    files,
                    checkpoint=Journal(kept, death),
                    connections=1,
                    progress=lambda *_: death.at("amid a body"),
                    **options,
                )
        except Killed:
            return False
        finally:
            self.death = Death()
        return True

    def result(self, task_id: int) -> Any:
        """The task's state and the content of its files."""
        with self.client() as client:
            client.wait_for_creation(task_id, "", deadline=10)
            self.box.settle()
            data = self.box.store.tasks[task_id].data
            assert data is not None
            content = {name: file.data for name, file in data.files.items()}
            state = self.box.state()["tasks"][-1]
            client.delete_task(task_id)
        return state, content


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0, unsettled_replies=False) as made:
        yield made


@pytest.fixture
def world(box: Sandbox, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    box.faults.clear()
    box.settings.max_body = None
    yield World(box, hasty, monkeypatch)
    box.settings.max_body = None
    assert box.crashes == []


@pytest.fixture
def files(images: Callable[..., list[UploadFile]]) -> list[UploadFile]:
    return [*images(*SMALL), *images("large.png", size=(60, 60))]


WAYS: dict[str, dict[str, Any]] = {
    "at once": {},
    "groups": {"group_files": 2},
    "groups and chunks": {"group_files": 2, "group_bytes": 5_000},
    "smaller and smaller": {},
}


def limited(box: Sandbox, way: str, files: Sequence[UploadFile]) -> dict[str, Any]:
    """The options of a way of sending. Smallest of all are files that a proxy takes in chunks, but not in a form."""
    box.settings.max_body = files[0].size + 60 if way == "smaller and smaller" else None
    return WAYS[way]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_process_may_die_at_any_moment(
    world: World, box: Sandbox, files: list[UploadFile], way: str, moment: str
) -> None:
    options = limited(box, way, files)
    if way == "smaller and smaller":
        files = files[:3]
    task_id = world.new_task()
    assert world.attempt(task_id, files, InMemory(), Death(), **options)
    undisturbed = world.result(task_id)
    deaths = 0
    for nth in range(1, 200):
        task_id, kept, death = world.new_task(), InMemory(), Death(moment, nth)
        if world.attempt(task_id, files, kept, death, **options):
            assert not death.struck
            world.result(task_id)
            break
        deaths += 1
        assert world.attempt(task_id, files, kept, Death(), resume=True, **options), nth
        assert world.result(task_id) == undisturbed, nth
    assert deaths or (way, moment) in {("at once", "before writing"), ("at once", "after writing")}


@pytest.mark.parametrize("seed", range(12))
def test_a_process_may_die_again_and_again(world: World, box: Sandbox, files: list[UploadFile], seed: int) -> None:
    chance = random.Random(seed)
    options = limited(box, "groups and chunks", files)
    task_id = world.new_task()
    assert world.attempt(task_id, files, InMemory(), Death(), **options)
    undisturbed = world.result(task_id)
    task_id, kept = world.new_task(), InMemory()
    assert not world.attempt(task_id, files, kept, Death("after a request", chance.randint(1, 9)), **options)
    for _ in range(100):
        death = Death(chance.choice(MOMENTS), chance.randint(1, 9))
        if world.attempt(task_id, files, kept, death, resume=True, **options):
            break
    assert world.result(task_id) == undisturbed


FAULTS: dict[str, dict[str, Any]] = {
    "lost reply": {"kind": "lost_reply"},
    "reset amid": {"kind": "reset", "at": "body"},
    "gateway": {"kind": "html", "status": 504},
    "failure": {"kind": "html", "status": 500},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", ["groups", "groups and chunks"])
def test_a_second_process_may_meet_faults(
    world: World, box: Sandbox, files: list[UploadFile], way: str, fault: str
) -> None:
    options = limited(box, way, files)
    for nth in range(1, 9):
        task_id, kept = world.new_task(), InMemory()
        assert not world.attempt(task_id, files, kept, Death("after a request", 3), **options)
        where = rf"/tasks/{task_id}/data"
        box.faults.add(**FAULTS[fault], method="POST", path=where, nth=nth)
        try:
            assert world.attempt(task_id, files, kept, Death(), resume=True, **options)
        except Exception:
            # A plain failure of the first or the last request is an error; the next process ends it.
            assert fault == "failure", nth
            assert world.attempt(task_id, files, kept, Death(), resume=True, **options)
        state, _ = world.result(task_id)
        assert [frame["name"] for frame in state["frames"]] == [file.name for file in files], nth


def data_requests(box: Sandbox, task_id: int) -> list[Any]:
    return [entry for entry in box.log if f"/tasks/{task_id}/data" in entry.path and entry.method != "GET"]


def test_only_what_is_not_known_as_stored_is_sent_and_in_groups(
    world: World, box: Sandbox, images: Callable[..., list[UploadFile]]
) -> None:
    files = images(*(f"{index:03d}.png" for index in range(60)))
    task_id, kept = world.new_task(), InMemory()
    assert not world.attempt(task_id, files, kept, Death("after writing", 3), group_files=10)
    assert world.attempt(task_id, files, kept, Death(), resume=True, group_files=10)
    world.result(task_id)
    again = data_requests(box, task_id)[1 + 3 :]
    assert len(again) == 1 + 3 + 1  # start, the groups that were left, finish
    assert sum(entry.bytes for entry in again) < 1.5 * sum(file.size for file in files[30:])


def test_a_large_file_goes_on_where_it_was(world: World, box: Sandbox, images: Callable[..., list[UploadFile]]) -> None:
    files = images("large.png", size=(200, 200))
    task_id, kept = world.new_task(), InMemory()
    options = {"group_bytes": files[0].size // 4}
    assert not world.attempt(task_id, files, kept, Death("after a request", 5), **options)
    assert kept.place("large.png") not in (None, ANNOUNCED)
    assert world.attempt(task_id, files, kept, Death(), resume=True, **options)
    world.result(task_id)
    # Start, announced, three chunks; then start, where it was, the two last chunks (one is short), finish
    methods = [entry.method for entry in data_requests(box, task_id)]
    assert methods == ["POST", "POST", *["PATCH"] * 3, "POST", "HEAD", "PATCH", "PATCH", "POST"]


def test_a_place_that_is_gone_is_announced_again(
    world: World, box: Sandbox, images: Callable[..., list[UploadFile]]
) -> None:
    files = images("large.png", size=(60, 60))
    task_id, kept = world.new_task(), InMemory()
    assert not world.attempt(task_id, files, kept, Death("after a request", 3), group_bytes=500)
    for place in ("1_00000000-0000-4000-8000-000000000000", "../../../users/self", "no-id"):
        kept.placed("large.png", place)
    assert world.attempt(task_id, files, kept, Death(), resume=True, group_bytes=500)
    _, content = world.result(task_id)
    assert content == {"large.png": files[0].path.read_bytes()}


def test_an_unfinished_small_file_is_completed_in_chunks(
    world: World, box: Sandbox, images: Callable[..., list[UploadFile]]
) -> None:
    """A part of a file counts as present: sent in a group, it would spoil the creation."""
    files = images("a.png", "b.png")
    task_id, kept = world.new_task(), InMemory()
    box.settings.max_body = files[0].size + 60
    # The start; the first file: too large for a form, announced, sent; the second one: announced
    assert not world.attempt(task_id, files, kept, Death("after a request", 5), group_files=1)
    assert kept.is_stored("a.png") and kept.place("b.png") == ANNOUNCED
    box.settings.max_body = None
    assert world.attempt(task_id, files, kept, Death(), resume=True, group_files=1)
    _, content = world.result(task_id)
    assert content == {file.name: file.path.read_bytes() for file in files}


def test_files_that_are_stored_need_not_be_there_any_more(world: World, box: Sandbox, files: list[UploadFile]) -> None:
    task_id, kept = world.new_task(), InMemory()
    assert not world.attempt(task_id, files, kept, Death("after writing", 2), group_files=2)
    for file in files[:4]:
        file.path.unlink()
    assert world.attempt(task_id, files, kept, Death(), resume=True, group_files=2)
    world.result(task_id)


def test_a_checkpoint_that_fails_stops_the_upload(world: World, box: Sandbox, files: list[UploadFile]) -> None:
    class Full(InMemory):
        def stored(self, names: Sequence[str]) -> None:
            raise OSError("the store is full")

    task_id = world.new_task()
    with world.client() as client, pytest.raises(OSError, match="full"):
        client.upload(task_id, files, checkpoint=Full(), group_files=1, connections=1)
    assert len(data_requests(box, task_id)) <= 3


def test_a_checkpoint_of_another_task_is_refused(world: World, files: list[UploadFile]) -> None:
    kept = InMemory()
    kept.stored([file.name for file in files])
    with world.client() as client, pytest.raises(Refused, match="missing"):
        client.upload(world.new_task(), files, checkpoint=kept, resume=True)
