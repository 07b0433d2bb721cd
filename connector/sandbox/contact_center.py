"""``/contact_center/``: the channels and lines of the portal, and the settings slider of a connector in a frame.

facts/bitrix24-openlines.md §1.10. ``/online/?IM_DIALOG=chat<id>`` leads to that chat on the desk.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request

from connector.sandbox import installing
from connector.sandbox.answers import ApiError
from connector.sandbox.desk_page import FILES, chosen_language
from connector.sandbox.loopback import check_host, is_loopback
from connector.sandbox.rest import json_answer
from connector.sandbox.state import Portal


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A channel on a line."""

    connector: str
    name: str
    line: int
    line_name: str
    active: bool


def contact_center_blueprint(portal: Portal) -> Blueprint:
    """``GET /contact_center/?ID=&LINE=`` and ``GET /online/``; loopback only."""
    blueprint = Blueprint("contact_center", __name__, template_folder=str(FILES))

    @blueprint.before_request
    def only_here() -> None:
        check_host(request)

    @blueprint.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return json_answer(error.body(), error.status)

    @blueprint.get("/contact_center/")
    def contact_center() -> Response:
        return _page(portal)

    @blueprint.get("/online/")
    def online() -> Response:
        number = request.args.get("IM_DIALOG", "").removeprefix("chat")
        return redirect(f"/desk#{number}" if number.isdigit() else "/desk", 302)  # type: ignore[return-value]

    return blueprint


def _page(portal: Portal) -> Response:
    chosen, line = request.args.get("ID", ""), request.args.get("LINE", "")
    language, nonce = chosen_language(portal), secrets.token_urlsafe(16)
    form, action = _slider(portal, chosen, int(line), language) if chosen and line.isdigit() else ({}, "")
    page = render_template(
        "contact_center.html",
        language=language,
        nonce=nonce,
        tiles=_tiles(portal),
        chosen=(chosen, line),
        form=form,
        action=action,
        domain=portal.domain,
    )
    parts = urlsplit(action)
    origin = f"{parts.scheme}://{parts.netloc}" if action else "'none'"
    answer = make_response(page)
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; "
        f"form-action {origin}; frame-src {origin}; frame-ancestors 'none'"
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _tiles(portal: Portal) -> list[Tile]:
    with portal.lock:
        return [
            Tile(
                connector=connector.id,
                name=connector.name,
                line=line.id,
                line_name=line.name,
                active=bool((held := portal.statuses.get((connector.id, line.id))) and held.active),
            )
            for connector in portal.connectors.values()
            for line in portal.lines.values()
        ]


def _slider(portal: Portal, connector: str, line: int, language: str) -> tuple[dict[str, str], str]:
    """The form of the slider, and where it goes: a page on this machine, because tokens travel to it."""
    with portal.lock:
        held = portal.connectors.get(connector.lower())
        if held is None or line not in portal.lines:
            raise ApiError("CONNECTOR", "There is no such connector or line", 404)
        if not is_loopback(urlsplit(held.handler).netloc):
            raise ApiError("HANDLER_URL", "The page of this connector is not on this machine", 400)
        query, form = installing.page_parts(portal, portal.apps[held.client_id], installing.admin(portal), language)
        options = installing.slider_options(portal, held.id, line)
    form |= {"PLACEMENT": "SETTING_CONNECTOR", "PLACEMENT_OPTIONS": json.dumps(options, ensure_ascii=False)}
    return form, f"{held.handler}?{urlencode(query)}"
