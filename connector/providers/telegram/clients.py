"""The clients of the pretend Telegram: they write, edit, attach, press, block; each yields the webhook request."""

from __future__ import annotations

import itertools
import json
import mimetypes
from typing import Any

from connector.domain.ports import Clock
from connector.domain.request import Request
from connector.providers.telegram.inbound import SECRET_HEADER
from connector.providers.telegram.settings import TelegramSettings

_NAMES = (("Anna", "Orlova"), ("Boris", "Petrov"), ("Vera", "Sokolova"), ("Gleb", "Antonov"))


class Clients:
    """What clients have said so far and what the bot has shown them. Conversations are chat ids: digits."""

    def __init__(self, settings: TelegramSettings, clock: Clock) -> None:
        self.account, self.clock = settings.account, clock
        self.secret = settings.secret.get_secret_value()
        self.update_ids, self.message_ids = itertools.count(900_001), itertools.count(1)
        self.shown: dict[str, dict[int, dict[str, str]]] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.presses: set[str] = set()
        self.blocked: set[str] = set()

    def say(self, conversation: str, text: str) -> Request:
        """The client writes."""
        return self._post({"message": self._message(conversation) | {"text": text}})

    def edit(self, request: Request, text: str) -> Request:
        """The client changes what ``say`` or ``attach`` sent."""
        message = json.loads(request.body)["message"]
        field = "text" if "text" in message else "caption"
        return self._post({"edited_message": message | {field: text, "edit_date": self._now()}})

    def attach(self, conversation: str, name: str, content: bytes, caption: str = "") -> Request:
        """The client sends a picture or a document."""
        message = self._message(conversation)
        number, mime = message["message_id"], mimetypes.guess_type(name)[0] or "application/octet-stream"
        file: dict[str, Any] = {
            "file_id": f"file-{number}",
            "file_unique_id": f"unique-{number}",
            "file_size": len(content),
        }
        picture = mime in ("image/jpeg", "image/png")
        self.files[file["file_id"]] = (f"{'photos' if picture else 'documents'}/file_{number}", content)
        carried: dict[str, Any] = (
            {"photo": [file | {"width": 640, "height": 480}]}
            if picture
            else {"document": file | {"file_name": name, "mime_type": mime}}
        )
        return self._post({"message": message | carried | ({"caption": caption} if caption else {})})

    def press(self, conversation: str, data: str) -> Request:
        """The client presses an inline button."""
        press_id = f"press-{next(self.message_ids)}"
        self.presses.add(press_id)
        message = self._message(conversation)
        query = {"id": press_id, "from": message["from"], "message": message, "chat_instance": "1", "data": data}
        return self._post({"callback_query": query})

    def block(self, conversation: str) -> Request:
        """The client blocks the bot."""
        self.blocked.add(conversation)
        return self._membership(conversation, "member", "kicked")

    def unblock(self, conversation: str) -> Request:
        """The client lets the bot in again."""
        self.blocked.discard(conversation)
        return self._membership(conversation, "kicked", "member")

    def forge(self, conversation: str, text: str) -> Request:
        """A stranger who does not know the secret."""
        return self._post({"message": self._message(conversation) | {"text": text}}, secret="guessed")

    def _membership(self, conversation: str, before: str, after: str) -> Request:
        message = self._message(conversation)
        change = {key: message[key] for key in ("chat", "from", "date")}
        old, new = ({"user": {"id": 1, "is_bot": True}, "status": status} for status in (before, after))
        return self._post({"my_chat_member": change | {"old_chat_member": old, "new_chat_member": new}})

    def _message(self, conversation: str) -> dict[str, Any]:
        number = int(conversation)
        first, last = _NAMES[number % len(_NAMES)]
        person = {"id": number, "first_name": first, "last_name": last, "username": f"{first.lower()}_{number}"}
        return {
            "message_id": next(self.message_ids),
            "date": self._now(),
            "chat": person | {"type": "private"},
            "from": person | {"is_bot": False, "language_code": "ru"},
        }

    def _now(self) -> int:
        return int(self.clock().timestamp())

    def _post(self, update: dict[str, Any], secret: str = "") -> Request:
        return Request(
            method="POST",
            path=f"/hooks/{self.account}",
            headers={"content-type": "application/json", SECRET_HEADER: secret or self.secret},
            body=json.dumps({"update_id": next(self.update_ids)} | update, ensure_ascii=False).encode(),
            received_at=self.clock(),
        )
