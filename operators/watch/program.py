"""The program for a service or a cron job; `importable/roundtrip_watch.py` starts it."""

import argparse
import signal
import sys
import time
from types import FrameType
from typing import Any

import fiftyone as fo

from ...sync.errors import CvatError, Refused, RoundtripError
from ...sync.request import parse
from ...sync.runs.record import RunRecord
from ...sync.watch.alarm import Alarm
from ...sync.watch.program import prepare, summary, until_interrupted
from ...sync.watch.rule import USUAL, WatchRequest
from ..load.form import STAGES, STATES
from ..shared import context

ABOUT = """\
Loads runs of a dataset by themselves: what annotators completed in CVAT comes into the dataset without a click.

How to log in is said by the environment (FIFTYONE_CVAT_URL and _TOKEN, or _USERNAME and _PASSWORD). Ctrl-C or SIGTERM
ends it cleanly. The exit code is 0 if all went well, 1 if something is wrong with a run, 2 if it can't begin."""


def main(arguments: list[str] | None = None) -> int:
    """Watches, as the command line says; the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _watch(options)
    except (RoundtripError, CvatError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="roundtrip_watch", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", required=True, help="the name of the dataset")
    parser.add_argument("--runs", nargs="+", default=[], help="the keys of the runs (default: all that are turned on)")
    parser.add_argument("--every", type=float, default=USUAL, help="seconds between two looks (default: 60)")
    parser.add_argument("--once", action="store_true", help="look once and end, as for a cron job")
    parser.add_argument("--states", nargs="+", choices=[*STATES, "any"], help="of jobs (default: completed)")
    parser.add_argument("--stages", nargs="+", choices=[*STAGES, "any"], help="of jobs (default: any)")
    parser.add_argument("--policy", choices=["ask", "remote", "local"], help="whose change counts (default: ask)")
    return parser


def _watch(options: argparse.Namespace) -> int:
    try:
        dataset = fo.load_dataset(options.dataset)
    except ValueError:
        raise Refused(f"There is no dataset '{options.dataset}'.") from None
    given: dict[str, Any] = {name: getattr(options, name) for name in ("runs", "every", "once", "policy")}
    for name in ("states", "stages"):
        said = getattr(options, name)
        given[name] = [] if said and "any" in said else said
    watcher = prepare(dataset, parse(WatchRequest, given), _connect, _print, Alarm())
    until_interrupted(watcher, once=options.once)
    _print("", summary(watcher)["text"])
    return 1 if watcher.troubles else 0


def _connect(record: RunRecord) -> Any:
    return context.client_from({}, record.organization, server=record.server)


def _print(key: str, text: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {key + ': ' if key else ''}{text}", flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends it as Ctrl-C does."""
    raise KeyboardInterrupt
