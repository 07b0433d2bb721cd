"""How sources stand: one judgement for the console, ``connector status``, the command line and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, Protocol

from connector.domain.sources import SourceSettings
from connector.errors import TransientError
from connector.journal import Journal
from connector.journal.sync_model import Run, SourceState
from connector.journal.sync_views import SourceSeen
from connector.portal.phrases import age
from connector.settings import Settings
from connector.speech import Text
from connector.sync.schedule import is_late, next_due

State = Literal["idle", "running", "paused", "braked", "failing", "empty", "late", "stuck"]
Kind = Literal["failing", "empty", "shrinking", "late", "stuck"]
Mark = Literal["", "good", "warn", "bad"]

STALE = timedelta(minutes=10)  # so long a run that is due may stand with nobody at it

STATES: Mapping[State, tuple[Mark, Text]] = MappingProxyType(
    {
        "idle": ("good", Text("in order", "в порядке")),
        "running": ("good", Text("running", "выполняется")),
        "paused": ("", Text("paused", "на паузе")),
        "braked": ("bad", Text("waits for your decision", "ждёт вашего решения")),
        "failing": ("bad", Text("the last run failed", "последний запуск не удался")),
        "empty": ("bad", Text("the source is empty", "источник пуст")),
        "late": ("bad", Text("late", "опаздывает")),
        "stuck": ("bad", Text("nobody is at it", "никто не выполняет")),
    }
)
# What is told of a source first. A run that goes on is no answer yet to what went wrong before it.
_STATE_OF: Mapping[Kind, State] = MappingProxyType(
    {"stuck": "stuck", "empty": "empty", "shrinking": "braked", "failing": "failing", "late": "late"}
)
_SHRUNK = Text(
    "{name}: more than {brake:g} % of the records would vanish, so nothing was marked. Look at the source. If it is "
    "right: connector sync run {name} --full --allow-gone",
    "{name}: пропало бы больше {brake:g} % записей, поэтому ничего не отмечено. Посмотрите на источник. Если всё "
    "верно: connector sync run {name} --full --allow-gone",
)
_EMPTY = Text(
    "{name}: everything was read, and there was not one record, though there were some before. Is the export of the "
    "other system broken? `connector check` looks at the source.",
    "{name}: источник прочитан целиком, и в нём ни одной записи, хотя раньше они были. Не сломалась ли выгрузка в той "
    "системе? На источник смотрит `connector check`.",
)
_FAILING = Text("{name}: the last run failed ({cause}). {hint}", "{name}: последний запуск не удался ({cause}). {hint}")
_LOOK = Text("See `connector sync status {name}`.", "Смотрите `connector sync status {name}`.")
_LATE = Text(
    "{name}: no good run for {age}. See `connector sync status {name}`; is `connector clock` running?",
    "{name}: удачных запусков не было уже {age}. Смотрите `connector sync status {name}`; работает ли "
    "`connector clock`?",
)
_NEVER = Text(
    "{name}: no run has been good yet, the first began {age} ago. See `connector sync status {name}`.",
    "{name}: удачных запусков ещё не было, первый начался {age} назад. Смотрите `connector sync status {name}`.",
)
_STUCK = Text(
    "{name}: a run is due for {age} and nobody is at it. Are `connector clock` and `connector worker` running?",
    "{name}: запуск ждёт уже {age}, и никто им не занят. Запущены ли `connector clock` и `connector worker`?",
)


class Seen(Protocol):
    """The part of the wired connector that is looked at."""

    @property
    def journal(self) -> Journal: ...
    @property
    def settings(self) -> Settings: ...
    def clock(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something that needs a person."""

    kind: Kind
    words: Text


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One source. ``lag`` is seconds since its last good run ended (``None``: none yet), ``next_at`` when the next
    begins (past: it is due), ``None`` when only a person begins it or it is paused. ``last`` is the newest run that is
    over, ``braking``: the brake has held since; ``waiting`` and ``parked`` are rows.
    """

    name: str
    provider: str
    portal: str
    state: State
    good_at: datetime | None
    lag: float | None
    next_at: datetime | None
    open: Run | None
    last: Run | None
    braking: bool = False
    paused_at: datetime | None = None
    paused_by: str = ""
    waiting: int = 0
    parked: int = 0
    alarms: tuple[Alarm, ...] = ()

    @property
    def mark(self) -> Mark:
        """How good that is."""
        return STATES[self.state][0]

    @property
    def words(self) -> Text:
        """The state in words."""
        return STATES[self.state][1]

    @property
    def hint(self) -> Text | None:
        """What to do first, if anything."""
        return self.alarms[0].words if self.alarms else None

    @property
    def problems(self) -> tuple[Text, ...]:
        """All that needs a person, in words."""
        return tuple(alarm.words for alarm in self.alarms)

    @property
    def braked(self) -> bool:
        """Whether a person has to say that records may vanish."""
        return self.open is None and self.braking


def standing(
    settings: SourceSettings,
    state: SourceState,
    runs: Sequence[Run],
    open_run: Run | None,
    counts: Mapping[str, int],
    now: datetime,
    *,
    first_at: datetime | None = None,
) -> Standing:
    """The judgement. ``runs`` are the latest that are over, the newest first; ``counts`` are rows: ``waiting``,
    ``parked``, and ``live`` (it matters only whether there is any); ``first_at`` is when its first run began.
    """
    last = runs[0] if runs else None
    started = max((run.started_at for run in (open_run, last) if run is not None), default=None)
    next_at = None if state.paused_at is not None else _next(settings, state, started, now)
    first = first_at or min((run.started_at for run in runs), default=None)
    told = Told(settings=settings, state=state, runs=runs, open=open_run, next_at=next_at, now=now)
    alarms = () if state.paused_at is not None else told.alarms(counts, first)
    return Standing(
        name=settings.source,
        provider=settings.provider,
        portal=settings.portal,
        state=_state(state, open_run, alarms),
        good_at=state.good_at,
        lag=max(0.0, (now - state.good_at).total_seconds()) if state.good_at is not None else None,
        next_at=next_at,
        open=open_run,
        last=last,
        braking=(seen := weighed(settings, runs)) is not None and seen.state == "braked",
        paused_at=state.paused_at,
        paused_by=state.paused_by,
        waiting=counts.get("waiting", 0),
        parked=counts.get("parked", 0),
        alarms=alarms,
    )


def standings(house: Seen) -> tuple[Standing, ...]:
    """All sources, in the order of the settings. Raises ``JournalAway``."""
    sources, now = house.settings.sources, house.clock()
    if not sources:
        return ()
    seen = house.journal.sources_seen(list(sources))
    return tuple(standing_of(settings, seen[name], now) for name, settings in sources.items())


def standing_of(settings: SourceSettings, seen: SourceSeen, now: datetime) -> Standing:
    """The judgement of what the journal knows of one source."""
    counts = {"waiting": seen.waiting, "parked": seen.parked, "live": int(seen.any)}
    return standing(settings, seen.state, seen.runs, seen.open, counts, now, first_at=seen.first_at)


def check_sources(house: Seen) -> None:
    """Raises ``TransientError`` with the first source that needs a person; ``JournalAway``."""
    for one in standings(house):
        if one.alarms:
            raise TransientError("sources.bad", hint=one.alarms[0].words, detail=one.name)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is known of one source when it is judged."""

    settings: SourceSettings
    state: SourceState
    runs: Sequence[Run]
    open: Run | None
    next_at: datetime | None
    now: datetime

    def alarms(self, counts: Mapping[str, int], first_at: datetime | None) -> tuple[Alarm, ...]:
        """All that needs a person; a run that somebody broke off tells nothing."""
        last = next((run for run in self.runs if run.state != "cancelled"), None)
        found = [self._stuck(), self._outcome(last, counts), self._late(first_at)]
        return tuple(alarm for alarm in found if alarm is not None)

    def _stuck(self) -> Alarm | None:
        due = max(self.open.due_at, self.open.updated_at) if self.open is not None else self.next_at
        if due is None or self.now - due <= STALE:
            return None
        return Alarm(kind="stuck", words=_STUCK.with_(name=self._name, age=self._age(due)))

    def _outcome(self, last: Run | None, counts: Mapping[str, int]) -> Alarm | None:
        if last is None or (self.open is not None and self.open.allow_gone):
            return None
        if last.state == "failed":
            told = {"cause": last.cause or "?", "hint": _hint(last) or _LOOK.with_(name=self._name)}
            return Alarm(kind="failing", words=_FAILING.with_(name=self._name, **told))
        seen = weighed(self.settings, self.runs)
        return self._vanished(seen, counts) if seen is not None else None

    def _vanished(self, seen: Run, counts: Mapping[str, int]) -> Alarm | None:
        hint = _hint(seen)
        if seen.full and not seen.counts.get("read") and counts.get("live") and seen.state in ("done", "braked"):
            words = _named(self._name, hint) if hint else _EMPTY.with_(name=self._name)
            return Alarm(kind="empty", words=words)
        if seen.state == "braked":
            shrunk = _SHRUNK.with_(name=self._name, brake=self.settings.brake)
            return Alarm(kind="shrinking", words=_named(self._name, hint) if hint else shrunk)
        return None

    def _late(self, first_at: datetime | None) -> Alarm | None:
        if not is_late(self.settings, self.state.good_at, first_at, self.now):
            return None
        if self.state.good_at is None:
            assert first_at is not None  # else it is not late
            return Alarm(kind="late", words=_NEVER.with_(name=self._name, age=self._age(first_at)))
        return Alarm(kind="late", words=_LATE.with_(name=self._name, age=self._age(self.state.good_at)))

    def _age(self, since: datetime) -> Text:
        return age((self.now - since).total_seconds())

    @property
    def _name(self) -> str:
        return self.settings.source


