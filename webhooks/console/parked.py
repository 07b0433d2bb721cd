"""``/ops/parked``: the repair bench."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.bootstrap import Connector
from webhooks.console.showing import Shows


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/parked")
    def parked() -> Response:
        return shows.lost()
