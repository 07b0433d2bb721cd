"""Commands out to Telegram (facts/providers.md §2.1, Send)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connector.domain.effects import Acknowledge, Delete, Edit, Send
from connector.domain.provider import Http, Outgoing, Source, Upload
from connector.domain.values import File, FileKind, Receipt
from connector.errors import PermanentError, TransientError
from connector.providers.telegram.api import call, sent_id
from connector.providers.telegram.entities import Rich, from_bbcode, split, units
from connector.providers.telegram.settings import TelegramSettings
from connector.speech import Text

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
UPLOAD_LIMIT, PHOTO_LIMIT, DOWNLOAD_LIMIT = 50 * 2**20, 10 * 2**20, 20 * 2**20
Notes = list[tuple[str, str]]
Uploads = tuple[Upload, ...]

_EMPTY = Text(
    "Nothing in this message can be shown in Telegram; write some text.",
    "В этом сообщении нет ничего, что можно показать в Telegram; напишите текст.",
)
_AS_LINK = Text(
    "{name} is over Telegram's 50 MB: the client got a link.", "{name} больше 50 МБ Telegram: клиент получил ссылку."
)
_FILE_REFUSED = Text("{name} was not delivered: {why}", "Файл {name} не доставлен: {why}")
_SENT_ANEW = Text(
    "Telegram no longer lets the message be changed: the client got the new text as a new message.",
    "Telegram больше не даёт изменить сообщение: клиент получил новый текст новым сообщением.",
)
_CUT = Text(
    "The new text is longer than the message it replaces: the client sees its beginning only.",
    "Новый текст длиннее заменяемого сообщения: клиент видит только его начало.",
)
_NOT_EMPTIED = Text(
    "Telegram cannot make a message empty: the client still sees the old text.",
    "Telegram не умеет делать сообщение пустым: клиент видит прежний текст.",
)
_NOT_DELETED = Text(
    "Telegram no longer lets the message be deleted: the client still sees it.",
    "Telegram больше не даёт удалить сообщение: клиент его по-прежнему видит.",
)
_LOCAL_SERVER = Text(
    "This Bot API server runs with --local and keeps files on its own disk; start it without --local.",
    "Этот сервер Bot API запущен с --local и хранит файлы у себя на диске; запустите его без --local.",
)


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a kind of file leaves: the method, its field, its size limit and the types that it takes."""

    method: str
    field: str
    limit: int = UPLOAD_LIMIT
    mimes: str = ".*"
    captioned: bool = True


_DOCUMENT = Way(method="sendDocument", field="document")
#: A file that a way does not take leaves as a document.
WAYS: dict[FileKind, Way] = {
    "image": Way(method="sendPhoto", field="photo", limit=PHOTO_LIMIT, mimes="image/(jpeg|png|webp)"),
    "voice": Way(method="sendVoice", field="voice", mimes="audio/(ogg|mpeg|mp4|x-m4a)"),
    "audio": Way(method="sendAudio", field="audio", mimes="audio/(mpeg|mp4|x-m4a)"),
    "video": Way(method="sendVideo", field="video", mimes="video/mp4"),
    "sticker": Way(method="sendSticker", field="sticker", limit=512_000, mimes="image/webp", captioned=False),
    "document": _DOCUMENT,
}


def send(outgoing: Outgoing, settings: TelegramSettings, http: Http) -> Receipt:
    """Carry out a command. Raises ``TransientError``, ``PermanentError`` or ``Stopped``."""
    return _COMMANDS[type(outgoing.command)](outgoing.command, outgoing.uploads, settings, http)


def locate(file: File, settings: TelegramSettings, http: Http) -> Source:
    """Where the file of a message lies. The path is valid for at least an hour; over 20 MB Telegram refuses."""
    found = call(http, settings, "getFile", {"file_id": file.ref})
    path = str(found.get("file_path", "")) if isinstance(found, dict) else ""
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise PermanentError("telegram.local_file", hint=_LOCAL_SERVER)
    return Source(url=settings.file_url(quote(path)), name=file.name, mime=file.mime)


class _Sending:
    """One ``Send``: its messages go out one after another, the first as a reply."""

    def __init__(self, command: Send, settings: TelegramSettings, http: Http) -> None:
        self.command, self.settings, self.http = command, settings, http
        self.ids: list[str] = []
        self.notes: Notes = []

    def text(self, rich: Rich) -> None:
        for part in split(rich, TEXT_LIMIT):
            self.call("sendMessage", {"text": part.text}, part, "entities")

    def file(self, upload: Upload, caption: Rich) -> None:
        if upload.size > UPLOAD_LIMIT:
            self.note(_AS_LINK.with_(name=upload.name))
            self.text(caption)
            self.text(Rich(text=f"{upload.name}\n{upload.url}"))
            return
        way = _way(upload)
        try:
            self.upload(way, upload, caption)
        except PermanentError as error:
            # Telegram alone knows which pictures it takes for photos; as a document any will do.
            if error.cause != "telegram.not_a_photo" or way is _DOCUMENT:
                raise
            self.upload(_DOCUMENT, upload, caption)

    def upload(self, way: Way, upload: Upload, caption: Rich) -> None:
        shown = {"caption": caption.text} if caption.text else {}
        self.call(way.method, shown, caption, "caption_entities", (way.field, upload))

    def call(
        self, method: str, fields: dict[str, Any], rich: Rich, name: str, upload: tuple[str, Upload] | None = None
    ) -> None:
        base = {"chat_id": self.command.conversation, **fields, **self.reply()}
        try:
            sent = _with_entities(self.http, self.settings, method, base, rich, name, upload)
        except TransientError as error:
            # What went before is with the client already, so the command as a whole may be partly done.
            error.maybe_done = error.maybe_done or bool(self.ids)
            raise
        self.ids.append(sent_id(sent))

    def reply(self) -> dict[str, Any]:
        target = self.command.reply_to
        if self.ids or not re.fullmatch(r"\d{1,18}", target):
            return {}
        return {"reply_parameters": {"message_id": int(target), "allow_sending_without_reply": True}}

    def note(self, text: Text) -> None:
        self.notes.append((text.en, text.ru))


