"""Any system that speaks Standard Webhooks, in ``connector.yaml``."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from connector.domain.provider import AccountSettings

_LOOPBACK = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | SecretStr) else value


class GenericSettings(AccountSettings):
    """``secret`` is one ``whsec_…`` or a list of them while keys are rotated: any verifies, all sign.

    ``deliver_url`` gets the replies, in ``deliver_format``. ``api_url`` is where the other system keeps its files.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Annotated[tuple[SecretStr, ...], BeforeValidator(_listed), Field(min_length=1, max_length=5)]
    deliver_url: str
    deliver_format: Literal["plain", "markdown", "html", "bbcode"] = "plain"

    @field_validator("secret")
    @classmethod
    def _secret(cls, values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(24 <= len(_key(value.get_secret_value())) <= 64 for value in values):
            raise ValueError(
                "a secret is whsec_ and 24 to 64 random bytes in base64; make one with: "
                'echo "whsec_$(openssl rand -base64 32)"'
            )
        return values

    @field_validator("deliver_url")
    @classmethod
    def _deliver_url(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+([/?][^\s#]*)?", value):
            raise ValueError("deliver_url is the full address that gets replies, such as https://chat.example.com/in")
        if value.startswith("http://") and not _LOOPBACK.match(value):
            raise ValueError("plain http is accepted for loopback only; use https")
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
