"""Temporary folders: in `.dev`, and gone afterwards, however the process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from demo import keeper, scratch

PATIENCE = 60.0

WITH_A_DATABASE = """
import signal
import time
from demo.database import Database
from demo.scratch import scratch_folder

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` has it ignored, also by those that we start
folder = scratch_folder("test")
Database(folder / "database").start()
print(folder, flush=True)
time.sleep(600)
"""
PLAIN = "from demo.scratch import scratch_folder; import tempfile; print(scratch_folder('test')); tempfile.mkdtemp()"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_nothing_is_left_of_a_process_that_is_killed(root: Path, number: signal.Signals) -> None:
    """Not even of its database, which still writes while its folder is removed."""
    process = subprocess.Popen([sys.executable, "-c", WITH_A_DATABASE], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert folder.is_relative_to(scratch.PLACE)
    database = int((folder / "database" / "mongod.lock").read_text())
    os.kill(database, 0)
    process.send_signal(number)
    process.communicate()
    _is_gone(folder.parent)
    with pytest.raises(ProcessLookupError):
        os.kill(database, 0)


@pytest.mark.parametrize("patient", [True, False])
def test_a_database_does_not_outlive_the_guard(root: Path, patient: bool) -> None:
    """As when somebody kills all that is Python: the guard and the process, or the guard alone."""
    process = subprocess.Popen([sys.executable, "-c", WITH_A_DATABASE], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    database = psutil.Process(int((folder / "database" / "mongod.lock").read_text()))
    guard = database.parent()
    assert guard is not None
    guard.kill()
    if not patient:
        process.kill()
    database.wait(PATIENCE)
    process.kill()
    process.communicate()
    _is_gone(folder.parent)


def test_nothing_is_left_of_a_process_that_ends(root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PLAIN], cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    assert not Path(done.stdout.strip()).parent.exists()


def test_what_others_put_into_the_temporary_folder_goes_along(root: Path) -> None:
    program = PLAIN.replace("tempfile.mkdtemp()", "print(tempfile.gettempdir(), __import__('os').environ['TMPDIR'])")
    done = subprocess.run([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    folder, places = done.stdout.splitlines()
    assert places.split() == [str(Path(folder).parent)] * 2


def test_a_checkout_that_cannot_be_written_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(scratch, "PLACE", tmp_path / "file" / "tmp")
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    folder = scratch._new_folder()
    assert folder.parent == tmp_path
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"cannot be written to (Not a directory): using {folder} instead." in said


def test_a_folder_in_which_nothing_can_be_removed_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper.shutil, "rmtree", lambda *args, **options: None)
    keeper.remove(tmp_path, patience=0.1)
    assert tmp_path.exists()


def _is_gone(folder: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while folder.exists():
        assert time.monotonic() < ends, sorted(os.walk(folder))
        time.sleep(0.05)
