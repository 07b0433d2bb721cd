"""Looking at the PBX's side: does the key fit, and what is to be put into the cabinet (facts/providers.md §3.4)."""

from __future__ import annotations

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.megafon.history import employees
from connector.providers.megafon.settings import MegafonSettings
from connector.speech import Text

_KEY = Text("The PBX accepts the key", "АТС принимает ключ")
_PEOPLE = Text("Employees with an extension: {count} of {all}", "Сотрудников с внутренним номером: {count} из {all}")
_NOBODY = Text(
    "Give the employees extensions in the cabinet; by them calls find their users in Bitrix24.",
    "Задайте сотрудникам внутренние номера в кабинете: по ним звонки находят пользователей Битрикс24.",
)
_HOOK = Text("In the cabinet of the PBX the address of the CRM is {url}", "В кабинете АТС адрес CRM — {url}")


def check(settings: MegafonSettings, hook_url: str, http: Http) -> list[Finding]:
    """The key by one read. Raises nothing. The PBX does not tell where it posts to, so that is only said."""
    hook = Finding(_HOOK.with_(url=hook_url), "ok", code="megafon.hook")
    try:
        rows = employees(settings, http)
    except ConnectorError as error:
        said = f" ({error.detail})" if error.detail else ""
        return [Finding(_KEY, "bad", Text(error.hint.en + said, error.hint.ru + said), code="megafon.key"), hook]
    known = [row for row in rows if row.get("ext")]
    what = _PEOPLE.with_(count=len(known), all=len(rows))
    people = Finding(what, "ok" if known else "warn", None if known else _NOBODY, code="megafon.people")
    return [Finding(_KEY, "ok", code="megafon.key"), people, hook]
