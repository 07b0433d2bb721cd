"""Signed, expiring tickets: what our own pages hand to the browser and get back unchanged."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from typing import Any

from connector.domain.ports import Clock
from connector.errors import Refused
from connector.speech import Text

_EXPIRED = Text(
    "This page has been open for too long; open it again from Bitrix24",
    "Эта страница открыта слишком давно; откройте её снова из Битрикс24",
)


class ExpiredTicket(Refused):
    """A ticket of ours that is too old: its ``facts`` can be believed, nothing may be done with them."""

    def __init__(self, facts: dict[str, str]) -> None:
        super().__init__("ticket.expired", hint=_EXPIRED, status=403)
        self.facts = facts


class Tickets:
    """The first key signs, every key checks."""

    def __init__(self, keys: Sequence[bytes], clock: Clock) -> None:
        self._keys, self._clock = tuple(keys), clock

    def issue(self, purpose: str, facts: dict[str, str], seconds: float) -> str:
        """A ticket that bears ``facts`` (readable, not secret) for so long."""
        body = {"for": purpose, "until": self._clock().timestamp() + seconds, **{f"_{k}": v for k, v in facts.items()}}
        payload = _pack(json.dumps(body, ensure_ascii=False).encode())
        return f"{payload}.{_sign(self._keys[0], payload)}"

    def read(self, purpose: str, ticket: str) -> dict[str, str]:
        """The facts of a ticket. Raises ``Refused`` 403 when it is forged, expired or for something else."""
        payload, _, signature = ticket.partition(".")
        given = signature.encode("utf-8", "replace")
        if not any(hmac.compare_digest(given, _sign(key, payload).encode()) for key in self._keys):
            raise Refused("ticket.forged", hint=_EXPIRED, status=403)
        body: dict[str, Any] = json.loads(_unpack(payload))
        facts = {key[1:]: value for key, value in body.items() if key.startswith("_")}
        if body["for"] != purpose:
            raise Refused("ticket.other", hint=_EXPIRED, status=403)
        if body["until"] < self._clock().timestamp():
            raise ExpiredTicket(facts)
        return facts


def _sign(key: bytes, payload: str) -> str:
    return _pack(hmac.digest(key, b"ticket\n" + payload.encode("utf-8", "replace"), "sha256"))


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
