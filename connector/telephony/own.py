"""Envelopes that no PBX sent us: what its history told, and what the watchdog found. Their body are the events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal, Protocol

from connector.domain.events import Event, dump, load
from connector.domain.ports import Clock
from connector.domain.request import Request
from connector.domain.silence import OWN_METHODS
from connector.intake import new_trace
from connector.journal import Envelope
from connector.routes import Account, check_writable, routes
from connector.speech import Text

HISTORY: Literal["HISTORY"] = "HISTORY"
WATCHDOG: Literal["WATCHDOG"] = "WATCHDOG"
_UNUSABLE = Text(
    "The PBX tells of a call in a way that cannot be kept; see the body, then: connector journal discard {trace}",
    "АТС сообщает о звонке так, что сохранить это нельзя; посмотрите тело и выполните: connector journal discard "
    "{trace}",
)


class Door(Protocol):
    """The part of the intake that keeps."""

    def keep(self, envelope: Envelope, deliveries: Sequence[Any]) -> bool: ...


def keep(
    door: Door,
    account: Account,
    key: str,
    events: Sequence[Event],
    *,
    method: Literal["HISTORY", "WATCHDOG"],
    clock: Clock,
    after: float = 0.0,
) -> bool:
    """Keep ``events`` of an account under their own ``key``, due ``after`` seconds. ``False``: a repeat, nothing
    written.

    What cannot go on is kept and parked. Raises ``JournalAway`` or ``OSError`` when nothing could be kept.
    """
    at = clock()
    trace, body = new_trace(at), "[" + ",".join(dump(event) for event in events) + "]"
    request = Request(
        method=method,
        path=f"/{method.lower()}/{account.name}",
        headers={"content-type": "application/json"},
        body=body.encode("utf-8", "replace"),
        received_at=at,
    )
    envelope = Envelope(trace=trace, account=account.name, dedupe_key=_usable(key), request=request)
    due = at + timedelta(seconds=after) if after else None
    deliveries = [replace(wanted, due_at=due) for event in events for wanted in routes(event, account, now=at)]
    try:
        check_writable(deliveries)
    except ValueError as error:
        hint = _UNUSABLE.with_(trace=trace)
        envelope = replace(envelope, state="parked", cause="parse.failed", hint=hint, detail=str(error)[:200])
        deliveries = []
    return door.keep(envelope, deliveries)


def is_own(request: Request) -> bool:
    """Whether we wrote it ourselves, so that no provider can read it."""
    return request.method in OWN_METHODS


def events_of(request: Request) -> list[Event]:
    """The events of such an envelope. Raises ``ValueError`` for a body that is none of ours."""
    return [load(json.dumps(event)) for event in json.loads(request.body)]


def _usable(key: str) -> str:
    return key.replace("\0", "").encode("utf-8", "replace").decode()[:400]
