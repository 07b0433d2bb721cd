"""A PBX that speaks our signed webhooks, in ``connector.yaml``."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.standard_webhooks import Secrets
from connector.speech import Text

_WITHOUT = Text("api_url beside files_authorization", "api_url вместе с files_authorization")
_WHERE = Text(
    "write api_url: the header is sent to addresses below it and to nobody else",
    "укажите api_url: заголовок уходит только по адресам под ним и больше никуда",
)


class WebhookPbxSettings(PbxSettings):
    """``secret`` is one ``whsec_…`` or a list of them while keys are rotated: any verifies, all sign.

    ``dial_url`` is asked to place calls, ``history_url`` to tell of past ones; both are optional. ``api_url`` is where
    recordings lie; with ``files_authorization`` they are asked for with that ``Authorization`` header.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Secrets
    dial_url: SafeUrl | Literal[""] = Field(default="", examples=["https://pbx.example.com/from-bitrix24"])
    history_url: SafeUrl | Literal[""] = Field(default="", examples=["https://pbx.example.com/history"])
    files_authorization: SecretStr | None = None

    @model_validator(mode="after")
    def _whose_files(self) -> Self:
        if self.files_authorization and not self.api_url.startswith("http"):
            raise ValueError(_WITHOUT, _WHERE)
        return self

    def keys(self) -> tuple[str, ...]:
        """The secrets as text, the first being the newest. Never logged."""
        return tuple(value.get_secret_value() for value in self.secret)
