"""``/ops/portals``: how each portal stands, the whole list of checks, and binding it anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector import repair, status
from connector.bootstrap import Connector
from connector.domain.states import in_words
from connector.errors import TransientError
from connector.portal.phrases import reason_in_words
from connector.speech import Text
from webhooks.answers import see_other
from webhooks.console.reasons import reasoned
from webhooks.console.showing import Shows
from webhooks.looks import Looks

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One portal in the list."""

    name: str
    url: str
    state: Text
    good: bool
    reason: Text | None
    by: str


def add(rooms: Blueprint, connector: Connector, shows: Shows, looks: Looks) -> None:
    """The routes."""

    @rooms.get("/portals")
    def portals() -> Response:
        seen = status.overview(connector)
        rows = [_row(connector, portal) for portal in seen.portals]
        bound = request.args.get("bound", "")
        return shows.page(
            "portals.html",
            rows=rows,
            bound=bound if bound in connector.portals else "",
            seen=seen,
            **_rules(connector),
        )

    @rooms.get("/portals/<name>")
    def portal(name: str) -> Response:
        _known(connector, name)
        findings = looks.at(name)
        return shows.page(
            "portal.html",
            name=name,
            findings=findings,
            counts={mark: sum(1 for one in findings if one.state == mark) for mark in ("bad", "warn", "ok")},
            mendable=bool(connector.portals[name].connector_prefix),
        )

    @rooms.post("/portals/<name>/mend")
    def mend(name: str) -> Response:
        _known(connector, name)
        deed = reasoned()
        trace = repair.rebind(connector, name, deed)
        log.info("console.rebound", portal=name, who=deed.who, trace=trace)
        return see_other(url_for("ops.portals", bound=name))


def _known(connector: Connector, name: str) -> None:
    if name not in connector.portals:
        raise NotFound


def _rules(connector: Connector) -> dict[str, Any]:
    """Which rules are in use, and what is wrong with the files here; nothing while the database is away."""
    try:
        return {"uses": connector.journal.mapping_uses(limit=1), "fault": _fault(connector)}
    except TransientError:
        return {}


def _fault(connector: Connector) -> Text | None:
    fault = connector.rulebook.fault()
    return fault.hint if fault else None


def _row(connector: Connector, portal: status.PortalStatus) -> Row:
    return Row(
        name=portal.name,
        url=connector.settings.portals[portal.name].url,
        state=in_words(portal.state),
        good=portal.state == "active",
        reason=reason_in_words(portal.reason, connector.clock()) if portal.reason else None,
        by=portal.by,
    )
