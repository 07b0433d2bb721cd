"""Any system that speaks Standard Webhooks, in ``connector.yaml``."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from connector.domain.provider import AccountSettings
from connector.providers.addresses import SafeUrl
from connector.providers.standard_webhooks import Secrets


class GenericSettings(AccountSettings):
    """``secret`` is one ``whsec_…`` or a list of them while keys are rotated: any verifies, all sign.

    ``deliver_url`` gets the replies, in ``deliver_format``. ``api_url`` is where the other system keeps its files.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Secrets
    deliver_url: SafeUrl = Field(examples=["https://chat.example.com/from-bitrix24"])
    deliver_format: Literal["plain", "markdown", "html", "bbcode"] = "plain"

    def keys(self) -> tuple[str, ...]:
        """The secrets as text, the first being the newest. Never logged."""
        return tuple(value.get_secret_value() for value in self.secret)
