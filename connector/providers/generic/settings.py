"""Any system that speaks Standard Webhooks, in ``connector.yaml``."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from connector.domain.provider import AccountSettings
from connector.speech import Text

_LOOPBACK = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)")

_SECRET = Text("whsec_ and 24 to 64 random bytes in base64", "whsec_ и от 24 до 64 случайных байт в base64")
_MAKE_SECRET = Text(
    'make one with: echo "whsec_$(openssl rand -base64 32)"', 'создайте так: echo "whsec_$(openssl rand -base64 32)"'
)
_ADDRESS = Text("the full address that gets the replies", "полный адрес, куда уходят ответы")
_HTTPS = Text("an https:// address (http is for loopback only)", "адрес https:// (http — только для loopback)")
_EXAMPLE = Text("for example https://chat.example.com/in", "например https://chat.example.com/in")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | SecretStr) else value


class GenericSettings(AccountSettings):
    """``secret`` is one ``whsec_…`` or a list of them while keys are rotated: any verifies, all sign.

    ``deliver_url`` gets the replies, in ``deliver_format``. ``api_url`` is where the other system keeps its files.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Annotated[tuple[SecretStr, ...], BeforeValidator(_listed), Field(min_length=1, max_length=5)]
    deliver_url: str = Field(examples=["https://chat.example.com/from-bitrix24"])
    deliver_format: Literal["plain", "markdown", "html", "bbcode"] = "plain"

    @field_validator("secret")
    @classmethod
    def _secret(cls, values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(24 <= len(_key(value.get_secret_value())) <= 64 for value in values):
            raise ValueError(_SECRET, _MAKE_SECRET)
        return values

    @field_validator("deliver_url")
    @classmethod
    def _deliver_url(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+([/?][^\s#]*)?", value):
            raise ValueError(_ADDRESS, _EXAMPLE)
        if value.startswith("http://") and not _LOOPBACK.match(value):
            raise ValueError(_HTTPS, _EXAMPLE)
        return value

    def keys(self) -> tuple[str, ...]:
        """The secrets as text, the first being the newest. Never logged."""
        return tuple(value.get_secret_value() for value in self.secret)


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return b""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""
