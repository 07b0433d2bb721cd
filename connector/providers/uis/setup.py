"""Looking at UIS: the token, and whether the account's employees are there (facts/providers.md §3.6)."""

from __future__ import annotations

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.uis.outbound import PAGE
from connector.providers.uis.rpc import call
from connector.providers.uis.settings import UisSettings
from connector.speech import Text

_HOOK = Text("UIS posts notifications to {url}", "UIS присылает уведомления на {url}")
_ONLY = Text("UIS only tells of calls: access_token is not set", "UIS только рассказывает о звонках: нет access_token")
_TOKEN = Text("UIS accepts access_token; its employees: {count}", "UIS принимает access_token; сотрудников: {count}")
_REFUSED = Text("UIS answers with access_token", "UIS отвечает по access_token")
_MISSING = Text("Employees of the account that UIS does not have: {names}", "В UIS нет сотрудников аккаунта: {names}")
_MEND = Text("Correct employees of the account in connector.yaml.", "Исправьте employees аккаунта в connector.yaml.")


def check(settings: UisSettings, hook_url: str, http: Http) -> list[Finding]:
    """``get.employees`` with the account's token. Raises nothing. What the cabinet posts cannot be asked for."""
    hook = Finding(_HOOK.with_(url=hook_url), "ok")
    if settings.access_token is None:
        return [hook, Finding(_ONLY, "ok")]
    try:
        result = call(http, settings, settings.data_url, "get.employees", {"fields": ["id"], "limit": PAGE})
    except ConnectorError as error:
        said = f" ({error.detail})" if error.detail else ""
        return [hook, Finding(_REFUSED, "bad", Text(error.hint.en + said, error.hint.ru + said))]
    data = result.get("data")
    ids = {row.get("id") for row in data if isinstance(row, dict)} if isinstance(data, list) else set()
    token = Finding(_TOKEN.with_(count=len(ids)), "ok")
    missing = [extension for extension, employee in settings.employees.items() if employee not in ids]
    if not missing:
        return [hook, token]
    return [hook, token, Finding(_MISSING.with_(names=", ".join(missing)), "bad", _MEND)]
