"""Where Postmark posts letters to, looked at and put there (Servers API)."""

from __future__ import annotations

from typing import Any

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError, PermanentError
from connector.providers.postmark.settings import PostmarkSettings
from connector.providers.transport import send
from connector.speech import Text

_HOOK = Text("Postmark posts letters to {url}", "Postmark присылает письма на {url}")
_RAW = Text("Postmark sends whole letters", "Postmark присылает письма целиком")
_UNSEEN = Text(
    "Without server_token nobody can look whether it does; set it up by hand as the README says, or set server_token.",
    "Без server_token это не проверить; настройте вручную, как описано в README, или задайте server_token.",
)
_CONNECT = Text("Run: connector account connect {account}", "Выполните: connector account connect {account}")
_REFUSED = Text(
    "Postmark answered {status}: compare server_token with API Tokens of the server in Postmark.",
    "Postmark ответил {status}: сверьте server_token с API Tokens сервера в Postmark.",
)


def check(settings: PostmarkSettings, hook_url: str, http: Http) -> list[Finding]:
    """The inbound address and whether letters come whole, where we may read it. Raises nothing."""
    what = _HOOK.with_(url=hook_url)
    if settings.server_token is None:
        return [Finding(what, "warn", _UNSEEN, "postmark.hook")]
    try:
        server = _call(settings, http, "GET")
    except ConnectorError as error:
        return [Finding(what, "bad", error.hint, "postmark.api")]
    mend = _CONNECT.with_(account=settings.account)
    right = server.get("InboundHookUrl") == settings.posted_to(hook_url)
    whole = server.get("RawEmailEnabled") is True
    return [
        Finding(what, "ok" if right else "bad", None if right else mend, "postmark.hook"),
        Finding(_RAW, "ok" if whole else "bad", None if whole else mend, "postmark.raw"),
    ]


def connect(settings: PostmarkSettings, hook_url: str, http: Http) -> list[Finding]:
    """Put our address, with its password, into Postmark and ask for whole letters; then check."""
    try:
        if settings.server_token is not None:
            wanted = {"InboundHookUrl": settings.posted_to(hook_url), "RawEmailEnabled": True}
            _call(settings, http, "PUT", json=wanted)
    except ConnectorError as error:
        return [Finding(_HOOK.with_(url=hook_url), "bad", error.hint, "postmark.api")]
    return check(settings, hook_url, http)


def _call(settings: PostmarkSettings, http: Http, method: str, **options: Any) -> dict[str, Any]:
    token = settings.server_token.get_secret_value() if settings.server_token else ""
    headers = {"X-Postmark-Server-Token": token, "Accept": "application/json"}
    answer = send(http, "postmark", method, f"{settings.api_url.rstrip('/')}/server", headers=headers, **options)
    try:
        told = answer.json() if answer.status_code == 200 else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise PermanentError("postmark.api", hint=_REFUSED.with_(status=answer.status_code))
    return told
