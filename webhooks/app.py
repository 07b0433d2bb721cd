"""The Flask application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from connector.bootstrap import Connector
from connector.errors import ConnectorError, Refused, TransientError
from connector.intake import new_trace
from connector.speech import Text
from webhooks import app_page, bitrix24, chat, console, health, media, routing, slider
from webhooks.answers import BROKEN, TOO_LARGE, deferred, told
from webhooks.doors import Doors
from webhooks.guests import Entrance
from webhooks.inbound import Hooks
from webhooks.tickets import Tickets

log = structlog.get_logger()

_NO_PAGE = Text("There is nothing at this address", "По этому адресу ничего нет")


def create_app(connector: Connector, *, proxies: int = 0) -> Flask:
    """The WSGI application of a wired connector.

    ``proxies`` is the exact number of reverse proxies in front whose ``X-Forwarded-*`` may be believed
    (facts/providers.md §1 rule 8); 0 believes none.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = connector.settings.limits.body
    app.config["MAX_FORM_MEMORY_SIZE"] = connector.settings.limits.body
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    doors = Doors(connector)
    tickets = Tickets(connector.vault.derive_all("tickets"), connector.clock)
    app.register_blueprint(bitrix24.room(connector, doors))
    app.register_blueprint(slider.room(connector, doors, tickets))
    entrance = Entrance(connector, doors, tickets)
    app.register_blueprint(app_page.room(connector, doors, tickets, entrance))
    app.register_blueprint(media.room(connector))
    app.register_blueprint(chat.room(connector))
    app.register_blueprint(health.room(connector))
    app.register_blueprint(routing.room(connector))
    app.register_blueprint(console.room(connector, entrance))
    _explain_errors(app, connector)
    app.wsgi_app = Hooks(app.wsgi_app, connector)  # type: ignore[method-assign]
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    return app


def _explain_errors(app: Flask, connector: Connector) -> None:
    def refused(error: Refused) -> Response:
        log.warning("request.refused", path=_room(), cause=error.cause, status=error.status)
        return told(error.status, error.cause, error.hint)

    def away(error: TransientError) -> Response:
        log.warning("request.deferred", path=_room(), cause=error.cause)
        return deferred(error)

    def too_large(error: RequestEntityTooLarge) -> Response:
        return told(413, "body.too_large", TOO_LARGE.with_(limit=connector.settings.limits.body))

    def http(error: HTTPException) -> Response:
        status = error.code or 500
        return told(status, f"http.{status}", _NO_PAGE if status == 404 else Text(error.name, error.name))

    def broken(error: Exception) -> Response:
        trace = new_trace(connector.clock())
        log.error("request.failed", path=_room(), trace=trace, exc_info=error)
        hint = error.hint if isinstance(error, ConnectorError) else BROKEN
        return told(500, "internal", hint, trace=trace)

    handlers: dict[type[Exception], Callable[[Any], Response]] = {
        Refused: refused,
        TransientError: away,
        RequestEntityTooLarge: too_large,
        HTTPException: http,
        Exception: broken,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def _room() -> str:
    """The route, never the address itself: a media token or a secret path is nobody's business."""
    return request.url_rule.rule if request.url_rule else "-"
