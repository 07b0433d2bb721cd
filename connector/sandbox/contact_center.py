"""``/contact_center/``: the channels and lines of the portal, and the settings slider of a connector in a frame.

facts/bitrix24-openlines.md §1.10. ``/online/?IM_DIALOG=chat<id>`` leads to that chat on the desk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, make_response, redirect, request

from connector.sandbox import installing
from connector.sandbox.answers import ApiError
from connector.sandbox.desk_page import FILES, chosen_language
from connector.sandbox.framing import framed, keep_here
from connector.sandbox.loopback import is_loopback
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
    keep_here(blueprint)

    @blueprint.get("/contact_center/")
    def contact_center() -> Response:
        return _page(portal)

    @blueprint.get("/online/")
    def online() -> Response:
        number = request.args.get("IM_DIALOG", "").removeprefix("chat")
        return make_response(redirect(f"/desk#{number}" if number.isdecimal() else "/desk", 302))

    return blueprint


def _page(portal: Portal) -> Response:
    chosen, line = request.args.get("ID", ""), request.args.get("LINE", "")
    language = chosen_language(portal)
    form, action = _slider(portal, chosen, int(line), language) if chosen and line.isdecimal() else ({}, "")
    return framed(
        "contact_center.html",
        action,
        language=language,
        tiles=_tiles(portal),
        chosen=(chosen, line),
        form=form,
        domain=portal.domain,
    )


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
