"""A virtual PBX of Mango Office in ``connector.yaml``."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.zones import Zone
from connector.speech import Text

OFFICIAL = "https://app.mango-office.ru/vpbx"
_KEY = Text("the value from the cabinet, not empty", "непустое значение из личного кабинета")
_COPY = Text(
    "in the cabinet open Integrations → API connector and copy it from there",
    "в личном кабинете откройте «Интеграции» → «Подключение по API» и скопируйте его оттуда",
)
_NETWORK = Text("an address or a network such as 81.88.80.132", "адрес или сеть вида 81.88.80.132")
_SOURCES = Text(
    "Mango posts from 81.88.80.132, .133, 81.88.82.36, .44, .45; leave it empty to allow any",
    "Mango шлёт с 81.88.80.132, .133, 81.88.82.36, .44, .45; оставьте пустым, чтобы разрешить любой",
)


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError(_NETWORK, _SOURCES) from None


class MangoSettings(PbxSettings):
    """``api_key`` is the code of the PBX (vpbx_api_key), ``sign_key`` the key for signatures (vpbx_api_salt).

    ``sources`` are the addresses that may post (empty: any). ``clock_ahead`` are the hours by which Mango's unix times
    run ahead of UTC, ``zone`` is the time zone of the cabinet, in which its statistics are asked for.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    api_key: SecretStr
    sign_key: SecretStr
    api_url: SafeUrl = OFFICIAL
    sources: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    clock_ahead: int = Field(default=0, ge=-12, le=14)
    zone: Zone = "Europe/Moscow"

    @field_validator("api_key", "sign_key")
    @classmethod
    def _keys(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError(_KEY, _COPY)
        return value

    def lets(self, remote: str) -> bool:
        """Whether a request may come from this address."""
        if not self.sources:
            return True
        try:
            address = ipaddress.ip_address(remote)
        except ValueError:
            return False
        return any(address in ipaddress.ip_network(source) for source in self.sources)

    def moment(self, stamp: int) -> datetime:
        """A unix time of an event, as UTC."""
        return datetime.fromtimestamp(stamp, UTC) - timedelta(hours=self.clock_ahead)
