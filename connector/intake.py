"""The door in: verify, read, keep, answer. Nothing is answered with success before it is on disk (P1)."""

from __future__ import annotations

import hashlib
import secrets
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import structlog

from connector.domain.door import Door, Read, Store
from connector.domain.events import Event
from connector.domain.ports import Clock
from connector.domain.request import Reply, Request
from connector.domain.telephony import Found, Telephony
from connector.errors import ConnectorError, PermanentError, Refused, TransientError
from connector.journal import Envelope, Journal, JournalAway, NewDelivery
from connector.journal.spool import Spool
from connector.metrics import counters
from connector.routes import LONGEST_KEY, Account, Addressee, Pushed, check_writable, portal_routes, routes
from connector.speech import Text

log = structlog.get_logger()

# Who is responsible for a number that a PBX of the account asks for.
Who = Callable[[str, str], Found | None]
_LONGEST_DETAIL = 500

_NO_ACCOUNT = Text(
    "No account {name} takes webhooks here; compare the address with connector.yaml",
    "Аккаунта {name}, принимающего вебхуки, здесь нет; сверьте адрес с connector.yaml",
)
_NOT_READ = Text(
    "The request was kept but could not be read; update the connector, then: connector journal replay {trace} --why …",
    "Запрос сохранён, но не прочитан; обновите коннектор и выполните: connector journal replay {trace} --why …",
)
_NO_ROOM = Text(
    "The disk takes no files: make room on it, then the sender's next try is taken",
    "Диск не принимает файлы: освободите место, тогда следующая попытка отправителя будет принята",
)
_NOBODY = Text(
    "An operator answered for an account that is not in connector.yaml; put it back, then: "
    "connector journal replay {trace} --why …",
    "Оператор ответил от имени аккаунта, которого нет в connector.yaml; верните его и выполните: "
    "connector journal replay {trace} --why …",
)


