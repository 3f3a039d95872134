"""A run belongs to its server: on another one, the numbers of its tasks and jobs are those of somebody else's."""

from ...cvat import Client
from ..errors import Refused
from .run_record import RunRecord


def check_server(record: RunRecord, client: Client, key: str = "") -> None:
    """Checks that the client is connected to a run's server.

    Args:
        record: the run
        client: the server that is to be asked
        key: the run's key, for the message; empty if it does not matter which run it is

    Raises:
        Refused: if not
    """
    if client.url != record.server:
        run = f"The run '{key}'" if key else "A run"
        raise Refused(f"{run} was sent to {record.server}, but you are connected to {client.url}.")
