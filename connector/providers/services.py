"""What the settings of services share that records are read from over HTTP."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from connector.domain.sources import SourceSettings
from connector.speech import Text

_ADDRESS = Text("a full address, without a user name in it", "полный адрес, без имени пользователя в нём")
_EXAMPLE = Text("for example https://erp.example.com/api", "например https://erp.example.com/api")
_HTTPS = Text("an https:// address, or `plain_http: true`", "адрес https:// либо `plain_http: true`")
_CLOSED = Text(
    "over http:// passwords and rows can be read on the way; allow it only in a closed network",
    "по http:// пароли и строки видны в сети; разрешайте это только в закрытой сети",
)
_LOOPBACK = re.compile(r"http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)")


def _checked(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
        raise ValueError(_ADDRESS, _EXAMPLE)
    return value


#: ``http(s)://host/path``, in any script; neither a query nor a fragment nor a user's name.
Address = Annotated[str, AfterValidator(_checked)]


class ServiceSettings(SourceSettings):
    """A service at ``url``. ``plain_http`` lets passwords travel unencrypted, for closed networks; ``ca`` is the file
    of the authority that signs its certificate; an answer of more than ``largest`` MiB is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Address
    plain_http: bool = False
    ca: str = Field(default="", examples=["/etc/ssl/company.pem"])
    largest: int = Field(default=32, ge=1, le=512)

    @model_validator(mode="after")
    def _encrypted(self) -> ServiceSettings:
        if self.url.startswith("http://") and not self.plain_http and not _LOOPBACK.match(self.url):
            raise ValueError(_HTTPS, _CLOSED)
        return self
