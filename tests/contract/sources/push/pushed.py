"""Requests as another system pushes them, and a desk that has kept them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.domain.request import Request
from connector.domain.sources import Desk, Kept, Page, Record
from connector.providers.push.reading import PushReader
from connector.providers.push.settings import PushSettings
from connector.providers.standard_webhooks import signed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "whsec_" + "c2VjcmV0LW9mLWEtcHVzaGluZy1zeXN0ZW0tMDAwMDE="
STRANGER = "whsec_" + "c2VjcmV0LW9mLXNvbWVib2R5LWVsc2UtMDAwMDAwMDE="
TOKEN = "t" * 32
JSON = "application/json"


def made(**changes: Any) -> PushSettings:
    given = {"source": "stock", "provider": "push", "portal": "main", "id": "sku", **changes}
    return PushSettings(**(given if {"secret", "token"} & changes.keys() else {**given, "secret": SECRET}))


def posted(body: Any, content_type: str = JSON, **headers: str) -> Request:
    """An unsigned request; what is no bytes is written as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    heads = {"content-type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Request(method="POST", path="/hooks/stock", headers=heads, body=raw, received_at=NOW)


def with_signature(request: Request, message_id: str = "m1", secret: str = SECRET, at: datetime = NOW) -> Request:
    proof = signed(message_id, request.body.decode(), [secret], at)
    headers = {**proof, **request.headers}
    return Request(
        method=request.method, path=request.path, headers=headers, body=request.body, received_at=request.received_at
    )


class Shelf:
    """Kept requests; ``keep(…, late=seconds)`` is one whose transaction took so long."""

    def __init__(self) -> None:
        self.now, self.kept, self._numbered = NOW, list[Kept](), 0

    def keep(self, body: Any, content_type: str = JSON, late: float = 0.0) -> str:
        self._numbered += 1
        trace = f"{self._numbered:026x}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = self.now - timedelta(seconds=late)
        self.kept.append(Kept(trace=trace, at=at, body=raw, content_type=content_type))
        return trace

    def since(self, at: float, trace: str, limit: int) -> Sequence[Kept]:
        places = sorted(((kept.at.timestamp(), kept.trace), kept) for kept in self.kept)
        return [kept for place, kept in places if place > (at, trace)][:limit]

    def desk(self, **changes: Any) -> Desk:
        return Desk(settings=made(**changes), http=None, folder=Path(), clock=lambda: self.now, kept=self.since)


def pages(desk: Desk, bookmark: Any = None, limit: int = 100) -> list[Page]:
    """All pages of one run."""
    with PushReader(desk) as reader:
        start = reader.begin(bookmark)
        assert not start.full
        found, position = [], start.position
        while not found or not found[-1].ended:
            found.append(reader.page(position, limit))
            position = json.loads(json.dumps(found[-1].position))
            assert len(found) < 1000
    return found


def records(desk: Desk, bookmark: Any = None, limit: int = 100) -> list[Record]:
    return [record for page in pages(desk, bookmark, limit) for record in page.records]
