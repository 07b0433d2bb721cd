"""Twilio Voice in ``connector.yaml``."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.gate import given
from connector.speech import Text

_TOKEN = Text(
    "copy the Auth Token from the first page of the Twilio console",
    "скопируйте Auth Token с первой страницы консоли Twilio",
)
_KEY = Text(
    "copy the secret of the shared key for webhooks, or remove signing_key",
    "скопируйте секрет общего ключа вебхуков или уберите signing_key",
)
_HOOK = Text("the full address that Twilio is given, without ?", "полный адрес, который задан в Twilio, без ?")
_HOOKS = Text(
    "<public URL>/hooks/<account>, exactly as in the console: it is part of the signature",
    "<публичный адрес>/hooks/<аккаунт>, точно как в консоли: он входит в подпись",
)
_SID = r"^AC[0-9a-f]{32}$"


class TwilioSettings(PbxSettings):
    """``url`` is our address as Twilio knows it, which its signature covers.

    ``employees`` are the addresses of telephones by extension (``sip:…``, ``client:…`` or E.164); with ``sip_domain``
    an extension that is not there is ``sip:<extension>@<sip_domain>``. ``number`` is the number to call from.
    ``record``: calls from Bitrix24 are recorded. ``signing_key`` is the secret of a shared key, for accounts whose
    webhooks are signed with HMAC-SHA256.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    account_sid: str = Field(pattern=_SID, examples=["AC0123456789abcdef0123456789abcdef"])
    auth_token: Annotated[SecretStr, given(_TOKEN)]
    signing_key: Annotated[SecretStr, given(_KEY)] | None = None
    url: SafeUrl = Field(examples=["${CONNECTOR_PUBLIC_URL}/hooks/{account}"])
    number: str = ""
    employees: dict[str, str] = Field(default={}, examples=[{"101": "sip:101@acme.sip.twilio.com"}])
    sip_domain: str = Field(default="", pattern=r"^[A-Za-z0-9.-]*$")
    record: bool = False
    api_url: SafeUrl = "https://api.twilio.com"

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if "?" in value or not urlsplit(value).path.strip("/") or not _port_is_one(value):
            raise ValueError(_HOOK, _HOOKS)
        return value

    def resource(self, name: str) -> str:
        """The address of ``name`` below the account."""
        return f"{self.api_url.rstrip('/')}/2010-04-01/Accounts/{self.account_sid}/{name}"

    def address(self, extension: str) -> str:
        """Where ``extension`` rings; empty when nobody has said."""
        known = self.employees.get(extension, "")
        safe = self.sip_domain and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", extension)
        return known or (f"sip:{extension}@{self.sip_domain}" if safe else "")


def _port_is_one(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
