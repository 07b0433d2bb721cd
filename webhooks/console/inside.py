"""``/ops/inside``: from the application's page inside Bitrix24 into the console, in the same frame."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, g, request, url_for

from webhooks.answers import see_other
from webhooks.console.showing import Shows
from webhooks.console.visits import Visits
from webhooks.guests import Entrance

log = structlog.get_logger()


def add(rooms: Blueprint, visits: Visits, shows: Shows, entrance: Entrance) -> None:
    """The routes."""

    @rooms.post("/inside")
    def step_in() -> Response:
        """The ticket is good once. Raises ``Refused`` 403 when it is not."""
        where = request.form.get("where", "")
        visits.framed_by("where", where)
        cookie, language = entrance.open(request.form.get("ticket", ""), request.remote_addr or "")
        log.info("console.came_from_portal", remote=request.remote_addr)
        answer = see_other(url_for("ops.inside", where=where))
        visits.begin_framed(answer, cookie, language)
        return answer

    @rooms.get("/inside")
    def inside() -> Response:
        """On to the first page, unless the browser has kept no cookie."""
        if g.visitor is not None or not visits.framed_by("where", request.args.get("where", "")):
            return see_other("/ops")
        return shows.page("inside.html", 403)
