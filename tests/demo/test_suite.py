"""What failed beside other tests runs once more alone: a few, and never in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devtools import suite


@pytest.mark.parametrize(
    ("failed", "codes", "code", "runs"),
    [
        ([], [0], 0, 1),
        (["a", "b"], [1, 0], 0, 2),
        (["a", "b"], [1, 1], 1, 2),
        (list("abcde"), [1, 0], 0, 2),
        (list("abcdef"), [1], 1, 1),
        (["a"], [2], 2, 1),  # interrupted
        ([], [1], 1, 1),
    ],
)
def test_a_second_try(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failed: list[str],
    codes: list[int],
    code: int,
    runs: int,
) -> None:
    kept = tmp_path / "lastfailed"
    if failed:
        kept.write_text(json.dumps(dict.fromkeys(failed, True)))
    commands: list[tuple[object, ...]] = []

    def run(*command: object, env: dict[str, str]) -> int:
        commands.append(command)
        return codes[len(commands) - 1]

    monkeypatch.setattr(suite, "run", run)
    monkeypatch.setattr(suite, "LAST_FAILED", kept)
    assert suite.run_in_parallel({}) == code
    assert len(commands) == runs
    if runs == 2:
        assert commands[1][-len(failed) :] == tuple(failed)
    listed = capsys.readouterr().out.split("passed alone:")[1:]
    assert [text.split() for text in listed] == ([failed] if runs == 2 and code == 0 else [])
