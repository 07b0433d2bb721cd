"""``/ops/connect``: from nothing to a portal and a channel, each step green by proof."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.bootstrap import Connector
from webhooks.console.showing import Shows


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/connect")
    def connect() -> Response:
        return shows.lost()
