"""``/bitrix24/settings``: which account serves this open line (facts/bitrix24-openlines.md §1.10)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, request

from connector.bootstrap import Connector
from connector.domain.events import LineConnected, LineDisconnected
from connector.domain.request import Request
from connector.errors import Refused
from connector.intake import Account
from connector.portal import decode_form
from connector.speech import Text
from webhooks.answers import taken
from webhooks.doors import Doors
from webhooks.pages import page
from webhooks.tickets import Tickets

_FORM_SECONDS = 3600.0
_VIEW_SECONDS = 300.0

_ODD = Text(
    "Bitrix24 did not say which connector and line this is; open the connector again in the Contact Center",
    "Битрикс24 не сообщил, какой это коннектор и какая линия; откройте коннектор в Контакт-центре ещё раз",
)
_NO_ACCOUNT = Text(
    "Choose an account of the list; new ones are added in connector.yaml",
    "Выберите аккаунт из списка; новые добавляются в connector.yaml",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One open line of one of our connectors, as a page shows it."""

    portal: str
    connector: str
    line: str
    language: str

    def facts(self) -> dict[str, str]:
        """What a ticket bears."""
        return {"portal": self.portal, "connector": self.connector, "line": self.line, "language": self.language}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One account in the list. ``elsewhere`` is the other line that it serves now."""

    name: str
    title: Text
    serves: bool
    elsewhere: str = ""


def room(connector: Connector, doors: Doors, tickets: Tickets) -> Blueprint:
    """The page, its form and the view that waits for the portal."""
    rooms = Blueprint("slider", __name__)
    shown = Slider(connector, doors, tickets)

    @rooms.post("/bitrix24/settings")
    def settings() -> Response:
        received = taken(request, connector.clock)
        form = decode_form(received.body)
        return shown.submitted(form, received) if "ticket" in form else shown.opened(form)

    @rooms.get("/bitrix24/settings")
    def view() -> Response:
        return shown.viewed(request.args.get("view", ""))

    return rooms


class Slider:
    """The three moments of the page: opened by the portal, submitted by a person, looked at again."""

    def __init__(self, connector: Connector, doors: Doors, tickets: Tickets) -> None:
        self._connector, self._doors, self._tickets = connector, doors, tickets

    def opened(self, form: Mapping[str, Any]) -> Response:
        """The portal opens the slider. Raises ``Refused`` 403 when it does not prove itself."""
        portal = self._doors.admit(form)
        options = _options(form)
        line = Line(
            portal=portal.name,
            connector=_word(options.get("CONNECTOR")).lower(),
            line=_word(options.get("LINE")),
            language=request.args.get("LANG", ""),
        )
        if not line.line or not self._accounts_of(line):
            return page("failure.html", line.language, frame=self._doors.origins(portal.name), status=400, hint=_ODD)
        return self._render(line)

    def submitted(self, form: Mapping[str, Any], received: Request) -> Response:
        """A person chose. What they chose is kept as an event; the portal's lane carries it out."""
        facts = self._tickets.read("line", str(form.get("ticket")))
        nonce = facts.pop("nonce")
        line, account = Line(**facts), _word(form.get("account"))
        known = [name for name in self._accounts_of(line) if name == account]
        connecting = form.get("do") == "connect"
        if connecting and not known:
            raise Refused("line.no_account", hint=_NO_ACCOUNT, status=400)
        event = (
            LineConnected(portal=line.portal, connector=line.connector, line=line.line, account=account)
            if connecting
            else LineDisconnected(portal=line.portal, connector=line.connector, line=line.line)
        )
        kept = replace(received, body=json.dumps({"do": event.kind, **line.facts(), "account": account}).encode())
        self._connector.intake.keep_event(line.portal, f"line:{nonce}", kept, lambda: [event])
        return self._render(line, wanted=account if connecting else "", saved=True)

    def viewed(self, ticket: str) -> Response:
        """The page looks again whether the line is connected."""
        facts = self._tickets.read("view", ticket)
        wanted = facts.pop("wanted")
        return self._render(Line(**facts), wanted=wanted, saved=True)

    def _render(self, line: Line, *, wanted: str = "", saved: bool = False) -> Response:
        choices = [self._choice(account, line) for account in self._accounts_of(line).values()]
        serving = next((choice.name for choice in choices if choice.serves), "")
        ticket = self._tickets.issue("line", {**line.facts(), "nonce": secrets.token_hex(8)}, _FORM_SECONDS)
        view = self._tickets.issue("view", {**line.facts(), "wanted": wanted}, _VIEW_SECONDS)
        return page(
            "slider.html",
            line.language,
            frame=self._doors.origins(line.portal),
            line=line,
            choices=choices,
            serving=serving,
            waiting=saved and serving != wanted,
            saved=saved,
            ticket=ticket,
            view=view,
        )

    def _accounts_of(self, line: Line) -> dict[str, Account]:
        """The accounts that the connector of ``line`` stands for: those of its provider on this portal."""
        portal = self._connector.portals[line.portal]
        return {
            name: account
            for name, account in self._connector.accounts.items()
            if account.portal == line.portal and portal.connector_id(account.provider.slug) == line.connector
        }

    def _choice(self, account: Account, line: Line) -> Choice:
        """A binding made here wins over ``line:`` of connector.yaml."""
        bound = self._connector.journal.recall("line", account.name)
        now = str(bound["line"]) if bound else ""
        return Choice(
            name=account.name,
            title=account.provider.title,
            serves=now == line.line,
            elsewhere=now if now != line.line else "",
        )


def _options(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """``PLACEMENT_OPTIONS`` is JSON inside a form field."""
    try:
        options = json.loads(_word(form.get("PLACEMENT_OPTIONS")) or "{}")
    except (ValueError, RecursionError):
        return {}
    return options if isinstance(options, dict) else {}


def _word(value: Any) -> str:
    return str(value)[:2000] if isinstance(value, str | int) and not isinstance(value, bool) else ""
