"""Signatures of Zadarma in both directions, and its question whether we are there (facts/providers.md §3.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

from connector.domain.request import Reply, Request
from connector.errors import Refused
from connector.providers.formbody import form, pairs
from connector.providers.payload import check_method
from connector.providers.zadarma.settings import ZadarmaSettings
from connector.speech import Text

_INCOMING = ("caller_id", "called_did", "call_start")
_OUTGOING = ("internal", "destination", "call_start")
#: The fields of each event that its signature covers, in their order.
SIGNED: Mapping[str, tuple[str, ...]] = {
    "NOTIFY_START": _INCOMING,
    "NOTIFY_INTERNAL": _INCOMING,
    "NOTIFY_ANSWER": ("caller_id", "destination", "call_start"),
    "NOTIFY_END": _INCOMING,
    "NOTIFY_OUT_START": _OUTGOING,
    "NOTIFY_OUT_END": _OUTGOING,
    "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
    "NOTIFY_IVR": _INCOMING,
    "SMS": ("result",),
    "SPEECH_RECOGNITION": ("result",),
    "NUMBER_LOOKUP": ("result",),
}
_UNSIGNED = Text("Send the header Signature.", "Передайте заголовок Signature.")
_UNKNOWN = Text(
    "How this event is signed is not known here, so it is not taken; switch it off in the cabinet.",
    "Подпись такого события здесь не известна, поэтому оно не принято; выключите его в личном кабинете.",
)
_MISMATCH = Text(
    "The signature does not fit: compare the secret of the account with the cabinet of Zadarma.",
    "Подпись не подходит: сверьте secret аккаунта с личным кабинетом Zadarma.",
)
_ECHO = Text("zd_echo is not what Zadarma sends.", "zd_echo не похож на то, что присылает Zadarma.")


def verify(request: Request, settings: ZadarmaSettings) -> None:
    """Raises ``Refused``: 405 method, 401 signature or unknown event, 400 or 415 for a body that is no form."""
    check_method(request)
    shown, told = request.header("signature"), dict(pairs(request))
    if not shown:
        raise Refused("zadarma.unsigned", hint=_UNSIGNED, status=401)
    covered = SIGNED.get(told.get("event", ""))
    if covered is None:
        raise Refused("zadarma.unknown_event", hint=_UNKNOWN, status=401)
    expected = digest(settings, "".join(told.get(name, "") for name in covered))
    if not hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), expected.encode()):
        raise Refused("zadarma.signature", hint=_MISMATCH, status=401)


def handshake(request: Request, _: ZadarmaSettings) -> Reply | None:
    """Give ``zd_echo`` back. Anybody may ask: nothing is told that they did not say, and only as plain text.

    Raises ``Refused`` (400) for a value that is not a plain word.
    """
    values = parse_qs(request.query, keep_blank_values=True).get("zd_echo", [])
    if not values and request.method.upper() == "POST" and b"zd_echo" in request.body:
        told = form(request)
        values = [told["zd_echo"]] if "zd_echo" in told and "event" not in told else []
    if not values:
        return None
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", values[-1]):
        raise Refused("zadarma.echo", hint=_ECHO, status=400)
    return Reply(body=values[-1].encode(), headers={"X-Content-Type-Options": "nosniff"})


def digest(settings: ZadarmaSettings, text: str) -> str:
    """base64 of the **hex** digits of HMAC-SHA1: not of its bytes."""
    key = settings.secret.get_secret_value().encode()
    made = hmac.new(key, text.encode(), hashlib.sha1).hexdigest()
    return base64.b64encode(made.encode()).decode()


def query(fields: Mapping[str, str]) -> str:
    """Fields as PHP's http_build_query writes them (RFC 1738), sorted by name: what is sent and what is signed."""
    return urlencode(sorted(fields.items())).replace("~", "%7E")


def authorization(settings: ZadarmaSettings, method: str, sent: str) -> str:
    """The header ``Authorization`` for an API method such as ``/v1/request/callback/`` and its :func:`query`."""
    md5 = hashlib.md5(sent.encode(), usedforsecurity=False).hexdigest()
    return f"{settings.key.get_secret_value()}:{digest(settings, method + sent + md5)}"
