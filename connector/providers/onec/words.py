"""What 1C means when it refuses. It says almost everything with 500 and a sentence in its own language."""

from __future__ import annotations

import json

from connector.domain.ports import Clock
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers import answers
from connector.providers.answers import Answer
from connector.speech import Text

SLUG = "onec"
LICENCE_PAUSE = 120.0  # seconds; a session of 1C that is left alone ends by itself

_PASSWORD = Text(
    "1C does not accept the user or the password: check user and password of the source in connector.yaml, and whether "
    "that user may sign in by 1C:Enterprise authentication.",
    "1С не принимает имя или пароль: проверьте user и password источника в connector.yaml и разрешён ли этому "
    "пользователю вход с аутентификацией 1С:Предприятия.",
)
_RIGHTS = Text(
    "The user of 1C may not read this list: give them the right to read it (and the role of the OData interface), or "
    "set allowed_only: true to read what they may see.",
    "Пользователю 1С нельзя читать этот список: дайте ему право чтения (и роль доступа к OData) либо задайте "
    "allowed_only: true, чтобы читать доступное.",
)
_MISSING = Text(
    "1C does not publish this list: check url and entity, and in the Configurator or the administration page add the "
    "object to the contents of the standard OData interface.",
    "1С не публикует этот список: проверьте url и entity и добавьте объект в состав стандартного интерфейса OData "
    "(Конфигуратор или раздел администрирования).",
)
_LICENCES = Text(
    "1C has no free licence now; it is asked again by itself. If this lasts, close idle sessions, keep a licence for "
    "the exchange, or run the source at night.",
    "В 1С сейчас нет свободной лицензии; повтор произойдёт сам. Если так долго, закройте лишние сеансы, выделите "
    "лицензию для обмена или запускайте источник ночью.",
)
_QUERY = Text(
    "1C does not understand the request; its own words are in detail. Check select, filter, changed and order of the "
    "source: columns must be named as 1C publishes them, and references cannot be compared.",
    "1С не понимает запрос; её слова — в detail. Проверьте select, filter, changed и order источника: поля пишутся "
    "так, как их публикует 1С, а ссылки сравнивать нельзя.",
)
_OLD = Text(
    "This 1C cannot answer in JSON: update the platform (8.3.5 and later can), or publish the infobase anew.",
    "Эта 1С не умеет отвечать в JSON: обновите платформу (нужна 8.3.5 или новее) либо опубликуйте базу заново.",
)
_PAGE = Text(
    "A web page came instead of data, maybe a login page: give url the address of the infobase as it is published "
    "(https://server/base), with the OData interface and basic authentication switched on.",
    "Вместо данных пришла веб-страница, возможно страница входа: укажите в url адрес публикации базы "
    "(https://сервер/база); интерфейс OData и вход по имени и паролю должны быть включены.",
)

_NO_LICENCE = ("лицензи", "licen")
_FINAL = (
    (
        ("неверное имя пользователя", "не идентифицирован", "identification failed", "incorrect user"),
        "password",
        _PASSWORD,
    ),
    (("нарушение прав", "недостаточно прав", "access violation", "insufficient rights"), "rights", _RIGHTS),
    (("сравнивать поля", "поле не найдено", "field not found", "синтаксическ", "syntax error"), "query", _QUERY),
)
_BY_STATUS = {
    400: ("query", _QUERY),
    401: ("password", _PASSWORD),
    403: ("rights", _RIGHTS),
    404: ("missing", _MISSING),
    406: ("old", _OLD),
    415: ("old", _OLD),
}


def refusal(answer: Answer, clock: Clock) -> ConnectorError:
    """What an answer that is no success means: by 1C's words, then by the status, then as with any service."""
    said = words(answer)
    text, detail = _text(answer).lower(), f"{answer.status} {said}".strip()
    if any(sign in text for sign in _NO_LICENCE):
        return TransientError(f"{SLUG}.licences", hint=_LICENCES, detail=detail, retry_after=LICENCE_PAUSE)
    told = next(((cause, hint) for signs, cause, hint in _FINAL if any(sign in text for sign in signs)), None)
    told = told or _BY_STATUS.get(answer.status) or (("page", _PAGE) if answer.status == 200 else None)
    if told is not None:
        return PermanentError(f"{SLUG}.{told[0]}", hint=told[1], detail=detail)
    found = answers.refusal(answer, SLUG, clock)
    found.detail = detail if answer.status >= 400 else found.detail
    return found


def words(answer: Answer) -> str:
    """What 1C says itself: ``odata.error`` as JSON, else the text, if it is no web page."""
    text = _text(answer)
    try:
        said = json.loads(text)["odata.error"]["message"]
        return " ".join(str(said["value"] if isinstance(said, dict) else said).split())[:300]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "" if answer.is_page else " ".join(text.split())[:300]


def _text(answer: Answer) -> str:
    return answer.body[:100_000].decode("utf-8-sig", "replace")
