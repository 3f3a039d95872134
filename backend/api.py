"""What `connect_to_api()` gives: the CVAT server, as the plugin talks to it."""

from typing import Any

import fiftyone.utils.annotations as foua


class Api(foua.AnnotationAPI):
    """A CVAT server. Nothing is sent before the first call; a context manager.

    Args:
        client: the server, see :class:`cvat.client.Client`: ``client.tasks()``, ``client.jobs(task_id)`` ...
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    @property
    def url(self) -> str:
        """The address of the server."""
        return str(self.client.url)

    def launch_editor(self, url: str | None = None) -> None:
        """Opens a page of the server in the browser; by default its first one."""
        open_page(url or self.url)

    def close(self) -> None:
        """Ends the connections. It never logs out, as that would end all other clients of the user."""
        self.client.close()


def open_page(url: str) -> None:
    """Opens a page in the browser."""
    import webbrowser

    webbrowser.open(url)
