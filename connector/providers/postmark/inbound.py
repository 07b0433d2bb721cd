"""What Postmark's inbound stream posts with "Include raw email content" (facts/providers.md §4.6)."""

from __future__ import annotations

from typing import Any

from connector.domain.request import Request
from connector.providers.couriers import Brought, NotRaw
from connector.providers.payload import json_object
from connector.speech import Text

# Postmark takes letters of 35 MB in. The raw letter comes beside all of its parts, each attachment in base64 again.
LIMIT = 96 * 1024 * 1024

NOT_RAW = Text(
    'Postmark sent the letter taken apart: switch on "Include raw email content in JSON payload" in the inbound '
    "stream, or run: connector account connect. What it sent is kept: {kept}",
    "Postmark прислал письмо разобранным: включите «Include raw email content in JSON payload» во входящем потоке "
    "или выполните: connector account connect. Присланное сохранено: {kept}",
)


def unpack(request: Request) -> Brought:
    """The letter as it came. Raises ``NotRaw`` or ``Refused`` for anything else."""
    told = json_object(request)
    raw = told.get("RawEmail")
    if not isinstance(raw, str) or not raw.strip():
        raise NotRaw(*(str(told.get(name) or "") for name in ("From", "To", "Subject")))
    headers = [pair for pair in map(_header, _list(told.get("Headers"))) if pair[0]]
    recipient = str(told.get("OriginalRecipient") or "")
    return Brought(
        raw=raw.encode("utf-8", "replace"),
        recipients=(recipient,) if recipient else (),
        # The first header is Postmark's own: who the letter came from at SMTP.
        sender=headers[0][1].strip("<> ") if headers and headers[0][0].lower() == "return-path" else "",
        said=tuple((name, value) for name, value in headers if name.lower().startswith(("x-spam", "received-spf"))),
        about={"id": str(told.get("MessageID") or "")[:100]},
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _header(told: Any) -> tuple[str, str]:
    if not isinstance(told, dict):
        return "", ""
    return str(told.get("Name") or ""), str(told.get("Value") or "")[:4000]
