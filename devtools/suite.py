"""Running all tests in parallel, and those that failed beside others once more alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from .places import DEV, PYTHON, run

MOST_WORKERS = 8  # the browser suite is one worker's, and the others are done before it with as many
MOST_AGAIN = 5  # where more tests fail, it is not for want of a quiet machine
COLLECTED_FAILED = 1  # pytest's code for "tests ran, and some failed"
LAST_FAILED = DEV / "pytest_cache" / "v" / "cache" / "lastfailed"


def run_in_parallel(env: Mapping[str, str], *options: str) -> int:
    """Runs every test with two workers on each core, as tests also wait; each worker has its own database.

    A few tests compare times or wait for other processes, and can fail on a machine that is busy. So if not more than
    ``MOST_AGAIN`` fail, those run once more alone. What fails then has failed; what passes is listed, not hidden.

    Args:
        env: environment of the tests
        options: further ones for pytest

    Returns:
        pytest's exit code
    """
    workers = min(2 * (os.cpu_count() or 1), MOST_WORKERS)
    parallel = ["-n", str(workers), "--dist", "loadscope", "--no-loadscope-reorder"]
    code = run(PYTHON, "-m", "pytest", *parallel, *options, env=env)
    failed = _last_failed()
    if code != COLLECTED_FAILED or not 0 < len(failed) <= MOST_AGAIN:
        return code
    print(f"\n== pytest, once more for the {len(failed)} that failed, alone", flush=True)
    code = run(PYTHON, "-m", "pytest", *failed, env=env)
    if code == 0:
        print("\nThese failed beside other tests and passed alone:", *failed, sep="\n  ", flush=True)
    return code


def compile_tests(env: Mapping[str, str]) -> int:
    """Collects all tests once, which compiles them, and finds the points at which sends are disturbed.

    Each worker would do the first by itself, and wait for one that does the second.

    Args:
        env: environment of the tests

    Returns:
        pytest's exit code
    """
    quiet = ["--collect-only", "-p", "no:terminal", "-p", "no:cacheprovider"]
    return run(PYTHON, "-m", "pytest", *quiet, env=env)


def _last_failed() -> list[str]:
    """The tests that failed in the run before."""
    try:
        return sorted(json.loads(LAST_FAILED.read_text()))
    except FileNotFoundError:
        return []
