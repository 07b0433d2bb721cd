"""What only whoever listens all the time can know of channels; it is written into the frames that are kept.

Two things do not stand in a single frame of Asterisk's: under which ``Linkedid`` a channel was born that was joined to
an older call since, and, for a call of which we missed a part, that its last channel is gone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime

from connector.domain.calls import CallTransferred, LegEnded
from connector.providers.asterisk import joining
from connector.providers.asterisk.inbound import BORN, LAST
from connector.providers.asterisk.settings import AsteriskSettings
from connector.providers.asterisk.telling import Telling
from connector.providers.asterisk.wire import Block

_MOST = 50_000  # channels remembered; those that are over stay a while, so that a repeated frame reads the same


class Live:
    """The channels of one connection."""

    def __init__(self, settings: AsteriskSettings) -> None:
        self._settings = settings
        self._born: OrderedDict[str, str] = OrderedDict()
        self._carried: dict[str, set[str]] = {}

    def begin(self, shown: Iterable[Block]) -> None:
        """The channels that are there when we come: of their calls we may have missed a part."""
        for block in shown:
            self._carried.setdefault(block["Linkedid"], set()).add(block["Uniqueid"])
            self._remember(block["Uniqueid"], block["Linkedid"])

    def note(self, block: Block) -> list[tuple[str, str]]:
        """What is to be written into this frame."""
        if block.event == "Newchannel":
            self._remember(block["Uniqueid"], block["Linkedid"])
            if block["Linkedid"] in self._carried:
                self._carried[block["Linkedid"]].add(block["Uniqueid"])
        if block.event == "AttendedTransfer":
            self._joined(block)
        return self._ended(block) if block.event == "Hangup" else []

    def _joined(self, block: Block) -> None:
        """The consultation is over by the transfer itself; its channels live on in the other call."""
        told = joining.attended(block, self._settings, Telling(account="", at=datetime.now(UTC)))
        call = next((event.call for event in told if isinstance(event, CallTransferred)), "")
        for event in told:
            if isinstance(event, LegEnded) and call:
                self._born[event.leg] = call

    def _ended(self, block: Block) -> list[tuple[str, str]]:
        leg, call = block["Uniqueid"], block["Linkedid"]
        born = self._born.get(leg, call)
        told = [(BORN, born)] if born != call else []
        for carried in dict.fromkeys((born, call)):
            legs = self._carried.get(carried, set())
            legs.discard(leg)
            if carried in self._carried and not legs:
                del self._carried[carried]
                told.append((LAST, carried))
        return told

    def _remember(self, leg: str, call: str) -> None:
        if leg and call:
            self._born.setdefault(leg, call)
        while len(self._born) > _MOST:
            self._born.popitem(last=False)
