"""Uploading the files of a task, in the fewest requests that memory and the server allow.

What makes a lost answer harmless here: the server stores a batch whole or not at all, refuses a batch with a
stored name (with a plain 500), and accepts the end of an upload only when the stored names are exactly those
of the order list. So a batch in doubt is sent again, and the end of the upload tells the truth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from .bodies import MultipartBody, UnreadableFile, UploadFile
from .errors import AmbiguousOutcome, NotFound, Refused, ServerFault, TooLarge
from .meter import Meter, Progress
from .session import UPLOAD_TIMEOUT, Session
from .tus import send_by_tus

Group = tuple[UploadFile, ...]

HAS_DATA = "Adding more data is not supported"
"""CVAT's answer to every kind of upload into a task that has its data."""


@dataclass(frozen=True)
class DataOptions:
    """How CVAT is to keep the images.

    Attributes:
        image_quality: 1 to 100, of the compressed frames that annotators see.
        sorting: ``predefined`` keeps the order of the files.
        use_cache: Whether chunks are made on demand, which makes tasks quickly ready.
        chunk_size: Frames in a chunk; None lets CVAT choose.
    """

    image_quality: int = 70
    sorting: str = "predefined"
    use_cache: bool = True
    chunk_size: int | None = None

    def body(self) -> dict[str, Any]:
        """The fields as JSON."""
        fields: dict[str, Any] = {
            "image_quality": self.image_quality,
            "sorting_method": self.sorting,
            "use_cache": self.use_cache,
        }
        if self.chunk_size is not None:
            fields["chunk_size"] = self.chunk_size
        return fields

    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {
            key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in self.body().items()
        }


