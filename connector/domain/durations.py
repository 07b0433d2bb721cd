"""Lengths of time as people write them: ``90``, ``15m``, ``1h30m``, ``2d``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from connector.speech import Text

_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_WHOLE = re.compile(r"(\d+[wdhms])+")
_PART = re.compile(r"(\d+)([wdhms])")
_LIKE = Text("a length of time", "промежуток времени")
_MEND = Text("for example 15m, 1h30m or 2d", "например 15m, 1h30m или 2d")


def _read(given: Any) -> Any:
    if isinstance(given, timedelta):
        return given
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < 10**9:
        return timedelta(seconds=given)
    text = str(given).strip().lower()
    if isinstance(given, str) and _WHOLE.fullmatch(text) and len(text) < 20:
        return timedelta(seconds=sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(text)))
    raise ValueError(_LIKE, _MEND)


Duration = Annotated[timedelta, BeforeValidator(_read)]
