"""What RQ runs. Every task may run twice, late or on two machines at once, and does no harm by it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from functools import cache

import structlog

from connector import reconcile as reconciling
from connector.bootstrap import Connector
from connector.errors import ConnectorError, PermanentError
from connector.portal import Portal
from connector.telephony import history, renewal, watchdog
from jobs.dispatch import House, house
from jobs.queues import PUMP_SECONDS

log = structlog.get_logger()

_DESTINATION = re.compile(r"(portal|account):[a-z][a-z0-9_-]{0,30}")
_HOLD_EVERY = 3.0


@cache
def stopping() -> threading.Event:
    """Set when this process was told to stop; a pump at work then finishes its round and leaves."""
    return threading.Event()


def pump(destination: str) -> int:
    """Drain ``destination`` (``portal:<name>`` or ``account:<name>``); returns how many deliveries were settled."""
    if not isinstance(destination, str) or not _DESTINATION.fullmatch(destination):
        log.warning("pump.unknown_destination")
        return 0
    return drain(house(), destination, stop=stopping().is_set)


def drain(
    home: House,
    destination: str,
    *,
    stop: Callable[[], bool],
    seconds: float = PUMP_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Pump ``destination`` until nothing is due or the time is up, then wake a successor if it was.

    The flag is up while the pump works and down for the last look (see ``jobs.dispatch``).
    """
    ends, total, held = clock() + seconds, 0, 0.0

    def beat() -> bool:
        nonlocal held
        if clock() - held > _HOLD_EVERY:
            home.wake.hold(destination)
            held = clock()
        return stop()

    while True:
        settled = _run(home, destination, ends - clock(), beat)
        held = 0.0
        home.wake.lower(destination)
        late = _run(home, destination, ends - clock(), stop) if not stop() else 0
        total += settled + late
        if stop() or clock() >= ends:
            home.wake(destination)
            return total
        if not late:
            return total


def _run(home: House, destination: str, seconds: float, should_stop: Callable[[], bool]) -> int:
    if seconds <= 0:
        return 0
    return home.connector.pump(destination).run(seconds=seconds, should_stop=should_stop)


def sweep(home: House | None = None) -> int:
    """Wake every destination that has due work and no live pump; returns how many."""
    home = home or house()
    due = home.connector.journal.due_destinations()
    for destination in due:
        home.wake.rouse(destination)
    return len(due)


def drain_spool(home: House | None = None) -> int:
    """Feed what the spool of this machine keeps back to the journal; returns how many envelopes went."""
    connector = (home or house()).connector
    return connector.intake.drain() if connector.spool.pending() else 0


def watch_mappings(home: House | None = None) -> str:
    """Put the rules of this machine's folder to use when they changed; the version, or empty.

    Broken ones are told once for each change; what was in use stays.
    """
    try:
        return (home or house()).connector.rulebook.watch()
    except PermanentError as error:
        log.error("mapping.broken", cause=error.cause, why=error.hint.en)
        return ""


def refresh_tokens(home: House | None = None) -> int:
    """Renew the tokens that are about to expire; returns how many portals were renewed."""
    return sum(_refreshed(portal) for portal in (home or house()).connector.portals.values())


def _refreshed(portal: Portal) -> bool:
    try:
        return portal.refresh_if_near_expiry()
    except ConnectorError as error:
        log.warning("tokens.not_refreshed", portal=portal.name, cause=error.cause, hint=error.hint.en)
        return False


def reconcile(home: House | None = None) -> int:
    """Look for replies and delivery statuses that portals never told us; returns how many were found.

    Every portal has its own pace (five minutes, and at once after a failure), so this may run as often as it likes.
    """
    connector = (home or house()).connector
    seconds = reconciling.SECONDS / max(1, len(connector.portals))

    def look(name: str) -> int:
        if not reconciling.due(connector, name):
            return 0
        report = reconciling.reconcile(connector, name, seconds=seconds, stop=stopping().is_set)
        return report.found + report.late + report.statuses if report else 0

    return _each(connector, look, failure="reconcile.failed")


def backfill(home: House | None = None) -> int:
    """Read calls that never reached us from the histories of PBXs; returns how many were found.

    Every account has its own pace (ten minutes, and at once after it was away), so this may run as often as it likes.
    """
    connector = (home or house()).connector
    asked = [name for name, account in connector.accounts.items() if history.has_history(account)]
    found = 0
    for name in asked:
        if stopping().is_set() or not history.due(connector, name):
            continue
        seconds = history.SECONDS / len(asked)
        report = history.backfill(connector, name, seconds=seconds, stop=stopping().is_set)
        found += report.found + report.recordings if report else 0
    return found


def subscribe(home: House | None = None) -> int:
    """Renew our subscriptions at PBXs that forget us after a while; returns how many were renewed."""
    connector = (home or house()).connector
    names = [name for name, account in connector.accounts.items() if renewal.renews(account)]
    return sum(renewal.renew(connector, name) for name in names)


def watch_calls(home: House | None = None) -> int:
    """Have calls ended whose end was lost; returns how many."""
    return watchdog.watch((home or house()).connector)


def check_handlers(home: House | None = None) -> int:
    """Compare the event handlers of every portal with what is wanted; returns how much is wrong."""
    connector = (home or house()).connector
    return _each(
        connector, lambda name: len(reconciling.check_handlers(connector, name)), failure="handlers.not_checked"
    )


def tally(home: House | None = None) -> int:
    """Count what arrived and what was delivered in the hours that are not over yet; returns how many hours."""
    return (home or house()).connector.journal.tally()


def learn_limits(home: House | None = None) -> int:
    """Ask every portal that can be asked for the figures of its tariff; returns how many answered."""
    connector = (home or house()).connector

    def learn(name: str) -> int:
        if not connector.portals[name].installed():
            return 0
        connector.portals[name].learn()
        return 1

    return _each(connector, learn, failure="limits.not_learned")


def _each(connector: Connector, deed: Callable[[str], int], *, failure: str) -> int:
    """``deed`` for each portal, added up; one that fails keeps no other from it."""
    done = 0
    for name in connector.portals:
        try:
            done += deed(name)
        except ConnectorError as error:
            log.warning(failure, portal=name, cause=error.cause, hint=error.hint.en)
    return done


def trim(home: House | None = None) -> dict[str, int]:
    """Forget what is older than the limits allow; returns how many files and rows went."""
    connector = (home or house()).connector
    limits = connector.settings.limits
    gone = {
        "faces": connector.journal.trim_faces(limits.media_days),
        "files": connector.media.trim(limits.media_days),
        **connector.journal.trim(limits.envelope_days),
        **connector.journal.trim_sync(limits.envelope_days),
        "tallies": connector.journal.trim_tallies(),
    }
    log.info("trimmed", **gone)
    return gone
