"""What the Inbound Parse of SendGrid posts with "POST the raw, full MIME message" (facts/providers.md §4.6)."""

from __future__ import annotations

import json
from typing import Any

from connector.domain.request import Request
from connector.providers.couriers import Brought, NotRaw
from connector.providers.forms import fields, text
from connector.speech import Text

# SendGrid takes letters of 30 MB in; the other fields of the form are small.
LIMIT = 36 * 1024 * 1024

_SAID = {"spam_score": "X-Spam-Score", "SPF": "X-SendGrid-SPF", "dkim": "X-SendGrid-DKIM"}
NOT_RAW = Text(
    'SendGrid sent the letter taken apart: switch on "POST the raw, full MIME message" in Inbound Parse. What it sent '
    "is kept: {kept}",
    "SendGrid прислал письмо разобранным: включите «POST the raw, full MIME message» в Inbound Parse. Присланное "
    "сохранено: {kept}",
)


def unpack(request: Request) -> Brought:
    """The letter as it came. Raises ``NotRaw`` or ``Refused`` for anything else."""
    if "email" not in fields(request):
        raise NotRaw(text(request, "from"), text(request, "to"), text(request, "subject"))
    envelope = _envelope(text(request, "envelope"))
    recipients = envelope.get("to")
    return Brought(
        raw=fields(request)["email"],
        recipients=tuple(str(each) for each in recipients) if isinstance(recipients, list) else (),
        sender=str(envelope.get("from") or ""),
        said=tuple((header, text(request, name)) for name, header in _SAID.items() if text(request, name)),
    )


def _envelope(told: str) -> dict[str, Any]:
    """A letter whose envelope cannot be read is a letter all the same."""
    try:
        envelope = json.loads(told)
    except ValueError:
        return {}
    return envelope if isinstance(envelope, dict) else {}
