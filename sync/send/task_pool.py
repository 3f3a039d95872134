"""Sending the tasks of a run at the same time, so that one that fails does not stop the others."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from .task_failures import OF_THE_SERVER, STOPS, TaskFailure, ends_run

TASKS_AT_ONCE = 4
"""Tasks that are sent at the same time; the client bounds the connections.

Of 20 tasks 50 ms away, 1 at a time took 9.4 s, 2 took 5.6 s, 4 took 3.6 s, 8 took 3.1 s, 12 took 3.0 s. More of them
are also more labels in memory, and more to leave half made.
"""


class TaskPool:
    """Sends tasks.

    Args:
        halted: set when no other task can succeed, so that those under way end at their next step

    Attributes:
        failures: the tasks that failed, in the order in which they did
    """

    def __init__(self, halted: threading.Event) -> None:
        self._halted = halted
        self._lock = threading.Lock()
        self._in_a_row = 0
        self.failures: list[TaskFailure] = []

    def run(self, tasks: int, send: Callable[[int], None]) -> None:
        """Sends all tasks.

        Args:
            tasks: how many there are
            send: sends the one of a number

        Raises:
            BaseException: why the first one failed that did; or a person's wish to stop
        """
        with ThreadPoolExecutor(TASKS_AT_ONCE, thread_name_prefix="cvat-task") as pool:
            futures = [pool.submit(self._try, number, send) for number in range(tasks)]
            try:
                wait(futures)
            except BaseException:  # a person's Ctrl-C
                self._halted.set()
                pool.shutdown(cancel_futures=True)
                raise
        if self.failures:
            errors = [failure.error for failure in self.failures]
            raise next((error for error in errors if isinstance(error, STOPS)), errors[0])

    def _try(self, number: int, send: Callable[[int], None]) -> None:
        try:
            send(number)
            with self._lock:
                self._in_a_row = 0
        except BaseException as error:
            with self._lock:
                if self._halted.is_set() and isinstance(error, STOPS):
                    return  # what halted it is what counts
                self.failures.append(TaskFailure(number, error))
                self._in_a_row += isinstance(error, OF_THE_SERVER)
                if ends_run(error, self._in_a_row):
                    self._halted.set()
