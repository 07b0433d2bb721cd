"""``/app``: the application inside the portal, as one of its users sees it: a form into a frame.

facts/bitrix24-platform.md §4.6a. ``?user=<id>&lang=ru|en&url=<page of the application>``: a page on this machine,
because tokens travel to it.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, request

from connector.sandbox import installing
from connector.sandbox.answers import ApiError
from connector.sandbox.desk_page import FILES, chosen_language
from connector.sandbox.framing import framed, keep_here
from connector.sandbox.loopback import is_loopback
from connector.sandbox.model import App
from connector.sandbox.state import Portal


def app_blueprint(portal: Portal) -> Blueprint:
    """``GET /app``; loopback only."""
    blueprint = Blueprint("app", __name__, template_folder=str(FILES))
    keep_here(blueprint)

    @blueprint.get("/app")
    def app() -> Response:
        return _page(portal)

    return blueprint


def _page(portal: Portal) -> Response:
    where = _address(portal)
    language = chosen_language(portal)
    with portal.lock:
        users = [(user.id, user.title, user.admin) for user in portal.users.values() if not user.client]
        asked = request.args.get("user", "")
        user = int(asked) if asked.isdecimal() and int(asked) in portal.users else installing.admin(portal)
        query, form = installing.page_parts(portal, _app(portal), user, language)
    form |= {"PLACEMENT": "DEFAULT", "PLACEMENT_OPTIONS": json.dumps([])}
    return framed(
        "app.html",
        f"{where}?{urlencode(query)}",
        ancestors=" ".join(portal.config.desk_frames),
        language=language,
        form=form,
        users=users,
        user=user,
        url=request.args.get("url", ""),
        domain=portal.domain,
    )


def _address(portal: Portal) -> str:
    where = request.args.get("url", "") or portal.config.handler_url
    parts = urlsplit(where)
    clean = not parts.query and not any(sign in where for sign in " ;,'\"")
    if not clean or parts.scheme not in ("http", "https") or not is_loopback(parts.netloc):
        raise ApiError("HANDLER_URL", "Say ?url=http://127.0.0.1:8000/bitrix24/app: a page on this machine", 400)
    return where


def _app(portal: Portal) -> App:
    asked = request.args.get("client_id", "") or portal.config.client_id
    app = portal.apps.get(asked)
    if app is None or not app.present:
        raise ApiError("APPLICATION_NOT_FOUND", "The application is not installed", 404)
    return app
