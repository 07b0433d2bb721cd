"""Calls that never end: each one that Bitrix24 was told of is finished, once (facts/bitrix24-telephony-crm.md §1.4).

Bitrix24 finishes no external call by itself: its card would stay, and the call would be in no statistics. A call that
is open for hours with nothing heard of it has lost its end.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from connector.domain.calls import CallEnded
from connector.intake import Account
from connector.journal.links import Link
from connector.telephony import own
from connector.telephony.house import House, Seen

log = structlog.get_logger()

STORY, OPEN = "event.call", "call.open"  # links by <account>.<call> (connector/handlers/calls)
LOST = timedelta(hours=4)
_MOST = 5000


def watch(house: House) -> int:
    """Tell the handlers of each call that is lost; returns how many were told of now. Raises ``JournalAway``."""
    now, lost = house.clock(), 0
    rows = house.journal.links_like(OPEN, limit=_MOST)
    heard = house.journal.links_written([(STORY, row.key) for row in rows])
    for row in rows:
        name, _, call = row.key.partition(".")
        account = house.accounts.get(name)
        last = heard.get((STORY, row.key), row.at)
        if account is not None and call and now - last >= LOST:
            lost += _tell(house, account, call, last)
    return lost


def open_calls(house: Seen, name: str = "") -> list[Link]:
    """The calls that are not finished in Bitrix24, of one account or of all; 5000 at most. Raises ``JournalAway``."""
    return house.journal.links_like(OPEN, f"{name}." if name else "", limit=_MOST)


def _tell(house: House, account: Account, call: str, last: datetime) -> bool:
    """The end is said to be when we last heard of the call: what came later nobody knows."""
    event = CallEnded(account=account.name, call=call, at=last, cause="lost")
    kept = own.keep(house.intake, account, f"watchdog:{call}", [event], method=own.WATCHDOG, clock=house.clock)
    if kept:
        log.warning("call.lost", account=account.name, call=call, heard=last.isoformat())
    return kept
