#!/usr/bin/env python3
"""The one door for newcomers. Needs nothing but Python 3.10 or newer:

    python dev.py demo              see the loop: a dataset, the sandbox, the App; it prints what to click
    python dev.py demo --headless   the same loop played by itself, and checked
    python dev.py test              everything that is checked before a change goes in
    python dev.py bench             the measurements
    python dev.py pictures          makes the pictures of the documentation anew

All of it happens in the folder .dev beside this file: an environment and a home directory. Your own FiftyOne,
its datasets and its settings are never touched. Delete .dev to start afresh.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import time
from collections.abc import Callable

from devtools.beside import Beside
from devtools.browser import ensure_chromium
from devtools.environment import prepare
from devtools.places import DEV, PYTHON, ROOT, Trouble, check_folder, duration, need, run
from devtools.suite import compile_tests, run_in_parallel
from devtools.world import private_world

COVERAGE = ("--cov", "--cov-report=term")

IMAGES = ROOT / "docs" / "images"
TYPED_ROOMS = ("cvat", "labels", "sync")


def main(arguments: list[str] | None = None) -> int:
    """Run the named command and return its exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command in ("demo", "pictures"):
        parser.error(f"{options.command} does not know {' '.join(rest)}")
    try:
        _check_machine()
        check_folder()
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
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | test | bench | pictures")

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
    test.add_argument("--all", action="store_true", help="also the long suites (sets ROUNDTRIP_ALL=1), and coverage")
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

    pictures = commands.add_parser(
        "pictures", help="make the pictures anew", description=PICTURES_HELP, formatter_class=as_written
    )
    pictures.set_defaults(run=pictures_command)
    return parser


DEMO_HELP = """\
Makes a dataset of street, parking and shelf scenes, starts the sandbox (a small server that behaves like
CVAT), opens the FiftyOne App and prints what to click. Ctrl-C ends everything.

To use a real CVAT instead of the sandbox, set FIFTYONE_CVAT_URL and either FIFTYONE_CVAT_TOKEN, or
FIFTYONE_CVAT_USERNAME and FIFTYONE_CVAT_PASSWORD."""

TEST_HELP = """\
Runs ruff, mypy and pytest, and installs Chromium for the browser suite if there is none. With pytest arguments
(a path, -k words, ...) only those tests run, without the other checks. If at most five tests fail beside others,
those run once more alone, and what passes then is listed. --all runs the long suites, too, and measures coverage,
which takes nearly twice the time."""

BENCH_HELP = """\
Runs the measurements of the folder bench. Each prints one table and fails if a figure misses its target."""

PICTURES_HELP = """\
Plays the browser suite and puts the pictures that it takes into docs/images, in place of those that are there:
each picture of the documentation, and the moving one of the whole loop. Needs some minutes."""


# --- the commands -------------------------------------------------------------------------------------------


def demo_command(options: argparse.Namespace, rest: list[str]) -> int:
    """The demo, in its own process and environment."""
    prepare()
    arguments = ["--headless"] if options.headless else []
    arguments += ["--port", str(options.port)] if options.port is not None else []
    return run(PYTHON, "-m", "demo", *arguments, env=private_world())


def test_command(options: argparse.Namespace, rest: list[str]) -> int:
    """Every check, all of them even if an early one fails, so that one run tells everything."""
    need("tests")
    started = time.monotonic()
    prepare(development=True)
    for leftover in "failed", "shared":  # pages of the run before, and what its processes had in common
        shutil.rmtree(DEV / leftover, ignore_errors=True)
    (DEV / "shared").mkdir()
    env = {**private_world(), "CHROMIUM": ensure_chromium(), "ROUNDTRIP_ALL": "1" if options.all else ""}
    env["ROUNDTRIP_SHARED"] = str(DEV / "shared")
    if rest:
        return run(PYTHON, "-m", "pytest", *rest, env=env)
    failed = []
    with Beside(PYTHON, "-m", "mypy", *_mypy_arguments(), env=env, cwd=DEV / "typecheck") as mypy:
        steps: dict[str, Callable[[], int]] = {
            "ruff": lambda: run(PYTHON, "-m", "ruff", "check", ".", env=env),
            "ruff format": lambda: run(PYTHON, "-m", "ruff", "format", "--check", ".", env=env),
            "pytest --collect-only": lambda: compile_tests(env),
            "pytest": lambda: run_in_parallel(env, *(COVERAGE if options.all else ())),
            "mypy": mypy.finish,
        }
        for name, step in steps.items():
            print(f"\n== {name}", flush=True)
            if step() != 0:
                failed.append(name)
    verdict = f"failed: {', '.join(failed)}" if failed else "all is well"
    print(f"\n== {verdict}, after {duration(time.monotonic() - started)}", flush=True)
    return 1 if failed else 0


def bench_command(options: argparse.Namespace, rest: list[str]) -> int:
    """One measurement, or all of them."""
    need("bench")
    names = [options.name] if options.name else _benches()
    unknown = set(names) - set(_benches())
    if unknown:
        raise Trouble(f"There is no measurement {' '.join(unknown)!r}; there are: {', '.join(_benches())}.")
    prepare()
    codes = [run(PYTHON, "-m", f"bench.{name}", *rest, env=private_world()) for name in names]
    return max(codes)


def pictures_command(options: argparse.Namespace, rest: list[str]) -> int:
    """The browser suite, whose pictures are kept if all goes well."""
    need("tests")
    prepare(development=True)
    album = DEV / "pictures"
    shutil.rmtree(album, ignore_errors=True)
    album.mkdir(parents=True)
    env = {**private_world(), "CHROMIUM": ensure_chromium(), "ROUNDTRIP_IMAGES": str(album)}
    code = run(PYTHON, "-m", "pytest", "-o", "python_files=test_*.py film.py", "tests/app", env=env)
    if code != 0:
        print(f"\nThe browser suite failed: {IMAGES.relative_to(ROOT)} is as it was.", file=sys.stderr)
        return code
    shutil.rmtree(IMAGES, ignore_errors=True)
    shutil.copytree(album, IMAGES)
    print(
        f"\n{len(list(IMAGES.iterdir()))} pictures are in {IMAGES.relative_to(ROOT)}. Look at them before you commit."
    )
    return 0


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


def _check_machine() -> None:
    if sys.version_info < (3, 10):  # noqa: UP036 - whoever runs this may have any Python
        raise Trouble(f"This needs Python 3.10 or newer, and this is {platform.python_version()}: try a newer one.")
    if sys.platform == "win32":
        raise Trouble("This works on Linux and macOS; on Windows, use it inside WSL.")


if __name__ == "__main__":
    sys.exit(main())
