"""Failures as a person meets them: what must hold for each, and that one can go on afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from sync_loop import Loop

PASSWORD = "admin-pw-7c1e"
UGLY = ("Traceback", "\n", "Error(", "{", "<class", "<h1>", "object at", "HTTPConnection", PASSWORD)


class Failures:
    """Does what fails, looks at what must hold for every failure, and keeps the sentences.

    Args:
        loop: what it is done with
        case: the name of the case
        said: where the sentences are kept
    """

    def __init__(self, loop: Loop, case: str, said: list[tuple[str, str]]) -> None:
        self.loop = loop
        self.case = case
        self.said = said

    def send(self, *args: Any, **params: Any) -> str:
        """Sends in vain; the sentence."""
        return self._fail(lambda: self.loop.send(*args, **params))

    def load(self, *args: Any, **params: Any) -> str:
        """Loads in vain, without having changed anything; the sentence."""
        return self._fail(lambda: self.loop.load(*args, **params))

    def _fail(self, action: Any) -> str:
        before, fields = self.loop.documents(), self.loop.dataset.get_field_schema().keys()
        with pytest.raises((RoundtripError, CvatError)) as caught:
            action()
        sentence = str(caught.value)
        self.said.append((self.case, sentence))
        assert self.loop.documents() == before
        assert self.loop.dataset.get_field_schema().keys() == fields
        assert sentence.endswith((".", "?"))
        assert not sentence[0].islower()
        assert not [ugly for ugly in UGLY if ugly in sentence]
        return sentence

    def nothing_left(self) -> None:
        """Neither side knows of the send."""
        assert self.loop.dataset.list_annotation_runs() == []
        assert self.loop.cvat.find("tasks") == self.loop.cvat.find("projects") == []

    def interrupted(self, complete: int = 0) -> None:
        """The run is there and can't be sent anew until it is resumed or deleted; what is complete can be loaded."""
        assert self.loop.dataset.list_annotation_runs() == ["run"]
        if complete:
            report = self.loop.load()
            assert (report["jobs"], report["deleted"]) == (complete, 0)
            assert "This run was not sent completely." in report["notes"][0]
        else:
            with pytest.raises(RoundtripError, match=r"The run 'run' was not sent completely: .* Resume it"):
                self.loop.load()
        with pytest.raises(RoundtripError, match="There is a run 'run' already"):
            self.loop.send()

    def resumes(self, **params: Any) -> None:
        """Once it is mended, the send goes on; then the server has all of it once, and the load works."""
        run = self.loop.send(resume=True, **params)
        frames = [task["frames"] for task in run["tasks"]]
        assert frames == [params.get("task_size", 2)] * len(frames)
        assert sum(frames) == 2
        assert len(self.loop.cvat.find("tasks")) == len(frames)
        for task, count in zip(self.loop.cvat.find("tasks"), frames, strict=True):
            assert len(self.loop.cvat.objects(task=task["id"])) == count
        self._loads(run)

    def goes_on(self, **params: Any) -> None:
        """Once it is mended, the same send works, and so does its load."""
        self._loads(self.loop.send(**params))

    def _loads(self, run: Any) -> None:
        task = run["tasks"][0]["id"]
        self.loop.cvat.move(self.loop.cvat.shape(0, task=task), task=task)
        assert self.loop.load(run)["changed"] == 1
