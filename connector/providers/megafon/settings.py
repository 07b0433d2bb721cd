"""A virtual PBX of MegaFon, or another one of its engine, in ``connector.yaml``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.gate import given
from connector.speech import Text

_COPY = Text(
    "in the cabinet open Settings → Integration with CRM and copy it from there",
    "в личном кабинете откройте «Настройки» → «Интеграция с CRM» и скопируйте его оттуда",
)
Key = Annotated[SecretStr, given(_COPY)]


class MegafonSettings(PbxSettings):
    """``crm_token`` is the key by which the PBX proves itself to us, ``api_key`` ours to it; ``api_url`` is the address
    of your PBX. ``api`` chooses how it is spoken to: ``rest`` (crmapi/v1) or ``old`` (sys/crm_api.wcgp).
    ``show_phone``: the employee's telephone shows the client's number while an ordered call rings.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    crm_token: Key
    api_key: Key
    api_url: SafeUrl = Field(examples=["https://vats123456.megapbx.ru"])
    api: Literal["rest", "old"] = "rest"
    show_phone: bool = True
