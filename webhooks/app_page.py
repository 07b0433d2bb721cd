"""``/bitrix24/app``: what this application is, and inside the portal how its accounts stand."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request

from connector.bootstrap import Connector
from connector.portal import decode_form
from connector.speech import Text
from webhooks.answers import taken
from webhooks.doors import Doors
from webhooks.pages import page


@dataclass(frozen=True, kw_only=True)
class Row:
    """One account in the table; ``line`` is empty while it serves none."""

    name: str
    title: Text
    line: str
    waiting: int
    parked: int


def room(connector: Connector, doors: Doors) -> Blueprint:
    """A stranger learns what this is and nothing else; the portal sees its own accounts."""
    rooms = Blueprint("app_page", __name__)

    @rooms.get("/bitrix24/app")
    def about() -> Response:
        return page("app.html", request.args.get("LANG", ""), rows=None)

    @rooms.post("/bitrix24/app")
    def inside() -> Response:
        portal = doors.admit(decode_form(taken(request, connector.clock).body))
        rows = _rows(connector, portal.name)
        return page("app.html", request.args.get("LANG", ""), frame=doors.origins(portal.name), rows=rows)

    return rooms


def _rows(connector: Connector, portal: str) -> list[Row]:
    stats = connector.journal.stats()
    rows = []
    for account in connector.accounts.values():
        if account.portal != portal:
            continue
        bound = connector.journal.recall("line", account.name)
        line = bound["line"] if bound else account.settings.line
        outgoing = stats.get(f"account:{account.name}", {})
        rows.append(
            Row(
                name=account.name,
                title=account.provider.title,
                line="" if line is None else str(line),
                waiting=int(outgoing.get("waiting", 0)),
                parked=int(outgoing.get("parked", 0)),
            )
        )
    return rows
