"""Records, and events once more, put on their way: each one an envelope with one delivery, known again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence

from connector.domain.events import EventMapped, RecordChanged
from connector.domain.ports import Clock
from connector.domain.request import Request
from connector.handlers.mapped import scope_of
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery
from mappings.engine import MappingSet
from mappings.faults import RuleError

Keep = Callable[[Envelope, list[NewDelivery]], bool]


def sent(records: Sequence[RecordChanged], mappings: MappingSet, keep: Keep, clock: Clock) -> int:
    """How many were new; a record that was sent before with the same values is not sent again.

    Records that lead to the same person or row share a lane: they are done in their order, whatever the others do.
    """
    lanes = _lanes(records, mappings)
    return sum(
        keep(*_parcel(record, f"source:{record.source}", _record_key(record), clock, lane=lane, position=number))
        for number, (record, lane) in enumerate(zip(records, lanes, strict=True))
    )


def rerun(events: Iterable[EventMapped | RecordChanged], version: str, keep: Keep, clock: Clock) -> int:
    """Put what was mapped before on its way under the rules of ``version``; once for each version."""
    return sum(keep(*_parcel(event, f"rules:{version}", _rerun_key(event, version), clock)) for event in events)


def _lanes(records: Sequence[RecordChanged], mappings: MappingSet) -> list[str]:
    """The lane of each: that of the first record with which it shares a number, an address or an outside id."""
    group = list(range(len(records)))

    def root(number: int) -> int:
        while group[number] != number:
            group[number] = number = group[group[number]]
        return number

    owners: dict[str, int] = {}
    for number, record in enumerate(records):
        for key in _leads_to(record, mappings):
            first, second = sorted((root(owners.setdefault(key, number)), root(number)))
            group[second] = first
    return [records[root(number)].lane for number in range(len(records))]


def _leads_to(record: RecordChanged, mappings: MappingSet) -> set[str]:
    try:
        wishes = mappings.decide(record.on, scope_of(record)).wishes
    except RuleError:
        return set()
    ways = {
        f"{wish.type_id}:{way.kind}{way.field}:{value}" for wish in wishes for way in wish.match for value in way.values
    }
    return ways | {f"{wish.type_id}:external:{wish.external}" for wish in wishes if wish.external}


def _record_key(record: RecordChanged) -> str:
    return f"{record.portal}:{record.record[:150]}:{hashlib.sha256(_body(record)).hexdigest()[:16]}"


def _rerun_key(event: EventMapped | RecordChanged, version: str) -> str:
    return f"{version}:{hashlib.sha256(_body(event)).hexdigest()[:32]}"


def _body(event: EventMapped | RecordChanged) -> bytes:
    told = event.values if isinstance(event, RecordChanged) else event.about
    return json.dumps(told, ensure_ascii=False, sort_keys=True, default=str).encode()


def _parcel(
    event: EventMapped | RecordChanged, account: str, key: str, clock: Clock, *, lane: str = "", position: int = 0
) -> tuple[Envelope, list[NewDelivery]]:
    now = clock()
    request = Request(method="RULES", path=event.lane[:200], headers={}, body=_body(event), received_at=now)
    envelope = Envelope(trace=new_trace(now), account=account, dedupe_key=key, request=request)
    place = f"portal:{event.portal}"
    return envelope, [NewDelivery(destination=place, event=event, lane=lane or event.lane, position=position)]
