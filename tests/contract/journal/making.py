"""Requests and events to put into a journal."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from connector.domain.events import MessageReceived
from connector.domain.request import Request
from connector.domain.values import Person
from connector.journal import Delivery, Envelope, Journal, Lease, NewDelivery, Settlement, Step

MAIN = "portal:main"
RECEIVED = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)


def a_trace() -> str:
    """A new trace id."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(7)}"


def a_request(**changes: Any) -> Request:
    """A provider's request."""
    asked = {
        "method": "POST",
        "path": "/hooks/shop",
        "headers": {"content-type": "application/json"},
        "body": b'{"update_id": 1}',
        "received_at": RECEIVED,
    }
    return Request(**{**asked, **changes})


def an_envelope(key: str = "", **changes: Any) -> Envelope:
    """An envelope with its own trace and dedupe key."""
    trace = a_trace()
    made = {"trace": trace, "account": "shop", "dedupe_key": key or trace, "request": a_request()}
    return Envelope(**{**made, **changes})


def a_message(text: str = "hello", **changes: Any) -> MessageReceived:
    """A client's message."""
    made = {"account": "shop", "conversation": "42", "message_id": "1", "client": Person(id="42"), "text": text}
    return MessageReceived(**{**made, **changes})


def a_delivery(lane: str = "shop.42", text: str = "hello", **changes: Any) -> NewDelivery:
    """A message on its way to the portal."""
    made = {"destination": MAIN, "event": a_message(text), "lane": lane}
    return NewDelivery(**{**made, **changes})


@contextmanager
def jammed(journal: Journal) -> Iterator[Connection]:
    """Another writer is at work: whoever accepts or leaves now stands behind it. Yields its transaction."""
    with journal.store.writing() as db:
        if not journal.store.sqlite:
            db.execute(text("LOCK TABLE envelopes, destinations IN EXCLUSIVE MODE"))
        yield db
        time.sleep(0.2)  # for those who are to stand behind it


def put(journal: Journal, *new: NewDelivery) -> str:
    """One envelope with these deliveries; returns its trace."""
    envelope = an_envelope()
    assert journal.accept(envelope, new)
    return envelope.trace


def leased(journal: Journal, destination: str = MAIN) -> Lease:
    """The lease of a free destination."""
    lease = journal.lease(destination)
    assert lease is not None
    return lease


def texts(claimed: list[Delivery]) -> list[str]:
    """What the claimed messages say, parts of an album joined by ``+``."""
    return ["+".join(text_of(part) for part in delivery.members or (delivery,)) for delivery in claimed]


def text_of(delivery: Delivery) -> str:
    """What one message says."""
    assert isinstance(delivery.event, MessageReceived)
    return delivery.event.text


def settled(delivery: Delivery, state: Any = "done", **changes: Any) -> Settlement:
    """One more attempt, with this outcome."""
    return Settlement(**{"delivery": delivery, "state": state, "attempts": delivery.attempts + 1, **changes})


def settle(journal: Journal, lease: Lease, *deliveries: Delivery, state: Any = "done", **changes: Any) -> None:
    """One step that settles them alike."""
    journal.step(lease, Step(settled=[settled(delivery, state, **changes) for delivery in deliveries]))


def drained(journal: Journal, lease: Lease, *, lanes: int = 10) -> list[str]:
    """Everything that is due, claimed round by round and done: what it said, in order."""
    said: list[str] = []
    for _ in itertools.count():
        claimed = journal.claim(lease, lanes=lanes)
        if not claimed:
            return said
        said += texts(claimed)
        settle(journal, lease, *claimed)
    return said
