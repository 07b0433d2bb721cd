"""``GET /media/<token>``: files that the portal or a provider downloads from us."""

from __future__ import annotations

from flask import Blueprint, Response, send_file

from connector.bootstrap import Connector

# What a browser may show by itself. Everything else is saved: a kept file never runs in our origin.
_SHOWN = ("image/", "audio/", "video/")
_NEVER_SHOWN = ("image/svg",)


def room(connector: Connector) -> Blueprint:
    """The route. Ranges, conditions and HEAD are answered; a bad token is 404, an expired one 410."""
    rooms = Blueprint("media", __name__)

    @rooms.get("/media/<token>")
    def give(token: str) -> Response:
        stored = connector.media.open_token(token)
        shown = stored.mime.startswith(_SHOWN) and not stored.mime.startswith(_NEVER_SHOWN)
        answer = send_file(
            connector.media.path(stored.key),
            mimetype=stored.mime,
            as_attachment=not shown,
            download_name=stored.name,
            conditional=True,
            etag=stored.key,
        )
        answer.headers["Cache-Control"] = "private, max-age=3600"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer

    return rooms
