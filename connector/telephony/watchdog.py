"""Calls that never end: each one that Bitrix24 was told of is finished, once (facts/bitrix24-telephony-crm.md §1.4).

Bitrix24 finishes no external call by itself: its card would stay, and the call would be in no statistics. A call that
is open for hours with nothing heard of it has lost its end.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from connector.domain.calls import CallEnded
from connector.listening.health import CONNECTED
from connector.routes import Account
from connector.telephony import own
from connector.telephony.health import pbxs
from connector.telephony.house import House
from connector.telephony.ongoing import STORY, open_calls

log = structlog.get_logger()

LOST = timedelta(hours=4)
# A PBX whose stream is read says itself which calls are gone, each time that the connection comes: those that it left
# open go on. Only a call that nothing can be believed of any more is lost.
LOST_THOUGH_HEARD = timedelta(hours=24)


def watch(house: House) -> int:
    """Tell the handlers of each call that is lost; returns how many were told of now. Raises ``JournalAway``."""
    now, lost = house.clock(), 0
    rows = open_calls(house)
    heard = house.journal.links_written([(STORY, row.key) for row in rows])
    told = {one.name for one in pbxs(house) if one.state == CONNECTED} if rows else set()
    for row in rows:
        name, _, call = row.key.partition(".")
        account = house.accounts.get(name)
        last = heard.get((STORY, row.key), row.at)
        if account is not None and call and now - last >= (LOST_THOUGH_HEARD if name in told else LOST):
            lost += _tell(house, account, call, last)
    return lost


def _tell(house: House, account: Account, call: str, last: datetime) -> bool:
    """The end is said to be when we last heard of the call: what came later nobody knows."""
    event = CallEnded(account=account.name, call=call, at=last, cause="lost")
    kept = own.keep(house.intake, account, f"watchdog:{call}", [event], method=own.WATCHDOG, clock=house.clock)
    if kept:
        log.warning("call.lost", account=account.name, call=call, heard=last.isoformat())
    return kept
