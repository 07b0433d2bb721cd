"""Which chat a request is for, who may ask, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flask import Request as FlaskRequest
from flask import Response

from connector.bootstrap import Connector
from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.webchat import inbound, passes
from connector.providers.webchat.settings import WebchatSettings
from connector.routes import Account
from connector.speech import Text
from webhooks.answers import taken

LONGEST_BODY = 128 * 1024
_UNKNOWN = Text("There is no such chat; compare the address with connector.yaml", "Такого чата нет; сверьте адрес")


@dataclass(frozen=True, kw_only=True)
class Room:
    """One account that is a chat. ``origins`` are the sites that may show it, our own among them."""

    account: str
    settings: WebchatSettings
    origins: frozenset[str]
    url: str

    def check(self, origin: str) -> None:
        """Raises ``Refused`` 403 for a page of another site. Who names no origin is no page of another site."""
        if origin and origin.lower() not in self.origins:
            raise inbound.stranger()


@dataclass(frozen=True, kw_only=True)
class Guest:
    """A visitor at work. ``request`` has lost its origin, which is checked by now."""

    room: Room
    visitor: str
    request: Request


class Rooms:
    """The chats of this connector by account."""

    def __init__(self, connector: Connector) -> None:
        self._clock = connector.clock
        self._rooms: Mapping[str, Room] = {
            name: _room(name, account.settings, connector.settings.public_url)
            for name, account in connector.accounts.items()
            if is_chat(account) and isinstance(account.settings, WebchatSettings)
        }

    def names(self) -> frozenset[str]:
        """The accounts."""
        return frozenset(self._rooms)

    def room(self, account: str) -> Room:
        """Raises ``Refused`` 404."""
        found = self._rooms.get(account)
        if found is None:
            raise Refused("chat.unknown", hint=_UNKNOWN, status=404)
        return found

    def asked(self, raw: FlaskRequest) -> Request:
        """The request as received, without its origin."""
        raw.max_content_length = LONGEST_BODY
        request = taken(raw, self._clock)
        return replace(request, headers={k: v for k, v in request.headers.items() if k != "origin"})

    def visitor(self, room: Room, raw: FlaskRequest) -> str:
        """Whoever shows a pass; the body is left alone. Raises ``Refused`` 401."""
        shown = passes.visitor_of(passes.bearer(raw.headers.get("Authorization", "")), room.settings)
        if not shown:
            raise inbound.unknown()
        return shown

    def guest(self, account: str, raw: FlaskRequest) -> Guest:
        """Whoever shows a pass. Raises ``Refused`` 401, 404."""
        room = self.room(account)
        visitor = self.visitor(room, raw)  # before a stranger's body is read
        return Guest(room=room, visitor=visitor, request=self.asked(raw))


def is_chat(account: Account) -> bool:
    """Whether the conversations of an account are kept here."""
    channel = account.provider.channel
    return channel is not None and channel.through == "chats"


def allow(answer: Response, room: Room | None, origin: str) -> Response:
    """What lets a page of an allowed site read the answer; nobody else gets it."""
    answer.headers.add("Vary", "Origin")
    if room is not None and origin.lower() in room.origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-File-Name"
        answer.headers["Access-Control-Expose-Headers"] = "Retry-After"
        answer.headers["Access-Control-Max-Age"] = "600"
    return answer


def _room(name: str, settings: WebchatSettings, public_url: str) -> Room:
    parts = urlsplit(public_url)
    own = f"{parts.scheme}://{parts.netloc}".lower()
    return Room(
        account=name,
        settings=settings,
        origins=frozenset({own, *settings.origins}),
        url=f"{public_url.rstrip('/')}/chat/{name}",
    )
