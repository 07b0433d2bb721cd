"""``/bitrix24/app``: what this application is; inside the portal its accounts, and for administrators how it stands.

Three moments: the portal opens the page (a form with the user's own token); an administrator's browser comes back for
the list, which takes seconds; they press "Mend". The last two carry a ticket instead of the portal's form. Tickets
travel in forms only, never in an address: whoever has a role finds a door to the console beside the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Blueprint, Response, request

from connector import repair
from connector.bootstrap import Connector
from connector.checkup import line_of
from connector.domain.request import Request
from connector.errors import ConnectorError
from connector.portal import Portal, decode_form, grant_from_page
from connector.speech import Text
from webhooks.answers import taken
from webhooks.doors import Doors
from webhooks.guests import Entrance, guest_of
from webhooks.looks import Looks
from webhooks.pages import page, tell_expiry
from webhooks.tickets import ExpiredTicket, Tickets

log = structlog.get_logger()

_LOOK_SECONDS, _MEND_SECONDS = 300.0, 3600.0
_COMES_BACK = frozenset({"suspended", "unreachable", "uninstalled"})
_NOT_ADMIN = Text(
    "How the connection stands is shown to administrators of this Bitrix24.",
    "Состояние подключения показывается администраторам этого Битрикс24.",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One account in the table; ``line`` is empty while it serves none, ``phone`` is a telephone system."""

    name: str
    title: Text
    line: str
    waiting: int
    parked: int
    phone: bool = False


def room(connector: Connector, doors: Doors, tickets: Tickets, entrance: Entrance) -> Blueprint:
    """A stranger learns what this is and nothing else; the portal sees its own accounts."""
    rooms = Blueprint("app_page", __name__)
    tell_expiry(rooms, doors)
    shown = AppPage(connector, doors, tickets, entrance)

    @rooms.get("/bitrix24/app")
    def about() -> Response:
        return page("app.html", request.args.get("LANG", ""), rows=None)

    @rooms.post("/bitrix24/app")
    def inside() -> Response:
        received = taken(request, connector.clock)
        form = decode_form(received.body)
        if "look" in form:
            return shown.looked(form)
        return shown.mended(form) if "ticket" in form else shown.opened(form, received)

    return rooms


class AppPage:
    """The moments of the page. Everything that a browser sends is a claim until its token or ticket is checked."""

    def __init__(self, connector: Connector, doors: Doors, tickets: Tickets, entrance: Entrance) -> None:
        self._connector, self._doors, self._tickets, self._entrance = connector, doors, tickets, entrance
        self._looks = Looks(connector)

    def opened(self, form: Mapping[str, Any], received: Request) -> Response:
        """The portal opens the page for one of its users. Raises ``Refused`` 403 when it does not prove itself."""
        portal, language = self._doors.admit(form), request.args.get("LANG", "")
        try:
            self._start_again(portal, form, received)
            visitor = portal.visitor(_text(form, "AUTH_ID"))
        except ConnectorError as error:
            log.info("app_page.visitor_unknown", portal=portal.name, cause=error.cause)
            return self._render(portal.name, language, note=error.hint)
        facts = self._entrance.facts(portal.name, visitor, language)
        door = self._entrance.door(facts)
        if not visitor.admin:
            return self._render(portal.name, language, note=_NOT_ADMIN, door=door)
        return self._render(portal.name, language, look=self._tickets.issue("look", facts, _LOOK_SECONDS), door=door)

    def looked(self, form: Mapping[str, Any]) -> Response:
        """The list, looked at now. Raises ``Refused`` 403 for a ticket that is not ours or too old."""
        facts = self._facts("look", _text(form, "look"))
        findings = self._looks.at(facts["portal"])
        mendable = any(finding.mend.startswith("connector portal rebind") for finding in findings)
        return self._render(
            facts["portal"],
            facts["language"],
            findings=findings,
            again=self._tickets.issue("look", facts, _LOOK_SECONDS),
            door=self._entrance.door(facts),
            ticket=self._tickets.issue("mend", facts, _MEND_SECONDS) if mendable else "",
        )

    def mended(self, form: Mapping[str, Any]) -> Response:
        """The button: connectors, handlers and lines are bound anew, under the name of the user who pressed it."""
        facts = self._facts("mend", _text(form, "ticket"))
        deed = repair.Deed(who=guest_of(facts).name, why="the button of the application's page")
        trace = repair.rebind(self._connector, facts["portal"], deed)
        log.info("app_page.mended", portal=facts["portal"], trace=trace)
        look = self._tickets.issue("look", facts, _LOOK_SECONDS)
        door = self._entrance.door(facts)
        return self._render(facts["portal"], facts["language"], look=look, mending=True, door=door)

    def _facts(self, purpose: str, ticket: str) -> dict[str, str]:
        """Each page renews its tickets, but who has lost their rights in the portal does not stay for ever."""
        facts = self._tickets.read(purpose, ticket)
        if not self._entrance.proven(facts):
            raise ExpiredTicket(facts)
        return facts

    def _start_again(self, portal: Portal, form: Mapping[str, Any], received: Request) -> None:
        """Opening the application starts a stopped portal again: with new tokens where those are gone (§7 (39)).

        A block (``OVERLOAD_LIMIT``) is not ours to end: it is looked at when its time is over.
        """
        kept = self._connector.journal.installation(portal.name)
        if kept is not None and kept.state == "needs_reauth":
            self._doors.ring(received.remote)
            portal.adopt(grant_from_page(request.args, form, received.received_at))
        elif kept is not None and kept.state in _COMES_BACK:
            self._doors.ring(received.remote)
            portal.hasten()

    def _render(self, portal: str, language: str, **values: Any) -> Response:
        known = {"look": "", "again": "", "ticket": "", "note": None, "findings": None, "mending": False, "door": None}
        rows = _rows(self._connector, portal)
        answer = page("app.html", language, frame=self._doors.origins(portal), rows=rows, **{**known, **values})
        # With no-referrer browsers say "Origin: null" with our own forms, and the console asks where they come from.
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer


def _rows(connector: Connector, portal: str) -> list[Row]:
    stats = connector.journal.stats()
    rows = []
    for account in connector.accounts.values():
        if account.portal != portal:
            continue
        outgoing = stats.get(f"account:{account.name}", {})
        rows.append(
            Row(
                name=account.name,
                title=account.provider.title,
                line=line_of(connector, account.name),
                phone=account.provider.channel is None and account.provider.telephony is not None,
                waiting=int(outgoing.get("waiting", 0)),
                parked=int(outgoing.get("parked", 0)),
            )
        )
    return rows


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
