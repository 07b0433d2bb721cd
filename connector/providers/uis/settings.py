"""UIS, CoMagic, CallGear or Novofon 2.0 in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.gate import Network, OurSecret, given
from connector.providers.zones import Zone
from connector.speech import Text

_HOW = Text(
    "make one in the cabinet: Account → API users; it needs Call API and Data API",
    "создайте в кабинете: Аккаунт → Пользователи API; нужны Call API и Data API",
)


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
    zone: Zone = "Europe/Moscow"
    allow_from: tuple[Network, ...] = ()
    api_url: SafeUrl = "https://callapi.uiscom.ru/v4.0"
    data_url: SafeUrl = "https://dataapi.uiscom.ru/v2.0"
    media_url: SafeUrl = "https://app.uiscom.ru/system/media/talk"

    def extension(self, employee: str) -> str:
        """The extension of a UIS employee id; empty when it is not in ``employees``."""
        return next((extension for extension, known in self.employees.items() if str(known) == employee), "")
