"""Visitors' messages in: verify, key, parse. The browser's request is taken as it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from connector.domain.bbcode import escape
from connector.domain.events import Event, MessageReceived
from connector.domain.request import Request
from connector.domain.values import File, Page, Person
from connector.errors import Refused
from connector.providers.payload import check_method
from connector.providers.webchat import passes, wire
from connector.providers.webchat.settings import WebchatSettings
from connector.speech import Text

_RATINGS = {"like": "1", "dislike": "0"}
_PASS = Text(
    "The chat does not know this visitor; reload the page to begin anew",
    "Чат не узнаёт этого посетителя; обновите страницу, чтобы начать заново",
)
_ORIGIN = Text(
    "This site may not show the chat; add it to `origins` of the account in connector.yaml",
    "Этому сайту нельзя показывать чат; добавьте его в `origins` аккаунта в connector.yaml",
)
_FILE = Text("Attach the file again: it is not known here", "Приложите файл ещё раз: здесь он неизвестен")


def verify(request: Request, settings: WebchatSettings) -> None:
    """Raises ``Refused``: 405 method, 403 origin, 401 pass, 400 or 415 for a body that is not a message or a rating.

    So strict because strangers may write: whatever passes can be read, and nothing of theirs is ever parked unread.
    """
    check_method(request)
    check_origin(request, settings)
    visitor = known(request, settings)
    body = wire.said(request)
    if isinstance(body, wire.Message):
        files_of(visitor, body, settings)


def check_origin(request: Request, settings: WebchatSettings) -> None:
    """A page of another site may not write. Programs name no origin; our own page names our own host. 403."""
    origin = request.header("origin").lower()
    own = urlsplit(origin).netloc == request.header("host").lower() != ""
    if origin and not own and origin not in settings.origins:
        raise stranger()


def stranger() -> Refused:
    """A page of another site."""
    return Refused("webchat.origin", hint=_ORIGIN, status=403)


def known(request: Request, settings: WebchatSettings) -> str:
    """The visitor whose pass the request bears. Raises ``Refused`` 401."""
    visitor = passes.visitor_of(passes.bearer(request.header("authorization")), settings)
    if not visitor:
        raise unknown()
    return visitor


def unknown() -> Refused:
    """Nobody that we know."""
    return Refused("webchat.pass", hint=_PASS, status=401)


def dedupe_key(request: Request, settings: WebchatSettings) -> str:
    """The visitor and the message's own id: a repeat from the outbox of the browser is the same message."""
    try:
        visitor, body = known(request, settings), wire.said(request)
    except Refused:
        return request.digest()
    return key_of(visitor, body)


def key_of(visitor: str, body: wire.Message | wire.Rating) -> str:
    """The dedupe key of what a visitor said. No id of a browser has a colon in it."""
    return f"{visitor}:rate:{body.id}" if isinstance(body, wire.Rating) else f"{visitor}:{body.id}"


def parse(request: Request, settings: WebchatSettings) -> list[Event]:
    """The one message of a request that :func:`verify` let in."""
    visitor, body = known(request, settings), wire.said(request)
    told = _rated(body) if isinstance(body, wire.Rating) else _written(visitor, body, settings)
    client = _person(visitor, body.client if isinstance(body, wire.Message) else None)
    return [
        MessageReceived(
            account=settings.account, conversation=visitor, client=client, sent_at=request.received_at, **told
        )
    ]


def _written(visitor: str, body: wire.Message, settings: WebchatSettings) -> dict[str, Any]:
    return {
        "message_id": body.id,
        "text": escape(body.text),
        "files": files_of(visitor, body, settings),
        "page": Page(url=body.page.url, title=body.page.title, marks=body.utm.marks()),
    }


def _rated(body: wire.Rating) -> dict[str, Any]:
    """Text that is exactly ``1`` or ``0``, or begins so, is taken as the awaited rating (openlines §3.3)."""
    text = f"{_RATINGS[body.value]} {escape(body.comment.strip())}".strip()
    return {"message_id": f"rate.{body.id}", "text": text, "page": Page()}


def files_of(visitor: str, body: wire.Message, settings: WebchatSettings) -> tuple[File, ...]:
    """The uploads that a message names. Raises ``Refused`` 400 for one that is not this visitor's."""
    found = [passes.file_of(visitor, given, settings) for given in body.files]
    if not all(found):
        raise Refused("webchat.file", hint=_FILE, status=400)
    return tuple(file for file in found if file)


def _person(visitor: str, client: wire.ClientPart | None) -> Person:
    first, _, last = (client.name if client else "").partition(" ")
    return Person(
        id=visitor,
        first_name=first,
        last_name=last,
        phone=client.phone if client else "",
        email=client.email if client else "",
    )
