"""How a request comes in and how the edge answers in words."""

from __future__ import annotations

import json

from flask import Request as FlaskRequest
from flask import Response, make_response, redirect

from connector.domain.ports import Clock
from connector.domain.request import Request
from connector.errors import TransientError
from connector.speech import Text

BROKEN = Text(
    "Something went wrong here; look for the trace in the log",
    "Здесь что-то пошло не так; найдите в журнале строку с этим trace",
)
TOO_LARGE = Text(
    "The body is larger than {limit} bytes; raise limits.body in connector.yaml if that is right",
    "Тело запроса больше {limit} байт; если так и нужно, увеличьте limits.body в connector.yaml",
)


def told(status: int, cause: str, hint: Text, **more: str) -> Response:
    """A short JSON answer that says why and what to do, in both languages."""
    body = {"error": cause, "hint": hint.en, "hint_ru": hint.ru, **more}
    return Response(json.dumps(body, ensure_ascii=False) + "\n", status, mimetype="application/json")


def deferred(error: TransientError) -> Response:
    """It will pass: 503, and when to come again."""
    answer = told(503, error.cause, error.hint)
    answer.headers["Retry-After"] = str(max(1, round(error.retry_after or 5)))
    return answer


def see_other(place: str) -> Response:
    """The browser goes on to ``place`` with a GET."""
    return make_response(redirect(place, 303))


def taken(raw: FlaskRequest, clock: Clock) -> Request:
    """The request exactly as received: raw body first, header names in lower case.

    Raises ``RequestEntityTooLarge`` over the configured size, also for a body of unknown length.
    """
    environ = raw.environ
    body = raw.get_data(cache=False)
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if value := environ.get(name):
            headers[name.replace("_", "-").lower()] = value
    return Request(
        method=raw.method,
        path=raw.path,
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=body,
        received_at=clock(),
        remote=raw.remote_addr or "",
    )
