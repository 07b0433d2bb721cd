"""One folder over one connection: what is new in it is kept, and then the mark moves (facts/providers.md §4.1)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from imapclient import IMAPClient

from connector.domain.listening import Listening
from connector.errors import ConnectorError, TransientError
from connector.providers.mail import fetching, frames, marks, words
from connector.providers.mail.fetching import Lying
from connector.providers.mail.folders import examined
from connector.providers.mail.settings import MailboxSettings

log = structlog.get_logger()

TRIES = 3  # a letter that was begun so often in vain, while the server gave others, is left alone
LOT = 200  # letters whose sizes are asked for together
NARROW, WIDE = 1000, 65_536  # UIDs searched at once: imaplib takes no line of more than a million bytes
SECONDS = 1.0  # between two marks; what was kept after the last one is read again and known by its key
_SEEN = b"\\Seen"
_DAILY = timedelta(days=1)


class Reading:
    """:meth:`begin`, then :meth:`bring` as often as there may be something new."""

    def __init__(
        self,
        client: IMAPClient,
        settings: MailboxSettings,
        folder: str,
        listening: Listening,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._imap, self._folder, self._listening = client, settings.imap, folder, listening
        self._now, self._clock = now, clock
        self._mark = marks.first(0, 0, 0, now())
        self._last = 0  # the highest UID when we came
        self._written = float("-inf")
        self._told: dict[str, Any] = {}
        self._careful = 0  # letters that are still asked for one by one
        self._counted: int | None = None  # the letter that this connection began with

    def begin(self) -> None:
        """Open the folder and find out where to go on. Raises ``Stopped`` when there is none, ``TransientError``."""
        told = examined(self._client, self._folder, readonly=not self._imap.mark_seen)
        validity, following = int(told.get(b"UIDVALIDITY", 0)), int(told.get(b"UIDNEXT", 0))
        self._last = following - 1 if following else max(self._client.search(["ALL"]), default=0)
        known, now = marks.read(self._listening.mark(self._folder)), self._now()
        if known is not None and known.uidvalidity == validity:
            self._mark, self._told, self._careful = known, known.told(), LOT if known.tries else 0
            return
        if known is not None:
            log.warning("mail.numbered_anew", folder=self._folder, read=known.at.isoformat())
            self._mark = marks.renewed(known, validity, self._last, now)
        else:
            self._mark = marks.first(validity, self._last, self._imap.since, now)
        self._write()
        if self._listening.mark(self._folder) is None:  # a beginning that is not remembered would be another one later
            raise TransientError("mail.no_mark", hint=words.LOST)

    def bring(self) -> int:
        """Keep all that is new; returns how many letters that were. Ends early when we are to stop."""
        brought = 0
        try:
            for lot in self._news():
                for letter in self._lying(lot):
                    if self._listening.stopped():
                        return brought
                    with self._trying(letter.uid):
                        self._take(letter)
                    brought += 1
                self._move(lot[-1])
                self._listening.heard()
        finally:
            self._write(pending=True)
        if self._now() - self._mark.at > _DAILY:
            self._mark = self._mark.moved(self._mark.uid, self._now())  # nothing came until today
            self._write()
        return brought

    def _news(self) -> Iterator[list[int]]:
        """The UIDs after the mark, in lots; the mark moves over what holds none."""
        width = NARROW
        while (mark := self._mark).uid < self._last and not self._listening.stopped():
            old = mark.uid < mark.upto
            last = min(mark.uid + width, mark.upto if old else self._last)
            found = self._search(mark.uid + 1, str(last), mark.since if old else None)
            yield from self._lots(found)
            if self._listening.stopped():
                return
            self._move(last)
            width = NARROW if found else min(2 * width, WIDE)
        yield from self._lots(self._search(self._mark.uid + 1, "*", None))

    def _search(self, first: int, last: str, since: date | None) -> list[int]:
        found = self._client.search(["UID", f"{first}:{last}", *(["SINCE", since] if since else [])])
        return sorted(uid for uid in found if uid >= first)  # n:* gives the last letter even when it is before n

    def _lots(self, uids: Sequence[int]) -> Iterator[list[int]]:
        at = 0
        while at < len(uids) and not self._listening.stopped():
            size = 1 if self._careful or self._counted is None else LOT
            self._careful = max(0, self._careful - 1)
            yield list(uids[at : at + size])
            at += size

    def _lying(self, lot: list[int]) -> list[Lying]:
        """What of the lot is still there; nothing when its one letter has to be left alone."""
        uid = lot[0]
        failed = self._mark.tries if self._mark.trying == uid else 0
        if failed >= TRIES:
            self._leave(uid, failed)
            return []
        if failed and (others := fetching.near(self._client, uid)):
            fetching.gives(self._client, random.choice(others))  # while it gives nothing at all, it is not this letter
        if self._counted is None:  # what ends each connection, or each process, is the first that it began with
            self._counted = uid
            self._mark = self._mark.tried(uid)
            self._write()
        with self._trying(uid):
            return fetching.lying(self._client, lot, self._now())

    def _take(self, letter: Lying) -> None:
        """Keep one letter."""
        where = self._where(letter.uid)
        if letter.size > self._imap.largest:
            raw, size = fetching.head(self._client, letter.uid), letter.size
            frame = raw and frames.headers(raw, size=size, where=where, received=letter.received)
        else:
            raw = fetching.whole(self._client, letter.uid)
            frame = raw and frames.whole(raw, self._listening.store, where=where, received=letter.received)
        if frame:
            self._listening.keep(frame)
            if self._imap.mark_seen:
                self._client.add_flags([letter.uid], [_SEEN], silent=True)
        self._move(letter.uid)

    @contextmanager
    def _trying(self, uid: int) -> Iterator[None]:
        try:
            yield
        except ConnectorError:  # our own house does not take it: no fault of the letter
            self._mark = replace(self._mark, trying=0, tries=0)
            raise
        except Exception:  # whatever it is, it must not stop the mailbox for ever
            if self._counted != uid and not self._listening.stopped():
                self._mark = self._mark.tried(uid)
            raise

    def _leave(self, uid: int, failed: int) -> None:
        log.warning("mail.letter_left", folder=self._folder, uid=uid, tries=failed)
        why = f"the server does not give it, or the connection breaks ({failed} tries)"
        self._listening.keep(frames.broken(why, where=self._where(uid), received=self._now()))
        self._move(uid)

    def _where(self, uid: int) -> dict[str, Any]:
        return {"folder": self._folder, "uidvalidity": self._mark.uidvalidity, "uid": uid}

    def _move(self, uid: int) -> None:
        """All up to ``uid`` is kept."""
        hurt = self._mark.tries > 0
        self._mark = self._mark.moved(max(uid, self._mark.uid), self._now())
        if hurt or self._clock() - self._written >= SECONDS:
            self._write()

    def _write(self, *, pending: bool = False) -> None:
        told = self._mark.told()
        if pending and told == self._told:
            return
        self._listening.set_mark(self._folder, told)
        self._told, self._written = told, self._clock()
