"""UIS, CoMagic, CallGear or Novofon 2.0 in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, SecretStr, field_validator

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.gate import Network, OurSecret, given
from connector.speech import Text

_HOW = Text(
    "make one in the cabinet: Account → API users; it needs Call API and Data API",
    "создайте в кабинете: Аккаунт → Пользователи API; нужны Call API и Data API",
)
_ZONE = Text("a time zone", "часовой пояс")
_ZONES = Text("for example Europe/Moscow: the zone of the cabinet", "например Europe/Moscow: пояс личного кабинета")


class UisSettings(PbxSettings):
    """``token`` is a secret of ours that the templates of notifications bear; ``access_token`` is the vendor's.

    ``employees`` are UIS employee ids by extension (without them they are looked up, one more request for each click).
    ``number`` is the virtual number to call from. ``zone`` is the cabinet's, in which UIS writes its times.
    ``api_url`` is the Call API, ``data_url`` the Data API, ``media_url`` where recordings lie.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    token: OurSecret
    access_token: Annotated[SecretStr, given(_HOW)] | None = None
    employees: dict[str, Annotated[int, Field(ge=1)]] = Field(default={}, examples=[{"101": 25}])
    number: str = ""
    zone: str = "Europe/Moscow"
    allow_from: tuple[Network, ...] = ()
    api_url: SafeUrl = "https://callapi.uiscom.ru/v4.0"
    data_url: SafeUrl = "https://dataapi.uiscom.ru/v2.0"
    media_url: SafeUrl = "https://app.uiscom.ru/system/media/talk"

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise ValueError(_ZONE, _ZONES) from None
        return value

    def extension(self, employee: str) -> str:
        """The extension of a UIS employee id; empty when it is not in ``employees``."""
        return next((extension for extension, known in self.employees.items() if str(known) == employee), "")
