"""``GET|POST /route/<account>``: who is responsible for a number, for dial plans (docs/telephony.md).

A dial plan waits for the answer while the client hears it ring: it comes within 300 ms, from the local copy when the
portal is slow, stopped or away.
"""

from __future__ import annotations

import hmac
from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request

from connector.bootstrap import Connector
from connector.domain.telephony import PbxSettings
from connector.errors import Refused
from connector.speech import Text

log = structlog.get_logger()

HEADER = "X-Route-Token"
_LONGEST = 60  # characters of a number
_NO_ACCOUNT = Text(
    "No account {name} of a PBX is here; compare the address with connector.yaml",
    "Аккаунта телефонии {name} здесь нет; сверьте адрес с connector.yaml",
)
_OFF = Text(
    "Routing is off for {name}: set its route_token in connector.yaml",
    "Маршрутизация для {name} выключена: задайте аккаунту route_token в connector.yaml",
)
_STRANGER = Text(
    "The route_token of the account is wanted: Authorization: Bearer …, X-Route-Token: … or ?token=…",
    "Нужен route_token аккаунта: Authorization: Bearer …, X-Route-Token: … или ?token=…",
)
_NO_PHONE = Text(
    "Say which number: ?phone=+79001234567",
    "Укажите номер: ?phone=+79001234567",
)


def room(connector: Connector) -> Blueprint:
    """The route. It answers 200 whether somebody is found or not; refusals are 400, 401 and 404 with words."""
    rooms = Blueprint("route", __name__)

    @rooms.route("/route/<account>", methods=["GET", "POST"])
    def route(account: str) -> Response:
        _admit(connector, account)
        phone = _given("phone")[:_LONGEST].strip()
        if not phone:
            raise Refused("route.no_phone", hint=_NO_PHONE, status=400)
        routed = connector.routing.find(account, phone)
        log.info("route.answered", account=account, source=routed.source)
        answer = _plain(routed.document()) if _given("format") == "text" else jsonify(routed.document())
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return rooms


def _admit(connector: Connector, name: str) -> None:
    """Raises ``Refused``: 404 where there is nothing to ask, 401 for whoever does not know the token."""
    known = connector.accounts.get(name)
    settings = known.settings if known else None
    if not isinstance(settings, PbxSettings):
        raise Refused("account.unknown", hint=_NO_ACCOUNT.with_(name=name[:40]), status=404)
    if settings.route_token is None or not settings.route_token.get_secret_value():
        raise Refused("route.off", hint=_OFF.with_(name=name), status=404)
    wanted, told = settings.route_token.get_secret_value(), _token()
    if not hmac.compare_digest(wanted.encode(), told.encode("utf-8", "replace")):
        raise Refused("route.stranger", hint=_STRANGER, status=401)


def _token() -> str:
    """In a header; or in the address, because many dial plans can send nothing else."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return (bearer.strip() if scheme.lower() == "bearer" else "") or request.headers.get(HEADER, "") or _given("token")


def _given(name: str) -> str:
    """A parameter of the address, of a form or of a JSON object."""
    body: Any = request.get_json(silent=True) if request.is_json else None
    inside = body.get(name, "") if isinstance(body, dict) else ""
    return request.args.get(name) or request.form.get(name) or (inside if isinstance(inside, str) else "")


def _plain(document: dict[str, Any]) -> Response:
    """The extension alone, without a line end: what ``CURL()`` of Asterisk puts into a variable."""
    return Response(document["extension"], mimetype="text/plain")
