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
from connector.portal import decode_form
from connector.portal.phrases import age
from connector.routes import Account
from connector.speech import Text
from webhooks.answers import taken
from webhooks.doors import Doors
from webhooks.pages import page, tell_expiry
from webhooks.tickets import Tickets

_FORM_SECONDS = 3600.0
_VIEW_SECONDS = 300.0
_LONG = 20.0  # seconds after which a person is told that it takes longer than usual
_SOON, _LATER = 2, 10  # seconds until the page looks again, before and after that

_ODD = Text(
    "Bitrix24 did not say which connector and line this is; open the connector again in the Contact Center",
    "Битрикс24 не сообщил, какой это коннектор и какая линия; откройте коннектор в Контакт-центре ещё раз",
)
_NOT_DONE = Text("It was given up; try once more", "Действие отменено; попробуйте ещё раз")
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
    """One account in the list. ``elsewhere`` is the other line that it serves now.

    ``waiting`` and ``parked`` are its replies, ``heard`` how long ago something came from it, within a day.
    """

    name: str
    title: Text
    serves: bool
    elsewhere: str = ""
    waiting: int = 0
    parked: int = 0
    heard: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person asked for: the account that shall serve the line (empty: none), known by ``nonce`` in the journal.

    ``since`` is unix seconds as text.
    """

    account: str
    nonce: str
    since: str

    def facts(self) -> dict[str, str]:
        """What a ticket bears."""
        return {"wanted": self.account, "nonce": self.nonce, "since": self.since}


def room(connector: Connector, doors: Doors, tickets: Tickets) -> Blueprint:
    """The page, its form and the view that waits for the portal."""
    rooms = Blueprint("slider", __name__)
    tell_expiry(rooms, doors)
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
            else LineDisconnected(portal=line.portal, connector=line.connector, line=line.line, asked=True)
        )
        kept = replace(received, body=json.dumps({"do": event.kind, **line.facts(), "account": account}).encode())
        self._connector.intake.keep_event(line.portal, f"line:{nonce}", kept, lambda: [event])
        since = f"{self._connector.clock().timestamp():.0f}"
        return self._render(line, Wish(account=account if connecting else "", nonce=nonce, since=since))

    def viewed(self, ticket: str) -> Response:
        """The page looks again whether the line is connected."""
        facts = self._tickets.read("view", ticket)
        wish = Wish(account=facts.pop("wanted"), nonce=facts.pop("nonce"), since=facts.pop("since"))
        return self._render(Line(**facts), wish)

    def _render(self, line: Line, wish: Wish | None = None) -> Response:
        choices = self._choices(line)
        serving = next((choice.name for choice in choices if choice.serves), "")
        ticket = self._tickets.issue("line", {**line.facts(), "nonce": secrets.token_hex(8)}, _FORM_SECONDS)
        refused = self._refused(line, wish) if wish and wish.account != serving else None
        waiting = wish is not None and wish.account != serving and refused is None
        view = self._tickets.issue("view", {**line.facts(), **wish.facts()}, _VIEW_SECONDS) if waiting and wish else ""
        long = wish is not None and self._connector.clock().timestamp() - float(wish.since) > _LONG
        return page(
            "slider.html",
            line.language,
            frame=self._doors.origins(line.portal),
            line=line,
            choices=choices,
            serving=serving,
            chosen=(wish.account if wish else "") or serving or next((choice.name for choice in choices), ""),
            wish=wish,
            waiting=waiting,
            long=long,
            refused=refused,
            again=_LATER if long else _SOON,
            ticket=ticket,
            view=view,
        )

    def _refused(self, line: Line, wish: Wish) -> Text | None:
        """Why Bitrix24 did not do it, once that is certain."""
        fate = self._connector.journal.fate(f"portal:{line.portal}", f"line:{wish.nonce}")
        return (fate.hint or _NOT_DONE) if fate is not None and fate.state in ("parked", "discarded") else None

    def _choices(self, line: Line) -> list[Choice]:
        stats, heard = self._connector.journal.stats(), self._connector.journal.arrivals().heard
        now = self._connector.clock()
        return [
            self._choice(
                account,
                line,
                stats.get(f"account:{name}", {}),
                age(max(0.0, (now - heard[name].last).total_seconds())) if name in heard else None,
            )
            for name, account in self._accounts_of(line).items()
        ]

    def _accounts_of(self, line: Line) -> dict[str, Account]:
        """The accounts that the connector of ``line`` stands for: those of its provider on this portal."""
        portal = self._connector.portals[line.portal]
        return {
            name: account
            for name, account in self._connector.accounts.items()
            if account.portal == line.portal and portal.connector_id(account.provider.slug) == line.connector
        }

    def _choice(self, account: Account, line: Line, work: Mapping[str, Any], heard: Text | None) -> Choice:
        """A binding made here wins over ``line:`` of connector.yaml."""
        bound = self._connector.journal.recall("line", account.name)
        now = str(bound["line"]) if bound else ""
        return Choice(
            name=account.name,
            title=account.provider.title,
            serves=now == line.line,
            elsewhere=now if now != line.line else "",
            waiting=int(work.get("waiting", 0)),
            parked=int(work.get("parked", 0)),
            heard=heard,
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
