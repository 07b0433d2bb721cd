"""Standard Webhooks 1.0.0, symmetric ``v1`` (facts/providers.md §2.7)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime

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


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Raises ``Refused`` 401 unless some ``v1`` entry of the header was made with one of ``secrets``.

    The library's own ``verify`` reads the wall clock and raises bare ``ValueError`` and ``UnicodeDecodeError``
    on odd input, so only its ``sign`` is used here.
    """
    message_id, stamp, header = (request.header(f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not (message_id and stamp and header):
        raise _refused("generic.unsigned", _UNSIGNED)
    if not re.fullmatch(r"[\x21-\x2d\x2f-\x7e]{1,255}", message_id):
        raise _refused("generic.id", _BAD_ID)
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(request.received_at.timestamp() - int(stamp)) > TOLERANCE:
        raise _refused("generic.timestamp", _STALE)
    try:
        expected = sign(message_id, int(stamp), request.body.decode(), secrets)
    except UnicodeDecodeError:
        raise _refused("generic.encoding", _MISMATCH) from None
    offered = [entry.encode("utf-8", "surrogateescape") for entry in header.split(" ")]
    # Every pair is compared, so the time taken does not tell which one came close.
    matches = sum(hmac.compare_digest(known.encode(), entry) for known in expected for entry in offered)
    if not matches:
        raise _refused("generic.signature", _MISMATCH)


def sign(message_id: str, stamp: int, body: str, secrets: Sequence[str]) -> list[str]:
    """One ``v1,<base64>`` entry per secret, for the Unix second ``stamp``."""
    moment = datetime.fromtimestamp(stamp, UTC)
    return [Webhook(secret).sign(message_id, moment, body) for secret in secrets]


def _refused(cause: str, hint: Text) -> Refused:
    return Refused(cause, hint=hint, status=401)
