"""Standard Webhooks 1.0.0, symmetric ``v1``: signatures that come in and that go out (facts/providers.md §2.7)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from standardwebhooks import Webhook

from connector.domain.request import Request
from connector.errors import Refused
from connector.speech import Text

TOLERANCE = 300.0

_UNSIGNED = Text(
    "Send the headers webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks 1.0.0).",
    "Передайте заголовки webhook-id, webhook-timestamp и webhook-signature (Standard Webhooks 1.0.0).",
)
_BAD_ID = Text(
    "webhook-id must be 1 to 255 visible ASCII characters without a dot.",
    "webhook-id — от 1 до 255 видимых символов ASCII без точки.",
)
_STALE = Text(
    "webhook-timestamp must be the Unix seconds of this attempt, within five minutes of our clock.",
    "webhook-timestamp — секунды Unix этой попытки, не дальше пяти минут от наших часов.",
)
_MISMATCH = Text(
    "No signature matches: sign id.timestamp.body with the account's whsec_ secret, over the exact bytes sent.",
    "Ни одна подпись не подходит: подпишите id.timestamp.body секретом whsec_ аккаунта, ровно те байты, что посланы.",
)
_SECRET = Text("whsec_ and 24 to 64 random bytes in base64", "whsec_ и от 24 до 64 случайных байт в base64")
_MAKE_SECRET = Text(
    'make one with: echo "whsec_$(openssl rand -base64 32)"', 'создайте так: echo "whsec_$(openssl rand -base64 32)"'
)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | SecretStr) else value


def _usable(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not all(24 <= len(_key(value.get_secret_value())) <= 64 for value in values):
        raise ValueError(_SECRET, _MAKE_SECRET)
    return values


#: One ``whsec_…`` or a list of up to five while keys are rotated: any verifies, all sign, the first is the newest.
Secrets = Annotated[
    tuple[SecretStr, ...], BeforeValidator(_listed), Field(min_length=1, max_length=5), AfterValidator(_usable)
]


def verify(request: Request, secrets: Sequence[str], slug: str) -> None:
    """Raises ``Refused`` 401 (``<slug>.…``) unless some ``v1`` entry of the header was made with one of ``secrets``.

    The library's own ``verify`` reads the wall clock and raises bare ``ValueError`` and ``UnicodeDecodeError``
    on odd input, so only its ``sign`` is used here.
    """
    message_id, stamp, header = (request.header(f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not (message_id and stamp and header):
        raise _refused(f"{slug}.unsigned", _UNSIGNED)
    if not re.fullmatch(r"[\x21-\x2d\x2f-\x7e]{1,255}", message_id):
        raise _refused(f"{slug}.id", _BAD_ID)
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(request.received_at.timestamp() - int(stamp)) > TOLERANCE:
        raise _refused(f"{slug}.timestamp", _STALE)
    try:
        expected = sign(message_id, int(stamp), request.body.decode(), secrets)
    except UnicodeDecodeError:
        raise _refused(f"{slug}.encoding", _MISMATCH) from None
    offered = [entry.encode("utf-8", "surrogateescape") for entry in header.split(" ")]
    # Every pair is compared, so the time taken does not tell which one came close.
    matches = sum(hmac.compare_digest(known.encode(), entry) for known in expected for entry in offered)
    if not matches:
        raise _refused(f"{slug}.signature", _MISMATCH)


def sign(message_id: str, stamp: int, body: str, secrets: Sequence[str]) -> list[str]:
    """One ``v1,<base64>`` entry per secret, for the Unix second ``stamp``."""
    moment = datetime.fromtimestamp(stamp, UTC)
    return [Webhook(secret).sign(message_id, moment, body) for secret in secrets]


def signed(message_id: str, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of a JSON webhook of ours."""
    stamp = int(now.timestamp())
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(sign(message_id, stamp, body, secrets)),
    }


def webhook_id(key: str) -> str:
    """A stable id without dots for an idempotency key; a fresh one when there is no key."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}" if key else f"msg_{uuid.uuid4().hex}"


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return b""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _refused(cause: str, hint: Text) -> Refused:
    return Refused(cause, hint=hint, status=401)
