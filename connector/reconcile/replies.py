"""What was handed over and not heard of goes into the journal, once, as its own event would have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from connector.domain.events import ReplyDelivered, load
from connector.domain.request import Request
from connector.errors import PermanentError
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery
from connector.journal.recent import ReplyRow
from connector.portal import decode_form, dedupe_key, parse_event
from connector.reconcile.history import METHOD, Handed
from connector.reconcile.house import House
from connector.reconcile.lines import Lines
from connector.reconcile.mark import GRACE, moment
from connector.routes import check_writable, portal_routes
from connector.speech import Text

log = structlog.get_logger()

FOUND_LATE = Text(
    "Bitrix24 posted no event of this reply, or it did not arrive; it was found in the dialog's history.",
    "Событие об этом ответе от Битрикс24 не пришло; ответ найден в истории диалога.",
)
TOO_LATE = Text(
    "An operator wrote this more than {hours:g} hours ago while events did not reach the connector. "
    "If it is still wanted: connector journal replay {trace} --why …",
    "Оператор написал это больше {hours:g} ч назад, пока события не доходили до коннектора. "
    "Если это ещё нужно: connector journal replay {trace} --why …",
)
STATUS_LOST = Text(
    "Bitrix24 still shows this reply as being sent; it is told once more that it was delivered.",
    "В Битрикс24 этот ответ всё ещё отправляется; сообщаем ещё раз, что он доставлен.",
)


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How many replies were found and kept, how many of them too late, how many statuses are told again."""

    found: int = 0
    late: int = 0
    statuses: int = 0


def settle(house: House, portal: str, handed: Collection[Handed], lines: Lines) -> Settled:
    """Compare what was handed over with what was heard. Safe to repeat. Raises ``JournalAway``."""
    if not handed:
        return Settled()
    # An event cannot come before its message, but the two clocks may differ.
    since = moment(min(message.at for message in handed)) - timedelta(hours=1)
    names = {message.message_id for message in handed}
    heard = house.journal.replies(f"portal:{portal}", names, since=since)
    lost = [message for message in handed if message.message_id not in heard]
    kept = [_keep(house, portal, message, lines) for message in lost]
    told = [_status(house, portal, message, heard[message.message_id]) for message in handed if message not in lost]
    return Settled(found=kept.count("found"), late=kept.count("late"), statuses=sum(told))


def _keep(house: House, portal: str, message: Handed, lines: Lines) -> str:
    """``found``, ``late`` (parked for a person), or empty for a repeat and for what is nobody's here."""
    body = message.body(signed=lines.signed(message.line))
    form = decode_form(body)
    events = parse_event(form, portal, house.portals[portal].connector_prefix)
    routed = [portal_routes(event, portal, house.accounts) or [] for event in events]
    deliveries = [delivery for wanted in routed for delivery in wanted]
    if not deliveries:
        return ""
    check_writable(deliveries)
    envelope = _envelope(house, portal, dedupe_key(form), METHOD, body)
    envelope = replace(envelope, cause="reply.found_late", hint=FOUND_LATE)
    hours = house.settings.limits.message_hours
    late = house.clock() - moment(message.at) > timedelta(hours=hours)
    if late:
        hint = TOO_LATE.with_(hours=float(hours), trace=envelope.trace)
        envelope, deliveries = replace(envelope, state="parked", cause="reply.too_late", hint=hint), []
    if not house.intake.keep(envelope, deliveries):
        return ""
    log.warning("reply.found", portal=portal, trace=envelope.trace, message=message.message_id, late=late)
    return "late" if late else "found"


def _status(house: House, portal: str, message: Handed, heard: Sequence[ReplyRow]) -> bool:
    """Tell the delivery of a reply once more, if it was told and the portal does not know of it."""
    if any(row.state == "waiting" for row in heard):
        return False
    told = [row for row in heard if row.kind == "reply.delivered" and row.settled_at is not None]
    if not told or told[-1].settled_at is None or house.clock() - told[-1].settled_at < GRACE:
        return False
    if any(row.state == "done" for row in told):
        return _tell_again(house, portal, message, next(row for row in told if row.state == "done"))
    parked = [row for row in told if row.state == "parked" and row.replayed_at is None]
    return bool(parked) and _replay(house, parked[0])


def _tell_again(house: House, portal: str, message: Handed, row: ReplyRow) -> bool:
    event = load(row.event)
    assert isinstance(event, ReplyDelivered)
    event = replace(event, notes=())  # the operator has read them
    delivery = NewDelivery(destination=f"portal:{portal}", event=event, lane=event.lane, position=event.position)
    envelope = _envelope(house, portal, f"status:{message.message_id}", "reply.delivered", row.event.encode())
    kept = house.intake.keep(replace(envelope, cause="status.lost", hint=STATUS_LOST), [delivery])
    if kept:
        log.info("status.lost", portal=portal, trace=envelope.trace, message=message.message_id)
    return kept


def _replay(house: House, row: ReplyRow) -> bool:
    try:
        return house.journal.replay([row.id], "reconcile", "the portal does not know of this delivery") > 0
    except PermanentError as error:  # a person was faster
        log.info("status.not_replayed", delivery=row.id, cause=error.cause)
        return False


def _envelope(house: House, portal: str, key: str, path: str, body: bytes) -> Envelope:
    at = house.clock()
    request = Request(method="RECONCILE", path=path, headers={}, body=body, received_at=at)
    return Envelope(trace=new_trace(at), account=f"portal:{portal}", dedupe_key=key, request=request)
