"""``/ops``: everything at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from connector import status
from connector.bootstrap import Connector
from connector.errors import TransientError
from connector.journal.glance import Arrivals, Heard
from connector.speech import Text
from webhooks.console.showing import Shows

STATES = {
    "active": Text("works", "работает"),
    "not_installed": Text("not installed", "не установлено"),
    "needs_reauth": Text("must be authorised again", "нужна новая авторизация"),
    "uninstalled": Text("uninstalled", "удалено"),
    "suspended": Text("suspended", "приостановлен"),
    "blocked": Text("blocked for overload", "заблокирован за перегрузку"),
    "unreachable": Text("does not answer", "не отвечает"),
}
_FINE, _LOOK = Text("in order", "в порядке"), Text("look here", "обратите внимание")


@dataclass(frozen=True, kw_only=True)
class Card:
    """One portal or account. ``mark`` is ``good``, ``warn`` or ``bad``; ``budget`` is ``(used, of)`` or ``None``."""

    name: str
    title: Text | str
    mark: str
    state: Text
    work: status.Destination
    heard: Heard | None
    budget: tuple[float, float] | None = None


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("")
    @rooms.get("/")
    def overview() -> Response:
        seen = status.overview(connector)
        arrivals = _arrivals(connector)
        work = {row.name: row for row in seen.destinations}
        return shows.page(
            "overview.html",
            seen=seen,
            whole=arrivals.whole,
            portals=[_portal(connector, row, work, arrivals) for row in seen.portals],
            accounts=[_account(account, work, arrivals) for account in connector.accounts.values()],
            left=[row for row in seen.destinations if not _known(connector, row.name) and row.waiting + row.parked],
        )


def _arrivals(connector: Connector) -> Arrivals:
    """Nothing while the database is away; the page says so elsewhere."""
    try:
        return connector.journal.arrivals()
    except TransientError:
        return Arrivals(heard={}, whole=True)


def _portal(
    connector: Connector, row: status.PortalStatus, work: dict[str, status.Destination], arrivals: Arrivals
) -> Card:
    name = f"portal:{row.name}"
    mine = work.get(name) or status.Destination(name=name)
    mark = "bad" if row.state != "active" else _mark(mine)
    return Card(
        name=row.name,
        title=connector.settings.portals[row.name].url.partition("://")[2],
        mark=mark,
        state=_LOOK if mark == "warn" else STATES.get(row.state, Text(row.state, row.state)),
        work=mine,
        heard=arrivals.heard.get(name),
        budget=(row.budget["used"], row.budget["burst"]) if row.budget else None,
    )


def _account(account: Any, work: dict[str, status.Destination], arrivals: Arrivals) -> Card:
    name = f"account:{account.name}"
    mine = work.get(name) or status.Destination(name=name)
    mark = _mark(mine)
    return Card(
        name=account.name,
        title=account.provider.title,
        mark=mark,
        state=_FINE if mark == "good" else _LOOK,
        work=mine,
        heard=arrivals.heard.get(account.name),
    )


def _mark(work: status.Destination) -> str:
    return "warn" if work.parked or work.oldest > status.STALE else "good"


def _known(connector: Connector, destination: str) -> bool:
    side, _, name = destination.partition(":")
    return name in (connector.portals if side == "portal" else connector.accounts)
