"""Access tokens of mailboxes without passwords (XOAUTH2; facts/providers.md §4.1): bought once, used till they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from connector.domain.provider import Http
from connector.errors import Stopped, TransientError
from connector.providers import transport
from connector.providers.postal import OAuthSettings
from connector.speech import Text

EARLY = 60.0  # seconds before its end that a token is bought anew
_RENEWED = "the service gives new refresh tokens: put a fresh one into connector.yaml before the one there expires"
_REFUSED = Text(
    "The mail service gives us no token any more ({why}). Let the mailbox's owner grant access again and write the new "
    "refresh_token into oauth.",
    "Почтовая служба больше не выдаёт нам токен ({why}). Пусть владелец ящика снова разрешит доступ; впишите новый "
    "refresh_token в oauth.",
)
_UNKNOWN = Text(
    "The mail service does not know the application ({why}). Check client_id and client_secret of oauth, and whether "
    "the secret has expired there.",
    "Почтовая служба не признаёт приложение ({why}). Проверьте client_id и client_secret в oauth и не истёк ли там "
    "срок действия секрета.",
)
_AWAY = Text(
    "The place where tokens of the mailbox are bought cannot be reached; it is asked again. If this lasts, check the "
    "network and token_url of oauth.",
    "Служба, выдающая токены для ящика, недоступна; спросим снова. Если так долго, проверьте сеть и token_url в oauth.",
)
_LATER = Text(
    "The mail service gives no tokens now ({why}); it is asked again. If this lasts, check token_url of oauth.",
    "Почтовая служба сейчас не выдаёт токены ({why}); спросим снова. Если так долго, проверьте token_url в oauth.",
)
# RFC 6749 §5.2; the last three are said with 400 as well, and pass.
_OF_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})

log = structlog.get_logger()


class Tokens:
    """The token of one OAuth client; for many threads.

    A refresh token that comes with a token is used from then on, and forgotten at the end of the process: the one in
    the settings must stay good (it does at Google, and for 90 days at Microsoft).
    """

    def __init__(self, settings: OAuthSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock, self._lock = settings, clock, threading.Lock()
        self._refresh = settings.refresh_token.get_secret_value()
        self._token, self._ends = "", 0.0

    def token(self, http: Http) -> str:
        """A token that is good now. Raises ``Stopped`` (``oauth.refused``) or ``TransientError``."""
        with self._lock:
            if not self._token or self._clock() >= self._ends:
                told = self._buy(http)
                self._token = str(told["access_token"])
                self._ends = self._clock() + max(0.0, _seconds(told.get("expires_in")) - EARLY)
                self._renew(str(told.get("refresh_token") or self._refresh))
            return self._token

    def drop(self, token: str) -> None:
        """The server did not take ``token``."""
        with self._lock:
            self._token = "" if self._token == token else self._token

    def _renew(self, refresh: str) -> None:
        said = self._settings.refresh_token.get_secret_value()
        if self._refresh == said != refresh:
            log.warning("oauth.renewed", client=self._settings.client_id, hint=_RENEWED)
        self._refresh = refresh

    def _buy(self, http: Http) -> dict[str, Any]:
        said = self._settings
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh,
            "client_id": said.client_id,
            "client_secret": said.client_secret.get_secret_value(),
            "scope": said.scope,
        }
        try:
            answer = transport.send(
                http, "oauth", "POST", said.token_url, data={key: value for key, value in form.items() if value}
            )
        except TransientError as error:  # a token is no letter: it may be bought twice
            raise TransientError("oauth.unreachable", hint=_AWAY, detail=error.detail) from None
        told = _object(answer)
        if answer.status_code == 200 and isinstance(told.get("access_token"), str):
            return told
        why = str(told.get("error", answer.status_code))[:100]
        if answer.status_code in (400, 401, 403) and why not in _PASSING:
            hint = _UNKNOWN if why in _OF_CLIENT else _REFUSED
            raise Stopped("oauth.refused", hint=hint.with_(why=why), detail=why, state="needs_reauth")
        raise TransientError("oauth.unavailable", hint=_LATER.with_(why=why), detail=why)


def xoauth2(user: str, token: str) -> str:
    """The one response of XOAUTH2, before its base64."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def _object(answer: Any) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(told: object) -> float:
    return float(told) if isinstance(told, int | float | str) and str(told).isdecimal() else 3600.0