class Intake:
    """Takes requests of accounts and events of portals into the journal, or into the spool while it is away.

    ``doors`` are all who have an address below ``/hooks/``: the accounts, and the sources that are pushed to.
    """

    def __init__(
        self,
        journal: Journal,
        spool: Spool,
        accounts: Mapping[str, Account],
        clock: Clock,
        *,
        who: Who | None = None,
        store: Store | None = None,
        fetch: Read | None = None,
        sources: Mapping[str, Pushed] = MappingProxyType({}),
    ) -> None:
        self._journal, self._spool, self._accounts, self._clock = journal, spool, accounts, clock
        self._sources = {source.owner: source.name for source in sources.values()}
        # Looked up only, first among the accounts; a ChainMap wants to write.
        self.doors: Mapping[str, Addressee] = ChainMap[str, Addressee](accounts, sources)  # type: ignore[arg-type]
        self._who = who
        self.store, self._fetch = store, fetch

    def accept(self, place: str, request: Request) -> Reply:
        """Keep a provider's request durably and return the provider's success answer.

        ``place`` is what follows ``/hooks/``: the account, and for some providers a path below it. A repeat is
        acknowledged and forgotten. A request that cannot be read is kept, parked and acknowledged. Raises ``Refused``:
        404 for an unknown account, else what the provider's ``verify`` says. A request that asks who is responsible
        for a number is answered so, and kept if it tells of something as well. Raises ``TransientError`` when the disk
        takes no files of it.
        """
        name, _, below = place.partition("/")
        known = self.doors.get(name)
        door = known.door if known else None
        if known is None or door is None or (below and not door.paths):
            counters().envelope("", "refused", "account.unknown")
            raise Refused("account.unknown", hint=_NO_ACCOUNT.with_(name=place[:40]), status=404)
        greeting = _admit(door, request, known)
        if greeting is not None:
            return greeting
        if door.condense is not None and self.store is not None:
            request = _condensed(door.condense, request, known, self.store)
        number = _asked(door, request, known)
        envelope, deliveries = self.read(known, request)
        if not number or envelope.state != "ignored":
            self.keep(envelope, deliveries)
        return self._told(door, known, number) if number else door.accepted

    def anew(self, account: Account, request: Request) -> Request:
        """A kept request as today's code would have kept it. Raises ``PermanentError`` when its files are gone."""
        door = account.provider.door
        if door is None or door.anew is None or self.store is None or self._fetch is None:
            return request
        return door.anew(request, account.settings, self._fetch, self.store)

    def drain(self) -> int:
        """Feed what waits in the spool back to the journal; how many lines. Raises as :meth:`Spool.drain` does."""
        return self._spool.drain(self._fed)

    def _fed(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        fresh = self._journal.accept(envelope, deliveries)
        if fresh:
            self._due(envelope)
        return fresh

    def _due(self, envelope: Envelope) -> None:
        """A source that was pushed to is to be read at once; without this its schedule finds the request."""
        source = self._sources.get(envelope.account)
        if source is None:
            return
        try:
            self._journal.note_source(source, due_at=self._clock())
        except ConnectorError as error:
            log.warning("source.not_noted", source=source, cause=error.cause)

    def _told(self, door: Door, account: Addressee, number: str) -> Reply:
        """The answer to a provider that waits to hear who is responsible for ``number``."""
        found = self._who(account.name, number) if self._who else None
        return door.tells(found, account.settings) if isinstance(door, Telephony) and door.tells else door.accepted

    def keep(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        """Make an envelope and its deliveries durable. ``False``: a repeat, nothing written.

        While the database is away, and until what waits in the spool is fed back, the spool takes them
        (``True``). Raises ``OSError`` when the disk refuses as well.
        """
        outcome, fresh = self._store(envelope, list(deliveries))
        counters().envelope(envelope.account, outcome, envelope.cause)
        tell = log.debug if outcome == "accepted" else log.info  # the journal itself tells of what was accepted
        tell(
            "envelope.kept",
            trace=envelope.trace,
            account=envelope.account,
            outcome=outcome,
            events=[delivery.event.kind for delivery in deliveries],
        )
        return fresh

    def _store(self, envelope: Envelope, deliveries: list[NewDelivery]) -> tuple[str, bool]:
        if not self._spool.pending():
            try:
                fresh = self._fed(envelope, deliveries)
                return (envelope.state if fresh else "repeated"), fresh
            except JournalAway as away:
                log.warning("journal.away", trace=envelope.trace, cause=away.cause)
            except PermanentError as refused:
                return self._unwritable(envelope, refused)
        self._spool.append(envelope, deliveries)
        return "spooled", True

    def _unwritable(self, envelope: Envelope, refused: PermanentError) -> tuple[str, bool]:
        """The database does not take the events: the envelope alone is kept, parked."""
        parked = replace(envelope, state="parked", cause=refused.cause, hint=refused.hint, detail=refused.detail)
        return "parked", self._journal.accept(parked, [])

    def keep_event(self, portal: str, key: str, request: Request, events: Callable[[], Sequence[Event]]) -> None:
        """Keep what a portal told us; ``key`` makes repeats known and ``request`` must bear no tokens any more.

        ``events`` reads them; if it raises, or an event is for an account that is not ours, what cannot go on is
        kept and parked. Never refuses: Bitrix24 does not send twice (facts/bitrix24-platform.md §5.5).
        """
        trace, account = new_trace(self._clock()), f"portal:{portal}"
        envelope = Envelope(trace=trace, account=account, dedupe_key=_bounded(key), request=request)
        try:
            found = [portal_routes(event, portal, self._accounts, now=request.received_at) for event in events()]
            deliveries = [wanted for wants in found for wanted in wants or []]
            check_writable(deliveries)
        except Exception as error:  # the envelope must survive whatever reading it may raise
            self.keep(_unread(envelope, error), [])
            return
        strangers = any(wants is None for wants in found)
        if deliveries or not strangers:
            self.keep(replace(envelope, state="accepted" if deliveries else "ignored"), deliveries)
        if strangers:
            self.keep(self._for_nobody(envelope, apart=bool(deliveries)), [])

    def _for_nobody(self, envelope: Envelope, *, apart: bool) -> Envelope:
        """The envelope parked; ``apart`` when its other events went on under the first one's name."""
        key = envelope.dedupe_key + ":unknown" if apart else envelope.dedupe_key
        trace = new_trace(self._clock()) if apart else envelope.trace
        hint = _NOBODY.with_(trace=trace)
        return replace(envelope, trace=trace, dedupe_key=key, state="parked", cause="account.unknown", hint=hint)

    def read(self, account: Addressee, request: Request) -> tuple[Envelope, list[NewDelivery]]:
        """What the request means; an envelope is ``parked`` when nobody can tell and ``ignored`` when it is nothing.

        For whom has a door, and a request that it let in. What is pushed to a source is never nothing.
        """
        door = account.door
        assert door is not None
        key = _bounded(door.dedupe_key(request, account.settings) or request.digest())
        trace = new_trace(self._clock())
        envelope = Envelope(trace=trace, account=account.owner, dedupe_key=key, request=request.without(door.secrets))
        try:
            events = door.parse(request, account.settings)
            if isinstance(account, Pushed):
                return envelope, []
            deliveries = [wanted for event in events for wanted in routes(event, account, now=request.received_at)]
            check_writable(deliveries)
        except Exception as error:  # a provider's parser may raise anything at all; the envelope must survive it
            return _unread(envelope, error), []
        return (envelope if deliveries else replace(envelope, state="ignored")), deliveries


def new_trace(now: datetime) -> str:
    """26 lower-case hex characters that sort by time: 12 of unix milliseconds, 14 of chance."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(7)}"


def _condensed(
    condense: Callable[[Request, Any, Store], Request], request: Request, account: Addressee, store: Store
) -> Request:
    try:
        return condense(request, account.settings, store)
    except OSError as error:
        log.error("files.not_kept", account=account.name, error=type(error).__name__, hint=_NO_ROOM.en)
        counters().envelope(account.name, "refused", "files.not_kept")
        raise TransientError("files.not_kept", hint=_NO_ROOM, retry_after=60.0) from None


def _admit(door: Door, request: Request, account: Addressee) -> Reply | None:
    """Raise ``Refused`` for a stranger; an answer means that the provider only asked whether we are there."""
    try:
        greeting = door.handshake(request, account.settings) if door.handshake else None
        if greeting is None:
            door.verify(request, account.settings)
    except Refused as refused:
        counters().envelope(account.name, "refused", refused.cause)
        raise
    return greeting


def _asked(door: Door, request: Request, account: Addressee) -> str:
    """The number that a request wants to be routed, empty when it asks nothing. What cannot be read asks nothing."""
    if not isinstance(door, Telephony) or door.asks is None:
        return ""
    try:
        return door.asks(request, account.settings)
    except Exception as error:  # a provider's reader may raise anything at all; the envelope must survive it
        log.warning("asks.failed", account=account.name, error=type(error).__name__)
        return ""


def _unread(envelope: Envelope, error: Exception) -> Envelope:
    """The envelope parked with what went wrong; the error's text may quote a client, so it stays out of the log."""
    log.warning("parse.failed", trace=envelope.trace, account=envelope.account, error=type(error).__name__)
    if isinstance(error, PermanentError):  # the provider knows what is to be mended
        detail = _clean(error.detail)[:_LONGEST_DETAIL]
        return replace(envelope, state="parked", cause=error.cause, hint=error.hint, detail=detail)
    hint, detail = _NOT_READ.with_(trace=envelope.trace), f"{type(error).__name__}: {error}"
    return replace(envelope, state="parked", cause="parse.failed", hint=hint, detail=_clean(detail)[:_LONGEST_DETAIL])


def _bounded(key: str) -> str:
    """A dedupe key that fits an index and any database."""
    clean = _clean(key)
    return clean if len(clean) <= LONGEST_KEY else hashlib.sha256(clean.encode()).hexdigest()


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
