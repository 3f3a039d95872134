"""dev.py speaks plainly when something is missing, and keeps out of what is the user's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dev


def test_help_needs_no_environment(root: Path) -> None:
    said = subprocess.run([sys.executable, "-S", root / "dev.py", "--help"], capture_output=True, text=True, check=True)
    assert all(f"python dev.py {command}" in said.stdout for command in ("demo", "demo --headless", "test", "bench"))


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert dev.main(["demo"]) == 1
    assert "needs Python 3.10 or newer" in capsys.readouterr().err


def test_a_python_without_venv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "importlib_missing", lambda *names: True)
    _in_folder(monkeypatch, tmp_path)
    with pytest.raises(dev.Trouble, match="python3-venv"):
        dev.prepare()


def test_a_missing_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_folder(monkeypatch, tmp_path)
    words = "WARNING: Retrying: NewConnectionError: Name or service not known"
    with pytest.raises(dev.Trouble, match="cannot be reached: check the network"), dev.INSTALL_LOG.open("w") as log:
        dev._logged(log, sys.executable, "-c", f"import sys; print({words!r}); sys.exit(1)")


def test_another_failure_gives_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_folder(monkeypatch, tmp_path)
    with pytest.raises(dev.Trouble, match="ERROR: the disk is full"), dev.INSTALL_LOG.open("w") as log:
        dev._logged(log, sys.executable, "-c", "import sys; print('ERROR: the disk is full'); sys.exit(1)")


def test_nothing_of_the_users_fiftyone_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", "mongodb://theirs")
    monkeypatch.setenv("FIFTYONE_CVAT_URL", "https://cvat.example")
    env = dev.private_world()
    assert "FIFTYONE_DATABASE_URI" not in env
    assert env["FIFTYONE_CVAT_URL"] == "https://cvat.example"
    assert env["HOME"] == str(dev.DEV / "home")


def test_the_environment_is_made_again_only_when_requirements_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text((dev.ROOT / name).read_text())
    made = dev._fingerprint()
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    assert dev._fingerprint() == made
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ndev = ["pytest"]\n[tool.other]\n')
    other = dev._fingerprint()
    assert other != made
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ndev = ["pytest"]\n[tool.changed]\n')
    assert dev._fingerprint() == other
    (tmp_path / "requirements.txt").write_text("fiftyone\n")
    assert dev._fingerprint() != other


def test_the_plugin_is_copied_where_links_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dev.link_plugin(tmp_path)
    place = tmp_path / "roundtrip-cvat"
    assert place.is_symlink()
    assert place.resolve() == dev.ROOT

    def refuse(*args: object, **options: object) -> None:
        raise OSError("not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    dev.link_plugin(tmp_path)
    assert not place.is_symlink()
    assert (place / "fiftyone.yml").read_text() == (dev.ROOT / "fiftyone.yml").read_text()
    assert not (place / ".dev").exists()


def test_a_browser_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/my/chrome")
    assert dev.find_chromium() == "/opt/my/chrome"


def test_a_browser_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(dev.Trouble, match="set CHROMIUM"):
        dev.ensure_chromium()


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
    for _ in range(100):
        try:
            os.kill(helper, 0)
        except ProcessLookupError:
            return
        subprocess.run(["sleep", "0.1"])
    pytest.fail("the helper is still there")


def _in_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(dev, "DEV", folder)
    monkeypatch.setattr(dev, "VENV", dev.ROOT / folder.name)
    monkeypatch.setattr(dev, "STAMP", folder / "installed.json")
    monkeypatch.setattr(dev, "INSTALL_LOG", folder / "install.log")
