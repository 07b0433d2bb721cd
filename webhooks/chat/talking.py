"""What a visitor does: arrive, say, attach, rate, see."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import structlog
from flask import Request as FlaskRequest

from connector.bootstrap import Connector
from connector.domain.values import File, Page, StoredFile
from connector.errors import PermanentError, Refused, TransientError
from connector.journal import JournalAway
from connector.journal.chats import OwnWords
from connector.providers.webchat import PROVIDER, inbound, passes, wire
from connector.speech import Text
from webhooks.chat.rooms import Guest, Room, Rooms
from webhooks.chat.telling import Json, Telling
from webhooks.chat.watching import Watch

log = structlog.get_logger()

_CHUNK = 65536
_THUMBS = {"like": "👍", "dislike": "👎"}
_FULL = Text("The message could not be kept; it will be tried again", "Сообщение не удалось сохранить; попробуем снова")
_EMPTY = Text("The file is empty; choose another", "Файл пуст; выберите другой")
_LARGE = Text("The file is larger than {limit} MB; choose a smaller one", "Файл больше {limit} МБ; выберите поменьше")
_OVER = Text("The rating is no longer awaited; just write", "Оценка уже не ожидается; просто напишите")


class Talking:
    """The deeds of visitors; what was said is on disk when a method returns."""

    def __init__(self, connector: Connector, rooms: Rooms, telling: Telling, watch: Watch) -> None:
        self._connector, self._rooms = connector, rooms
        self._telling, self._watch = telling, watch

    def arrive(self, room: Room, raw: FlaskRequest) -> Json:
        """A new visitor: ``{pass, visitor}``. With the database away the page of arrival is lost, never the visitor."""
        arrival = wire.read(self._rooms.asked(room, raw), wire.Arrival)
        visitor = passes.new_visitor()
        page = Page(url=arrival.page.url, title=arrival.page.title, marks=arrival.utm.marks())
        try:
            self._connector.journal.meet_visitor(room.account, visitor, language=arrival.language[:20], page=page)
        except JournalAway as away:
            log.warning("chat.visitor_not_kept", account=room.account, cause=away.cause)
        return {"pass": passes.issue(visitor, room.settings), "visitor": visitor}

    def say(self, guest: Guest) -> Json:
        """A message: first to its way into the portal, then into the conversation; each once, however often it comes.

        Raises ``TransientError`` when one of the two cannot be kept: the browser keeps it and comes again.
        """
        message = wire.read(guest.request, wire.Message)
        self._accept(guest)
        files = inbound.files_of(guest.visitor, message, guest.room.settings)
        words = OwnWords(key=_key(guest), text=message.text, files=tuple(map(_stored, files)))
        return {"id": message.id, "seq": self._kept(guest, words)}

    def rate(self, guest: Guest) -> Json:
        """The answer to an operator's request for a rating. Raises ``Refused`` 409 when none is awaited any more."""
        rating = wire.read(guest.request, wire.Rating)
        place = guest.room.account, guest.visitor
        asks = self._connector.journal.chat_state(*place).asks
        if str(asks) != rating.id and not self._connector.journal.chat_has(guest.room.account, _key(guest)):
            raise Refused("rating.over", hint=_OVER, status=409)
        self._accept(guest)
        text = f"{_THUMBS[rating.value]} {rating.comment.strip()}".strip()
        return {"id": f"rate:{rating.id}", "seq": self._kept(guest, OwnWords(key=_key(guest), text=text))}

    def attach(self, room: Room, visitor: str, raw: FlaskRequest) -> Json:
        """A file of the visitor's: ``{id, name, size, mime, kind, url, image}``. Raises ``Refused``: 400, 413."""
        limit = self.file_limit
        raw.max_content_length = limit + 1
        name = unquote(raw.headers.get("X-File-Name", "")[:1000], errors="replace")
        try:
            chunks = _some(raw)
            stored = self._connector.media.keep(name, raw.mimetype[:100], chunks, limit=limit)
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

    def _kept(self, guest: Guest, words: OwnWords) -> int:
        place = guest.room.account, guest.visitor
        seq = self._connector.journal.visitor_said(*place, words)
        self._watch.ring(place)
        return seq


def _key(guest: Guest) -> str:
    return inbound.dedupe_key(guest.request, guest.room.settings)


def _some(raw: FlaskRequest) -> Iterator[bytes]:
    """The body piece by piece. Raises ``Refused`` 400 when there is nothing in it."""
    first = raw.stream.read(_CHUNK)
    if not first:
        raise Refused("file.empty", hint=_EMPTY, status=400)
    yield first
    while chunk := raw.stream.read(_CHUNK):
        yield chunk


def _stored(file: File) -> StoredFile:
    return StoredFile(key=file.ref, name=file.name, mime=file.mime, size=file.size or 0, url="", kind=file.kind)
