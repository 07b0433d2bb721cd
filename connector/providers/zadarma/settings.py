"""A PBX of Zadarma or Novofon in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.gate import given
from connector.providers.zones import Zone
from connector.speech import Text

OFFICIAL = "https://api.zadarma.com"
_COPY = Text(
    "in the cabinet open Settings → Integrations and API → Keys and API and copy it from there",
    "в личном кабинете откройте «Настройки» → «Интеграции и API» → «Ключи и API» и скопируйте его оттуда",
)
Key = Annotated[SecretStr, given(_COPY)]


class ZadarmaSettings(PbxSettings):
    """``key`` and ``secret`` are those of the API; the secret also signs what is posted to us.

    ``zone`` is the time zone of the account, in which it tells times. ``return_timeout`` are the seconds that it rings
    at the responsible employee before the call goes on by the usual scheme. ``api_url`` is another one for Novofon.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    key: Key
    secret: Key
    zone: Zone = "Europe/Moscow"
    return_timeout: int = Field(default=15, ge=3, le=120)
    api_url: SafeUrl = OFFICIAL
