"""What runs beside others: its output is printed whole, its failure counts, and it ends with whoever started it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import dev
from devtools.beside import Beside

CHECKS = """#!/bin/sh
[ "$2" = mypy ] || exit 0
tries=0
until [ -e begun ] || [ $tries = 600 ]; do sleep 0.1; tries=$((tries + 1)); done
[ -e begun ] && echo "mypy was there when pytest began"
exit CODE
"""
"""In place of Python: ruff finds nothing, and mypy waits for pytest before it ends."""


@pytest.mark.parametrize(("code", "verdict"), [(0, "all is well"), (1, "failed: mypy")])
def test_types_are_checked_beside_the_tests(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, code: int, verdict: str
) -> None:
    checks = tmp_path / "checks"
    checks.write_text(CHECKS.replace("CODE", str(code)))
    checks.chmod(0o755)

    def run_tests(*_: object) -> int:
        (tmp_path / "typecheck" / "begun").touch()
        return 0

    monkeypatch.setattr(dev, "PYTHON", checks)
    monkeypatch.setattr(dev, "DEV", tmp_path)
    monkeypatch.setattr(dev, "prepare", lambda **_: None)
    monkeypatch.setattr(dev, "compile_tests", lambda env: 0)
    monkeypatch.setattr(dev, "ensure_chromium", lambda: "chromium")
    monkeypatch.setattr(dev, "private_world", lambda: dict(os.environ))
    monkeypatch.setattr(dev, "run_in_parallel", run_tests)
    assert dev.main(["test"]) == code
    said = capfd.readouterr().out
    assert said.index("== pytest") < said.index("== mypy\nmypy was there when pytest began") < said.index(verdict)


def test_all_that_is_said_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    program = "import sys; print('x\\n' * 100_000, flush=True); sys.stderr.write('the end'); sys.exit(3)"
    with Beside(sys.executable, "-c", program, env={}) as beside:
        assert beside.finish() == 3
    said = capsys.readouterr().out
    assert said.count("x") == 100_000
    assert said.endswith("the end")


def test_what_nobody_waits_for_is_ended() -> None:
    with Beside(sys.executable, "-c", "import time; time.sleep(600)", env={}) as beside:
        number = beside._process.pid
        os.kill(number, 0)  # it runs
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
