"""Records put on their way: each one an envelope with one delivery, known again by its contents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable

from connector.domain.events import RecordChanged
from connector.domain.ports import Clock
from connector.domain.request import Request
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery

Keep = Callable[[Envelope, list[NewDelivery]], bool]


def sent(records: Iterable[RecordChanged], keep: Keep, clock: Clock) -> int:
    """How many were new; a record that was sent before with the same values is not sent again."""
    return sum(keep(*_parcel(record, clock)) for record in records)


def _parcel(record: RecordChanged, clock: Clock) -> tuple[Envelope, list[NewDelivery]]:
    now = clock()
    body = json.dumps(record.values, ensure_ascii=False, sort_keys=True, default=str).encode()
    known = hashlib.sha256(body).hexdigest()[:16]
    envelope = Envelope(
        trace=new_trace(now),
        account=f"source:{record.source}",
        dedupe_key=f"{record.portal}:{record.record[:150]}:{known}",
        request=Request(method="RECORD", path=record.record[:200], headers={}, body=body, received_at=now),
    )
    place = f"portal:{record.portal}"
    return envelope, [NewDelivery(destination=place, event=record, lane=record.lane, position=record.position)]
