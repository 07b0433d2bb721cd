"""The listener: reads mailboxes, and PBXs that tell of their calls over a connection. ``python -m jobs.listen``.

One thread per account of this kind. Several machines may run it: each account is read by one of them.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from typing import Any

import structlog

from connector import logs
from connector.errors import SettingsError
from connector.listening.health import listens
from connector.listening.listener import PACE, House, Listener, Pace
from jobs.dispatch import house
from jobs.patience import until_built

log = structlog.get_logger()

_IDLE = "no account of connector.yaml has a stream (mail and Asterisk have): what calls us needs connector web alone"
GRACE = 30.0  # seconds for what was read to be kept


def serve(connector: House, stop: threading.Event, *, pace: Pace = PACE) -> bool:
    """Listen to all accounts that have a stream until ``stop``; whether all ended in time."""
    accounts = [account for account in connector.accounts.values() if listens(account)]
    listeners = [Listener(connector, account, stop, pace=pace) for account in accounts]
    threads = [
        threading.Thread(target=listener.run, name=f"listen-{listener.account.name}", daemon=True)
        for listener in listeners
    ]
    idle = {} if accounts else {"hint": _IDLE}
    log.info("listen.started", accounts=[account.name for account in accounts], **idle)
    for thread in threads:
        thread.start()
    # Without any account too: whoever runs the Procfile stops all when one process ends.
    while not stop.wait(pace.beat):
        for listener in listeners:
            _beat(listener)
    return _joined(threads, listeners, pace.beat)


def _joined(threads: list[threading.Thread], listeners: list[Listener], beat: float) -> bool:
    """What was read is kept first, and the account stays ours meanwhile."""
    for _ in range(int(GRACE / beat) if threads else 0):
        for thread in threads:
            thread.join(beat / len(threads))
        if not any(thread.is_alive() for thread in threads):
            return True
        for listener in listeners:
            _beat(listener)
    return not threads


def _beat(listener: Listener) -> None:
    try:
        listener.beat()
    except Exception:  # one account's trouble must not end the others
        log.exception("listen.beat_failed", account=listener.account.name)


def main() -> int:
    """Listen until SIGTERM or SIGINT; returns the exit code."""
    logs.configure()
    stop = threading.Event()

    def halt(signum: int, frame: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, halt)
    signal.signal(signal.SIGINT, halt)
    try:
        home = until_built(house, stop)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if home is None:
        return 0
    gc.freeze()  # what is loaded stays: no collection looks through it
    ended = serve(home.connector, stop)
    log.info("listen.stopped", in_time=ended)
    return 0 if ended else 1


if __name__ == "__main__":
    sys.exit(main())
