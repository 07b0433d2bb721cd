"""A virtual PBX of Mango Office in ``connector.yaml``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.gate import Network, given
from connector.providers.zones import Zone
from connector.speech import Text

OFFICIAL = "https://app.mango-office.ru/vpbx"
_COPY = Text(
    "in the cabinet open Integrations → API connector and copy it from there",
    "в личном кабинете откройте «Интеграции» → «Подключение по API» и скопируйте его оттуда",
)
Key = Annotated[SecretStr, given(_COPY)]


class MangoSettings(PbxSettings):
    """``api_key`` is the code of the PBX (vpbx_api_key), ``sign_key`` the key for signatures (vpbx_api_salt).

    ``allow_from`` are the networks that may post (empty: any). ``clock_ahead`` are the hours by which Mango's clock
    runs ahead of UTC, ``zone`` is the time zone of the cabinet, in which its statistics are asked for.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    api_key: Key
    sign_key: Key
    api_url: SafeUrl = OFFICIAL
    allow_from: tuple[Network, ...] = ()
    clock_ahead: int = Field(default=0, ge=-12, le=14)
    zone: Zone = "Europe/Moscow"

    def moment(self, stamp: int) -> datetime:
        """A unix time of an event, as UTC."""
        return datetime.fromtimestamp(stamp, UTC) - timedelta(hours=self.clock_ahead)
