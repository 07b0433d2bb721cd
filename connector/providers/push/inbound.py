"""The door: who may push, and whether the body is one that can be read. What it says is read later."""

from __future__ import annotations

import hmac

from connector.domain.events import Event
from connector.domain.request import Request
from connector.errors import Refused
from connector.providers import standard_webhooks
from connector.providers.payload import check_method
from connector.providers.push.rows import kind_of, look
from connector.providers.push.settings import PushSettings
from connector.speech import Text

_STRANGER = Text(
    "Send the token of the source as `Authorization: Bearer <token>`.",
    "Передайте токен источника заголовком `Authorization: Bearer <token>`.",
)
_LARGE = Text(
    "At most {limit} bytes at once: send the rows in several requests, or raise body_limit of the source.",
    "Не больше {limit} байт за раз: разделите строки на несколько запросов или увеличьте body_limit источника.",
)


def verify(request: Request, settings: PushSettings) -> None:
    """Raises ``Refused``: 405 method, 401 signature or token, 413 too large, 415 or 400 for a body of no known form.

    A request that is signed must be signed rightly, also where a token would do.
    """
    check_method(request)
    signed = bool(request.header("webhook-signature"))
    if settings.secret is not None and (signed or settings.token is None):
        standard_webhooks.verify(request, settings.keys(), "push")
    else:
        _check_token(request, settings)
    if len(request.body) > settings.body_limit:
        raise Refused("body.too_large", hint=_LARGE.with_(limit=settings.body_limit), status=413)
    look(request.body, kind_of(request.header("content-type"), request.body))


def dedupe_key(request: Request, _: PushSettings) -> str:
    """``webhook-id`` or ``idempotency-key``, which a repeat keeps; without them every request counts.

    The body alone would not do: a row that goes from A to B and back to A is told three times, twice in the same words.
    """
    named = request.header("webhook-id") or request.header("idempotency-key")
    return named[:255] if named else f"{request.received_at.isoformat()} {request.digest()}"


def parse(request: Request, settings: PushSettings) -> list[Event]:
    """Nothing happens at once: the request is kept, and the next run reads it."""
    return []


def _check_token(request: Request, settings: PushSettings) -> None:
    scheme, _, offered = request.header("authorization").partition(" ")
    known = settings.token.get_secret_value() if settings.token else ""
    same = hmac.compare_digest(offered.strip().encode("utf-8", "surrogatepass"), known.encode())
    if not (known and same and scheme.lower() == "bearer"):
        raise Refused("push.token", hint=_STRANGER, status=401)
