"""Uploading the files of a task, in the fewest requests that memory and the server allow.

What makes a lost answer harmless here: the server stores a batch whole or not at all, refuses a batch with a
stored name (with a plain 500), and accepts the end of an upload only when the stored names are exactly those
of the order list. So a batch in doubt is sent again, and the end of the upload shows whether it is there.

One thing it does not show: a file of which only a part arrived in chunks counts as present. So a file that
was ever announced for chunks is always completed in chunks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

from .background import HAS_DATA, begun_creation, default_rq_id, rq_id_in
from .bodies import MultipartBody, UploadFile, check_sizes
from .checkpoint import Checkpoint, InMemory
from .errors import AmbiguousOutcome, Cancelled, Refused, ServerFault, TooLarge
from .groups import Group, Plan, check_names, halves, lacking, missing_names, plan, size
from .meter import Meter
from .options import DataOptions
from .responses import Response
from .session import UPLOAD_TIMEOUT, Session
from .tus import SMALLEST_CHUNK, ChunkSize, TusUpload
from .waiting import pause

T = TypeVar("T")

PAUSES = (0.1, 1.0, 3.0)
"""Seconds before the end of an upload is said again, when its answer was lost and no creation is to be seen."""


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
        meter: Meter,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """See ``Client.upload``."""
        check_names(files)
        self._session = session.stopping_when(meter.wants_stop)
        self._task_id = task_id
        self._path = f"/api/tasks/{task_id}/data"
        self._files = tuple(files)
        self._plan = plan(files, group_bytes=group_bytes, group_files=group_files)
        self._options = options
        self._connections = connections
        self._chunks = ChunkSize(group_bytes)
        self._meter = meter
        self._remembered = checkpoint is not None
        self._checkpoint: Checkpoint = InMemory() if checkpoint is None else checkpoint
        self._lock = threading.Lock()
        self._unsure: list[Group] = []
        # Bytes of files that were found too large for a request: other threads need not try as many.
        self._refused = group_bytes + 1

    def run(self) -> str:
        """Uploads everything and returns the id of the request that makes the task."""
        with self._saying_how_far():
            return self._run()

    def resume(self) -> str:
        """Uploads what an earlier ``run`` or ``resume`` did not, wherever it ended."""
        with self._saying_how_far():
            return self._resume()

    @contextmanager
    def _saying_how_far(self) -> Iterator[None]:
        """Lets a stop in the middle of a request also say how many files are there."""
        try:
            yield
        except Cancelled:
            self._meter.check()
            raise

    def _run(self) -> str:
        check_sizes(self._files)
        if len(self._plan.groups) == 1 and not self._plan.chunked:
            return self._at_once(self._plan.groups[0])
        self._start()
        self._send_all(self._plan)
        return self._finish()

    def _resume(self) -> str:
        begun = begun_creation(self._session, self._task_id)
        if begun is not None:
            return begun
        left = self._left()
        check_sizes(left.files)
        self._meter.finish(tuple(file for file in self._files if self._checkpoint.is_stored(file.name)))
        try:
            self._start()
            self._send_all(left)
            return self._finish()
        except Refused as refusal:
            # The earlier process's last request arrived after we had asked.
            if HAS_DATA in refusal.detail:
                return default_rq_id(self._task_id)
            raise

    def _left(self) -> Plan:
        """What is not known to be stored.

        Without a checkpoint everything goes the way of chunks: that alone says of each file whether it is
        complete.
        """
        if not self._remembered:
            return Plan(chunked=self._files)
        known = self._checkpoint
        return self._plan.without(known.is_stored).chunking(lambda name: known.place(name) is not None)

    # The parts of an upload

    def _at_once(self, group: Group) -> str:
        """One request with all files, which is also the end of the upload."""
        try:
            response = self._post_files(group, {}, self._options.form(), expect=(409,))
        except TooLarge:
            self._note_refused(group)
            self._start()
            self._send_smaller(group)
            return self._finish()
        except AmbiguousOutcome:
            begun = begun_creation(self._session, self._task_id)
            if begun is not None:
                return begun
            # Nothing came of it, or not yet: the same names again are refused if they are there.
            self._send_group(group)
            return self._finish()
        self._meter.finish(group)
        return self._rq_id(response)

    def _start(self) -> None:
        self._post({"Upload-Start": ""}, repeatable=True)

    def _send_all(self, left: Plan) -> None:
        """Sends over a few connections at a time; the first failure stops the rest."""
        failures: list[BaseException] = []

        def attempt(send: Callable[[T], None], item: T) -> None:
            try:
                send(item)
            except BaseException as error:
                failures.append(error)  # the first one is the cause of all others
                self._meter.stop()
                raise

        with ThreadPoolExecutor(self._connections, thread_name_prefix="cvat-upload") as pool:
            futures = [pool.submit(attempt, self._send_group, group) for group in left.groups]
            futures += [pool.submit(attempt, self._send_large, file) for file in left.chunked]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                if failures:
                    raise failures[0]
            except BaseException:
                self._meter.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _send_group(self, group: Group) -> None:
        """Stores a group. If its fate stays in doubt it is noted for ``_finish`` to find out."""
        if size(group) >= self._refused or not self._store(group):
            self._send_smaller(group)

    def _send_smaller(self, group: Group) -> None:
        """Stores a group that cannot be sent as one."""
        if len(group) == 1:
            self._send_large(group[0])
            return
        for half in halves(group):
            self._send_group(half)

    def _store(self, group: Group) -> bool:
        """Sends a group, and once more if the answer was lost; False if smaller groups are worth a try.

        A connection that breaks twice, or a gateway that gives up twice, may be a proxy's way to say that it
        does not take that much.
        """
        try:
            try:
                self._post_group(group)
            except AmbiguousOutcome:
                self._post_group(group)
        except ServerFault:
            # Names that are there already, or a failure: the end of the upload shows which.
            with self._lock:
                self._unsure.append(group)
            self._meter.finish(group)
            return True
        except TooLarge:
            self._note_refused(group)
            return False
        except AmbiguousOutcome:
            return False
        self._stored(group)
        return True

    def _note_refused(self, group: Group) -> None:
        with self._lock:
            self._refused = min(self._refused, size(group))
        self._chunks.halve(size(group), SMALLEST_CHUNK)

    def _send_large(self, file: UploadFile) -> None:
        watch = self._meter.watch((file,))
        TusUpload(
            self._session, self._task_id, file, checkpoint=self._checkpoint, watch=watch, chunks=self._chunks
        ).run()
        self._stored((file,))

    def _stored(self, group: Group) -> None:
        self._checkpoint.stored([file.name for file in group])
        self._meter.finish(group)

    def _finish(self) -> str:
        """Ends the upload; sends again the groups in doubt that the server says are missing."""
        if self._options.sorting != "predefined":
            # Without an order list the server does not compare names: leave nothing in doubt.
            while self._unsure:
                self._send_missing(self._unsure.pop())
        while True:
            try:
                return self._end()
            except Refused as refusal:
                if HAS_DATA in refusal.detail:
                    return default_rq_id(self._task_id)
                groups = lacking(self._unsure, missing_names(refusal.detail))
                if not groups:
                    raise
            for group in groups:
                self._unsure.remove(group)
                self._send_missing(group)

    def _send_missing(self, group: Group) -> None:
        """Sends a group that is not there, or not whole, or file by file if it cannot be sent as one."""
        try:
            self._post_group(group)
        except (ServerFault, AmbiguousOutcome, TooLarge):
            for file in group:
                self._send_large(file)
        else:
            self._stored(group)

    # Requests

    def _end(self) -> str:
        """Says that everything is there; again only if that surely began no creation.

        Present versions refuse a second one meanwhile (409); older ones would create the task twice.
        """
        body = self._options.body()
        if self._options.sorting == "predefined":
            body["upload_file_order"] = [file.name for file in self._files]
        for length in (*PAUSES, None):
            try:
                return self._rq_id(self._post({"Upload-Finish": ""}, json=body, expect=(409,)))
            except (AmbiguousOutcome, ServerFault) as error:
                if (begun := begun_creation(self._session, self._task_id)) is not None:
                    return begun
                if length is None or error.status == 500:
                    raise
                pause(length, self._session.stopped)
        raise AssertionError("the last attempt returns or raises")

    def _post(self, headers: dict[str, str], **options: Any) -> Response:
        self._meter.check()
        return self._session.request("POST", self._path, headers=headers, timeout=UPLOAD_TIMEOUT, **options)

    def _post_group(self, group: Group) -> None:
        self._post_files(group, {"Upload-Multiple": ""}, {"image_quality": str(self._options.image_quality)})

    def _post_files(
        self, group: Group, headers: dict[str, str], form: dict[str, str], expect: tuple[int, ...] = ()
    ) -> Response:
        body = MultipartBody(form, group, self._meter.watch(group))
        return self._post({**headers, "Content-Type": body.content_type}, data=body, expect=expect)

    def _rq_id(self, response: Response) -> str:
        return rq_id_in(self._session, self._task_id, response)
