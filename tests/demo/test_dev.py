"""dev.py speaks plainly when something is missing, and keeps out of what is the user's."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import dev
from devtools import browser, environment, places, progress, world


def test_help_needs_no_environment(root: Path) -> None:
    said = subprocess.run([sys.executable, "-S", root / "dev.py", "--help"], capture_output=True, text=True, check=True)
    assert all(
        f"python dev.py {command}" in said.stdout
        for command in ("demo", "demo --headless", "test", "bench", "pictures")
    )


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert dev.main(["demo"]) == 1
    assert "needs Python 3.10 or newer" in capsys.readouterr().err


def test_a_python_without_venv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "modules_missing", lambda *names: True)
    _in_folder(monkeypatch, tmp_path)
    with pytest.raises(places.Trouble, match="python3-venv"):
        environment.prepare()


def test_a_missing_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_folder(monkeypatch, tmp_path)
    words = "WARNING: Retrying: NewConnectionError: Name or service not known"
    with (
        pytest.raises(places.Trouble, match="cannot be reached: check the network"),
        environment.INSTALL_LOG.open("w") as log,
    ):
        environment._logged(log, sys.executable, "-c", f"import sys; print({words!r}); sys.exit(1)")


def test_another_failure_gives_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_folder(monkeypatch, tmp_path)
    with pytest.raises(places.Trouble, match="ERROR: the disk is full"), environment.INSTALL_LOG.open("w") as log:
        environment._logged(log, sys.executable, "-c", "import sys; print('ERROR: the disk is full'); sys.exit(1)")


def test_a_folder_that_cannot_be_written_to_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(places, "DEV", tmp_path / "file" / ".dev")
    assert dev.main(["demo", "--headless"]) == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"{places.DEV} cannot be written to (Not a directory)")
    assert "copy this folder" in said
    assert "\n" not in said


@pytest.mark.parametrize("command", ["test", "bench", "pictures"])
def test_an_archive_says_that_a_clone_has_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "DEV", tmp_path / ".dev")
    assert dev.main([command]) == 1
    assert "Clone the repository" in capsys.readouterr().err


def test_nothing_of_the_users_fiftyone_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", "mongodb://theirs")
    monkeypatch.setenv("FIFTYONE_CVAT_URL", "https://cvat.example")
    monkeypatch.setenv("FIFTYONE_CVAT_TOKEN", "theirs")
    env = world.private_world()
    assert "FIFTYONE_DATABASE_URI" not in env
    assert (env["FIFTYONE_CVAT_URL"], env["FIFTYONE_CVAT_TOKEN"]) == ("https://cvat.example", "theirs")
    assert env["HOME"] == str(places.DEV / "home")


def test_what_was_compiled_is_kept_for_the_next_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in world.private_world()


@pytest.mark.parametrize("url", [None, "", "  "])
def test_a_login_of_the_user_without_a_server_is_not_passed_on(
    monkeypatch: pytest.MonkeyPatch, url: str | None
) -> None:
    monkeypatch.delenv("FIFTYONE_CVAT_URL", raising=False)
    names = [f"FIFTYONE_CVAT_{name}" for name in ("TOKEN", "EMAIL", "USERNAME", "PASSWORD", "ORGANIZATION")]
    for name in [*names, "CVAT_TOKEN"]:
        monkeypatch.setenv(name, "theirs")
    if url is not None:
        monkeypatch.setenv("FIFTYONE_CVAT_URL", url)
    assert "theirs" not in world.private_world().values()


def test_the_users_proxy_is_not_asked_for_what_is_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    env = world.private_world()
    assert env["HTTP_PROXY"] == "http://proxy.example"
    assert env["NO_PROXY"] == env["no_proxy"] == "intranet.example,127.0.0.1,localhost"


PIP = """Collecting fiftyone>=1.22 (from -r requirements.txt (line 1))
  Downloading fiftyone-1.22.1-py3-none-any.whl (9.1 MB)
Collecting numpy
Installing collected packages: numpy, fiftyone
"""


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("out", [io.StringIO, Screen])
def test_an_installation_says_how_far_it_is_also_while_pip_is_silent(
    monkeypatch: pytest.MonkeyPatch, out: type[io.StringIO]
) -> None:
    screen = out()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(progress, "OFTEN", 0.01)
    monkeypatch.setattr(progress, "SELDOM", 0.01)
    with progress.Progress() as told:
        for line, words in zip(
            PIP.splitlines(),
            (
                "package 1: collecting fiftyone>=1.22 (from",
                "package 1: downloading fiftyone-1.22.1-py3-none-any.whl (9.1 MB)",
                "package 2: collecting numpy",
                "installing 2 packages",
            ),
            strict=True,
        ):
            told.hear(line)
            _wait_until(lambda words=words: screen.getvalue().count(words) >= 2)  # type: ignore[misc]
    shown = screen.getvalue()
    assert ("\r" in shown) == screen.isatty()
    assert shown.endswith("\r\x1b[K" if screen.isatty() else "\n")


def test_the_words_of_pip_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_folder(monkeypatch, tmp_path)
    with environment.INSTALL_LOG.open("w") as log:
        environment._logged(log, sys.executable, "-c", f"print({PIP!r}, end='')")
    assert environment.INSTALL_LOG.read_text() == PIP


RUNNING = """
import sys
from devtools.places import run
program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
sys.exit(run(sys.executable, "-c", program, env={}))
"""


def test_what_runs_ends_with_dev_py(root: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", RUNNING], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.terminate()
    assert process.wait(30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_the_environment_is_made_again_only_when_requirements_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text((places.ROOT / name).read_text())
    made = environment._fingerprint()
    monkeypatch.setattr(places, "ROOT", tmp_path)
    assert environment._fingerprint() == made
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ndev = ["pytest"]\n[tool.other]\n')
    other = environment._fingerprint()
    assert other != made
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ndev = ["pytest"]\n[tool.changed]\n')
    assert environment._fingerprint() == other
    (tmp_path / "requirements.txt").write_text("fiftyone\n")
    assert environment._fingerprint() != other


def test_the_plugin_is_copied_where_links_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world.link_plugin(tmp_path)
    place = tmp_path / "roundtrip-cvat"
    assert place.is_symlink()
    assert place.resolve() == places.ROOT

    def refuse(*args: object, **options: object) -> None:
        raise OSError("not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    world.link_plugin(tmp_path)
    assert not place.is_symlink()
    assert (place / "fiftyone.yml").read_text() == (places.ROOT / "fiftyone.yml").read_text()
    assert not (place / ".dev").exists()


def test_a_browser_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/my/chrome")
    assert browser.find_chromium() == "/opt/my/chrome"


def test_a_browser_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(places.Trouble, match="set CHROMIUM"):
        browser.ensure_chromium()


def test_helpers_end_with_whoever_started_them(tmp_path: Path, root: Path) -> None:
    """Even if that one is killed: nobody has to look for a left-over database."""
    program = "import os, time; open('pid', 'w').write(str(os.getpid())); print('up', flush=True); time.sleep(60)"
    starter = (
        "import os, signal, sys; from demo.guard import Guarded\n"
        f"next(Guarded([sys.executable, '-c', {program!r}]).lines()); os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", starter], cwd=tmp_path, env=env, timeout=30)
    helper = int((tmp_path / "pid").read_text())
    _wait_until(lambda: not _lives(helper))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def _in_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(places, "DEV", folder)
    monkeypatch.setattr(environment, "VENV", places.ROOT / folder.name)
    monkeypatch.setattr(environment, "STAMP", folder / "installed.json")
    monkeypatch.setattr(environment, "INSTALL_LOG", folder / "install.log")
