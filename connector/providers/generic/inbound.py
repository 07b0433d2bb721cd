"""Webhooks in from any system: verify, key, parse (facts/providers.md §2.7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connector.domain.bbcode import clean, escape
from connector.domain.events import ButtonPressed, Event, Ignored, MessageDeleted, MessageEdited, MessageReceived
from connector.domain.markup import from_html, from_markdown
from connector.domain.request import Request
from connector.domain.values import File, FileKind, Location, Person
from connector.providers import standard_webhooks
from connector.providers.generic import wire
from connector.providers.generic.settings import GenericSettings
from connector.providers.payload import check_method, json_object

_TO_BBCODE: dict[wire.Format, Callable[[str], str]] = {
    "plain": escape,
    "bbcode": clean,
    "markdown": from_markdown,
    "html": from_html,
}
_KINDS: dict[str, FileKind] = {"image": "image", "audio": "audio", "video": "video"}


def verify(request: Request, settings: GenericSettings) -> None:
    """Raises ``Refused``: 405 method, 401 signature, 400 or 415 for a body that is not a JSON object."""
    check_method(request)
    standard_webhooks.verify(request, settings.keys(), "generic")
    json_object(request)


def dedupe_key(request: Request, _: GenericSettings) -> str:
    """``webhook-id``, which a repeat keeps."""
    return request.header("webhook-id")[:255] or request.digest()


def parse(request: Request, settings: GenericSettings) -> list[Event]:
    """The one event of a body. Raises ``pydantic.ValidationError`` when a known type is not as published."""
    body = json_object(request)
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in wire.TYPES:
        return [Ignored(what=str(kind)[:60])]
    post = wire.read(body)
    where = {"account": settings.account, "conversation": post.data.conversation, "client": _person(post.data.client)}
    return [_PARSE[kind](post, where)]


def _created(post: wire.MessageCreated, where: dict[str, Any]) -> Event:
    message = post.data.message
    if not (message.text or message.files or message.location):
        return Ignored(what="message.created.empty")
    return MessageReceived(
        **where,
        message_id=message.id,
        text=_text(message),
        files=tuple(_file(part) for part in message.files),
        location=_location(message.location) if message.location else None,
        reply_to=message.reply_to,
        quote=escape(message.quote),
        sent_at=_moment(post.timestamp),
    )


def _updated(post: wire.MessageUpdated, where: dict[str, Any]) -> Event:
    message = post.data.message
    return MessageEdited(**where, message_id=message.id, text=_text(message), sent_at=_moment(post.timestamp))


def _deleted(post: wire.MessageDeleted, where: dict[str, Any]) -> Event:
    return MessageDeleted(**where, message_ids=(post.data.message.id,))


def _pressed(post: wire.ButtonPressed, where: dict[str, Any]) -> Event:
    button = post.data.button
    return ButtonPressed(
        **where,
        press_id=button.id,
        data=button.data,
        label=escape(button.label or button.data),
        sent_at=_moment(post.timestamp),
    )


def _location(part: wire.LocationPart) -> Location:
    return Location(
        latitude=part.latitude, longitude=part.longitude, title=escape(part.title), address=escape(part.address)
    )


def _text(message: wire.MessagePart) -> str:
    return _TO_BBCODE[message.format](message.text)


def _file(part: wire.FilePart) -> File:
    name = part.name or re.sub(r"[?#].*", "", part.url).rstrip("/").rpartition("/")[2]
    return File(
        ref=part.url,
        name=name,
        mime=part.type,
        size=part.size,
        kind=_KINDS.get(part.type.partition("/")[0], "document"),
    )


def _person(client: wire.ClientPart) -> Person:
    first, _, last = client.name.strip().partition(" ")
    named = bool(client.first_name or client.last_name)
    return Person(
        id=client.id,
        first_name=client.first_name if named else first,
        last_name=client.last_name if named else last.strip(),
        username=client.username,
        phone=client.phone,
        email=client.email,
        language=client.language,
        profile_url=client.profile_url,
        picture_url=client.picture_url,
    )


def _moment(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_PARSE: dict[str, Callable[[Any, dict[str, Any]], Event]] = {
    "message.created": _created,
    "message.updated": _updated,
    "message.deleted": _deleted,
    "button.pressed": _pressed,
}
