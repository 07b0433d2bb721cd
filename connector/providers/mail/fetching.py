"""What is asked of a server about letters: their sizes, a whole one, its headers. Flags never change by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from imapclient import IMAPClient
from imapclient.exceptions import ProtocolError

SIZE, DATE = b"RFC822.SIZE", b"INTERNALDATE"
_WHOLE, _HEAD, _SCRAP = "BODY.PEEK[]", "BODY.PEEK[HEADER]<0.1048576>", "BODY.PEEK[]<0.256>"
_NEAR = 500  # UIDs


@dataclass(frozen=True, kw_only=True)
class Lying:
    """A letter as it lies in a folder: ``size`` in bytes as the server counts, ``received`` by its clock."""

    uid: int
    size: int
    received: datetime


def lying(client: IMAPClient, uids: Sequence[int], now: datetime) -> list[Lying]:
    """The letters that are still there, in the order of their UIDs."""
    rows = client.fetch(uids, [SIZE.decode(), DATE.decode()])
    return [
        Lying(uid=uid, size=int(rows[uid].get(SIZE) or 0), received=_moment(rows[uid].get(DATE), now))
        for uid in sorted(rows)
    ]


def whole(client: IMAPClient, uid: int) -> bytes | None:
    """The letter; ``None``: it was deleted meanwhile. Raises ``ProtocolError`` when the server does not give it."""
    return _part(client, uid, _WHOLE)


def head(client: IMAPClient, uid: int) -> bytes | None:
    """Its headers, in the same way."""
    return _part(client, uid, _HEAD)


def near(client: IMAPClient, uid: int) -> list[int]:
    """Some letters beside this one, those before it first."""
    before = sorted(client.search(["UID", f"{max(1, uid - _NEAR)}:{uid}"]), reverse=True)
    after = sorted(client.search(["UID", f"{uid + 1}:{uid + _NEAR}"]))
    return [one for one in (*[old for old in before if old < uid][:3], *after[:3]) if one != uid]


def gives(client: IMAPClient, uid: int) -> None:
    """Raises when the server does not give this one either."""
    _part(client, uid, _SCRAP)


def _part(client: IMAPClient, uid: int, what: str) -> bytes | None:
    told = client.fetch([uid], [what]).get(uid, {})
    found = next((value for key, value in told.items() if key.startswith(b"BODY[")), None)
    if isinstance(found, bytes):
        return found
    if found is None and not client.search(["UID", str(uid)]):
        return None
    # Numbers alone become an int in IMAPClient when they come quoted; a whole letter never looks so.
    if isinstance(found, int):
        return str(found).encode()
    raise ProtocolError(f"the server does not give letter {uid}")


def _moment(told: object, now: datetime) -> datetime:
    if not isinstance(told, datetime):
        return now
    return told if told.tzinfo else told.replace(tzinfo=UTC)