class Upload:
    """One upload into one task."""

    def __init__(
        self,
        session: Session,
        task_id: int,
        files: Sequence[UploadFile],
        options: DataOptions,
        *,
        group_bytes: int,
        group_files: int,
        connections: int,
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        names = [file.name for file in files]
        if not names:
            raise ValueError("there are no files to upload")
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"two files are to be named {twice!r}; names must be unique in a task")
        self._session = session
        self._task_id = task_id
        self._path = f"/api/tasks/{task_id}/data"
        self._files = tuple(files)
        self._options = options
        self._group_bytes, self._group_files, self._connections = group_bytes, group_files, connections
        self._meter = Meter(progress, cancelled, len(files))
        self._unsure: list[Group] = []

    def run(self, *, resume: bool = False) -> str:
        """Uploads everything and returns the id of the request that makes the task.

        Args:
            resume: Whether an earlier upload into this task may have been interrupted. The server is then
                asked first what it lacks.
        """
        _check_sizes(self._files)
        if resume:
            return self._resume()
        groups, large = self._plan()
        if len(groups) == 1 and not large:
            return self._at_once(groups[0])
        self._start()
        self._send_all(groups, large)
        return self._finish()

    # The parts of an upload

    def _plan(self) -> tuple[list[Group], list[UploadFile]]:
        """Splits into groups for one request each, and files that are too large for that."""
        large = [file for file in self._files if file.size > self._group_bytes]
        groups: list[Group] = []
        group: list[UploadFile] = []
        size = 0
        for file in self._files:
            if file.size > self._group_bytes:
                continue
            if group and (size + file.size > self._group_bytes or len(group) >= self._group_files):
                groups.append(tuple(group))
                group, size = [], 0
            group.append(file)
            size += file.size
        if group:
            groups.append(tuple(group))
        return groups, large

    def _at_once(self, group: Group) -> str:
        """One request with all files, which is also the end of the upload."""
        try:
            response = self._post_files(group, {}, self._options.form(), expect=(409,))
        except TooLarge:
            self._start()
            self._send_group(group, too_large=True)
            return self._finish()
        except AmbiguousOutcome:
            if self._creation_exists():
                return default_rq_id(self._task_id)
            # Nothing came of it, or not yet: the same names again are refused if they are there.
            self._send_group(group)
            return self._finish()
        self._meter.finish(group)
        return self._rq_id(response)

    def _start(self) -> None:
        self._post({"Upload-Start": ""}, repeatable=True)

    def _send_all(self, groups: Sequence[Group], large: Sequence[UploadFile]) -> None:
        """Sends groups and large files over a few connections at a time; the first failure stops the rest."""
        with ThreadPoolExecutor(self._connections, thread_name_prefix="cvat-upload") as pool:
            futures: list[Future[None]] = [pool.submit(self._send_group, group) for group in groups]
            futures += [pool.submit(self._send_large, file) for file in large]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            failed = next((future for future in done if future.exception() is not None), None)
            if failed is not None:
                self._meter.stop()
                pool.shutdown(cancel_futures=True)
        if failed is not None:
            failed.result()

    def _send_group(self, group: Group, *, too_large: bool = False) -> None:
        """Stores a group. If its fate stays in doubt it is noted for ``_finish`` to find out."""
        if not too_large and self._store(group):
            return
        if len(group) == 1:
            self._send_large(group[0])
            return
        middle = len(group) // 2
        self._send_group(group[:middle])
        self._send_group(group[middle:])

    def _store(self, group: Group) -> bool:
        """Sends a group, and once more if the answer was lost; False if smaller groups are worth a try.

        A connection that breaks twice may be a proxy's way to say that it does not take that much.
        """
        form = {"image_quality": str(self._options.image_quality)}
        headers = {"Upload-Multiple": ""}
        try:
            try:
                self._post_files(group, headers, form)
            except AmbiguousOutcome:
                self._post_files(group, headers, form)
        except ServerFault:
            # Names that are there already, or a failure: the end of the upload tells which.
            with self._meter.lock:
                self._unsure.append(group)
        except (TooLarge, AmbiguousOutcome):
            return False
        self._meter.finish(group)
        return True

    def _send_large(self, file: UploadFile) -> None:
        send_by_tus(self._session, self._task_id, file, watch=self._meter.watch((file,)), chunk=self._group_bytes)
        self._meter.finish((file,))

    def _resume(self) -> str:
        """Sends what is missing, file by file: tus refuses the name of a complete file, and of no other.

        Ending the upload first, to be told what is missing, would not do: a file that was cut off counts as
        present there, and would make the creation fail.
        """
        if self._creation_exists():
            return default_rq_id(self._task_id)
        self._start()
        self._send_all((), self._files)
        return self._finish()

    def _finish(self) -> str:
        """Ends the upload; sends again the groups in doubt that the server says are missing."""
        if self._options.sorting != "predefined":
            # Without an order list the server does not compare names: leave nothing in doubt.
            while self._unsure:
                self._send_missing(self._unsure.pop())
        while True:
            try:
                return self._rq_id(self._end())
            except Refused as refusal:
                if HAS_DATA in refusal.detail:
                    return default_rq_id(self._task_id)
                names = _missing_names(refusal)
                lacking = [group for group in self._unsure if names & {" ".join(file.name.split()) for file in group}]
                if not lacking:
                    raise
            for group in lacking:
                self._unsure.remove(group)
                self._send_missing(group)

    def _send_missing(self, group: Group) -> None:
        """Sends a group that is not there, or file by file if it cannot be sent as one."""
        form = {"image_quality": str(self._options.image_quality)}
        try:
            self._post_files(group, {"Upload-Multiple": ""}, form)
        except (ServerFault, AmbiguousOutcome):
            for file in group:
                self._send_large(file)

    def _end(self) -> requests.Response:
        body = self._options.body()
        if self._options.sorting == "predefined":
            body["upload_file_order"] = [file.name for file in self._files]
        return self._post({"Upload-Finish": ""}, json=body, expect=(409,), repeatable=True)

    # Requests

    def _post(self, headers: dict[str, str], **options: Any) -> requests.Response:
        self._meter.check()
        return self._session.request("POST", self._path, headers=headers, timeout=UPLOAD_TIMEOUT, **options)

    def _post_files(
        self, group: Group, headers: dict[str, str], form: dict[str, str], expect: tuple[int, ...] = ()
    ) -> requests.Response:
        body = MultipartBody(form, group, self._meter.watch(group))
        return self._post({**headers, "Content-Type": body.content_type}, data=body, expect=expect)

    def _rq_id(self, response: requests.Response) -> str:
        """The id in the answer of the last request; a 409 names the one that is already under way."""
        answer = self._session.json(response) if response.content else {}
        rq_id = answer.get("rq_id") if isinstance(answer, dict) else None
        return str(rq_id or default_rq_id(self._task_id))

    def _creation_exists(self) -> bool:
        try:
            self._session.request("GET", request_path(default_rq_id(self._task_id)))
        except NotFound:
            task = self._session.json(self._session.request("GET", f"/api/tasks/{self._task_id}"))
            return bool(task.get("size"))
        return True


def default_rq_id(task_id: int) -> str:
    """The id that CVAT gives to the creation of a task."""
    return f"action=create&target=task&target_id={task_id}"


def request_path(rq_id: str) -> str:
    """The path of a background request; its id has characters that must be encoded."""
    return f"/api/requests/{quote(rq_id, safe='')}"


def _missing_names(refusal: Refused) -> set[str]:
    """The names that CVAT misses, as far as its message lists them, with spaces collapsed."""
    listed = refusal.detail.partition("Mismatching files: ")[2]
    return {name for name, fault in re.findall(r"(?:^|, )(.+?) \((missing|extra)\)", listed) if fault == "missing"}


def _check_sizes(files: Sequence[UploadFile]) -> None:
    for file in files:
        try:
            size = file.path.stat().st_size
        except OSError as error:
            raise UnreadableFile(f"{file.name} cannot be read: {error.strerror}") from error
        if size != file.size:
            raise UnreadableFile(f"{file.name} has {size} bytes, not the {file.size} that were announced")
