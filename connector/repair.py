"""What a person mends: replay, discard, rebind. Every deed is in the audit with who did it and why."""

from __future__ import annotations

import getpass
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.events import AppInstalled, Event
from connector.domain.request import Request
from connector.errors import PermanentError
from connector.intake import Intake, new_trace
from connector.journal import Envelope, Journal, NewDelivery, people
from connector.journal.sieve import Sieve
from connector.journal.sweeps import Swept
from connector.portal import Portal, decode_form, parse_event
from connector.routes import Account, check_writable, portal_routes, routes
from connector.rulebook.book import Rulebook
from connector.settings import Settings
from connector.speech import Text
from connector.telephony.own import events_of, is_own

_NOT_PARKED = Text(
    "The envelope {trace} is not parked: its state is {state}. See `connector journal trace {trace}`.",
    "Конверт {trace} не отложен, его состояние: {state}. Посмотрите `connector journal trace {trace}`.",
)
_STILL_UNREADABLE = Text(
    "The request still cannot be read ({why}). Update the connector and replay again, or discard it.",
    "Запрос по-прежнему не читается ({why}). Обновите коннектор и повторите ещё раз или отбросьте его.",
)
_GONE = Text(
    "{name} is no longer in connector.yaml. Put it back and replay, or discard.",
    "{name} больше нет в connector.yaml. Верните и повторите или отбросьте.",
)
_NO_APP = Text(
    "The portal {name} works by a webhook: there is nothing to bind. Give it an app: in connector.yaml.",
    "Портал {name} работает через вебхук: привязывать нечего. Дайте ему app: в connector.yaml.",
)

_OWN = Text(
    "{url} is where events of this connector go; without it operators' words are lost.",
    "{url} — адрес событий самого коннектора; без него слова операторов теряются.",
)


class House(Protocol):
    """The part of the wired connector that mending needs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def portals(self) -> Mapping[str, Portal]: ...
    @property
    def accounts(self) -> Mapping[str, Account]: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def rulebook(self) -> Rulebook: ...
    def clock(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Who does it, and why; both go into the audit."""

    who: str
    why: str


def somebody() -> str:
    """The name of the person at this terminal, as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def replay(house: House, ids: Collection[int], deed: Deed) -> int:
    """Parked deliveries wait again; returns how many. All or none: raises ``PermanentError`` naming the others."""
    return house.journal.replay(ids, deed.who, deed.why)


def discard(house: House, ids: Collection[int], deed: Deed) -> int:
    """Parked deliveries are given up; returns how many. All or none: raises ``PermanentError`` naming the others."""
    return house.journal.discard(ids, deed.who, deed.why)


def replay_envelope(house: House, trace: str, deed: Deed) -> int:
    """Read a parked envelope again with today's code and settings; returns how many deliveries it became.

    One that turns out to mean nothing becomes ignored (0). Raises ``PermanentError`` when it is not parked, its
    account is gone, or it still cannot be read.
    """
    envelope = _parked(house, trace)
    deliveries = _read(house, envelope)
    if not deliveries:
        house.journal.ignore(trace, deed.who, deed.why)
        return 0
    house.journal.reaccept(trace, deliveries, deed.who, deed.why)
    return len(deliveries)


def discard_envelope(house: House, trace: str, deed: Deed) -> None:
    """Give a parked envelope up. Raises ``PermanentError`` when it is not parked."""
    _parked(house, trace)
    house.journal.ignore(trace, deed.who, deed.why)


def sweep(house: House, sieve: Sieve, what: people.Deed, deed: Deed) -> Swept:
    """Replay or discard everything parked that fits, in the order of its lanes; one line in the audit.

    What somebody else released meanwhile, and what lies beyond the bound of ``sieve``, is left alone; a request that
    still cannot be read stays parked and is counted.
    """
    journal, who, why = house.journal, deed.who, deed.why
    if sieve.of == "deliveries":
        return journal.sweep(sieve, what, who, why)
    return journal.sweep_envelopes(sieve, what, who, why, lambda envelope: _reading(house, envelope))


def readable(house: House, envelope: Envelope) -> bool:
    """Whether today's code and settings can read a parked envelope; changes nothing."""
    return _reading(house, envelope) is not None


