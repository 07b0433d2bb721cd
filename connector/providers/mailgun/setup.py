"""Looking at the route in Mailgun, and making it (Routes API v3)."""

from __future__ import annotations

import re
from typing import Any

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError, PermanentError
from connector.providers.mailgun.settings import MailgunSettings
from connector.providers.transport import send
from connector.speech import Text

_HOOK = Text("A route of Mailgun forwards letters to {url}", "Маршрут Mailgun пересылает письма на {url}")
_UNSEEN = Text(
    "Without api_key nobody can look whether it does; make the route by hand as the README says, or set api_key.",
    "Без api_key это не проверить; создайте маршрут вручную, как описано в README, или задайте api_key.",
)
_MAKE = Text(
    "There is none; make it: connector account connect {account}",
    "Его нет; создайте: connector account connect {account}",
)
_REFUSED = Text(
    "Mailgun answered {status}: compare api_key and api_url (https://api.eu.mailgun.net for domains in Europe).",
    "Mailgun ответил {status}: сверьте api_key и api_url (https://api.eu.mailgun.net для доменов в Европе).",
)


def check(settings: MailgunSettings, hook_url: str, http: Http) -> list[Finding]:
    """The routes, where we may read them. Raises nothing."""
    url = _url(hook_url)
    what = _HOOK.with_(url=url)
    if settings.api_key is None:
        return [Finding(what, "warn", _UNSEEN, "mailgun.route")]
    try:
        if _routed(settings, url, http):
            return [Finding(what, "ok", code="mailgun.route")]
    except ConnectorError as error:
        return [Finding(what, "bad", error.hint, "mailgun.api")]
    return [Finding(what, "bad", _MAKE.with_(account=settings.account), "mailgun.route")]


def connect(settings: MailgunSettings, hook_url: str, http: Http) -> list[Finding]:
    """Make the route unless there is one, then check. A route does not stop others."""
    url = _url(hook_url)
    try:
        if settings.api_key is not None and not _routed(settings, url, http):
            route = {
                "priority": "0",
                "description": f"Bitrix24: {settings.account}",
                "expression": _expression(settings),
                "action": f'forward("{url}")',
            }
            _call(settings, http, "POST", data=route)
    except ConnectorError as error:
        return [Finding(_HOOK.with_(url=url), "bad", error.hint, "mailgun.api")]
    return check(settings, hook_url, http)


def _url(hook_url: str) -> str:
    """Mailgun forwards whole letters to addresses that end in ``mime`` only."""
    return f"{hook_url.rstrip('/')}/mime"


def _routed(settings: MailgunSettings, url: str, http: Http) -> bool:
    told = _call(settings, http, "GET", params={"limit": "1000"})
    items = told.get("items")
    routes = [route for route in items if isinstance(route, dict)] if isinstance(items, list) else []
    return any(url in re.findall(r'forward\(\s*["\']([^"\']+)', str(route.get("actions"))) for route in routes)


def _expression(settings: MailgunSettings) -> str:
    """All our addresses, also with what marks a conversation in them (``support+t…@``)."""
    boxes = [box.partition("@") for box in sorted(settings.boxes)]
    patterns = (rf"{re.escape(name)}(\+.*)?@{re.escape(domain)}" for name, _, domain in boxes)
    return f'match_recipient("^({"|".join(patterns)})$")'


def _call(settings: MailgunSettings, http: Http, method: str, **options: Any) -> dict[str, Any]:
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    answer = send(http, "mailgun", method, f"{settings.api_url.rstrip('/')}/v3/routes", auth=("api", key), **options)
    try:
        told = answer.json() if answer.status_code == 200 else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise PermanentError("mailgun.api", hint=_REFUSED.with_(status=answer.status_code))
    return told
