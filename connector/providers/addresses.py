"""Addresses of other systems in ``connector.yaml``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from connector.speech import Text

_LOOPBACK = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)")
_ADDRESS = Text("a full address, without a user name in it", "полный адрес, без имени пользователя в нём")
_HTTPS = Text("an https:// address (http is for loopback only)", "адрес https:// (http — только для loopback)")
_EXAMPLE = Text("for example https://chat.example.com/in", "например https://chat.example.com/in")


def _checked(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+([/?][^\s#]*)?", value):
        raise ValueError(_ADDRESS, _EXAMPLE)
    if value.startswith("http://") and not _LOOPBACK.match(value):
        raise ValueError(_HTTPS, _EXAMPLE)
    return value


#: ``https://…``, plain HTTP for this machine only; no fragment and no password in it.
SafeUrl = Annotated[str, AfterValidator(_checked)]
