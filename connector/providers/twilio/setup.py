"""Looking at and setting up Twilio's side: the login and the callbacks of our numbers (facts/providers.md §3.8)."""

from __future__ import annotations

import re

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.twilio.api import Json, ask
from connector.providers.twilio.settings import TwilioSettings
from connector.speech import Text

_LOGIN = Text(
    "Twilio accepts the login; the account is {status}", "Twilio принимает вход; состояние аккаунта: {status}"
)
_LOGS_IN = Text("Twilio accepts the login", "Twilio принимает вход")
_INACTIVE = Text(
    "See the Twilio console: calls do not work now.", "Смотрите консоль Twilio: звонки сейчас не работают."
)
_URL = Text("The address in the account is the one of this connector", "Адрес в аккаунте — адрес этого коннектора")
_URLS = Text(
    "url of the account is not {wanted}: unless a proxy in between changes it, signatures will not match.",
    "url аккаунта — не {wanted}: если его не меняет прокси по пути, подписи не сойдутся.",
)
_NUMBER = Text("Twilio tells us of calls to {phone}", "Twilio сообщает нам о звонках на {phone}")
_UNSET = Text(
    "Its status callback is «{told}»: run `connector account connect {account}`.",
    "Его status callback — «{told}»: выполните `connector account connect {account}`.",
)
_MISSING = Text(
    "Twilio has no such number: correct lines of the account.", "У Twilio нет такого номера: исправьте lines аккаунта."
)


def check(settings: TwilioSettings, hook_url: str, http: Http) -> list[Finding]:
    """The login, our address, and the status callback of each number of ``lines``. Raises nothing."""
    try:
        account = ask(http, settings, "GET", settings.resource("").rstrip("/") + ".json")
        numbers = _numbers(settings, http)
    except ConnectorError as error:
        said = f" ({error.detail})" if error.detail else ""
        return [Finding(_LOGS_IN, "bad", Text(error.hint.en + said, error.hint.ru + said))]
    return [_login(account), _address(settings, hook_url), *(_line(line, numbers, settings) for line in settings.lines)]


def connect(settings: TwilioSettings, hook_url: str, http: Http) -> list[Finding]:
    """Have Twilio tell us of calls to each number of ``lines``; who answers them stays as it is. Then check."""
    try:
        for line, number in _numbers(settings, http).items():
            if any(_digits(known) == line for known in settings.lines):
                url = settings.resource(f"IncomingPhoneNumbers/{number['sid']}.json")
                wanted = {"StatusCallback": settings.url, "StatusCallbackMethod": "POST"}
                ask(http, settings, "POST", url, data=wanted)
    except ConnectorError as error:
        said = f" ({error.detail})" if error.detail else ""
        return [Finding(_LOGS_IN, "bad", Text(error.hint.en + said, error.hint.ru + said))]
    return check(settings, hook_url, http)


def _numbers(settings: TwilioSettings, http: Http) -> dict[str, Json]:
    if not settings.lines:
        return {}
    said = ask(http, settings, "GET", settings.resource("IncomingPhoneNumbers.json"), params={"PageSize": 1000})
    found = said.get("incoming_phone_numbers")
    rows = [row for row in (found if isinstance(found, list) else ()) if isinstance(row, dict)]
    return {_digits(str(row.get("phone_number"))): row for row in rows}


def _login(account: Json) -> Finding:
    status = str(account.get("status", "?"))
    active = status == "active"
    return Finding(_LOGIN.with_(status=status), "ok" if active else "bad", None if active else _INACTIVE)


def _address(settings: TwilioSettings, hook_url: str) -> Finding:
    same = settings.url.rstrip("/") == hook_url.rstrip("/")
    return Finding(_URL, "ok") if same else Finding(_URL, "warn", _URLS.with_(wanted=hook_url))


def _line(line: str, numbers: dict[str, Json], settings: TwilioSettings) -> Finding:
    what, number = _NUMBER.with_(phone=line), numbers.get(_digits(line))
    if number is None:
        return Finding(what, "bad", _MISSING)
    told = str(number.get("status_callback") or "")
    if told.partition("?")[0].partition("#")[0] == settings.url:
        return Finding(what, "ok")
    return Finding(what, "bad", _UNSET.with_(told=told, account=settings.account))


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)
