"""The demo's PBX: a pretend Asterisk that the real listener follows, and the calls that are made on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from connector.demo.live_call import Incoming, Outgoing, Place
from connector.providers.asterisk.standin import AmiServer, Board, Frame, Wish
from connector.speech import Text

ACCOUNT = "my-asterisk"
LINE = "74951234567"
LINE_NAME = Text("Sales", "Продажи")


class Exchange:
    """``ami`` is its manager; ``clicked`` hears of each call that a click in Bitrix24 placed, once it rings at the
    client. Use as a context manager.
    """

    def __init__(self, folder: Path) -> None:
        self.ami = AmiServer()
        self.clicked: Callable[[Outgoing], None] = self.hear_nothing
        self._place = Place(board=Board(epoch=time.time()), say=self.ami.say, monitor=folder)
        self.ami.then = self._placed

    def account(self, language: str) -> dict[str, Any]:
        """The account of ``connector.yaml`` that leads here."""
        lines = {LINE: {"name": LINE_NAME.say(language)}}
        return self.ami.account(lines=lines, recordings={"url": self._place.monitor.as_uri()})

    def calls(self, client: str, extensions: Sequence[str], name: str = "") -> Incoming:
        """A client calls the company; it rings at all these at once. ``client`` are digits."""
        return Incoming(self._place, Wish(client=client, name=name, line=LINE, extension=extensions[0]), extensions)

    def dials(self, extension: str, client: str, call: str = "") -> Outgoing:
        """An employee calls a client; ``call`` is the id that a click gave."""
        return Outgoing(self._place, Wish(client=client, line=LINE, extension=extension, call=call))

    @staticmethod
    def hear_nothing(call: Outgoing) -> None:
        """Nobody is interested."""

    def _placed(self, order: dict[str, str]) -> Sequence[Frame]:
        """A click: the telephone of its employee is lifted at once, and the client is called."""
        extension = order["Channel"].partition("/")[2]
        self.clicked(self.dials(extension, order["Exten"], order.get("ChannelId", "")))
        return ()

    def __enter__(self) -> Self:
        self._place.monitor.mkdir(parents=True, exist_ok=True)
        self.ami.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ami.stop()
