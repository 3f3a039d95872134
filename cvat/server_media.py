"""Files that the server sees by itself: listing them, and making tasks of them without an upload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .background import HAS_DATA, begun_creation, default_rq_id, rq_id_in
from .calls import Calls
from .errors import AmbiguousOutcome, NotFound, Refused, ServerFault, UnsupportedServer
from .limits import PAGES
from .models import CloudStorage, FileInfo, FileList, FilePage
from .options import DataOptions
from .responses import Response
from .session import UPLOAD_TIMEOUT

ATTEMPTS = 3
"""Times that files are attached at most while the answers are lost and no creation is seen."""


class ServerMedia(Calls):
    """The server's file share, its cloud storages, and tasks made of their files."""

    def share_files(self, directory: str = "", *, begins: str = "") -> list[FileInfo]:
        """Lists a directory of the server's file share.

        Args:
            directory: Its path on the share, empty for the root.
            begins: What the names of interest begin with.

        Raises:
            NotFound: There is no such directory.
            PermissionDenied: The user may not look at the share.
        """
        path, query = "/api/server/share", {"directory": f"/{directory}"}
        if begins:
            query["search"] = begins
        try:
            return list(self.session.read(FileList, path, query).root)
        except Refused as error:
            if "is an invalid directory" not in error.detail:
                raise
            raise error.recast(NotFound, f"CVAT's file share has no directory '{directory}'") from error

    def cloud_storages(self) -> list[CloudStorage]:
        """Lists the cloud storages that the user may see."""
        return self.session.read_all(CloudStorage, "/api/cloudstorages")

    def cloud_storage(self, storage_id: int) -> CloudStorage:
        """Reads a cloud storage.

        Raises:
            NotFound: There is none.
            PermissionDenied: The user may not see it.
        """
        return self.session.read(CloudStorage, f"/api/cloudstorages/{storage_id}")

    def cloud_files(self, storage_id: int, begins: str = "") -> Iterator[FileInfo]:
        """Lists one directory of a cloud storage, in parts, as far as the caller reads on.

        Args:
            storage_id: The cloud storage.
            begins: What the keys begin with: a directory with a trailing slash, and perhaps the beginning of a
                name in it.

        Yields:
            Files and directories, by their names in that directory.

        Raises:
            CvatError: CVAT can't read the bucket; its ``detail`` says why.
        """
        query = {"prefix": begins}  # as many in a part as the server allows
        seen: set[str] = set()
        for _ in range(PAGES):
            page = self.session.read(FilePage, f"/api/cloudstorages/{storage_id}/content-v2", query)
            yield from page.content
            if not page.next or page.next in seen:
                return
            seen.add(page.next)
            query["next_token"] = page.next
        raise UnsupportedServer(f"The list of files in cloud storage {storage_id} has no end after {PAGES} parts")

    def attach(
        self,
        task_id: int,
        server_files: Sequence[str],
        *,
        storage_id: int | None = None,
        options: DataOptions = DataOptions(),  # noqa: B008 - frozen
        resume: bool = False,
    ) -> str:
        """Asks CVAT to make frames of files that it sees by itself, in the order given.

        CVAT leaves out files in silence that it takes for no images, and fails on missing ones: look first, and
        compare the frames afterwards. Frames are named by the paths given here.

        Args:
            task_id: A task without frames.
            server_files: Paths on the share, or keys in the cloud storage; unique, without leading slashes.
            storage_id: The cloud storage; the share if None.
            options: How CVAT makes frames and keeps them. Without ``use_cache`` it copies files of a cloud storage.
            resume: Whether this may have been asked before; the server is then asked first.

        Returns:
            The id to give to ``wait_for_creation``.

        Raises:
            AmbiguousOutcome: The answers were lost, and no creation is to be seen.
            CvatError: The server refused or failed.
        """
        body = options.body() | {"server_files": list(server_files), "copy_data": False}
        if storage_id is not None:
            body["cloud_storage_id"] = storage_id
        if resume and (begun := begun_creation(self.session, task_id)):
            return begun
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return rq_id_in(self.session, task_id, self._attach(task_id, body))
            except (AmbiguousOutcome, ServerFault):
                # It may have been done all the same. A second creation would hide how the first one ended.
                if begun := begun_creation(self.session, task_id):
                    return begun
                if attempt == ATTEMPTS:
                    raise
            except Refused as error:
                if HAS_DATA not in error.detail:
                    raise
                break
        return default_rq_id(task_id)

    def _attach(self, task_id: int, body: dict[str, Any]) -> Response:
        path = f"/api/tasks/{task_id}/data"
        return self.session.request("POST", path, json=body, expect=(409,), timeout=UPLOAD_TIMEOUT)
