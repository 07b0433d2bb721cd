"""Whether events still find their way: ``event.get`` against what is wanted (facts/bitrix24-platform.md §5.2)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection
from typing import Any

import structlog

from connector.domain.events import HandlersChecked
from connector.domain.request import Request
from connector.handlers.portals import wanted
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery
from connector.reconcile.house import House
from connector.speech import Text

log = structlog.get_logger()

MENDED = Text(
    "Event handlers of the connector were missing or doubled in Bitrix24; they are bound anew.",
    "Обработчики событий коннектора в Битрикс24 пропали или задвоились; они привязываются заново.",
)


def check_handlers(house: House, portal: str) -> list[str]:
    """What is wrong with the handlers of ``portal``, as ``missing ONIMCONNECTORMESSAGEADD``; empty when all is well.

    What is wrong becomes a delivery that mends it. The same finding is acted upon once a day: what the portal does not
    let us mend is not tried every hour. Handlers of other addresses are left alone. Raises like :meth:`Portal.call`.
    """
    known = house.portals[portal]
    if not known.connector_prefix or not known.installed():
        return []
    url = f"{house.rules.public_url}/bitrix24/events"
    wrong = differences(known.call("event.get", live=False), url, wanted(portal, house.rules))
    if wrong and _mend(house, portal, wrong):
        log.warning("handlers.wrong", portal=portal, wrong=wrong)
    return wrong


def differences(bound: Any, url: str, events: Collection[str]) -> list[str]:
    """``missing``, ``doubled`` (twice, or under a spelling of the same address) and ``stale`` (not wanted) events."""
    exact: Counter[str] = Counter()
    other: set[str] = set()
    for row in bound if isinstance(bound, list) else []:
        name, handler = str(row.get("event", "")).upper(), str(row.get("handler", ""))
        if str(row.get("offline", "0")) == "1" or handler.rstrip("/") != url.rstrip("/"):
            continue
        if handler == url:
            exact[name] += 1
        else:
            other.add(name)
    missing = [f"missing {name}" for name in events if not exact[name]]
    doubled = [f"doubled {name}" for name in events if exact[name] > 1 or name in other]
    stale = [f"stale {name}" for name in (*exact, *other) if name not in events]
    return sorted({*missing, *doubled, *stale})


def _mend(house: House, portal: str, wrong: list[str]) -> bool:
    at = house.clock()
    body = json.dumps(wrong).encode()
    digest = hashlib.sha256(body).hexdigest()[:16]
    event = HandlersChecked(portal=portal)
    envelope = Envelope(
        trace=new_trace(at),
        account=f"portal:{portal}",
        dedupe_key=f"handlers:{digest}:{at:%Y-%m-%d}",
        request=Request(method="RECONCILE", path="event.get", headers={}, body=body, received_at=at),
        cause="handlers.wrong",
        hint=MENDED,
    )
    delivery = NewDelivery(destination=f"portal:{portal}", event=event, lane=event.lane, position=event.position)
    return house.intake.keep(envelope, [delivery])
