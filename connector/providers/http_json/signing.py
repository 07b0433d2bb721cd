"""How a request proves who asks: basic, a given token, or one that is bought (OAuth client credentials)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from connector.domain.provider import Http
from connector.errors import PermanentError, TransientError
from connector.providers import transport
from connector.providers.answers import basic
from connector.providers.http_json.settings import ClientCredentials, HttpJsonSettings
from connector.speech import Text

EARLY = 60.0  # seconds before its end that a token is bought anew
_REFUSED = Text(
    "The service gives us no token ({why}): check client_id, client_secret, scope and token_url of auth.oauth.",
    "Сервис не выдаёт нам токен ({why}): проверьте client_id, client_secret, scope и token_url в auth.oauth.",
)
_AWAY = Text(
    "The place where tokens are bought fails or cannot be reached ({why}); it is asked again. If this lasts, check "
    "token_url of auth.oauth.",
    "Служба, выдающая токены, не отвечает ({why}); спросим снова. Если так долго, проверьте token_url в auth.oauth.",
)
_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


class Signer:
    """Signs the requests of one reader; a bought token is kept as long as the reader is."""

    def __init__(self, settings: HttpJsonSettings, http: Http, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._http, self._clock = settings, http, clock
        self._token, self._ends = "", 0.0

    def headers(self) -> dict[str, str]:
        """Those of the settings and the proof. Raises ``TransientError`` or ``PermanentError``. Never logged."""
        own = {name: value.get_secret_value() for name, value in self._settings.headers.items()}
        return {"Accept": "application/json", **own, **self._proof()}

    def drop(self) -> bool:
        """The service did not take the proof; whether another one can be had."""
        had, self._token = bool(self._token), ""
        return had

    def _proof(self) -> dict[str, str]:
        auth = self._settings.auth
        if auth.basic is not None:
            return basic(auth.basic.user, auth.basic.password.get_secret_value())
        if auth.bearer is not None:
            return {"Authorization": f"Bearer {auth.bearer.get_secret_value()}"}
        return {"Authorization": f"Bearer {self._bought(auth.oauth)}"} if auth.oauth is not None else {}

    def _bought(self, client: ClientCredentials) -> str:
        if not self._token or self._clock() >= self._ends:
            told = _buy(self._http, client, self._settings.ca)
            lasts = told.get("expires_in")
            self._token = str(told["access_token"])
            self._ends = self._clock() + max(0.0, (float(str(lasts)) if str(lasts).isdecimal() else 3600.0) - EARLY)
        return self._token


def _buy(http: Http, client: ClientCredentials, ca: str) -> dict[str, Any]:
    secret = client.client_secret.get_secret_value()
    form = {"grant_type": "client_credentials", "scope": client.scope, **client.extra}
    headers = {"Accept": "application/json"}
    if client.style == "basic":
        headers |= basic(client.client_id, secret)
    else:
        form |= {"client_id": client.client_id, "client_secret": secret}
    certificates = {"verify": ca} if ca else {}
    sent = {name: value for name, value in form.items() if value}
    try:
        answer = transport.send(http, "http_json", "POST", client.token_url, data=sent, headers=headers, **certificates)
    except TransientError as error:
        hint = _AWAY.with_(why=error.detail)
        raise TransientError("http_json.oauth_away", hint=hint, detail=error.detail) from None
    try:
        told = json.loads(answer.content)
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    if answer.status_code == 200 and isinstance(told.get("access_token"), str):
        return told
    why = str(told.get("error") or answer.status_code)[:100]
    if answer.status_code == 429 or answer.status_code >= 500 or why in _PASSING:
        raise TransientError("http_json.oauth_away", hint=_AWAY.with_(why=why), detail=why)
    raise PermanentError("http_json.oauth", hint=_REFUSED.with_(why=why), detail=why)
