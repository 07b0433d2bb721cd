"""The ops console: pages below ``/ops``, for people who signed in."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException, NotFound

from connector.bootstrap import Connector
from connector.errors import ConnectorError
from connector.speech import Text
from webhooks.console import (
    accounts,
    audit,
    calls,
    connect,
    inside,
    lanes,
    live,
    oneself,
    overview,
    parked,
    people,
    portals,
    signing,
    story,
    sync,
    sync_deeds,
    sync_parked,
    sync_rules,
    sync_runs,
)
from webhooks.console.showing import Shows, harden
from webhooks.console.visits import Visits
from webhooks.guests import Entrance
from webhooks.looks import Looks

__all__ = ["room"]


def room(
    connector: Connector,
    entrance: Entrance,
    *,
    looks: Looks | None = None,
    account_looks: Looks | None = None,
    way_looks: Looks | None = None,
) -> Blueprint:
    """The blueprint. ``entrance`` lets people of portals in.

    Looks examine portals, accounts, and the way from a portal to an account; tests hand in theirs.
    """
    rooms = Blueprint(
        "ops",
        __name__,
        url_prefix="/ops",
        static_folder="static",
        static_url_path="/static",
        template_folder="templates",
    )
    visits, shows = Visits(connector, entrance), Shows(connector)
    rooms.before_request(visits.guard)
    rooms.after_request(harden)
    live.add(rooms, connector, visits)
    signing.add(rooms, connector, visits, shows)
    inside.add(rooms, visits, shows, entrance)
    oneself.add(rooms, connector, visits, shows)
    overview.add(rooms, connector, shows)
    portals.add(rooms, connector, shows, looks or Looks(connector))
    accounts.add(rooms, connector, shows, account_looks)
    connect.add(rooms, connector, shows, way_looks)
    for room_of in (lanes, parked, story, calls, sync, sync_runs, sync_parked, sync_rules, audit, people):
        room_of.add(rooms, connector, shows)
    sync_deeds.add(rooms, connector)
    _faults(rooms, shows)
    return rooms


def _faults(rooms: Blueprint, shows: Shows) -> None:
    """What is not there, and what cannot be done."""

    @rooms.get("/<path:rest>")
    def lost(rest: str) -> Response:
        return shows.lost()

    @rooms.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if isinstance(error, NotFound):
            return shows.lost()
        named = Text(error.name, error.name)
        return shows.page("fault.html", error.code or 500, hint=named)

    @rooms.errorhandler(ConnectorError)
    def told(error: ConnectorError) -> Response:
        return shows.fault(error)
