"""States of a conversation: one at a time, or a stream of them."""

from __future__ import annotations

import json

import structlog
from flask import Response

from connector.bootstrap import Connector
from connector.errors import ConnectorError, Refused
from connector.speech import Text
from webhooks.chat.limits import network
from webhooks.chat.rooms import Guest
from webhooks.chat.telling import Json, Telling
from webhooks.chat.watching import Watch
from webhooks.streams import stream

log = structlog.get_logger()

_NAP = 5.0  # seconds without a bell; keeps the line alive
_NUMBER = Text("Reload the page; {name} is not a number", "Обновите страницу; {name} — не число")


class Streams:
    """Looks into conversations."""

    def __init__(self, connector: Connector, telling: Telling, watch: Watch) -> None:
        self._connector, self._telling, self._watch = connector, telling, watch

    def state(self, guest: Guest, *, after: int = 0, before: int | None = None) -> Json:
        """What changed after a ``seq``, or what stands before a message."""
        account, visitor = guest.room.account, guest.visitor
        return self._telling.state(self._connector.journal.chat_state(account, visitor, after=after, before=before))

    def events(self, guest: Guest, *, after: int = 0) -> Response:
        """A frame now, and one for every change; a database that is away for a while breaks no stream."""
        name = guest.room.account, guest.visitor
        first = self.state(guest, after=after)
        place = network(guest.request.remote)
        bell = self._watch.listen(name, place)
        sent = {"seq": first["seq"], "frame": json.dumps(first, ensure_ascii=False)}
        bell.clear()

        def look() -> str:
            if not bell.is_set():
                return str(sent["frame"])
            bell.clear()
            try:
                state = self.state(guest, after=sent["seq"])
            except ConnectorError as error:
                log.warning("chat.stream_waits", cause=error.cause)
                return str(sent["frame"])
            if state["seq"] != sent["seq"]:
                sent.update(seq=state["seq"], frame=json.dumps(state, ensure_ascii=False))
            return str(sent["frame"])

        def rest(seconds: float) -> None:
            bell.wait(seconds)

        answer = stream(look, every=_NAP, pause=rest)
        answer.call_on_close(lambda: self._watch.leave(name, bell, place))
        return answer


def number(given: str | None, name: str, otherwise: int = 0) -> int:
    """A number of the query. Raises ``Refused`` 400."""
    if given is None or given == "":
        return otherwise
    if not given.isascii() or not given.isdecimal() or len(given) > 15:
        raise Refused("query.number", hint=_NUMBER.with_(name=name), status=400)
    return int(given)
