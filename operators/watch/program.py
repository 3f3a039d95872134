"""The program for a service or a cron job; `importable/roundtrip_watch.py` starts it."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FrameType
from typing import Any

import fiftyone as fo

from ...sync.errors import CvatError, Refused, RoundtripError
from ...sync.request import parse
from ...sync.runs.run_record import RunRecord
from ...sync.watch.alarm import Alarm
from ...sync.watch.hooks import Hooks, Secret, new_secret, places_of, watched_records
from ...sync.watch.program import prepare, summary, until_interrupted
from ...sync.watch.receiver import LOOPBACK, Receiver
from ...sync.watch.rule import USUAL, WatchRequest
from ...sync.watch.watcher import Watcher
from ..load.form import STAGES, STATES
from ..shared import context

ABOUT = """\
Loads runs of a dataset by themselves: what annotators completed in CVAT comes into the dataset without a click.

How to log in is said by the environment (FIFTYONE_CVAT_URL and _TOKEN, or _USERNAME and _PASSWORD). Ctrl-C or SIGTERM
ends it cleanly. The exit code is 0 if all went well, 1 if something is wrong with a run, 2 if it can't begin."""


SECRET = "FIFTYONE_CVAT_WEBHOOK_SECRET"

WEBHOOK = f"""\
CVAT can wake this program as soon as a job changes. What is delivered is checked against the secret of the webhook, and
is only a hint to look now. The secret is in {SECRET}; with --webhook-url a new one is made if that is not set."""


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
    hook = parser.add_argument_group("webhook", WEBHOOK)
    hook.add_argument("--webhook", type=int, metavar="PORT", help="listen at this port")
    hook.add_argument("--webhook-host", default=LOOPBACK, metavar="ADDRESS", help="of this machine (default: loopback)")
    hook.add_argument("--webhook-url", metavar="URL", help="make the webhook in CVAT, and remove it at the end")
    scope = "of the projects of the runs (default), or of their organization"
    hook.add_argument("--webhook-scope", choices=["project", "organization"], default="project", help=scope)
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
    with _listening(options, watcher):
        until_interrupted(watcher, once=options.once)
    _print("", summary(watcher)["text"])
    return 1 if watcher.troubles else 0


@contextmanager
def _listening(options: argparse.Namespace, watcher: Watcher) -> Iterator[None]:
    """Takes what webhooks deliver, if that is asked for."""
    if options.webhook is None or options.once:
        if options.webhook is not None or options.webhook_url:
            raise Refused("A webhook is for a watcher that goes on: give --webhook PORT, and leave out --once.")
        yield
        return
    said = os.environ.get(SECRET)
    if not said and not options.webhook_url:
        raise Refused(
            f"Set {SECRET} to the secret of the webhook in CVAT, or give --webhook-url to have a webhook made there."
        )
    secret = Secret(said) if said else new_secret()

    def ring(task: int) -> None:
        if task in watcher.tasks:
            watcher.alarm.ring()

    with Receiver(secret, ring, options.webhook, options.webhook_host) as receiver, ExitStack() as stack:
        if options.webhook_url:
            hooks = Hooks(options.webhook_url, secret, _connect, _print)
            stack.callback(hooks.remove)
            hooks.make(places_of(watched_records(watcher.dataset, watcher.order), options.webhook_scope))
            watcher.meet = partial(hooks.meet, options.webhook_scope)
        _print("", f"Listening at {options.webhook_host}, port {receiver.port}.")
        yield


def _connect(record: RunRecord) -> Any:
    return context.client_from({}, record.organization, server=record.server)


def _print(key: str, text: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {key + ': ' if key else ''}{text}", flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends it as Ctrl-C does."""
    raise KeyboardInterrupt
