"""``/ops/lanes``: what waits, lane by lane."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.bootstrap import Connector
from webhooks.console.showing import Shows


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/lanes")
    def lanes() -> Response:
        return shows.lost()
