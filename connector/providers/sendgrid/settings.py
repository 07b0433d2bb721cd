"""A mailbox at SendGrid in ``connector.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import Field, field_validator

from connector.providers.couriers import CourierSettings
from connector.providers.postal import SmtpSettings

SMTP: Mapping[str, Any] = MappingProxyType({"host": "smtp.sendgrid.net", "port": 465, "user": "apikey"})


class SendgridSettings(CourierSettings):
    """``smtp`` says only what differs from SendGrid's own server: at least ``password``, which is an API key there."""

    smtp: SmtpSettings = Field(examples=[{"password": "${API_KEY}"}])

    @field_validator("smtp", mode="before")
    @classmethod
    def _usual(cls, value: Any) -> Any:
        return {**SMTP, **value} if isinstance(value, Mapping) else value
