"""Looking at Mango's side: do the keys fit, and what is to be put into the cabinet (facts/providers.md §3.2)."""

from __future__ import annotations

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.mango.history import employees
from connector.providers.mango.settings import MangoSettings
from connector.speech import Text

_KEYS = Text("Mango Office accepts the keys", "Mango Office принимает ключи")
_PEOPLE = Text("Employees with an extension: {count}", "Сотрудников с внутренним номером: {count}")
_NOBODY = Text(
    "Give the employees extensions in the cabinet; by them calls find their users in Bitrix24.",
    "Задайте сотрудникам внутренние номера в кабинете: по ним звонки находят пользователей Битрикс24.",
)
_HOOK = Text(
    "In the cabinet the address of the external system is {url}",
    "В кабинете адрес внешней системы — {url}",
)


def check(settings: MangoSettings, hook_url: str, http: Http) -> list[Finding]:
    """The keys by one read. Raises nothing. Mango does not tell where it posts to, so that is only said."""
    hook = Finding(_HOOK.with_(url=hook_url), "ok", code="mango.hook")
    try:
        known = [extension for _, extension in employees(settings, http) if extension]
    except ConnectorError as error:
        said = f" ({error.detail})" if error.detail else ""
        return [Finding(_KEYS, "bad", Text(error.hint.en + said, error.hint.ru + said), code="mango.keys"), hook]
    people = _PEOPLE.with_(count=len(known))
    found = Finding(people, "ok", code="mango.people") if known else Finding(people, "warn", _NOBODY, "mango.people")
    return [Finding(_KEYS, "ok", code="mango.keys"), found, hook]
