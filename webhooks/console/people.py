"""``/ops/users``: who may use the console; ``/ops/me``: one's own password."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.bootstrap import Connector
from webhooks.console.showing import Shows


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/users")
    def users() -> Response:
        return shows.lost()

    @rooms.get("/me")
    def me() -> Response:
        return shows.lost()
