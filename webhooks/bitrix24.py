"""``/bitrix24/install`` and ``/bitrix24/events``: the portal as a sender (facts/bitrix24-platform.md §4.6, §5)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from flask import Blueprint, Response, request

from connector.bootstrap import Connector
from connector.domain.events import AppInstalled
from connector.domain.ports import Grant
from connector.domain.request import Request
from connector.errors import ConnectorError, Refused, Stopped, TransientError
from connector.portal import (
    Portal,
    decode_form,
    dedupe_key,
    grant_from_event,
    grant_from_page,
    mask_event,
    parse_event,
)
from connector.speech import Text
from webhooks.answers import taken
from webhooks.doors import Doors
from webhooks.pages import page

log = structlog.get_logger()

_BEARS_GRANT = frozenset({"ONAPPINSTALL", "ONAPPUPDATE"})
_PAID = frozenset({"ONAPPPAYMENT", "ONSUBSCRIPTIONRENEW"})
_NO_PORTAL = Text(
    "No portal in connector.yaml matches this Bitrix24: add it under portals, with its url and app, and install again",
    "Ни один портал в connector.yaml не подходит этому Битрикс24: добавьте его в portals с url и app "
    "и повторите установку",
)


def room(connector: Connector, doors: Doors) -> Blueprint:
    """The two routes."""
    portal = Blueprint("bitrix24", __name__)
    desk = Desk(connector, doors)

    @portal.post("/bitrix24/install")
    def install() -> Response:
        received = taken(request, connector.clock)
        form = decode_form(received.body)
        if _kind(form) in _BEARS_GRANT:
            desk.install_event(form, received)
            return Response(status=200)
        return _install_page(desk, form, received)

    @portal.get("/bitrix24/install")
    def install_by_hand() -> Response:
        return page("failure.html", request.args.get("LANG", ""), status=400, hint=_BY_HAND)

    @portal.post("/bitrix24/events")
    def events() -> Response:
        received = taken(request, connector.clock)
        desk.event(decode_form(received.body), received)
        return Response(status=200)

    return portal


def _install_page(desk: Desk, form: Mapping[str, Any], received: Request) -> Response:
    """The page of an administrator who installs: adopted while they wait, then the browser says that it is finished."""
    language = request.args.get("LANG", "")
    try:
        adopted = desk.install_page(form, received)
    except ConnectorError as error:
        log.warning("install.failed", cause=error.cause)
        status = error.status if isinstance(error, Refused) else 503 if isinstance(error, TransientError) else 502
        frame = desk.frame_for(request.args.get("DOMAIN", ""))
        return page("failure.html", language, frame=frame, status=status, hint=error.hint, cause=error.cause)
    return page("installed.html", language, frame=desk.frame(adopted))


class Desk:
    """What is done with each kind of request of a portal."""

    def __init__(self, connector: Connector, doors: Doors) -> None:
        self._connector, self._doors = connector, doors

    def event(self, form: Mapping[str, Any], received: Request) -> None:
        """Keep an event of a portal that proves itself. Raises ``Refused`` 403 for a stranger."""
        if _kind(form) in _BEARS_GRANT and self._has_grant(form):
            self.install_event(form, received)
            return
        if _kind(form) in _PAID:
            self._hasten(form, received)
            if not _proves(form):
                return
        portal = self._doors.admit(form)
        self._connector.intake.keep_event(
            portal.name,
            dedupe_key(form),
            _masked(received),
            lambda: parse_event(form, portal.name, portal.connector_prefix),
        )

    def install_event(self, form: Mapping[str, Any], received: Request) -> None:
        """``ONAPPINSTALL`` and ``ONAPPUPDATE``: nothing in them is proven, so the tokens are sealed and the
        adoption, which asks the authorization server, waits in the portal's lane."""
        grant = grant_from_event(form, received.received_at)
        self._doors.ring(received.remote)
        candidates = self._doors.candidates(grant)
        try:
            adopted = None if len(candidates) == 1 else _adopted(candidates, grant)
        except (TransientError, Stopped):
            # Bitrix24 never sends it again: each of them tries by itself, and those whose it is not say so.
            adopted = None
        for portal in [adopted] if adopted else candidates:
            self._keep(portal, grant, received, "" if adopted else portal.seal_grant(grant))

    def install_page(self, form: Mapping[str, Any], received: Request) -> Portal:
        """Adopt at once (the administrator waits for the answer), then let the portal's lane do the rest."""
        grant = grant_from_page(request.args, form, received.received_at)
        self._doors.ring(received.remote)
        portal = _adopted(self._doors.candidates(grant), grant)
        self._keep(portal, grant, received, "")
        return portal

    def frame(self, portal: Portal) -> list[str]:
        """The origins that may frame a page for ``portal``."""
        return self._doors.origins(portal.name)

    def frame_for(self, domain: str) -> list[str]:
        """The configured portal at ``domain``, so that a refusal can be read where it happens; else nobody."""
        names = [n for n, p in self._connector.settings.portals.items() if p.url.partition("://")[2] == domain.lower()]
        return [origin for name in names for origin in self._doors.origins(name)]

    def _keep(self, portal: Portal, grant: Grant, received: Request, sealed: str) -> None:
        key = f"install:{grant.member_id}:{hashlib.sha256(grant.access_token.encode()).hexdigest()}"
        self._connector.intake.keep_event(
            portal.name, key, _masked(received), lambda: [AppInstalled(portal=portal.name, grant=sealed)]
        )

    def _hasten(self, form: Mapping[str, Any], received: Request) -> None:
        """Paid, or so somebody says (ONAPPPAYMENT may lack the application token, §5.4 case F): a stopped portal is
        looked at once more, and only its answer ends the stop."""
        self._doors.ring(received.remote)
        for portal in self._doors.hearsay(form):
            portal.hasten()

    def _has_grant(self, form: Mapping[str, Any]) -> bool:
        try:
            grant_from_event(form, self._connector.clock())
        except Refused:
            return False
        return True


def _adopted(candidates: Sequence[Portal], grant: Grant) -> Portal:
    """The first portal that adopts the grant. Raises what the last one said, ``Refused`` when there is none."""
    failure: ConnectorError = Refused("portal.unknown", hint=_NO_PORTAL, status=403)
    for portal in candidates:
        try:
            portal.adopt(grant)
        except Refused as error:
            failure = error
        else:
            return portal
    raise failure


def _masked(received: Request) -> Request:
    """The request without its tokens: they are sealed elsewhere and must not lie in the journal."""
    return replace(received, body=mask_event(received.body), query=mask_event(received.query.encode()).decode())


def _kind(form: Mapping[str, Any]) -> str:
    event = form.get("event")
    return event.upper() if isinstance(event, str) else ""


def _proves(form: Mapping[str, Any]) -> bool:
    auth = form.get("auth")
    return isinstance(auth, Mapping) and bool(auth.get("application_token"))


_BY_HAND = Text(
    "This address is for Bitrix24: enter it in the application's card as the path of the initial installation",
    "Этот адрес нужен Битрикс24: укажите его в карточке приложения как путь для первоначальной установки",
)
