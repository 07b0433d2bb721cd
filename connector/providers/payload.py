"""A JSON body as it comes in at the edge: its shape is checked before anyone interprets it."""

from __future__ import annotations

import json
import re
from typing import Any, Never

from connector.domain.request import Request
from connector.errors import Refused
from connector.speech import Text

MAX_DEPTH = 64
_SURROGATE_OR_NUL = re.compile("[\x00\ud800-\udfff]")
# JSON can smuggle such a character in only by its escape; a pair of surrogates is an escape as well, and a fine one.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")

_REASONS = {
    "method": Text("Send this webhook with POST.", "Отправляйте этот вебхук методом POST."),
    "content_type": Text("Send the body as application/json.", "Отправляйте тело как application/json."),
    "encoding": Text("Encode the body in UTF-8.", "Кодируйте тело в UTF-8."),
    "json": Text("The body must be one valid JSON object.", "Тело должно быть одним корректным объектом JSON."),
    "depth": Text(
        f"The body is nested deeper than {MAX_DEPTH} levels.", f"Вложенность тела больше {MAX_DEPTH} уровней."
    ),
}
_STATUS = {"method": 405, "content_type": 415}


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def check_method(request: Request) -> None:
    """Raises ``Refused`` (405) for anything but POST."""
    if request.method.upper() != "POST":
        raise _refused("method")


def json_object(request: Request) -> dict[str, Any]:
    """The body as a dict of clean values, the same one for each caller. Raises ``Refused`` (400; 415 for another type).

    NUL characters and lone surrogates, which neither UTF-8 nor PostgreSQL can hold, become U+FFFD;
    offsets in UTF-16 units stay right.
    """
    return request.once(_object)


def json_value(text: str) -> Any:
    """Any JSON value, cleaned in the same way. Raises ``Refused`` 400."""
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise _refused("depth") from None
    except ValueError:
        raise _refused("json") from None
    return value if _plain(text) else _clean(value, MAX_DEPTH)


def _object(request: Request) -> dict[str, Any]:
    if request.header("content-type").partition(";")[0].strip().lower() != "application/json":
        raise _refused("content_type")
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused("encoding") from None
    value = json_value(text)
    if not isinstance(value, dict):
        raise _refused("json")
    return value


def _plain(text: str) -> bool:
    """Whether nothing in the body can need cleaning or be nested too deep: most bodies, and this is the hot path."""
    return text.count("{") + text.count("[") <= MAX_DEPTH and not _SUSPECT.search(text)


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _SURROGATE_OR_NUL.sub("\ufffd", value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise _refused("depth")
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    return {_clean(key, 0): _clean(item, depth - 1) for key, item in value.items()}


def _refused(reason: str) -> Refused:
    return Refused(f"body.{reason}", hint=_REASONS[reason], status=_STATUS.get(reason, 400))
