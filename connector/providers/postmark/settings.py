"""A mailbox at Postmark in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from connector.providers.addresses import SafeUrl
from connector.providers.couriers import CourierSettings
from connector.providers.gate import given
from connector.providers.postal import SmtpSettings, usual
from connector.speech import Text

# It knows no TLS from the start, and no larger letters.
_SMTP = usual(host="smtp.postmarkapp.com", port=587, security="starttls", largest=10_000_000)
_TOKEN = Text(
    "copy it in Postmark: the server → API Tokens",
    "скопируйте в Postmark: сервер → API Tokens",
)


class PostmarkSettings(CourierSettings):
    """With ``server_token`` our address is put into Postmark, and looked at, by ourselves.

    ``smtp`` says only what differs from Postmark's own server: at least ``user`` and ``password``.
    """

    server_token: Annotated[SecretStr, given(_TOKEN)] | None = None
    api_url: SafeUrl = "https://api.postmarkapp.com"
    smtp: Annotated[SmtpSettings, _SMTP] = Field(examples=[{"user": "${SMTP_USER}", "password": "${SMTP_PASSWORD}"}])
