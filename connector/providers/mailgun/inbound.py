"""What a route of Mailgun forwards: verify and unpack (facts/providers.md §4.6; the golden vector is in §5)."""

from __future__ import annotations

import hmac
import re
from dataclasses import replace

from connector.domain.door import Store
from connector.domain.request import Request
from connector.errors import Refused
from connector.providers import couriers
from connector.providers.couriers import Brought, NotRaw
from connector.providers.forms import fields, text
from connector.providers.mailgun.settings import MailgunSettings
from connector.providers.payload import check_method
from connector.speech import Text

# Mailgun takes letters of 25 MB in; in an urlencoded form nearly every byte of a quoted-printable one may take three.
LIMIT = 80 * 1024 * 1024
# What was not taken is brought again for 8 hours, and nobody says that it is signed anew then (facts §0). A signature
# covers no letter, so it is worth as much as the time it lasts. One that comes twice needs no memory of tokens: the
# same letter is known by its fingerprint, and who could put another one under a signature reads our traffic already.
OLDEST, AHEAD = 12 * 3600, 900

_VERDICTS = ("X-Mailgun-Sflag", "X-Mailgun-Sscore", "X-Mailgun-Spf", "X-Mailgun-Dkim-Check-Result")
_UNSIGNED = Text(
    "Send the form fields timestamp, token and signature, as routes of Mailgun do.",
    "Передайте поля формы timestamp, token и signature, как это делают маршруты Mailgun.",
)
_STALE = Text(
    "timestamp must be within 12 hours before our clock; set the clock of this machine.",
    "timestamp должен быть не старше 12 часов по нашим часам; проверьте часы этой машины.",
)
_MISMATCH = Text(
    "The signature does not fit: compare signing_key of the account with HTTP webhook signing key in Mailgun.",
    "Подпись не подходит: сверьте signing_key аккаунта с HTTP webhook signing key в Mailgun.",
)
NOT_RAW = Text(
    "Mailgun sent no whole letter: let the route forward to …/hooks/<account>/mime, ending in mime, and not store(). "
    "What it sent is kept: {kept}",
    "Mailgun прислал не целое письмо: пусть маршрут пересылает (forward) на …/hooks/<аккаунт>/mime, с mime на конце, "
    "а не store(). Присланное сохранено: {kept}",
)


def verify(request: Request, settings: MailgunSettings) -> None:
    """Raises ``Refused``: 405 method, 415 or 400 for what is no form, 401 signature or time."""
    check_method(request)
    stamp, token, signature = (text(request, name) for name in ("timestamp", "token", "signature"))
    if not (stamp and token and signature):
        raise Refused("mailgun.unsigned", hint=_UNSIGNED, status=401)
    key = settings.signing_key.get_secret_value().encode()
    expected = hmac.new(key, f"{stamp}{token}".encode(), "sha256").hexdigest()
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise Refused("mailgun.signature", hint=_MISMATCH, status=401)
    age = request.received_at.timestamp() - int(stamp) if re.fullmatch(r"[0-9]{1,12}", stamp) else OLDEST + 1
    if not -AHEAD <= age <= OLDEST:
        raise Refused("mailgun.timestamp", hint=_STALE, status=401)


def unpack(request: Request) -> Brought:
    """The letter as it came. Raises ``NotRaw`` when the route forwards it taken apart."""
    if "body-mime" not in fields(request):
        raise NotRaw(text(request, "sender"), text(request, "recipient"), text(request, "subject"))
    return Brought(
        raw=fields(request)["body-mime"],
        recipients=tuple(filter(None, re.split(r"[,\s]+", text(request, "recipient")))),
        sender=text(request, "sender"),
        said=tuple((name, text(request, name)) for name in _VERDICTS if text(request, name)),
    )


def condense(request: Request, settings: MailgunSettings, store: Store) -> Request:
    """As :func:`~connector.providers.couriers.condensed`; what is kept of a form has no signature any more."""
    if "body-mime" not in fields(request):
        signature = fields(request).get("signature", b"")
        body = request.body.replace(signature, b"*" * len(signature)) if signature else request.body
        request = replace(request, body=body)
    return couriers.condensed(request, settings, store, unpack)
