"""The operator's half of the control API: chats, and what an operator does in them."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Iterable, Mapping
from typing import Any

from connector.sandbox import desk
from connector.sandbox.answers import ApiError
from connector.sandbox.crm_binding import TYPES
from connector.sandbox.model import Chat
from connector.sandbox.state import Portal
from connector.sandbox.views import chat_view, message_view, session_view


class DeskControl:
    """Operators at work.

    ``chat`` is a chat id or the connector's chat.id; ``operator`` a user id (0: the dialog's own).
    What an operator may not do raises :class:`ApiError`.
    """

    portal: Portal

    def _chat(self, chat: int | str) -> Chat:
        chats = self.portal.chats
        if str(chat).isdigit() and int(chat) in chats:
            return chats[int(chat)]
        named = [item for item in chats.values() if item.external == str(chat)]
        if len(named) != 1:
            raise ApiError("CHAT_ID", f"There are {len(named)} chats named {chat}", 404)
        return named[0]

    def _operator(self, chat: Chat, operator: int) -> int:
        session = self.portal.session_of(chat)
        number = operator or (session.operator if session else 0) or min(self.portal.users)
        if number not in self.portal.users or self.portal.users[number].client:
            raise ApiError("USER_ID", f"There is no operator {number}", 404)
        return number

    def chats(self) -> list[dict[str, Any]]:
        """Every chat, oldest first."""
        with self.portal.lock:
            return [chat_view(self.portal, chat) for chat in self.portal.chats.values()]

    def chat(self, chat: int | str) -> dict[str, Any]:
        """One chat with its sessions and messages."""
        with self.portal.lock:
            held = self._chat(chat)
            return {
                **chat_view(self.portal, held),
                "sessions": [session_view(self.portal.sessions[number]) for number in held.sessions],
                "messages": [message_view(self.portal, self.portal.messages[number]) for number in held.messages],
            }

    def messages(self, chat: int | str, author: str = "") -> list[dict[str, Any]]:
        """The messages of one chat; ``author`` client, operator or system narrows."""
        rows: list[dict[str, Any]] = self.chat(chat)["messages"]
        return [row for row in rows if author in ("", row["author"])]

    def say(
        self,
        chat: int | str,
        text: str = "",
        operator: int = 0,
        files: Iterable[Mapping[str, Any]] = (),
        note: bool = False,
    ) -> dict[str, Any]:
        """An operator writes; a ``note`` stays inside.

        ``files`` are ``{"name", "content" (bytes or base64 text), "mime"?}``.
        """
        portal = self.portal
        contents = [(str(item["name"]), _bytes(item["content"]), str(item.get("mime") or "")) for item in files]
        if not text and not contents:
            raise ApiError("MESSAGE_EMPTY", "Message can't be empty", 400)
        with portal.lock:
            held = self._chat(chat)
            user = self._operator(held, operator)
            stored = [
                portal.store(name, mime or mimetypes.guess_type(name)[0] or "application/octet-stream", content)
                for name, content, mime in contents
            ]
            numbers = [file.id for file in stored]
            message = desk.say(portal, held, user, text, files=numbers, to_client=not note)
            return message_view(portal, message)

    def edit(self, message: int, text: str) -> dict[str, Any]:
        """An operator rewrites a message of theirs."""
        with self.portal.lock:
            return message_view(self.portal, desk.edit(self.portal, int(message), text))

    def delete(self, message: int) -> dict[str, Any]:
        """An operator removes a message."""
        with self.portal.lock:
            return message_view(self.portal, desk.delete(self.portal, int(message)))

    def finish(self, chat: int | str, operator: int = 0) -> dict[str, Any]:
        """An operator closes the dialog."""
        with self.portal.lock:
            held = self._chat(chat)
            return session_view(desk.finish(self.portal, held, self._operator(held, operator)))

    def ask_rating(self, chat: int | str) -> dict[str, Any]:
        """An operator asks the client for a rating; the dialog closes with the answer."""
        with self.portal.lock:
            return session_view(desk.ask_rating(self.portal, self._chat(chat)))

    def transfer(self, chat: int | str, operator: int = 0, line: int = 0) -> dict[str, Any]:
        """Hand the dialog to another operator or another line."""
        with self.portal.lock:
            return session_view(desk.transfer(self.portal, self._chat(chat), user_id=operator, line_id=line))

    def bind_chat(self, chat: int | str, **owners: int) -> dict[str, int]:
        """Bind a chat to CRM rows: ``lead``, ``contact``, ``company``, ``deal`` are ids, 0 takes one away."""
        with self.portal.lock:
            held = self._chat(chat)
            for name, number in owners.items():
                kind = name.upper()
                if kind not in TYPES:
                    raise ApiError("ENTITY", f"unknown: {name}", 400)
                if number and int(number) not in self.portal.crm[name].rows:
                    raise ApiError("ENTITY", f"There is no {name} {number}", 404)
                held.crm[kind] = int(number)
            held.crm = {kind: number for kind, number in held.crm.items() if number}
            return dict(held.crm)

    def notices(self) -> list[dict[str, Any]]:
        """Notifications and private messages to employees, oldest first."""
        with self.portal.lock:
            return [dict(notice) for notice in self.portal.notices]


def _bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(str(content), validate=True)
    except binascii.Error as error:
        raise ApiError("FILE_CONTENT", "content is not base64", 400) from error
