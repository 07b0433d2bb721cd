"""A mailbox at SendGrid in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from connector.providers.couriers import CourierSettings
from connector.providers.postal import SmtpSettings, usual

_SMTP = usual(host="smtp.sendgrid.net", port=465, user="apikey")


class SendgridSettings(CourierSettings):
    """``smtp`` says only what differs from SendGrid's own server: at least ``password``, which is an API key there."""

    smtp: Annotated[SmtpSettings, _SMTP] = Field(examples=[{"password": "${API_KEY}"}])
