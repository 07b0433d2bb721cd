"""Rows of the tables, and the values they stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import RowMapping

from connector.domain import events
from connector.domain.request import MASK, Request
from connector.journal.desk import moment
from connector.journal.model import Delivery, Envelope, NewDelivery
from connector.journal.schema import deliveries, envelopes
from connector.speech import Text

_SECRET = re.compile(r"token|secret|signature|authorization|cookie|passw|api-?_?key|^sign$", re.IGNORECASE)
_LONG = re.compile(r"[A-Za-z0-9_-]{24,}")
# Columns that a new delivery does not have yet.
_LATER = ("id", "replayed_at", "settled_at", "leader", "mapping")
_HIGHEST = 2**63 - 1
_PACK = json.JSONEncoder(separators=(",", ":"))

ENVELOPE = tuple(column.name for column in envelopes.c)
DELIVERY = tuple(column.name for column in deliveries.c if column.name not in _LATER)


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without what proves the sender's identity."""
    return {name: MASK if _bears_secret(name) else value for name, value in headers.items()}


@lru_cache(maxsize=1024)
def _bears_secret(name: str) -> bool:
    """Whether a header or parameter of this name is to be masked; the same few names come with every request."""
    return _SECRET.search(name) is not None


def masked_query(query: str) -> str:
    """The query string, undecoded, without the values of secret-bearing names."""
    return "&".join(_masked_pair(pair) for pair in query.split("&"))


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={MASK}" if equals and _SECRET.search(unquote_plus(name)) else pair


def masked_path(path: str) -> str:
    """The path without long words below ``/hooks/<account>/``: a PBX that signs nothing has our secret there."""
    if path.count("/") < 3 or not path.startswith("/hooks/"):
        return path
    door, below = path[: path.index("/", 7) + 1], path[path.index("/", 7) + 1 :]
    return door + _LONG.sub(MASK, below)


def clean(text: str) -> str:
    """``text`` as both databases can keep it: no NUL, no lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def pack(value: Any) -> str:
    """JSON text; ASCII, so that any text survives."""
    return _PACK.encode(value)


def pack_hint(hint: Text | None) -> str:
    """A hint as kept: JSON, or an empty text."""
    return pack(list(hint)) if hint else ""


def unpack_hint(text: str) -> Text | None:
    """What :func:`pack_hint` wrote."""
    return Text(*json.loads(text)) if text else None


def envelope_row(envelope: Envelope, now: float) -> tuple[Any, ...]:
    """The values of ``ENVELOPE``. Secrets of headers, path and query are masked; the door masks those of the body."""
    request = envelope.request
    return (
        clean(envelope.trace),
        clean(envelope.account),
        clean(envelope.dedupe_key),
        clean(request.method),
        clean(masked_path(request.path)),
        clean(masked_query(request.query)),
        pack(masked_headers(request.headers)),
        request.body,
        clean(request.remote),
        request.received_at.timestamp(),
        now,
        envelope.state,
        envelope.cause,
        pack_hint(envelope.hint),
        clean(envelope.detail),
    )


def delivery_row(trace: str, new: NewDelivery, now: float) -> tuple[Any, ...]:
    """The values of ``DELIVERY``. A delivery without a lane gets its trace as one."""
    arrived = min(now, new.arrived_at.timestamp()) if new.arrived_at else now
    return (
        clean(trace),
        new.destination,
        clean(new.lane) or clean(trace),
        max(-_HIGHEST, min(new.position, _HIGHEST)),
        new.event.kind,
        new.dumped,
        "waiting",
        0,
        new.due_at.timestamp() if new.due_at else now,
        arrived,
        clean(new.group),
        "",
        "",
        "",
        "",
    )


def to_envelope(row: RowMapping) -> Envelope:
    """The envelope of a row; secrets stay masked."""
    return Envelope(
        trace=row["trace"],
        account=row["account"],
        dedupe_key=row["dedupe_key"],
        request=Request(
            method=row["method"],
            path=row["path"],
            headers=json.loads(row["headers"]),
            body=bytes(row["body"]),
            received_at=moment(row["received_at"]),
            query=row["query"],
            remote=row["remote"],
        ),
        state=row["state"],
        cause=row["cause"],
        hint=unpack_hint(row["hint"]),
        detail=row["detail"],
    )


def to_delivery(row: RowMapping) -> Delivery:
    """The delivery of a row. Raises ``pydantic.ValidationError`` when its event cannot be read."""
    return Delivery(
        id=row["id"],
        trace=row["trace"],
        destination=row["destination"],
        lane=row["lane"],
        position=row["position"],
        event=events.load(row["event"]),
        state=row["state"],
        attempts=row["attempts"],
        due_at=moment(row["due_at"]),
        created_at=moment(row["created_at"]),
        replayed_at=None if row["replayed_at"] is None else moment(row["replayed_at"]),
        group=row["album"],
    )
