"""One look back over the conversations of late, resumable, under the bulk budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import Any

import structlog

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.journal.recent import Place
from connector.portal import Portal
from connector.reconcile.history import METHOD, Handed, handed_over, session_of
from connector.reconcile.house import House
from connector.reconcile.lines import Lines
from connector.reconcile.mark import Mark, Round, keep_mark, mark_of, moment
from connector.reconcile.replies import Settled, settle
from connector.speech import Text

log = structlog.get_logger()

AT_ONCE = 25  # histories in one request
SECONDS = 240.0
NARROW = timedelta(hours=2)  # a narrow round reads the conversations that were alive within this time
OPENED = timedelta(days=7)  # sessions without an end are looked at for so long
FURTHEST = timedelta(days=7)  # no outage longer than this is looked back over

_NOT_RUN = Text(
    "Bitrix24 did not run the reading of histories; it is tried again in a minute.",
    "Битрикс24 не выполнил чтение истории диалогов; попытка повторится через минуту.",
)


@dataclass(kw_only=True)
class Report:
    """What a look back saw; ``unreadable`` are the chats that it may not see.

    ``ended``: the whole round is done, else it goes on next time.
    """

    chats: int = 0
    found: int = 0
    late: int = 0
    statuses: int = 0
    unreadable: int = 0
    ended: bool = False

    def add(self, settled: Settled) -> None:
        """Count what one part brought."""
        self.found += settled.found
        self.late += settled.late
        self.statuses += settled.statuses


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a round works with."""

    house: House
    portal: Portal
    round: Round
    lines: Lines
    report: Report = field(default_factory=Report)


def due(house: House, portal: str) -> bool:
    """Whether ``portal`` can be looked through and it is time to. Raises ``JournalAway``."""
    known = house.portals[portal]
    return bool(known.connector_prefix) and known.installed() and mark_of(house.journal, portal).due(house.clock())


def reconcile(
    house: House,
    portal: str,
    *,
    seconds: float = SECONDS,
    stop: Callable[[], bool] = lambda: False,
    monotonic: Callable[[], float] = time.monotonic,
) -> Report | None:
    """Find what ``portal`` handed to us and never told. ``None``: another process is at it.

    The window begins where the last finished round ended, less an overlap, so an outage of any length up to a week is
    covered. What ``seconds`` do not suffice for goes on next time. Raises what the portal or the journal raised; the
    mark then stays, and the next attempt is due at once.
    """
    ends = monotonic() + seconds
    with house.journal.lock(f"reconcile:{portal}", ttl=seconds + 120.0) as mine:
        if not mine:
            return None
        began = house.clock()
        mark = mark_of(house.journal, portal)
        look = _Look(
            house=house,
            portal=house.portals[portal],
            round=mark.plan(began, furthest=_furthest(house)),
            lines=Lines(house.portals[portal]),
        )
        mark = replace(mark, tried=began.timestamp(), going=look.round, failed=True)
        keep_mark(house.journal, portal, mark)
        mark = _through(look, mark, lambda: stop() or monotonic() > ends)
        keep_mark(house.journal, portal, mark)
        return look.report


def _furthest(house: House) -> timedelta:
    """No look back beyond what the journal still knows: a reply that was trimmed would look lost."""
    return max(min(FURTHEST, timedelta(days=house.settings.limits.envelope_days - 1)), timedelta(hours=1))


def _through(look: _Look, mark: Mark, over: Callable[[], bool]) -> Mark:
    """Chunk by chunk; the mark is kept after each, so that nothing is read twice after a crash."""
    for chunk in _chunks(look):
        if over():
            return replace(mark, failed=False)
        found = settle(look.house, look.portal.name, _read(look, chunk), look.lines)
        look.report.add(found)
        look.report.chats += len(chunk)
        mark = mark.counted(look.house.clock(), found.found + found.late)
        mark = replace(mark, going=replace(look.round, after=chunk[-1][0]))
        keep_mark(look.house.journal, look.portal.name, mark)
    look.report.ended = True
    if look.report.unreadable:
        log.warning("reconcile.unreadable", portal=look.portal.name, chats=look.report.unreadable)
    return replace(mark.finished(look.round), unreadable=look.report.unreadable)


def _chunks(look: _Look) -> Iterator[list[tuple[str, Place]]]:
    """The conversations of this portal's accounts, in an order that a later attempt can go on in."""
    name, began = look.portal.name, moment(look.round.began)
    reach = timedelta(hours=look.house.settings.limits.message_hours) if look.round.wide else NARROW
    since = min(moment(look.round.since), began) - reach
    opened = began - OPENED if look.round.wide else since
    places = look.house.journal.conversations(f"portal:{name}", since=since, opened=opened)
    accounts = look.house.accounts
    mine = iter(
        (lane, places[lane])
        for lane in sorted(places)
        if lane > look.round.after
        and (known := accounts.get(lane.partition(".")[0])) is not None
        and known.portal == name
        and (places[lane].chat_id or places[lane].sessions)
    )
    while chunk := list(islice(mine, AT_ONCE)):
        yield chunk


def _read(look: _Look, chunk: Sequence[tuple[str, Place]]) -> list[Handed]:
    """What was handed over in these conversations within the round's window.

    A chat is asked for its latest session; the others that are remembered are read as well.
    """
    chats = sorted({place.chat_id for _, place in chunk if place.chat_id})
    latest = list(_histories(look, [{"CHAT_ID": chat} for chat in chats]))
    read = {session_of(history) for history in latest}
    others = sorted({session for _, place in chunk for session in place.sessions} - read)
    earlier = _histories(look, [{"SESSION_ID": session} for session in others])
    seen = {
        message.message_id: message
        for history in (*latest, *earlier)
        for message in handed_over(history, look.portal.connector_prefix)
        if look.round.since <= message.at <= look.round.until
    }
    return [seen[name] for name in sorted(seen, key=int)]


def _histories(look: _Look, asked: Sequence[Mapping[str, str]]) -> Iterator[Any]:
    """The histories that can be read. What was not run is asked again; raises when nothing comes of it."""
    left = {f"h{index}": params for index, params in enumerate(asked)}
    while left:
        part = dict(islice(left.items(), AT_ONCE))
        outcomes = look.portal.batch({key: (METHOD, params) for key, params in part.items()}, live=False)
        ran = {key: outcome for key, outcome in outcomes.items() if outcome.state != "not_run"}
        if not ran:
            raise TransientError("reconcile.not_run", hint=_NOT_RUN)
        for key, outcome in ran.items():
            del left[key]
            if outcome.error is None:
                yield outcome.result
            else:
                _failed(look, part[key], outcome.error)


def _failed(look: _Look, asked: Mapping[str, str], error: ConnectorError) -> None:
    """A history that nobody lets us see is skipped; anything that will pass ends this attempt."""
    if not isinstance(error, PermanentError):
        raise error
    look.report.unreadable += 1
    log.debug("history.unreadable", portal=look.portal.name, asked=dict(asked), cause=error.cause)
