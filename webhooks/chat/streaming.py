"""States of a conversation: one at a time, or a stream of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event

import structlog
from flask import Response

from connector.bootstrap import Connector
from connector.domain.addresses import network
from connector.errors import ConnectorError, Refused
from connector.speech import Text
from webhooks.chat.rooms import Guest
from webhooks.chat.telling import Json, Telling
from webhooks.chat.watching import Watch
from webhooks.streams import stream

log = structlog.get_logger()

_NAP = 5.0  # seconds without a bell; keeps the line alive
_NUMBER = Text("Reload the page; {name} is not a number", "Обновите страницу; {name} — не число")


class Streams:
    """Looks into conversations."""

    def __init__(self, connector: Connector, telling: Telling, watch: Watch, *, nap: float = _NAP) -> None:
        self._connector, self._telling, self._watch, self._nap = connector, telling, watch, nap

    def state(self, guest: Guest, *, after: int = 0, before: int | None = None) -> Json:
        """What changed after a ``seq``, or what stands before a message."""
        account, visitor = guest.room.account, guest.visitor
        return self._telling.state(self._connector.journal.chat_state(account, visitor, after=after, before=before))

    def events(self, guest: Guest, *, after: int = 0) -> Response:
        """A frame now, and one for every change; a database that is away for a while breaks no stream."""
        name, place = (guest.room.account, guest.visitor), network(guest.request.remote)
        bell = self._watch.listen(name, place)
        bell.clear()  # before the look: whatever changes from here on rings
        try:
            first = self.state(guest, after=after)
        except Exception:
            self._watch.leave(name, bell, place)
            raise
        line = _Line(bell, first, lambda seq: self.state(guest, after=seq))
        answer = stream(line.look, every=self._nap, pause=bell.wait)
        answer.call_on_close(lambda: self._watch.leave(name, bell, place))
        return answer


class _Line:
    """What a stream tells: each frame only what changed after the one before, so none is ever passed over."""

    def __init__(self, bell: Event, first: Json, state: Callable[[int], Json]) -> None:
        self._bell, self._state = bell, state
        self._began = self._owed = False  # owed: the bell rang, and nobody could look yet
        self._keep(first)

    def look(self) -> str:
        """The first frame once, then the newest."""
        if self._began and (self._owed or self._bell.is_set()):
            self._bell.clear()
            self._read()
        self._began = True
        return self._frame

    def _read(self) -> None:
        try:
            news = self._state(self._seq)
        except ConnectorError as error:
            log.warning("chat.stream_waits", cause=error.cause)
            self._owed = True
            return
        self._owed = False
        if news["seq"] != self._seq:
            self._keep(news)

    def _keep(self, state: Json) -> None:
        self._seq, self._frame = state["seq"], json.dumps(state, ensure_ascii=False)


def number(given: str | None, name: str) -> int:
    """A number of the query, 0 without one. Raises ``Refused`` 400."""
    if not given:
        return 0
    if not given.isascii() or not given.isdecimal() or len(given) > 15:
        raise Refused("query.number", hint=_NUMBER.with_(name=name), status=400)
    return int(given)
