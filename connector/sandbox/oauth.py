"""The authorisation server: tokens, the authorise page and its own ``app.info``.

facts/bitrix24-platform.md §2.2 (errors), §4.1-4.4 (endpoints, fields, rotation), §4.6 (``app.info``).
The server lives under ``/oauth-server``; the portal's own ``/oauth/token/`` works too, as in the cloud.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from markupsafe import escape

from connector.sandbox.answers import ApiError, CutError, Params, RawAnswerError
from connector.sandbox.auth import token_in
from connector.sandbox.model import App, Token
from connector.sandbox.perform import log_call, spoil, time_block
from connector.sandbox.rest import cut, json_answer, read_params
from connector.sandbox.state import Portal

# The docs say this is the authorisation server's own domain, samples say the portal's: of no use (§4.3).
TOKEN_DOMAIN = "oauth.bitrix.info"


def oauth_blueprint(portal: Portal) -> Blueprint:
    """Everything under ``/oauth`` and ``/oauth-server``."""
    blueprint = Blueprint("oauth", __name__)

    @blueprint.route("/oauth-server/oauth/token/", methods=["GET", "POST"])
    @blueprint.route("/oauth/token/", methods=["GET", "POST"])
    def token() -> Response:
        return _served(portal, "oauth.token", lambda params: grant(portal, params))

    @blueprint.route("/oauth-server/rest/app.info", methods=["GET", "POST"], strict_slashes=False)
    @blueprint.route("/oauth-server/rest/app.info.json", methods=["GET", "POST"])
    def app_info() -> Response:
        return _served(
            portal,
            "oauth.app.info",
            lambda params: info(portal, token_in(params, request.headers.get("Authorization", ""))),
        )

    @blueprint.get("/oauth/authorize/")
    def authorize() -> Response:
        return _authorize(portal, request.args.get("client_id", ""), request.args.get("state", ""))

    return blueprint


def _served(portal: Portal, name: str, work: Callable[[Params], dict[str, Any]]) -> Response:
    began = time.perf_counter()
    try:
        afterwards = spoil(portal, name)
        with portal.lock:
            body = work(read_params())
        afterwards()
    except ApiError as error:
        log_call(portal, name, began, error.status, error.code)
        return json_answer(error.body(), error.status)
    except RawAnswerError as raw:
        log_call(portal, name, began, raw.status, raw.code)
        return Response(raw.body, raw.status, content_type=raw.content_type)
    except CutError:
        log_call(portal, name, began, 0, "CUT")
        return cut()
    log_call(portal, name, began, 200, "")
    return json_answer(body)


def grant(portal: Portal, params: Params) -> dict[str, Any]:
    """A new pair of tokens. The refresh token or code given works once. Hold the lock."""
    kind = str(params.get("grant_type", ""))
    if kind not in ("refresh_token", "authorization_code"):
        raise ApiError("invalid_request", "Invalid grant_type parameter or parameter missing", 400)
    app = _client(portal, str(params.get("client_id", "")), str(params.get("client_secret", "")))
    field, shelf = ("refresh_token", portal.refresh) if kind == "refresh_token" else ("code", portal.codes)
    text = str(params.get(field) or "")
    if not text:
        raise ApiError("invalid_request", f'No "{field}" parameter found', 400)
    held = shelf.get(text)
    if held is None or held.client_id != app.client_id or held.expires <= portal.now():
        raise ApiError("invalid_grant", "Invalid refresh token" if field == "refresh_token" else "Invalid code", 400)
    del shelf[text]
    return pair(portal, app, held.user_id)


def _client(portal: Portal, client_id: str, secret: str) -> App:
    app = portal.apps.get(client_id)
    if app is None:
        # An unknown client arrives with status 200 (§2.2).
        raise ApiError("wrong_client", "Wrong client", 200)
    if not app.present or not hmac.compare_digest(secret, app.client_secret):
        raise ApiError("invalid_client", "Invalid client", 400)
    return app


def pair(portal: Portal, app: App, user_id: int) -> dict[str, Any]:
    """The token response (§4.3)."""
    access, token = portal.mint(user_id, app.client_id)
    return {
        "access_token": access,
        "expires": int(token.expires),
        "expires_in": int(portal.config.token_ttl),
        "scope": app.scope,
        "domain": TOKEN_DOMAIN,
        "server_endpoint": portal.server_endpoint,
        "status": "L",
        "client_endpoint": portal.client_endpoint,
        "member_id": portal.config.member_id,
        "user_id": user_id,
        "refresh_token": portal.mint_refresh(user_id, app.client_id),
    }


def info(portal: Portal, text: str) -> dict[str, Any]:
    """What the authorisation server knows about the installation that a token belongs to. Hold the lock."""
    token = portal.access.get(text)
    if token is None:
        shaped = len(text) >= 32 and text.isalnum()
        raise ApiError(
            "invalid_client" if shaped else "NO_AUTH_FOUND", "Wrong authorization data", 400 if shaped else 401
        )
    app = portal.apps.get(token.client_id)
    if app is None or not app.present:
        raise ApiError("NOT_INSTALLED", "Application not installed", 401)
    if token.expires <= portal.now():
        raise ApiError("expired_token", "The access token provided has expired.", 401)
    return {"result": _installation(portal, app, token), "time": time_block(portal, 0.0, {})}


def _installation(portal: Portal, app: App, token: Token) -> dict[str, Any]:
    return {
        "client_id": app.client_id,
        "scope": app.scope,
        "expires": datetime.fromtimestamp(token.expires, UTC).isoformat(timespec="seconds"),
        "user_id": token.user_id,
        "install": {
            "installed": app.installed,
            "version": str(app.version),
            "status": "L",
            "scope": app.scope,
            "domain": portal.domain,
            "uri": f"http://{portal.domain}",
            "client_endpoint": portal.client_endpoint,
            "member_id": portal.config.member_id,
            "member_type": "portal",
        },
    }


def _authorize(portal: Portal, client_id: str, state: str) -> Response:
    """Approve at once. A failure shows the portal's own page: no redirect arrives (§4.2)."""
    with portal.lock:
        app = portal.apps.get(client_id)
        if app is None or not app.present:
            return Response("<h1>Application is not installed</h1>", 404, content_type="text/html; charset=utf-8")
        code = secrets.token_hex(35)
        admin = next(user.id for user in portal.users.values() if user.admin)
        expires = portal.now() + portal.config.code_ttl
        portal.codes[code] = Token(user_id=admin, client_id=client_id, expires=expires)
        query = {
            "code": code,
            "state": state,
            "domain": portal.domain,
            "member_id": portal.config.member_id,
            "scope": app.scope,
            "server_domain": f"{portal.host}/oauth-server",
        }
    back = portal.config.redirect_uri
    if not back:
        return Response(f"<h1>Code</h1><code>{escape(code)}</code>", content_type="text/html; charset=utf-8")
    answer = redirect(f"{back}{'&' if '?' in back else '?'}{urlencode(query)}")
    return Response(answer.get_data(), 302, {"Location": answer.headers["Location"]})
