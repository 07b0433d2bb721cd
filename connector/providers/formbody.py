"""A form body (``application/x-www-form-urlencoded``) as it comes in at the edge: its shape is checked first."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from connector.domain.request import Request
from connector.errors import Refused
from connector.speech import Text

MAX_FIELDS = 200
MAX_BYTES = 256 * 1024
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")

_REASONS = {
    "content_type": Text(
        "Send the body as application/x-www-form-urlencoded.", "Отправляйте тело как application/x-www-form-urlencoded."
    ),
    "encoding": Text("Encode the fields in UTF-8.", "Кодируйте поля в UTF-8."),
    "fields": Text(f"Send no more than {MAX_FIELDS} fields.", f"Передавайте не больше {MAX_FIELDS} полей."),
    "size": Text(
        f"The form is larger than {MAX_BYTES // 1024} KB.", f"Форма больше {MAX_BYTES // 1024} КБ; сократите её."
    ),
}
_STATUS = {"content_type": 415, "size": 413}


def form(request: Request) -> dict[str, str]:
    """The fields by name, the last value of a repeated name; the same dict for each caller. Read only.

    NUL, which no database keeps, becomes U+FFFD. Raises ``Refused`` (400; 413 too large, 415 another type).
    """
    return request.once(_fields)


def pairs(request: Request) -> list[tuple[str, str]]:
    """All fields in their order, exactly as decoded: what a signature covers. Raises as :func:`form` does."""
    return request.once(_pairs)


def _fields(request: Request) -> dict[str, str]:
    return {_clean(name): _clean(value) for name, value in pairs(request)}


def _pairs(request: Request) -> list[tuple[str, str]]:
    if request.header("content-type").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise _refused("content_type")
    if len(request.body) > MAX_BYTES:
        raise _refused("size")
    if request.body.count(b"&") >= MAX_FIELDS:
        raise _refused("fields")
    try:
        return parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise _refused("encoding") from None


def _clean(text: str) -> str:
    return _UNKEEPABLE.sub("\ufffd", text)


def _refused(reason: str) -> Refused:
    return Refused(f"body.{reason}", hint=_REASONS[reason], status=_STATUS.get(reason, 400))
