"""The authorization server: exchange, refresh, ``app.info`` (facts/bitrix24-platform.md §4).

The token endpoint takes its secrets in the query of a GET, so no URL of this room is ever logged or put into an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connector.domain.ports import Clock, Grant
from connector.errors import ConnectorError, PermanentError, Refused
from connector.portal.answers import Fault, decode_plain
from connector.portal.config import AppConfig, PortalConfig
from connector.portal.endpoints import auth_base, endpoint, is_loopback, netloc
from connector.portal.faults import judge
from connector.portal.install import lifetime
from connector.portal.transport import Transport
from connector.speech import Text

READ_SECONDS = 8.0


@dataclass(frozen=True, kw_only=True)
class AppInfo:
    """Whose access token it is, by the authorization server's word (§4.6 "oauth app.info result")."""

    client_id: str
    user_id: str
    member_id: str
    domain: str
    client_endpoint: str
    scope: str = ""
    status: str = ""


class AuthServer:
    """Talks to the authorization server of one portal, and only to hosts that are on the list (§5.8)."""

    def __init__(self, settings: PortalConfig, transport: Transport, clock: Clock) -> None:
        self._settings, self._transport, self._clock = settings, transport, clock
        self._local = is_loopback(settings.url)

    def exchange(self, code: str, server_endpoint: str = "") -> Grant:
        """The token pair for a one-time ``code`` (30 s, §4.2). Raises ``TransientError``, ``Stopped``, ``Refused``."""
        body = self._token(server_endpoint, {"grant_type": "authorization_code", "code": code})
        return self._grant(body, server_endpoint)

    def refresh(self, grant: Grant) -> Grant:
        """A new pair; the old refresh token is spent (§4.4). Raises ``Stopped`` on ``invalid_grant``.

        The portal named by the answer must be the same one; its ``domain`` is unreliable and not used (§4.3).
        """
        body = self._token(grant.server_endpoint, {"grant_type": "refresh_token", "refresh_token": grant.refresh_token})
        fresh = self._grant(body, grant.server_endpoint)
        if grant.member_id and fresh.member_id and fresh.member_id != grant.member_id:
            raise PermanentError("portal.other_member", hint=_OTHER, detail="the new tokens belong to another portal")
        return Grant(
            access_token=fresh.access_token,
            refresh_token=fresh.refresh_token,
            expires_at=fresh.expires_at,
            member_id=grant.member_id,
            client_endpoint=fresh.client_endpoint or grant.client_endpoint,
            server_endpoint=fresh.server_endpoint or grant.server_endpoint,
            application_token=grant.application_token,
            scope=fresh.scope or grant.scope,
            status=fresh.status or grant.status,
            user_id=fresh.user_id or grant.user_id,
            client_id=fresh.client_id,
            domain=netloc(fresh.client_endpoint) or grant.domain,
        )

    def app_info(self, access_token: str, server_endpoint: str = "") -> AppInfo:
        """Whose ``access_token`` it is. Raises ``Refused`` 403 when it is nobody's, ``TransientError`` when away."""
        url = f"{self._base(server_endpoint)}/rest/app.info"
        answer = self._transport.get(url, {"auth": access_token}, timeout=READ_SECONDS)
        body = decode_plain(answer)
        if isinstance(body, Fault):
            raise _not_known(judge(body, method="app.info"), answer.status)
        result = _mapping(body.get("result")) or body
        install = _mapping(result.get("install"))
        return AppInfo(
            client_id=_text(result, "client_id"),
            user_id=_text(result, "user_id"),
            member_id=_text(install, "member_id"),
            domain=_text(install, "domain").lower(),
            client_endpoint=endpoint(_text(install, "client_endpoint"), local=self._local),
            scope=_text(install, "scope") or _text(result, "scope"),
            status=_text(install, "status"),
        )

    def app(self) -> AppConfig:
        """The application of the settings. Raises ``PermanentError`` where a webhook stands alone (trap 15)."""
        if self._settings.app is None:
            raise PermanentError("portal.no_application", hint=_NO_APP)
        return self._settings.app

    def _token(self, server_endpoint: str, params: Mapping[str, str]) -> dict[str, Any]:
        app = self.app()
        secret = {"client_id": app.client_id, "client_secret": app.client_secret.get_secret_value()}
        url = f"{self._base(server_endpoint)}/oauth/token/"
        body = decode_plain(self._transport.get(url, {**params, **secret}, timeout=READ_SECONDS))
        if isinstance(body, Fault):
            raise judge(body, method="oauth/token")
        if not body.get("access_token") or not body.get("refresh_token"):
            raise judge(Fault(shape="opaque", status=200, words="no token pair in the answer"), method="oauth/token")
        return body

    def _base(self, server_endpoint: str) -> str:
        base = auth_base(server_endpoint, configured=self._settings.auth_url, portal_url=self._settings.url)
        if not base:
            raise Refused("portal.auth_host", hint=_AUTH_HOST, status=403, detail=netloc(server_endpoint)[:100])
        return base

    def _grant(self, body: Mapping[str, Any], server_endpoint: str) -> Grant:
        client = endpoint(_text(body, "client_endpoint"), local=self._local)
        server = _text(body, "server_endpoint")
        usable = auth_base(server, configured="", portal_url=self._settings.url)
        return Grant(
            access_token=_text(body, "access_token"),
            refresh_token=_text(body, "refresh_token"),
            expires_at=self._clock() + timedelta(seconds=lifetime(body.get("expires_in"))),
            member_id=_text(body, "member_id"),
            client_endpoint=client,
            server_endpoint=server if server and usable else server_endpoint,
            scope=_text(body, "scope"),
            status=_text(body, "status"),
            user_id=_text(body, "user_id"),
            client_id=self.app().client_id,
            domain=netloc(client),
        )


def _not_known(error: ConnectorError, status: int) -> ConnectorError:
    """An authorization refused by the server is a refusal of the one who brought it; its own trouble stays."""
    from_server = status >= 500 or error.cause in ("bitrix24.unpaid", "bitrix24.broken_answer", "bitrix24.not_rest")
    if from_server or error.cause.startswith("network."):
        return error
    return Refused("portal.grant_unknown", hint=_UNKNOWN, status=403, detail=error.detail)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


_OTHER = Text(
    "The authorization server answered for another portal; open the application in the right portal again.",
    "Сервер авторизации ответил за другой портал; откройте приложение заново в нужном портале.",
)
_NO_APP = Text(
    "This needs an OAuth application; add portals.<name>.app (client_id, client_secret) to connector.yaml.",
    "Для этого нужно OAuth-приложение; добавьте portals.<имя>.app (client_id, client_secret) в connector.yaml.",
)
_AUTH_HOST = Text(
    "This authorization server is not known; if the portal has its own, set portals.<name>.auth_url.",
    "Этот сервер авторизации не известен; если у портала он свой, укажите portals.<имя>.auth_url.",
)
_UNKNOWN = Text(
    "The authorization server does not know this token; open the application from inside Bitrix24 again.",
    "Сервер авторизации не знает этот токен; откройте приложение заново из Битрикс24.",
)
