"""``/ops/trace/<trace>``: the story of one envelope."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.bootstrap import Connector
from webhooks.console.showing import Shows


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/trace")
    def traces() -> Response:
        return shows.lost()

    @rooms.get("/trace/<trace>")
    def trace(trace: str) -> Response:
        return shows.lost()
