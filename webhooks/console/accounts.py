"""``/ops/accounts``: how each account stands."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.bootstrap import Connector
from webhooks.console.showing import Shows


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/accounts")
    def accounts() -> Response:
        return shows.lost()

    @rooms.get("/accounts/<name>")
    def account(name: str) -> Response:
        return shows.lost()
