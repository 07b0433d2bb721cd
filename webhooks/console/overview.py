"""``/ops``: everything at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response

from connector import status
from connector.bootstrap import Connector
from connector.domain.silence import Silence
from connector.domain.states import in_words
from connector.errors import TransientError
from connector.journal.tallies import Day
from connector.listening.health import state_in_words
from connector.speech import Text
from webhooks.console.charts import Bars, bars
from webhooks.console.showing import Shows

_FINE, _PARKED = Text("in order", "в порядке"), Text("parked work", "есть отложенное")
_STUCK, _SILENT = Text("work is stuck", "работа стоит"), Text("silent", "молчит")
_ORDER = ("bad", "warn", "good")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The last 24 hours of one side; ``p95_ms`` is of the newest hour that has one, which begins at ``p95_at``."""

    arrived: int
    delivered: int
    p95_ms: int | None
    p95_at: datetime | None
    last: datetime | None
    chart: Bars
    hours: tuple[datetime, ...]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One portal or account. ``mark`` is ``good``, ``warn`` or ``bad``; ``budget`` is ``(used, of)`` or ``None``."""

    side: str
    name: str
    title: Text | str
    mark: str
    state: Text
    work: status.Destination
    figures: Figures
    silence: Silence | None = None
    budget: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The last 24 hours of the whole house."""

    arrived: int
    reached: int
    left: int


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("")
    @rooms.get("/")
    def overview() -> Response:
        seen, day = status.overview(connector), _day(connector)
        portals = [_portal(connector, row, seen, day) for row in seen.portals]
        apart = {one.name: state_in_words(one.state) for one in seen.streams if one.state and one.problems}
        accounts = [
            _card("account", name, account.provider.title, seen, day, stopped=apart.get(name))
            for name, account in connector.accounts.items()
        ]
        return shows.page(
            "overview.html",
            seen=seen,
            portals=_worst_first(portals),
            accounts=_worst_first(accounts),
            totals=_totals(portals, accounts),
            whole=day.whole,
            fresh=seen.database and not any(card.figures.last for card in portals + accounts),
            left=[row for row in seen.destinations if not _known(connector, row.name) and row.waiting + row.parked],
        )


def _day(connector: Connector) -> Day:
    """Nothing while the database is away; the page says so elsewhere."""
    try:
        return connector.journal.day()
    except TransientError:
        return Day(hours=(int(connector.clock().timestamp()),), rows={}, whole=True)


def _portal(connector: Connector, row: status.PortalStatus, seen: status.Overview, day: Day) -> Card:
    url = connector.settings.portals[row.name].url.partition("://")[2]
    budget = (row.budget["used"], row.budget["burst"]) if row.budget else None
    stopped = None if row.state == "active" else in_words(row.state)
    return _card("portal", row.name, url, seen, day, budget=budget, stopped=stopped)


def _card(
    side: str,
    name: str,
    title: Text | str,
    seen: status.Overview,
    day: Day,
    *,
    budget: tuple[float, float] | None = None,
    stopped: Text | None = None,
) -> Card:
    full = f"{side}:{name}"
    work = next((row for row in seen.destinations if row.name == full), status.Destination(name=full))
    silence = next((one for one in seen.silences if one.name == full), None)
    mark, state = _verdict(work, silence, stopped)
    return Card(
        side=side,
        name=name,
        title=title,
        mark=mark,
        state=in_words("active") if side == "portal" and mark == "good" else state,
        work=work,
        figures=_figures(full, day),
        silence=silence,
        budget=budget,
    )


def _verdict(work: status.Destination, silence: Silence | None, stopped: Text | None) -> tuple[str, Text]:
    """The worst first."""
    if stopped or silence:
        return "bad", stopped or _SILENT
    if work.oldest > status.STALE:
        return "warn", _STUCK
    return ("warn", _PARKED) if work.parked else ("good", _FINE)


def _figures(full: str, day: Day) -> Figures:
    rows = day.rows.get(full, {})
    timed = [row for hour, row in sorted(rows.items()) if row.p95_ms is not None]
    last = max((row.last_at or 0.0 for row in rows.values()), default=0.0)
    drawn = "delivered" if full.startswith("portal:") else "arrived"
    return Figures(
        arrived=sum(row.arrived for row in rows.values()),
        delivered=sum(row.delivered for row in rows.values()),
        p95_ms=timed[-1].p95_ms if timed else None,
        p95_at=_at(timed[-1].hour) if timed else None,
        last=_at(last) if last else None,
        chart=bars([getattr(rows[hour], drawn) if hour in rows else 0 for hour in day.hours]),
        hours=tuple(_at(hour) for hour in day.hours),
    )


def _totals(portals: list[Card], accounts: list[Card]) -> Totals:
    return Totals(
        arrived=sum(card.figures.arrived for card in accounts),
        reached=sum(card.figures.delivered for card in portals),
        left=sum(card.figures.delivered for card in accounts),
    )


def _worst_first(cards: list[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: _ORDER.index(card.mark))


def _known(connector: Connector, destination: str) -> bool:
    side, _, name = destination.partition(":")
    return name in (connector.portals if side == "portal" else connector.accounts)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
