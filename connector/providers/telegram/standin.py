"""A pretend Telegram: one bot, its clients, and the Bot API with its real limits (facts/providers.md §2.1)."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connector.domain.ports import Clock
from connector.domain.request import Reply, Request
from connector.providers.telegram import formdata
from connector.providers.telegram.clients import Clients
from connector.providers.telegram.settings import TelegramSettings

TEXT_LIMIT, CAPTION_LIMIT, DOWNLOAD_LIMIT = 4096, 1024, 20 * 2**20
UPLOAD_LIMITS = {"photo": 10 * 2**20}
_FILE_FIELDS = ("photo", "document", "video", "voice", "audio", "sticker", "animation")
Fields = dict[str, Any]


class BotApiError(Exception):
    """An answer with ``ok: false``."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


class TelegramStandIn(Clients):
    """``counts`` tells how often each method was called; ``answers`` are replies to give before all others."""

    def __init__(self, settings: TelegramSettings, clock: Clock = lambda: datetime.now(UTC)) -> None:
        super().__init__(settings, clock)
        self.counts: Counter[str] = Counter()
        self.answers: list[Reply] = []
        self.webhook: Fields = {"url": "", "pending_update_count": 0}
        self._token = settings.token.get_secret_value()
        self._lock = threading.RLock()

    def handle(self, request: Request) -> Reply:
        """``/bot<token>/<method>`` and ``/file/bot<token>/<path>``."""
        with self._lock:
            if request.path.startswith("/file/"):
                return self._download(request.path.removeprefix(f"/file/bot{self._token}/"))
            root, _, method = request.path.strip("/").partition("/")
            try:
                if root != f"bot{self._token}":
                    raise BotApiError(*((401, "Unauthorized") if ":" in root else (404, "Not Found")))
                return _answer(200, {"ok": True, "result": self._call(method, request)})
            except _Scripted as scripted:
                return scripted.reply
            except BotApiError as error:
                said = {"ok": False, "error_code": error.code, "description": error.description}
                return _answer(error.code, said | ({"parameters": error.parameters} if error.parameters else {}))

    def refuse_next(self, count: int = 1) -> None:
        """The next ``count`` messages are refused as if the client had blocked the bot."""
        said = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
        self.answers += [_answer(403, said)] * count

    def heard(self, conversation: str) -> list[str]:
        """What the client sees: texts, and files as ``[name]`` after their captions."""
        with self._lock:
            shown = self.shown.get(conversation, {}).values()
            return [line for message in shown for line in (message["text"], message["file"]) if line]

    def _call(self, method: str, request: Request) -> Any:
        action = self._methods().get(method)
        if action is None:
            raise BotApiError(404, "Not Found: method not found")
        self.counts[method] += 1
        if self.answers and not method.startswith("get") and "Webhook" not in method:
            raise _Scripted(self.answers.pop(0))
        return action(formdata.read(request))

    def _methods(self) -> dict[str, Callable[[Fields], Any]]:
        return {
            "getMe": lambda _: {"id": 1, "is_bot": True, "first_name": "Shop", "username": "shop_stand_in_bot"},
            "getWebhookInfo": lambda _: dict(self.webhook),
            "setWebhook": self._set_webhook,
            "getFile": self._get_file,
            "sendMessage": self._send_message,
            **{f"send{field.capitalize()}": self._send_file for field in _FILE_FIELDS},
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "deleteMessage": self._delete_message,
            "answerCallbackQuery": self._answer_press,
        }

    def _set_webhook(self, fields: Fields) -> bool:
        self.webhook |= {"url": fields["url"], "allowed_updates": fields.get("allowed_updates", [])}
        self.secret = str(fields.get("secret_token", ""))
        return True

    def _get_file(self, fields: Fields) -> Fields:
        path, content = self.files.get(str(fields.get("file_id")), ("", b""))
        if not path:
            raise BotApiError(400, "Bad Request: invalid file_id")
        if len(content) > DOWNLOAD_LIMIT:
            raise BotApiError(400, "Bad Request: file is too big")
        return {"file_id": fields["file_id"], "file_size": len(content), "file_path": path}

    def _download(self, path: str) -> Reply:
        found = next((content for at, content in self.files.values() if at == path), None)
        if found is None:
            return _answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return Reply(body=found, content_type="application/octet-stream")

    def _send_message(self, fields: Fields) -> Fields:
        text = _text(fields, "text", TEXT_LIMIT, "message is too long")
        if not text.strip():
            raise BotApiError(400, "Bad Request: message text is empty")
        return self._show(fields, text, "")

    def _send_file(self, fields: Fields) -> Fields:
        name = next((field for field in _FILE_FIELDS if isinstance(fields.get(field), formdata.Part)), None)
        if name is None:
            raise BotApiError(400, "Bad Request: there is no file in the request")
        if len(fields[name].content) > UPLOAD_LIMITS.get(name, 50 * 2**20):
            raise BotApiError(413, "Request Entity Too Large")
        caption = _text(fields, "caption", CAPTION_LIMIT, "message caption is too long")
        return self._show(fields, caption, f"[{fields[name].name}]")

    def _show(self, fields: Fields, text: str, file: str) -> Fields:
        chat = str(fields.get("chat_id", ""))
        if not chat.lstrip("-").isdigit():
            raise BotApiError(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise BotApiError(403, "Forbidden: bot was blocked by the user")
        message_id = next(self.message_ids)
        self.shown.setdefault(chat, {})[message_id] = {"text": text, "file": file}
        return {"message_id": message_id, "chat": {"id": int(chat)}, "date": int(self.clock().timestamp())}

    def _shown(self, fields: Fields, verb: str) -> dict[str, str]:
        shown = self.shown.get(str(fields.get("chat_id")), {})
        number = str(fields.get("message_id"))
        message = shown.get(int(number)) if number.isdigit() else None
        if message is None:
            raise BotApiError(400, f"Bad Request: message to {verb} not found")
        return message

    def _edit_text(self, fields: Fields) -> bool:
        message = self._shown(fields, "edit")
        if message["file"]:
            raise BotApiError(400, "Bad Request: there is no text in the message to edit")
        return self._change(message, _text(fields, "text", TEXT_LIMIT, "message is too long"))

    def _edit_caption(self, fields: Fields) -> bool:
        message = self._shown(fields, "edit")
        if not message["file"]:
            raise BotApiError(400, "Bad Request: there is no caption in the message to edit")
        return self._change(message, _text(fields, "caption", CAPTION_LIMIT, "message caption is too long"))

    def _change(self, message: dict[str, str], text: str) -> bool:
        if message["text"] == text:
            raise BotApiError(400, "Bad Request: message is not modified")
        message["text"] = text
        return True

    def _delete_message(self, fields: Fields) -> bool:
        self._shown(fields, "delete")
        del self.shown[str(fields["chat_id"])][int(fields["message_id"])]
        return True

    def _answer_press(self, fields: Fields) -> bool:
        if fields.get("callback_query_id") not in self.presses:
            raise BotApiError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.presses.discard(str(fields["callback_query_id"]))
        return True


class _Scripted(Exception):
    """An answer prepared by a test, on its way out."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def _text(fields: Fields, name: str, limit: int, refusal: str) -> str:
    text = str(fields.get(name, ""))
    length = len(text.encode("utf-16-le")) // 2
    if length > limit:
        raise BotApiError(400, f"Bad Request: {refusal}")
    entities = fields.get("entities") or fields.get("caption_entities") or []
    if any(entity["offset"] < 0 or entity["offset"] + entity["length"] > length for entity in entities):
        raise BotApiError(400, "Bad Request: can't parse entities: bad bounds")
    return text


def _answer(status: int, said: Fields) -> Reply:
    return Reply(status=status, body=json.dumps(said).encode(), content_type="application/json")
