"""A run goes on by portions: each a short job, under the lease of its source, resumable anywhere (DESIGN.md §5)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Any, Literal

import structlog

from connector.delivery.ledger import bug
from connector.delivery.retry import STOPPED_PAUSE, pause
from connector.domain.sources import SourceSettings
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.journal import JournalAway, Lease, LeaseLost, Run
from connector.speech import Text
from connector.sync.opening import House, fingerprint, opened, settings_of
from connector.sync.reading import Reading, read
from connector.sync.shaping import UNSHAPED, ensure
from connector.sync.targets import bring_tags, lead_people, told_of_tags
from connector.sync.vanishing import BRAKE, vanished
from connector.sync.writing import Writing, write

log = structlog.get_logger()

State = Literal["idle", "held", "more", "later", "over"]
LEASE_SECONDS = 20.0  # a process that was killed is missed for no longer
_BEAT = 5.0
TRIES = 12
GAVE_UP = Text(
    "It was tried {count} times. The last time: {why} The next run begins where this one began.",
    "Сделано попыток: {count}. Последний ответ: {why} Следующий запуск начнёт с того же места.",
)
SOUGHT = Text(
    "Contacts, companies or deals that were not in the CRM before are looked for once more. Records: {count}.",
    "Ещё раз ищем контакты, компании и сделки, которых раньше в CRM не было. Записей: {count}.",
)


@dataclass(frozen=True, kw_only=True)
class Portion:
    """How a run stands after a portion of it: ``idle`` (there is none), ``held`` (somebody else is at it), ``more`` is
    to be done now, ``later`` at ``run.due_at``, or it is ``over``.
    """

    state: State
    run: Run | None = None


def portion(
    house: House, name: str, *, stop: Callable[[], bool], seconds: float = 60.0,
    enough: Callable[[], bool] = lambda: False, ticks: Callable[[], float] = monotonic,
) -> Portion:  # fmt: skip
    """Go on with the open run of a source for about ``seconds``; between two pages ``enough`` may end it.

    Raises ``PermanentError`` for an unknown source, and ``JournalAway``; whatever else goes wrong is kept with the run.
    """
    settings = settings_of(house, name)
    if house.journal.open_run(name) is None:
        return Portion(state="idle")
    lease = house.journal.lease(f"source:{name}", ttl=LEASE_SECONDS)
    if lease is None:
        return Portion(state="held")
    ends = ticks() + seconds
    with _held(house, lease) as lost:
        try:
            return _Shift(
                house,
                settings,
                lease,
                lambda: stop() or lost() or ticks() >= ends or enough(),
                lambda: stop() or lost(),
            ).go()
        except LeaseLost:
            return Portion(state="held")


@contextmanager
def _held(house: House, lease: Lease) -> Iterator[Callable[[], bool]]:
    """The lease is renewed beside the work, however long a request takes; given back at the end."""
    done, lost = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(_BEAT):
            try:
                house.journal.renew(lease)
            except LeaseLost:
                lost.set()
                return
            except JournalAway:
                continue  # the lease outlives a few missed beats; the next write finds out

    beating = threading.Thread(target=beat, name=f"lease {lease.destination}", daemon=True)
    beating.start()
    try:
        yield lost.is_set
    finally:
        done.set()
        beating.join()
        _give_back(house, lease)


def _give_back(house: House, lease: Lease) -> None:
    try:
        house.journal.leave(lease, force=True)
    except (LeaseLost, JournalAway) as error:
        log.info("sync.lease_gone", source=lease.destination, why=type(error).__name__)


class _Shift:
    """One portion. ``tired`` is asked between pages, ``stop`` within them."""

    def __init__(
        self, house: House, settings: SourceSettings, lease: Lease, tired: Callable[[], bool], stop: Callable[[], bool]
    ) -> None:
        self._house, self._settings, self._lease = house, settings, lease
        self._enough, self._stop = tired, stop
        self._journal = house.journal

    def go(self) -> Portion:
        run = self._journal.open_run(self._settings.source)
        if run is None:
            return Portion(state="idle")
        if self._unwanted():
            return self._over(run, "cancelled", good=False)
        if run.due_at > self._house.clock():
            return Portion(state="later", run=run)
        try:
            return self._went(run)
        except (LeaseLost, JournalAway):
            raise
        except TransientError as error:
            return self._waits(run, error, pause(run.attempts, error.retry_after))
        except Stopped as error:
            return self._waits(replace(run, attempts=0), error, STOPPED_PAUSE)
        except ConnectorError as error:
            return self._failed(run, error)
        except Exception as error:
            log.exception("sync.bug", source=run.source, run=run.id)
            return self._failed(run, bug(error))

    def _tired(self) -> bool:
        """A person who cancels waits for a page at most."""
        return self._enough() or self._unwanted()

    def _unwanted(self) -> bool:
        return self._journal.source(self._settings.source).wants == "cancel"

    def _went(self, run: Run) -> Portion:
        if run.state == "reading":
            work = Reading(journal=self._journal, lease=self._lease, settings=self._settings)
            if run.position is None:
                self._anew(run)
            with opened(self._house, self._settings) as reader:
                run = read(work, run, reader, go_on=lambda: not self._tired())
            if run.state == "reading":
                return Portion(state="more", run=run)
        if not (run.position or {}).get("checked"):
            run = vanished(self._journal, self._lease, run, self._settings)
        return self._written(run)

    def _anew(self, run: Run) -> None:
        """Rules that have changed since are applied to what was written under the old ones, and to what was parked."""
        mapping = fingerprint(self._house.rulebook.current(), self._settings)
        self._journal.retry_rows(run.source, other_mapping=mapping)
        self._journal.rewrite_rows(run.source, but_mapping=mapping)
        if count := self._journal.seek_rows(run.source, mapping=mapping):
            self._journal.note_run(self._lease, run, counts={}, notes=[SOUGHT.with_(count=count)])

    def _written(self, run: Run) -> Portion:
        if self._settings.access is not None:
            return self._led(run)
        self._shape(run)
        writing = Writing(self._house, self._settings, self._lease, run)
        while not self._tired():
            if not write(writing, stop=self._stop):
                break
        count, due = self._journal.waiting_rows(run.source)
        if not count:
            return self._tagged(run) if self._settings.tags is not None else self._ended(run)
        now = self._house.clock()
        wait = max(0.0, (due or 0.0) - now.timestamp())
        self._journal.went_on(self._lease, run, due_at=now + timedelta(seconds=wait), attempts=0)
        return Portion(state="later" if wait else "more", run=self._journal.run_of(run.id))

    def _ended(self, run: Run) -> Portion:
        return self._over(run, "braked" if run.cause == BRAKE else "done", good=True)

    def _tagged(self, run: Run) -> Portion:
        """Tags come after the rows that rules led to: they may be those that bear them."""
        position = run.position or {}
        after = str(position.get("tags", ""))
        outcome = bring_tags(self._house, self._settings, run, after=after, stop=self._tired)
        counts, notes = {"updated": outcome.portal}, told_of_tags(outcome) if outcome.looked else ()
        self._journal.note_run(self._lease, run, counts=counts, notes=notes)
        if outcome.finished:
            return self._ended(run)
        self._journal.went_on(self._lease, run, position={**position, "tags": outcome.after}, attempts=0)
        return Portion(state="more", run=self._journal.run_of(run.id))

    def _led(self, run: Run) -> Portion:
        led = lead_people(self._house, self._settings, self._lease, run, stop=self._tired)
        if not led.finished:
            return Portion(state="more", run=self._journal.run_of(run.id))
        if led.braked is not None and run.cause != BRAKE:
            self._journal.went_on(self._lease, run, cause=BRAKE, hint=led.braked)
        return self._over(run, "braked" if led.braked or run.cause == BRAKE else "done", good=True)

    def _shape(self, run: Run) -> None:
        """Smart processes that the rules describe are there before anything is written to them."""
        house, portal = self._house, self._house.portals[self._settings.portal]
        language = house.settings.portals[portal.name].language
        processes = house.rulebook.current().processes.values()
        if not processes:
            return
        # What was parked for want of a field or a stage says that the shape is no longer what it was.
        again = run.counts["requests"] == 0 and bool(self._journal.retry_rows(run.source, causes=UNSHAPED))
        notes = ensure(portal, house.journal, processes, house.clock, language=language, again=again)
        if notes:
            self._journal.note_run(self._lease, run, counts={}, notes=notes)

    def _over(self, run: Run, state: Literal["done", "braked", "failed", "cancelled"], *, good: bool) -> Portion:
        # What it waited for on its way is over.
        told: dict[str, Any] = {"cause": "", "hint": None, "detail": ""} if state == "done" else {}
        self._journal.end_run(self._lease, run, state, good=good, **told)
        log.info("sync.run_over", source=run.source, run=run.id, state=state)
        return Portion(state="over", run=self._journal.run_of(run.id))

    def _waits(self, run: Run, error: ConnectorError, seconds: float) -> Portion:
        if self._journal.went_anywhere(run):
            run = replace(run, attempts=0)  # a portal that lets us work for a while each time is no portal that is away
        if run.attempts + 1 >= TRIES:
            hint = GAVE_UP.with_(count=TRIES, why=error.hint)
            return self._failed(run, PermanentError(error.cause, hint=hint, detail=error.detail))
        due = self._house.clock() + timedelta(seconds=seconds)
        told = {"cause": error.cause, "hint": error.hint, "detail": error.detail[:2000]}
        now = self._journal.run_of(run.id)  # the brake may have come to hold since
        kept = {} if now is not None and now.cause == BRAKE else told
        self._journal.went_on(self._lease, run, due_at=due, attempts=run.attempts + 1, **kept)
        log.warning("sync.waits", source=run.source, run=run.id, cause=error.cause, seconds=round(seconds))
        return Portion(state="later", run=self._journal.run_of(run.id))

    def _failed(self, run: Run, error: ConnectorError) -> Portion:
        told = {"cause": error.cause, "hint": error.hint, "detail": error.detail[:2000]}
        log.warning("sync.failed", source=run.source, run=run.id, cause=error.cause, hint=error.hint.en)
        self._journal.end_run(self._lease, run, "failed", good=False, **told)
        return Portion(state="over", run=self._journal.run_of(run.id))
