"""Time zones in ``connector.yaml``, for vendors that tell local times."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from connector.speech import Text

_ZONE = Text("the name of a time zone", "название часового пояса")
_ZONES = Text("for example Europe/Moscow", "например Europe/Moscow")


def _checked(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # not known; a path, or nothing; a folder of the data itself
        raise ValueError(_ZONE, _ZONES) from None
    return value


#: A name of the IANA database, such as ``Europe/Moscow``.
Zone = Annotated[str, AfterValidator(_checked)]
