"""What a visitor does: arrive, say, attach, see."""

from __future__ import annotations

from itertools import chain
from urllib.parse import unquote

import structlog
from flask import Request as FlaskRequest

from connector.bootstrap import Connector
from connector.domain.values import File, Page, StoredFile
from connector.errors import PermanentError, Refused, TransientError
from connector.journal import JournalAway
from connector.journal.chats import OwnWords
from connector.media import sniff
from connector.providers.webchat import PROVIDER, inbound, passes, wire
from connector.speech import Text
from webhooks.chat.rooms import Guest, Room, Rooms
from webhooks.chat.telling import Json, Telling
from webhooks.chat.watching import Watch

log = structlog.get_logger()

# What strangers may bring: documents by their names, the rest by what is in them.
FAMILIES = ("image", "audio", "video")
DOCUMENTS = ("pdf", "txt", "csv", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "zip", "rar", "7z")
RESERVE = 512 * 2**20  # bytes of the disk that strangers never get: messages must find room
_CHUNK = 65536
_THUMBS = {"like": "👍", "dislike": "👎"}
_FULL = Text("The message could not be kept; it will be tried again", "Сообщение не удалось сохранить; попробуем снова")
_EMPTY = Text("The file is empty; choose another", "Файл пуст; выберите другой")
_LARGE = Text("The file is larger than {limit} MB; choose a smaller one", "Файл больше {limit} МБ; выберите поменьше")
_KIND = Text(
    "Files of this kind are not taken; send a picture or a document",
    "Такие файлы не принимаются: пришлите фото или документ",
)
_NO_SPACE = Text("The file cannot be kept now; it will be tried again", "Файл пока не сохранить; попробуем ещё раз")
_OVER = Text("The rating is no longer awaited; just write", "Оценка уже не ожидается; просто напишите")


class Talking:
    """The deeds of visitors; what was said is on disk when a method returns."""

    def __init__(self, connector: Connector, rooms: Rooms, telling: Telling, watch: Watch) -> None:
        self._connector, self._rooms = connector, rooms
        self._telling, self._watch = telling, watch

    def arrive(self, room: Room, raw: FlaskRequest) -> Json:
        """A new visitor: ``{pass, visitor}``. With the database away the page of arrival is lost, never the visitor."""
        arrival = wire.read(self._rooms.asked(raw), wire.Arrival)
        visitor = passes.new_visitor()
        page = Page(url=arrival.page.url, title=arrival.page.title, marks=arrival.utm.marks())
        try:
            self._connector.journal.meet_visitor(room.account, visitor, language=arrival.language[:20], page=page)
        except JournalAway as away:
            log.warning("chat.visitor_not_kept", account=room.account, cause=away.cause)
        return {"pass": passes.issue(visitor, room.settings), "visitor": visitor}

    def take(self, guest: Guest) -> Json:
        """A message or a rating: first to its way into the portal, then into the conversation; each once.

        Raises ``TransientError`` when one of the two cannot be kept: the browser keeps it and comes again; ``Refused``
        409 for a rating that is no longer awaited.
        """
        said, place = wire.said(guest.request), (guest.room.account, guest.visitor)
        key = inbound.key_of(guest.visitor, said)
        own = self._rated(guest, said, key) if isinstance(said, wire.Rating) else _written(guest, said, key)
        self._accept(guest)
        seq = self._connector.journal.visitor_said(*place, own)
        self._watch.ring(place)
        return {"id": key.partition(":")[2], "seq": seq}

    def attach(self, room: Room, visitor: str, raw: FlaskRequest) -> Json:
        """A file of the visitor's: ``{id, name, size, mime, kind, url, image}``.

        Raises ``Refused``: 400, 413, 415; ``TransientError`` while the disk is full.
        """
        limit, media = self.file_limit, self._connector.media
        raw.max_content_length = limit + 1
        name = unquote(raw.headers.get("X-File-Name", "")[:1000], errors="replace")
        if media.space() < RESERVE + limit:
            log.error("chat.disk_full", account=room.account)
            raise TransientError("chat.disk_full", hint=_NO_SPACE, retry_after=60)
        try:
            first = _first(raw, name)
            rest = iter(lambda: raw.stream.read(_CHUNK), b"")
            stored = media.keep(name, raw.mimetype[:100], chain([first], rest), limit=limit)
        except PermanentError:
            raise self.too_large() from None
        return {"id": passes.file_id(visitor, stored, room.settings), **self._telling.file(stored)}

    def see(self, guest: Guest) -> None:
        """The visitor has seen the conversation up to a ``seq``."""
        seen = wire.read(guest.request, wire.Seen)
        self._connector.journal.chat_seen(guest.room.account, guest.visitor, seen.seq)
        self._watch.ring((guest.room.account, guest.visitor))

    @property
    def file_limit(self) -> int:
        """Bytes."""
        able = PROVIDER.capabilities.download
        limit = self._connector.settings.limits.media
        return min(able, limit) if able else limit

    def too_large(self) -> Refused:
        """413, with the limit."""
        hint = _LARGE.with_(limit=self.file_limit // 2**20)
        return Refused("file.too_large", hint=hint, status=413)

    def _accept(self, guest: Guest) -> None:
        try:
            self._connector.intake.accept(guest.room.account, guest.request)
        except OSError as error:
            log.error("chat.not_kept", account=guest.room.account, error=type(error).__name__)
            raise TransientError("chat.not_kept", hint=_FULL, retry_after=5) from None

    def _rated(self, guest: Guest, rating: wire.Rating, key: str) -> OwnWords:
        account, journal = guest.room.account, self._connector.journal
        if str(journal.chat_state(account, guest.visitor).asks) != rating.id and not journal.chat_has(account, key):
            raise Refused("rating.over", hint=_OVER, status=409)
        return OwnWords(key=key, text=f"{_THUMBS[rating.value]} {rating.comment.strip()}".strip())


def _written(guest: Guest, message: wire.Message, key: str) -> OwnWords:
    files = inbound.files_of(guest.visitor, message, guest.room.settings)
    return OwnWords(key=key, text=message.text, files=tuple(map(_stored, files)))


def _first(raw: FlaskRequest, name: str) -> bytes:
    """The first bytes of an upload. Raises ``Refused``: 400 when there are none, 415 for a kind that is not taken."""
    first = raw.stream.read(_CHUNK)
    if not first:
        raise Refused("file.empty", hint=_EMPTY, status=400)
    family = sniff(first, name).partition("/")[0]
    if family not in FAMILIES and name.rpartition(".")[2].lower() not in DOCUMENTS:
        raise Refused("file.kind", hint=_KIND, status=415)
    return first


def _stored(file: File) -> StoredFile:
    return StoredFile(key=file.ref, name=file.name, mime=file.mime, size=file.size or 0, url="", kind=file.kind)