def _send(command: Send, uploads: Uploads, settings: TelegramSettings, http: Http) -> Receipt:
    rich = from_bbcode(command.text)
    if not rich.text and not uploads:
        raise PermanentError("telegram.empty", hint=_EMPTY)
    sending = _Sending(command, settings, http)
    captioned = bool(uploads) and units(rich.text) <= CAPTION_LIMIT and _way(uploads[0]).captioned
    if not captioned:
        sending.text(rich)
    for number, upload in enumerate(uploads):
        try:
            sending.file(upload, rich if captioned and number == 0 else Rich(text=""))
        except PermanentError as error:
            if not sending.ids:
                raise
            en, ru = _FILE_REFUSED
            why = error.hint
            sending.note(Text(en.format(name=upload.name, why=why.en), ru.format(name=upload.name, why=why.ru)))
    return Receipt(ids=tuple(sending.ids), notes=tuple(sending.notes))


def _way(upload: Upload) -> Way:
    way = WAYS[upload.kind]
    mime = upload.mime.partition(";")[0].strip().lower()
    return way if upload.size <= way.limit and re.fullmatch(way.mimes, mime) else _DOCUMENT


def _with_entities(
    http: Http,
    settings: TelegramSettings,
    method: str,
    fields: dict[str, Any],
    rich: Rich,
    name: str,
    upload: tuple[str, Upload] | None = None,
) -> Any:
    """The call with formatting, or without it when Telegram cannot take the formatting."""
    entities = rich.entities()
    if not entities:
        return call(http, settings, method, fields, upload)
    try:
        return call(http, settings, method, {**fields, name: entities}, upload)
    except PermanentError as error:
        if error.cause != "telegram.entities":
            raise
        return call(http, settings, method, fields, upload)


def _edit(command: Edit, _: Uploads, settings: TelegramSettings, http: Http) -> Receipt:
    parts = split(from_bbcode(command.text), TEXT_LIMIT)
    if not parts:
        return Receipt(notes=(_NOT_EMPTIED,))
    try:
        whole = _edit_first(command, parts[0], settings, http)
    except PermanentError as error:
        if error.cause != "telegram.uneditable":
            raise
        anew = Send(account=command.account, conversation=command.conversation, text=command.text)
        sent = _send(anew, (), settings, http)
        return Receipt(ids=sent.ids, notes=(_SENT_ANEW, *sent.notes))
    whole = whole and _edit_others(command, parts[1:], settings, http)
    return Receipt(notes=() if whole else (_CUT,))


def _edit_first(command: Edit, part: Rich, settings: TelegramSettings, http: Http) -> bool:
    """Text, or else the caption of a file, which is shorter; ``False`` when it had to be cut."""
    target = _target(command, command.message_ids[0])
    if _edit_as(http, settings, "editMessageText", target, part, ("text", "entities")):
        return True
    pieces = split(part, CAPTION_LIMIT)
    _edit_as(http, settings, "editMessageCaption", target, pieces[0], ("caption", "caption_entities"))
    return len(pieces) == 1


def _edit_others(command: Edit, parts: list[Rich], settings: TelegramSettings, http: Http) -> bool:
    """The further messages of a long text; ``False`` when there are fewer of them than parts."""
    texts = 0
    for message_id, part in zip(command.message_ids[1:], parts, strict=False):
        target = _target(command, message_id)
        if not _edit_as(http, settings, "editMessageText", target, part, ("text", "entities")):
            break
        texts += 1
    return texts == len(parts)


def _edit_as(
    http: Http, settings: TelegramSettings, method: str, target: dict[str, Any], part: Rich, names: tuple[str, str]
) -> bool:
    """``False`` when the message has no text to edit; an edit that changes nothing is a success."""
    try:
        _with_entities(http, settings, method, {**target, names[0]: part.text}, part, names[1])
    except PermanentError as error:
        if error.cause not in ("telegram.not_modified", "telegram.no_text"):
            raise
        return error.cause == "telegram.not_modified"
    return True


def _delete(command: Delete, _: Uploads, settings: TelegramSettings, http: Http) -> Receipt:
    notes: Notes = []
    for message_id in command.message_ids:
        try:
            call(http, settings, "deleteMessage", _target(command, message_id))
        except PermanentError as error:
            if error.cause not in ("telegram.gone", "telegram.undeletable"):
                raise
            notes += [_NOT_DELETED] if error.cause == "telegram.undeletable" else []
    return Receipt(notes=tuple(dict.fromkeys(notes)))


def _acknowledge(command: Acknowledge, _: Uploads, settings: TelegramSettings, http: Http) -> Receipt:
    try:
        call(http, settings, "answerCallbackQuery", {"callback_query_id": command.press_id})
    except PermanentError as error:
        # Too late to stop the button's spinner; the press itself was taken.
        if error.cause != "telegram.press_expired":
            raise
    return Receipt()


def _target(command: Edit | Delete, message_id: str) -> dict[str, Any]:
    return {"chat_id": command.conversation, "message_id": message_id}


_COMMANDS: dict[type, Callable[[Any, Uploads, TelegramSettings, Http], Receipt]] = {
    Send: _send,
    Edit: _edit,
    Delete: _delete,
    Acknowledge: _acknowledge,
}