def weighed(settings: SourceSettings, runs: Sequence[Run]) -> Run | None:
    """The newest of ``runs`` that tells whether records vanish. People are weighed by each run; else by one that was
    braked or saw everything: one that read changes only is no answer to a brake that holds.
    """
    if settings.access is not None:
        return next((run for run in runs if run.state != "cancelled"), None)
    return next((run for run in runs if run.state == "braked" or (run.full and run.state == "done")), None)


def _hint(run: Run) -> Text | None:
    return run.hint if run.hint is not None and any(run.hint) else None


def _named(name: str, hint: Text) -> Text:
    return Text(f"{name}: {hint.en}", f"{name}: {hint.ru}")


def _next(settings: SourceSettings, state: SourceState, started: datetime | None, now: datetime) -> datetime | None:
    """By the schedule, or sooner when somebody wants it (``due_at``)."""
    asked = state.due_at if state.due_at is not None and (started is None or state.due_at > started) else None
    times = [at for at in (asked, next_due(settings, started, now)) if at is not None]
    return min(times, default=None)


def _state(state: SourceState, open_run: Run | None, alarms: Sequence[Alarm]) -> State:
    if open_run is not None and not any(alarm.kind == "stuck" for alarm in alarms):
        return "running"
    if state.paused_at is not None:
        return "paused"
    return _STATE_OF[alarms[0].kind] if alarms else "idle"
