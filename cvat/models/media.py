"""Files that the server sees by itself: on its share, and in cloud storages."""

from __future__ import annotations

from urllib.parse import parse_qs

from pydantic import RootModel

from .base import Many, Resource, Text

IMAGE, VIDEO = "image", "video"


class FileInfo(Resource):
    """A file or a directory, by its name in the directory that was listed.

    Attributes:
        type: ``REG`` or ``DIR``.
        mime_type: What CVAT takes it for by its name: ``image``, ``video``, ``archive``, ``unknown`` and others.
    """

    name: str
    type: str
    mime_type: Text = ""

    @property
    def is_image(self) -> bool:
        """Whether CVAT makes a frame of it; it leaves out other files in silence."""
        return self.mime_type == IMAGE

    @property
    def is_video(self) -> bool:
        """Whether CVAT takes it for a video."""
        return self.mime_type == VIDEO


class FileList(RootModel[Many[FileInfo]]):
    """A whole directory."""


class FilePage(Resource):
    """A part of a long list of files.

    Attributes:
        next: What to ask for the next part with; empty if this is the last.
    """

    content: Many[FileInfo] = ()
    next: Text = ""


class CloudStorage(Resource):
    """A bucket, or a container, that CVAT can read.

    Attributes:
        resource: The name of the bucket.
        specific_attributes: Settings of the provider, as a query string.
    """

    id: int
    display_name: Text = ""
    resource: Text = ""
    provider_type: Text = ""
    specific_attributes: Text = ""
    organization: int | None = None

    @property
    def prefix(self) -> str:
        """What the keys of files must begin with: CVAT hides others, and leaves them out of tasks in silence."""
        return parse_qs(self.specific_attributes).get("prefix", [""])[0]
