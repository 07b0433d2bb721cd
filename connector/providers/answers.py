"""Asking services that records are read from: answers of a limited size, JSON, and what refusals mean."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Never

import requests

from connector.domain.ports import Clock
from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers import transport
from connector.speech import Text

_AWAY = Text(
    "The service cannot be reached or stopped in the middle of an answer; it is asked again. If this lasts, check the "
    "network and url of the source.",
    "Сервис недоступен или оборвал ответ; спросим снова. Если так долго, проверьте сеть и url источника.",
)
_BUSY = Text(
    "The service asks to wait; it is asked again by itself. If this happens often, run the source less often.",
    "Сервис просит подождать; повтор произойдёт сам. Если так часто, запускайте источник реже.",
)
_DOWN = Text(
    "The service is failing; it is asked again by itself. If this lasts, tell its administrator the words in detail.",
    "На стороне сервиса сбой; повтор произойдёт сам. Если так долго, передайте его администратору слова из detail.",
)
_DENIED = Text(
    "The service does not let us in: check the user, password or token of the source in connector.yaml, and whether "
    "that user may read this list.",
    "Сервис нас не пускает: проверьте пользователя, пароль или токен источника в connector.yaml и право этого "
    "пользователя читать этот список.",
)
_MISSING = Text(
    "There is no such address at the service: check url of the source in connector.yaml.",
    "У сервиса нет такого адреса: проверьте url источника в connector.yaml.",
)
_MOVED = Text(
    "The service sends us elsewhere, and passwords are not taken along: write the address in detail into url, or see "
    "whether it is a login page.",
    "Сервис отсылает на другой адрес, а пароли мы туда не несём: впишите адрес из detail в url либо проверьте, не "
    "страница ли это входа.",
)
_REFUSED = Text(
    "The service refused the request; its own words are in detail. Check params and pages of the source.",
    "Сервис отклонил запрос; его слова — в detail. Проверьте params и pages источника.",
)
_LARGE = Text(
    "An answer of the service is larger than {mib} MiB: ask for smaller pages, or raise largest: of the source.",
    "Ответ сервиса больше {mib} МиБ: запрашивайте страницы меньше или увеличьте largest: источника.",
)
_PAGE = Text(
    "The service answered with a web page instead of data, maybe a login page: check url and how we sign in.",
    "Вместо данных сервис ответил веб-страницей, возможно страницей входа: проверьте url и способ входа.",
)
_NO_JSON = Text(
    "The answer of the service is no JSON: check url of the source, and whether the service has to be asked for JSON.",
    "Ответ сервиса — не JSON: проверьте url источника и не нужно ли отдельно просить у сервиса JSON.",
)
_NO_CA = Text(
    "There is no file of certificates at this path: check ca: of the source in connector.yaml.",
    "По этому пути нет файла сертификатов: проверьте ca: источника в connector.yaml.",
)
_CHUNK = 65_536
_SAID = ("message", "detail", "error_description", "error", "title", "description")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a service said; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        """A web page, whatever its head says."""
        return self.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    def data(self, slug: str) -> Any:
        """The JSON in it; numbers that a float would change stay as text. Raises ``PermanentError`` (``<slug>.page``,
        ``<slug>.no_json``), or ``TransientError`` when its end is missing."""
        try:
            text = self.body.decode("utf-8-sig")
            return json.loads(text, parse_float=_number, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            if self.is_page:
                raise PermanentError(f"{slug}.page", hint=_PAGE) from None
            if isinstance(error, json.JSONDecodeError) and error.pos >= len(error.doc.rstrip()) > 0:
                raise TransientError(f"{slug}.unreachable", hint=_AWAY, detail="cut") from None
            raise PermanentError(f"{slug}.no_json", hint=_NO_JSON, detail=str(error)[:100]) from None

    @property
    def words(self) -> str:
        """Why it refused, in its own words; not much of them."""
        try:
            told = json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return ""
        inner = told.get("error") if isinstance(told, dict) else None
        found = [_plain(each.get(name)) for each in (told, inner) if isinstance(each, dict) for name in _SAID]
        return next(filter(None, found), "")[:200]


def ask(http: Http, slug: str, url: str, *, mib: int, ca: str = "", **options: Any) -> Answer:
    """One GET. Raises ``TransientError`` (``<slug>.unreachable``) or ``PermanentError`` (``<slug>.large``, more than
    ``mib`` MiB of body; ``<slug>.address``). Any status is returned."""
    certificates = {"verify": ca} if ca else {}
    try:
        answer = transport.send(http, slug, "GET", url, stream=True, **certificates, **options)
        with answer:
            body = _body(answer, slug, mib)
    except TransientError as error:
        raise TransientError(error.cause, hint=_AWAY, detail=error.detail) from None
    except requests.RequestException as error:
        raise TransientError(f"{slug}.unreachable", hint=_AWAY, detail=type(error).__name__) from None
    except OSError:  # requests' own word for certificates that are not there
        raise PermanentError(f"{slug}.ca", hint=_NO_CA, detail=ca) from None
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(status=answer.status_code, headers=headers, body=body)


def refusal(answer: Answer, slug: str, clock: Clock) -> ConnectorError:
    """What an answer means that is no success, if the vendor has no words of its own for it."""
    status, detail = answer.status, f"{answer.status} {answer.words}".strip()
    if status in (408, 425, 429, 503):
        wait = transport.retry_after(answer.headers.get("retry-after", ""), clock)
        return TransientError(f"{slug}.busy", hint=_BUSY, detail=detail, retry_after=wait)
    if status >= 500:
        return TransientError(f"{slug}.down", hint=_DOWN, detail=detail)
    if 300 <= status < 400:
        where = answer.headers.get("location", "").partition("?")[0][:200]
        return PermanentError(f"{slug}.moved", hint=_MOVED, detail=f"{status} {where}".strip())
    cause, hint = {
        401: ("denied", _DENIED),
        403: ("denied", _DENIED),
        404: ("missing", _MISSING),
        410: ("missing", _MISSING),
    }.get(status, ("refused", _REFUSED))
    return PermanentError(f"{slug}.{cause}", hint=hint, detail=detail)


def basic(user: str, password: str) -> dict[str, str]:
    """The header of basic authentication, in UTF-8: users' names may be Cyrillic. Never logged."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def failed(what: Text, error: ConnectorError) -> Finding:
    """What ``connector check`` says of an error."""
    said = f" ({error.detail})" if error.detail else ""
    return Finding(what, "bad", Text(error.hint.en + said, error.hint.ru + said))


def _body(answer: requests.Response, slug: str, mib: int) -> bytes:
    body = bytearray()
    for chunk in _chunks(answer):
        body += chunk
        if len(body) > mib * 1024 * 1024:
            raise PermanentError(f"{slug}.large", hint=_LARGE.with_(mib=mib))
    return bytes(body)


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    yield from answer.iter_content(_CHUNK)


def _number(text: str) -> float | str:
    number = float(text)
    try:
        return number if Decimal(repr(number)) == Decimal(text) else text
    except ArithmeticError:
        return text


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _plain(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
