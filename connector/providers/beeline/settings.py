"""Beeline Cloud PBX in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.gate import Network, OurSecret, given
from connector.speech import Text

_HOW = Text(
    "make a key in the cabinet of Cloud PBX: Settings → API",
    "создайте ключ в кабинете «Облачной АТС»: Настройки → API",
)


class BeelineSettings(PbxSettings):
    """``secret`` is the last part of the address that Beeline posts to: it signs nothing. ``token`` is its API key.

    ``employees`` are Beeline's users by extension (the part of the user id before ``@``). ``pattern`` subscribes to
    one extension or number only. ``expires`` are the seconds that a subscription lasts. ``unrecorded``: calls of the
    statistics that have no recording are added too, though nobody can tell whether we know them already.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: OurSecret
    token: Annotated[SecretStr, given(_HOW)]
    employees: dict[str, str] = Field(default={}, examples=[{"101": "9651112233"}])
    pattern: str = Field(default="", max_length=100)
    subscription: Literal["BASIC_CALL", "ADVANCED_CALL"] = "BASIC_CALL"
    expires: int = Field(default=86_400, ge=3600, le=86_400)
    unrecorded: bool = False
    allow_from: tuple[Network, ...] = ()
    api_url: SafeUrl = "https://cloudpbx.beeline.ru/apis/portal"

    def extension(self, user: str) -> str:
        """The extension of a Beeline user (``9651112233@mpbx.sip.beeline.ru``), else the user's number."""
        number = user.partition("@")[0]
        return next((extension for extension, known in self.employees.items() if _same(known, number)), number)

    def user(self, extension: str) -> str:
        """By what Beeline knows the owner of an extension; it takes extensions as well."""
        return self.employees.get(extension, extension)

    def address(self, hook_url: str) -> str:
        """Where Beeline is to post. It bears the secret: never logged."""
        return f"{hook_url.rstrip('/')}/{self.secret.get_secret_value()}"


def _same(known: str, number: str) -> bool:
    return known.partition("@")[0].lstrip("+") == number.lstrip("+")
