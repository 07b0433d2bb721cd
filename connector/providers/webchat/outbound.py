"""Replies out: into the visitor's conversation, which we keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.domain.bbcode import strip_signature
from connector.domain.effects import Acknowledge, Delete, Edit, Send
from connector.domain.ports import Chats, Said
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError
from connector.providers.webchat.settings import WebchatSettings
from connector.speech import Text

_NO_MESSAGE = Text(
    "The visitor's conversation has no such message any more; write a new one.",
    "Такого сообщения в переписке посетителя больше нет; напишите новое.",
)


def send(outgoing: Outgoing, settings: WebchatSettings, chats: Chats) -> Receipt:
    """Carry out a command. The receipt's ids are the store's own: the message is in the visitor's conversation.

    Raises ``TransientError`` while the store is away, ``PermanentError`` for a change of what is not there.
    """
    return _COMMANDS[type(outgoing.command)](outgoing.command, outgoing.idempotency_key, chats)


def locate(file: File, settings: WebchatSettings, http: Http) -> Source:
    """An upload lies in our own media store already."""
    return Source(url=f"kept:{file.ref}", name=file.name, mime=file.mime)


def _send(command: Send, key: str, chats: Chats) -> Receipt:
    """The operator's name goes beside the message, not into it (openlines §7.2 rule 8); a file alone comes without."""
    name, text = strip_signature(command.text) if command.author.id else ("", command.text)
    said = Said(author=command.author, name=name, text=text, files=command.files)
    return Receipt(ids=(chats.say_in_chat(command.account, command.conversation, said, key=key),))


def _edit(command: Edit, key: str, chats: Chats) -> Receipt:
    text = strip_signature(command.text)[1]
    if not chats.edit_in_chat(command.account, command.conversation, command.message_ids[0], text):
        raise PermanentError("webchat.no_message", hint=_NO_MESSAGE)
    return Receipt()


def _delete(command: Delete, key: str, chats: Chats) -> Receipt:
    chats.delete_in_chat(command.account, command.conversation, command.message_ids)
    return Receipt()


def _acknowledge(command: Acknowledge, key: str, chats: Chats) -> Receipt:
    return Receipt()


_COMMANDS: dict[type, Callable[[Any, str, Chats], Receipt]] = {
    Send: _send,
    Edit: _edit,
    Delete: _delete,
    Acknowledge: _acknowledge,
}