def rebind(house: House, portal: str, deed: Deed) -> str:
    """Register the connectors and the event handlers of ``portal`` anew and connect its lines; returns the trace.

    The work is a delivery like any other: it waits its turn, is retried, and parks with a hint. Raises
    ``PermanentError`` for a portal that is not there or has no application.
    """
    _with_application(house, portal)
    now = house.clock()
    trace = new_trace(now)
    event = AppInstalled(portal=portal)
    body = f"rebind {portal}".encode()
    envelope = Envelope(
        trace=trace,
        account=f"portal:{portal}",
        dedupe_key=f"rebind:{trace}",
        request=Request(method="CLI", path="portal rebind", headers={}, body=body, received_at=now),
    )
    delivery = NewDelivery(destination=f"portal:{portal}", event=event, lane=event.lane)
    house.journal.accept(envelope, [delivery])
    house.journal.audit(deed.who, "rebind", deed.why, f"portal:{portal}", trace=trace)
    return trace


def unbind(house: House, portal: str, url: str, deed: Deed) -> int:
    """Take the address ``url`` off every event of our application in ``portal``; returns how many it had.

    For an address left behind by a move. Raises ``PermanentError`` for our present one, which is bound anew within the
    hour, for a portal without an application, and what the portal says.
    """
    known = _with_application(house, portal)
    if url.rstrip("/") == f"{house.settings.public_url.rstrip('/')}/bitrix24/events":
        raise PermanentError("portal.own_handler", hint=_OWN.with_(url=url))
    bound = known.call("event.get")
    rows = [row for row in bound if isinstance(row, dict)] if isinstance(bound, list) else []
    events = sorted({str(row.get("event", "")) for row in rows if row.get("handler") == url})
    for event in events:
        known.call("event.unbind", {"event": event, "handler": url})
    house.journal.audit(deed.who, "unbind", deed.why, f"portal:{portal} {url}")
    return len(events)


def _with_application(house: House, portal: str) -> Portal:
    known = house.portals.get(portal)
    if known is None:
        raise PermanentError("portal.gone", hint=_GONE.with_(name=portal))
    if not known.connector_prefix:
        raise PermanentError("portal.no_application", hint=_NO_APP.with_(name=portal))
    return known


def _reading(house: House, envelope: Envelope) -> list[NewDelivery] | None:
    try:
        return _read(house, envelope)
    except PermanentError:
        return None


def _parked(house: House, trace: str) -> Envelope:
    envelope = house.journal.envelope(trace)
    if envelope.state != "parked":
        hint = _NOT_PARKED.with_(trace=trace, state=envelope.state)
        raise PermanentError("envelope.not_parked", hint=hint, detail=trace)
    return envelope


def _read(house: House, envelope: Envelope) -> list[NewDelivery]:
    side, _, portal = envelope.account.partition(":")
    try:
        if side == "portal" and portal:
            deliveries = _of_portal(house, portal, envelope.request)
        else:
            deliveries = _of_account(house, envelope.account, envelope.request)
        check_writable(deliveries)
    except PermanentError:
        raise
    except Exception as error:  # a parser may raise anything at all; the envelope stays parked
        hint = _STILL_UNREADABLE.with_(why=type(error).__name__)
        raise PermanentError("parse.failed", hint=hint, detail=envelope.trace) from error
    return deliveries


def _of_account(house: House, name: str, request: Request) -> list[NewDelivery]:
    account = house.accounts.get(name)
    if account is None or account.provider.door is None:
        raise PermanentError("account.gone", hint=_GONE.with_(name=name))
    if is_own(request):  # the back-fill's and the watchdog's envelopes are no provider's
        events = events_of(request)
    else:
        events = account.provider.door.parse(house.intake.anew(account, request), account.settings)
    return [delivery for event in events for delivery in routes(event, account)]


def _of_portal(house: House, name: str, request: Request) -> list[NewDelivery]:
    portal = house.portals.get(name)
    if portal is None:
        raise PermanentError("portal.gone", hint=_GONE.with_(name=name))
    events = parse_event(decode_form(request.body), name, portal.connector_prefix)
    return [delivery for event in events for delivery in _routed(house, event, name)]


def _routed(house: House, event: Event, portal: str) -> Sequence[NewDelivery]:
    found = portal_routes(event, portal, house.accounts)
    if found is None:
        raise PermanentError("account.gone", hint=_GONE.with_(name=getattr(event, "account", portal)))
    return found
