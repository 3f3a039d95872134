"""No test hangs: each has a limit, whatever it waits for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HANGING = {
    "for another thread": "threading.Event().wait()",
    "for another process": "subprocess.run(['sleep', '60'])",
    "for a lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
}
DEAF = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); threading.Event().wait()"


def _run(folder: Path, root: Path, *bodies: str) -> subprocess.CompletedProcess[str]:
    tests = "".join(f"def test_{number}():\n    {body}\n\n" for number, body in enumerate(bodies))
    (folder / "test_hanging.py").write_text(f"import signal, subprocess, threading\n\n{tests}")
    command = [sys.executable, "-m", "pytest", "-c", root / "pyproject.toml", "--rootdir", folder, folder]
    limits = ["-o", "timeout=1", "-o", "faulthandler_timeout=3", "-p", "no:cacheprovider"]
    return subprocess.run([*command, *limits], capture_output=True, text=True, timeout=60)


def test_a_test_that_waits_fails_and_the_others_go_on(tmp_path: Path, root: Path) -> None:
    done = _run(tmp_path, root, *HANGING.values(), "pass")
    assert f"{len(HANGING)} failed, 1 passed" in done.stdout, done.stdout
    assert "Timeout (>1.0s)" in done.stdout


def test_a_test_that_hears_no_signal_ends_its_process(tmp_path: Path, root: Path) -> None:
    done = _run(tmp_path, root, DEAF)
    assert done.returncode != 0
    assert "Timeout (0:00:03)!" in done.stderr, done.stderr
    assert "test_hanging.py" in done.stderr


def test_every_test_has_these_limits(pytestconfig: pytest.Config) -> None:
    limit, last = float(pytestconfig.getini("timeout")), float(pytestconfig.getini("faulthandler_timeout"))
    assert 0 < limit < last <= 600
    assert pytestconfig.getini("faulthandler_exit_on_timeout")


def test_what_workers_are_told_to_start_with_is_there(pytestconfig: pytest.Config, root: Path) -> None:
    (conftest,) = (plugin for plugin in pytestconfig.pluginmanager.get_plugins() if hasattr(plugin, "SPREAD"))
    names = {path.stem for path in (root / "tests").rglob("*") if path.suffix == ".py" or path.is_dir()}
    assert {*conftest.FIRST, *conftest.TOGETHER, *conftest.SPREAD} <= names
