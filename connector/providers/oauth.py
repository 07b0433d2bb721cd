"""Access tokens of mailboxes without passwords (XOAUTH2; facts/providers.md §4.1): bought once, used till they end."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from connector.domain.ports import Refreshed
from connector.domain.provider import Http
from connector.errors import Stopped, TransientError
from connector.providers import transport
from connector.providers.postal import OAuthSettings
from connector.speech import Text

EARLY = 60.0  # seconds before its end that a token is bought anew
_RENEWED = "the service gives new refresh tokens: put a fresh one into connector.yaml before the one there expires"
_OWED = "this process goes on with the new refresh token, and keeps it when the journal takes it"
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

    A refresh token that comes with a token is used from then on, by all processes: ``kept`` outlives them. While it is
    away, and without it, this process goes on with its own. A kept one that is refused gives way to the settings'. Two
    that buy at once need no lock: the last one is kept, and the service lets the other live.
    """

    def __init__(
        self,
        settings: OAuthSettings,
        clock: Callable[[], float] = time.monotonic,
        kept: Refreshed | None = None,
    ) -> None:
        self._settings, self._clock, self._kept, self._lock = settings, clock, kept, threading.Lock()
        self._said = settings.refresh_token.get_secret_value()
        self._grant = _grant(settings.token_url, settings.client_id, self._said)
        self._newer, self._owed = "", False  # the refresh token after the settings', and whether it is not kept yet
        self._token, self._ends = "", 0.0

    def token(self, http: Http) -> str:
        """A token that is good now. Raises ``Stopped`` (``oauth.refused``) or ``TransientError``."""
        with self._lock:
            if not self._token or self._clock() >= self._ends:
                told = self._sold(http)
                self._token = str(told["access_token"])
                self._ends = self._clock() + max(0.0, _seconds(told.get("expires_in")) - EARLY)
            return self._token

    def drop(self, token: str) -> None:
        """The server did not take ``token``."""
        with self._lock:
            self._token = "" if self._token == token else self._token

    def _sold(self, http: Http) -> dict[str, Any]:
        """By the newest refresh token, then by the settings'; kept is the one that comes with it."""
        blind = self._recall()
        try:
            told, used = self._tried(http)
        except Stopped as refusal:
            if blind and refusal.detail not in _OF_CLIENT:  # a kept one may be good
                why = refusal.detail
                raise TransientError("oauth.unavailable", hint=_LATER.with_(why=why), detail=why) from None
            raise
        self._renew(str(told.get("refresh_token") or used))
        return told

    def _tried(self, http: Http) -> tuple[dict[str, Any], str]:
        """What was sold, and the refresh token that it was sold for."""
        newer = self._newer or self._said
        try:
            return self._buy(http, newer), newer
        except Stopped as refusal:
            if newer == self._said or refusal.detail in _OF_CLIENT:
                raise
            log.info("oauth.kept_refused", client=self._settings.client_id, why=refusal.detail)
        return self._buy(http, self._said), self._said

    def _recall(self) -> bool:
        """The newest one, which another process may have got; whether nobody can tell now."""
        if self._kept is None or self._owed:
            return False
        try:
            self._newer = self._kept.refreshed(self._grant)
        except Exception as error:  # whatever the store has, mail goes on
            log.warning("oauth.not_recalled", client=self._settings.client_id, error=type(error).__name__)
            return isinstance(error, TransientError)
        return False

    def _renew(self, refresh: str) -> None:
        """Written even if it is the same one: so it is seen to be in use."""
        before, self._newer = self._newer, "" if refresh == self._said else refresh
        if self._kept is None:
            if self._newer and not before:
                log.warning("oauth.renewed", client=self._settings.client_id, hint=_RENEWED)
            return
        if not self._newer and not before and not self._owed:
            return
        try:
            self._kept.keep_refreshed(self._grant, self._newer)
            self._owed = False
        except Exception as error:  # whatever the store has, mail goes on
            self._owed = True
            log.warning("oauth.not_kept", client=self._settings.client_id, error=type(error).__name__, hint=_OWED)

    def _buy(self, http: Http, refresh: str) -> dict[str, Any]:
        said = self._settings
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh,
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


def _grant(*parts: str) -> str:
    """The name under which newer ones are kept. The settings' refresh token is in it: a fresh one there begins anew.
    Not the scope: a newer token may do what the one before it might (RFC 6749 §6)."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


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
