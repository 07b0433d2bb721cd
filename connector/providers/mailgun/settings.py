"""A mailbox at Mailgun in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from connector.providers.addresses import SafeUrl
from connector.providers.gate import given
from connector.providers.postal import PostalSettings, SmtpSettings, usual
from connector.speech import Text

_SMTP = usual(host="smtp.mailgun.org", port=465)
_SIGNING = Text(
    "copy it in Mailgun: API security → HTTP webhook signing key",
    "скопируйте в Mailgun: API security → HTTP webhook signing key",
)
_API = Text("copy it in Mailgun: API security → API keys", "скопируйте в Mailgun: API security → API keys")


class MailgunSettings(PostalSettings):
    """``signing_key`` proves what Mailgun posts. With ``api_key`` the route is made and looked at by ourselves.

    ``api_url`` is ``https://api.eu.mailgun.net`` for domains in Europe. ``smtp`` says only what differs from Mailgun's
    own server: at least ``user`` and ``password``.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    signing_key: Annotated[SecretStr, given(_SIGNING)]
    api_key: Annotated[SecretStr, given(_API)] | None = None
    api_url: SafeUrl = "https://api.mailgun.net"
    smtp: Annotated[SmtpSettings, _SMTP] = Field(examples=[{"user": "support@acme.ru", "password": "${SMTP_PASSWORD}"}])
