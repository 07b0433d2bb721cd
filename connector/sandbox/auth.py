"""Who is calling: an OAuth token or an incoming webhook (facts/bitrix24-platform.md §1.1, §1.2, §2.1)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connector.sandbox.answers import ApiError
from connector.sandbox.methods import Method
from connector.sandbox.model import Token
from connector.sandbox.state import Portal

_TOKEN_SHAPE = re.compile(r"[0-9a-f]{32,}")


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A caller. ``key`` is what operating seconds are counted under."""

    kind: Literal["oauth", "webhook"]
    user_id: int
    client_id: str
    scope: frozenset[str]
    key: str


def token_in(params: Mapping[str, Any], authorization: str) -> str:
    """The access token of a request; the ``Authorization: Bearer`` header wins over parameters."""
    scheme, _, bearer = authorization.partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return bearer.strip()
    return str(params.get("auth") or params.get("access_token") or "")


def by_token(portal: Portal, text: str) -> Credential:
    """The credential of an access token. Hold the lock.

    Raises 401 ``NO_AUTH_FOUND``, ``invalid_token``, ``expired_token``, ``APPLICATION_NOT_FOUND`` or
    ``authorization_error``.
    """
    if not text:
        raise ApiError("NO_AUTH_FOUND", "Wrong authorization data", 401)
    token = portal.access.get(text)
    if token is None:
        if _TOKEN_SHAPE.fullmatch(text):
            raise ApiError("invalid_token", "Unable to get application by token", 401)
        raise ApiError("NO_AUTH_FOUND", "Wrong authorization data", 401)
    return _accepted(portal, token)


def _accepted(portal: Portal, token: Token) -> Credential:
    app = portal.apps.get(token.client_id)
    if app is None or not app.present:
        raise ApiError("APPLICATION_NOT_FOUND", "Application not found", 401)
    if token.expires <= portal.now():
        raise ApiError("expired_token", "The access token provided has expired.", 401)
    if not portal.users[token.user_id].active:
        raise ApiError("authorization_error", "Unable to authorize user", 401)
    scope = frozenset(part.strip() for part in app.scope.split(","))
    return Credential(
        kind="oauth", user_id=token.user_id, client_id=app.client_id, scope=scope, key=f"app:{app.client_id}"
    )


def by_webhook(portal: Portal, user: str, code: str) -> Credential:
    """The credential of an incoming webhook, or 401 ``INVALID_CREDENTIALS``."""
    config = portal.config
    same = hmac.compare_digest(f"{user}/{code}", f"{config.webhook_user}/{config.webhook_code}")
    if not same:
        raise ApiError("INVALID_CREDENTIALS", "Invalid request credentials", 401)
    scope = frozenset(part.strip() for part in config.scope.split(","))
    return Credential(kind="webhook", user_id=config.webhook_user, client_id="", scope=scope, key="webhook:1")


def admit(who: Credential, method: Method, in_batch: bool) -> None:
    """Refuse a credential that this method is not for: 403 ``WRONG_AUTH_TYPE``, 401 ``insufficient_scope``."""
    if method.app_only and who.kind == "webhook":
        text = "Current authorization type is denied for this method Application context required"
        raise ApiError("WRONG_AUTH_TYPE", text, 403)
    if method.scope and method.scope not in who.scope:
        # Inside a batch the description is empty (§3.4).
        text = "" if in_batch else "The request requires higher privileges than provided by the access token"
        raise ApiError("insufficient_scope", text, 401)
