"""A pretend telephone with the shop's bot open: what its owner writes leaves as Telegram's webhook would."""

from __future__ import annotations

import json
import mimetypes
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import requests

from connector.demo.marked import Part, parts
from connector.demo.people import signed
from connector.domain.provider import StandIn
from connector.domain.request import Reply, Request
from connector.providers.telegram import formdata

OWNER = "4200"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@dataclass(frozen=True, kw_only=True)
class Picked:
    """A file in the chat. Its content stays on the phone."""

    name: str
    mime: str
    content: bytes = field(repr=False)

    @property
    def image(self) -> bool:
        """Whether it is shown and not only named."""
        return self.mime in PICTURES


@dataclass(frozen=True, kw_only=True)
class Bubble:
    """One message of the chat. ``mine`` is the owner's; ``sent`` the webhook that carried it, to be edited later."""

    number: int
    mine: bool
    text: tuple[Part, ...]
    at: datetime
    file: Picked | None = None
    edited: bool = False
    sent: Request | None = None


class PhoneError(Exception):
    """The owner's message did not reach the connector: Telegram itself would try again later."""


class Phone:
    """``owner`` is their name, ``post`` delivers a webhook; ``listen`` hears what the bot does in Telegram."""

    def __init__(self, standin: StandIn, owner: str, post: Callable[[Request], requests.Response]) -> None:
        self._standin, self._owner, self._post = standin, owner, post
        self._bubbles: dict[int, Bubble] = {}
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """The owner writes. Raises :class:`PhoneError`."""
        self._send(self._standin.say(OWNER, text), Bubble(number=0, mine=True, text=(Part(text=text),), at=_now()))

    def attach(self, name: str, content: bytes, caption: str = "") -> None:
        """The owner sends a file. Raises :class:`PhoneError`."""
        picked = Picked(name=name, mime=_mime(name), content=content)
        shown = Bubble(number=0, mine=True, text=(Part(text=caption),), at=_now(), file=picked)
        self._send(self._standin.attach(OWNER, name, content, caption), shown)

    def edit(self, number: int, text: str) -> None:
        """The owner changes what they wrote. Raises :class:`PhoneError`; ``LookupError`` for a message of others."""
        with self._lock:
            found = self._bubbles.get(number)
        if found is None or found.sent is None:
            raise LookupError(number)
        changed = self._standin.edit(found.sent, text)
        if changed is not None:
            self._deliver(changed)
            self._keep(replace(found, text=(Part(text=text),), edited=True))

    def screen(self) -> list[dict[str, Any]]:
        """The chat as it is seen now, oldest first."""
        with self._lock:
            return [_shown(bubble) for _, bubble in sorted(self._bubbles.items())]

    def file(self, number: int) -> Picked | None:
        """The file of a message."""
        with self._lock:
            found = self._bubbles.get(number)
        return found.file if found else None

    def listen(self, request: Request, reply: Reply) -> None:
        """One call of the bot and Telegram's answer: what it did to this chat is seen here."""
        fields = formdata.read(request) if reply.status == 200 else {}
        if str(fields.get("chat_id", "")) != OWNER:
            return
        method = request.path.rpartition("/")[2]
        if method == "deleteMessage":
            with self._lock:
                self._bubbles.pop(int(fields["message_id"]), None)
        elif method.startswith("editMessage"):
            self._edited(int(fields["message_id"]), parts_of(fields))
        elif method.startswith("send"):
            self._came(int(json.loads(reply.body)["result"]["message_id"]), fields)

    def _edited(self, number: int, text: tuple[Part, ...]) -> None:
        with self._lock:
            if number in self._bubbles:
                self._bubbles[number] = replace(self._bubbles[number], text=text, edited=True)

    def _came(self, number: int, fields: dict[str, Any]) -> None:
        sent = next((value for value in fields.values() if isinstance(value, formdata.Part)), None)
        file = Picked(name=sent.name, mime=_mime(sent.name), content=sent.content) if sent else None
        self._keep(Bubble(number=number, mine=False, text=parts_of(fields), at=_now(), file=file))

    def _send(self, request: Request, bubble: Bubble) -> None:
        request = signed(request, self._owner)
        self._deliver(request)
        self._keep(replace(bubble, number=int(json.loads(request.body)["message"]["message_id"]), sent=request))

    def _deliver(self, request: Request) -> None:
        try:
            answer = self._post(request)
        except requests.RequestException as error:
            raise PhoneError(type(error).__name__) from error
        if not answer.ok:
            raise PhoneError(str(answer.status_code))

    def _keep(self, bubble: Bubble) -> None:
        with self._lock:
            self._bubbles[bubble.number] = bubble


def parts_of(fields: dict[str, Any]) -> tuple[Part, ...]:
    """The text or caption of a Bot API call, in pieces of one look each."""
    name = "text" if "text" in fields else "caption"
    entities = fields.get("entities" if name == "text" else "caption_entities") or []
    return parts(str(fields.get(name, "")), entities)


def _shown(bubble: Bubble) -> dict[str, Any]:
    file = bubble.file
    return {
        "id": bubble.number,
        "mine": bubble.mine,
        "text": [part.told() for part in bubble.text if part.text],
        "at": bubble.at.timestamp(),
        "edited": bubble.edited,
        "file": {"name": file.name, "image": file.image, "size": len(file.content)} if file else None,
    }


def _mime(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _now() -> datetime:
    return datetime.now(UTC)
