"""The visitor's telephone: it calls the company, and rings when somebody at the desk clicks its number."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.demo.exchange import Exchange
from connector.demo.live_call import Incoming, LiveCall, Outgoing, Vain
from connector.demo.people import PHONE


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds after which somebody gives up: it rings, a talk was forgotten, nobody is at other telephones."""

    rings: float = 60.0
    talks: float = 300.0
    away: float = 8.0


class Handset:
    """``owner`` is whose it is, ``colleagues`` who answers at the company: extension → name. One call at a time."""

    def __init__(
        self, exchange: Exchange, owner: str, colleagues: Mapping[str, str], patience: Patience = Patience()
    ) -> None:
        self._patience = patience
        self._exchange, self._owner, self._colleagues = exchange, owner, dict(colleagues)
        self._call: LiveCall | None = None
        self._lock = threading.RLock()

    def press(self, deed: str, extension: str = "") -> bool:
        """``call``, ``answer`` (for an incoming call of the company: as whom, an ``extension``) or ``hang_up``; false
        when that cannot be done now. Raises ``KeyError`` for another deed.
        """
        act = _DEEDS[deed]
        with self._lock:
            return act(self, extension)

    def called(self, call: Outgoing) -> None:
        """The company calls somebody: this telephone, or one where nobody answers."""
        if call.client != PHONE:
            self._later(self._patience.away, call, "NOANSWER")
            return
        with self._lock:
            busy = self._live() is not None
            if not busy:
                self._call = call
        if busy:
            call.hang_up("BUSY")
        else:
            self._later(self._patience.rings, call, "NOANSWER")

    def screen(self) -> dict[str, Any]:
        """``state`` is idle, calling, called, talking or over; ``who`` is at the other end, ``since`` when the talk
        began (Unix time), ``talk`` its seconds once it is over (0: there was none).
        """
        with self._lock:
            call = self._call
            state = _state(call)
            caller = call.caller if isinstance(call, Outgoing) else ""
            return {
                "state": state,
                "who": self._colleagues.get(call.employee or caller, "") if call else "",
                "since": call.since if call else 0,
                "talk": call.talk if call else 0,
            }

    def _live(self) -> LiveCall | None:
        return self._call if self._call is not None and not self._call.over else None

    def _begin(self, extension: str) -> bool:
        if self._live() is not None:
            return False
        self._call = self._exchange.calls(PHONE, tuple(self._colleagues), self._owner)
        self._later(self._patience.rings, self._call)
        return True

    def _answer(self, extension: str) -> bool:
        call = self._live()
        if call is None or not call.answer(extension):
            return False
        self._later(self._patience.talks, call, talking=True)
        return True

    def _hang_up(self, extension: str) -> bool:
        call = self._live()
        return call is not None and call.hang_up("BUSY" if isinstance(call, Outgoing) else "CANCEL")

    def _later(self, seconds: float, call: LiveCall, why: Vain = "CANCEL", *, talking: bool = False) -> None:
        """Somebody hangs up after a while, unless it has come otherwise."""

        def give_up() -> None:
            if bool(call.employee) == talking:
                call.hang_up(why)

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()


_DEEDS = {"call": Handset._begin, "answer": Handset._answer, "hang_up": Handset._hang_up}


def _state(call: LiveCall | None) -> str:
    if call is None:
        return "idle"
    if call.over:
        return "over"
    if call.employee:
        return "talking"
    return "calling" if isinstance(call, Incoming) else "called"
