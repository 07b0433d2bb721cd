"""How often strangers may knock: by visitor and by address, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from connector.domain.addresses import network
from connector.errors import Refused
from connector.speech import Text
from webhooks.doors import Bells

# What is done: how many at once and seconds until one more, for a visitor and for an address (an office, a school).
RATES: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = MappingProxyType(
    {
        "visitors": ((5, 60.0), (20, 3.0)),
        "messages": ((15, 2.0), (60, 0.5)),
        "files": ((12, 5.0), (30, 2.0)),
        "reads": ((60, 0.5), (300, 0.1)),
    }
)
_TOO_OFTEN = Text(
    "Too many at once. Wait a moment and try again", "Слишком часто. Подождите немного и попробуйте снова"
)


class TooOften(Refused):
    """429; ``wait`` is seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__("chat.too_often", hint=_TOO_OFTEN, status=429)
        self.wait = max(1, math.ceil(wait))


class Limits:
    """One for all accounts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._bells = {
            what: tuple(Bells(clock, burst=burst, every=every) for burst, every in rates)
            for what, rates in RATES.items()
        }

    def knock(self, what: str, remote: str, visitor: str = "") -> None:
        """One more of this kind. Raises :class:`TooOften`."""
        theirs, whole = self._bells[what]
        if visitor and not theirs.ring(visitor):
            raise TooOften(theirs.every)
        if not whole.ring(network(remote)):
            raise TooOften(whole.every)
