"""What ops see at a glance: what waits, what is parked, who works, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from connector.domain.ports import Installation
from connector.domain.silence import Silence
from connector.domain.states import in_words
from connector.errors import TransientError
from connector.listening.health import Standing
from connector.listening.mailboxes import Mailbox, mailboxes
from connector.portal.phrases import age, reason_in_words
from connector.reconcile.mark import Mark, mark_of
from connector.speech import Text
from connector.sync.health import Standing as SourceStanding
from connector.sync.health import standings
from connector.telephony.health import Pbx, pbxs

STALE = 300.0  # seconds that due work may wait with nobody at it before it is called a problem
STUCK = 120.0  # seconds that a reply may wait, after a try, before its reason is told
BLIND = 3600.0  # seconds without a look back for lost replies before that is called a problem

_NO_DATABASE = Text(
    "The database does not answer; requests go to the spool meanwhile. Start it, or correct DATABASE_URL.",
    "База данных не отвечает; запросы пока идут в спул. Запустите её или исправьте DATABASE_URL.",
)
_NO_REDIS = Text(
    "Redis does not answer; deliveries are found by the clock, seconds later. Start it, or correct REDIS_URL.",
    "Redis не отвечает; доставки находит clock с задержкой в секунды. Запустите его или исправьте REDIS_URL.",
)
_STOPPED = Text(
    "The portal {name} is stopped: {state} ({reason}). Run `connector portal check {name}`.",
    "Портал {name} остановлен: {state} ({reason}). Выполните `connector portal check {name}`.",
)
_NOT_INSTALLED = Text(
    "The application is not installed in the portal {name}. Run `connector portal install {name}`.",
    "Приложение не установлено в портале {name}. Выполните `connector portal install {name}`.",
)
_UNREADABLE = Text(
    "{name}: the histories of {count} dialogs may not be read, so replies lost there stay lost. Let an administrator "
    "of the portal open the application, or grant its user the right to see all dialogs of the open lines.",
    "{name}: истории диалогов ({count}) недоступны, поэтому потерянные в них ответы не найти. Пусть администратор "
    "портала откроет приложение, или дайте его пользователю право видеть все диалоги открытых линий.",
)
_BLIND = Text(
    "{name}: nobody has looked for lost replies for {age}. Is `connector clock` running? Else: "
    "connector portal reconcile {name}",
    "{name}: потерянные ответы не ищут уже {age}. Запущен ли `connector clock`? Иначе: "
    "connector portal reconcile {name}",
)
_STALE = Text(
    "{name}: work waits for {seconds} s and nobody is at it. Is `connector worker` running?",
    "{name}: работа ждёт {seconds} с, и никто ею не занят. Запущен ли `connector worker`?",
)
_STUCK = Text(
    "{name}: replies to clients wait ({age}). {why}",
    "{name}: ответы клиентам ждут ({age}). {why}",
)
_SILENT = Text(
    "{name}: nothing has come for {age}, usually about {missed} requests would have. Send a message through the "
    "channel yourself; if it does not arrive either, run `connector check`.",
    "{name}: ничего не приходит уже {age}, обычно за это время приходит около {missed} запросов. Напишите в этот "
    "канал сами; если сообщение тоже не дойдёт, выполните `connector check`.",
)
_SPOOL = Text(
    "Requests wait in the spool of this machine for the database. Is `connector clock` running?",
    "Запросы ждут базу данных в спуле этой машины. Запущен ли `connector clock`?",
)


class House(Protocol):
    """The part of the wired connector that is looked at."""

    @property
    def journal(self) -> Any: ...
    @property
    def spool(self) -> Any: ...
    @property
    def redis(self) -> Any: ...
    @property
    def portals(self) -> Mapping[str, Any]: ...
    @property
    def accounts(self) -> Mapping[str, Any]: ...
    @property
    def settings(self) -> Any: ...
    def clock(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where deliveries go. ``oldest`` is seconds; ``leased`` when a pump is at work; ``held`` are the letters of an
    account that wait in quarantine: no failure, and not among the ``parked``."""

    name: str
    waiting: int = 0
    lanes: int = 0
    parked: int = 0
    held: int = 0
    done_last_hour: int = 0
    oldest: float = 0.0
    leased: bool = False


@dataclass(frozen=True, kw_only=True)
class PortalStatus:
    """``state`` is ``not_installed`` or one of ``domain.ports.PortalState``; ``budget`` as ``Budget.level`` says.

    ``found`` are the replies of the last day of which no event had come, ``unreadable`` the dialogs that cannot be
    looked through, ``blind`` when the last look back ended, if that is too long ago. ``by`` is ``app`` or ``webhook``.
    """

    name: str
    state: str
    reason: str = ""
    budget: Mapping[str, float] = field(default_factory=dict)
    found: int = 0
    unreadable: int = 0
    blind: datetime | None = None
    by: str = "app"


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything at a glance; ``silences`` who is silent that usually is not, ``pbxs`` the accounts of telephony,
    ``mailboxes`` those of mail, ``sources`` those of sync, ``problems`` what to look at now."""

    database: bool
    redis: bool
    spool: bool
    parked_envelopes: int
    destinations: tuple[Destination, ...]
    portals: tuple[PortalStatus, ...]
    silences: tuple[Silence, ...]
    pbxs: tuple[Pbx, ...]
    mailboxes: tuple[Mailbox, ...]
    problems: tuple[Text, ...]
    sources: tuple[SourceStanding, ...] = ()

    @property
    def streams(self) -> tuple[Standing, ...]:
        """Everybody who has one, and whoever calls us instead (``state`` is empty)."""
        return (*self.pbxs, *self.mailboxes)

    @property
    def held(self) -> int:
        """Letters in quarantine."""
        return sum(row.held for row in self.destinations)


def overview(house: House) -> Overview:
    """Look at all of it. Never raises for a part that is away: it is told in ``problems``."""
    destinations = _try(lambda: _destinations(house), None)
    envelopes = _try(lambda: int(house.journal.parked_envelopes()), 0)
    redis_up = _redis_up(house)
    spool = bool(house.spool.pending())
    reachable = house.portals if destinations is not None else {}
    portals = tuple(_portal(house, name, redis_up) for name in reachable)
    found = destinations or ()
    silences = tuple(one for one in _try(house.journal.silences, ()) if _configured(house, one.name))
    phones: tuple[Pbx, ...] = _try(lambda: pbxs(house), ()) if destinations is not None else ()
    boxes: tuple[Mailbox, ...] = _try(lambda: mailboxes(house), ()) if destinations is not None else ()
    sources: tuple[SourceStanding, ...] = _try(lambda: standings(house), ()) if destinations is not None else ()
    due, now = set(_try(house.journal.due_destinations, ())), house.clock()
    problems = [
        *([] if destinations is not None else [_NO_DATABASE]),
        *([] if redis_up else [_NO_REDIS]),
        *([_SPOOL] if spool and destinations is not None else []),
        *(problem for portal in portals for problem in _portal_problems(portal, now)),
        *(problem for stream in (*phones, *boxes) for problem in stream.problems),
        *(problem for source in sources for problem in source.problems),
        *(_silent(one, now) for one in silences),
        *(_stale(destination) for destination in found if destination.oldest > STALE and destination.name in due),
        *(problem for destination in found for problem in _stuck(house, destination, now)),
    ]
    return Overview(
        database=destinations is not None,
        redis=redis_up,
        spool=spool,
        parked_envelopes=envelopes,
        destinations=found,
        portals=portals,
        silences=silences,
        pbxs=phones,
        mailboxes=boxes,
        sources=sources,
        problems=tuple(problems),
    )


def _destinations(house: House) -> tuple[Destination, ...]:
    stats: Mapping[str, Mapping[str, Any]] = house.journal.stats()
    known = Destination.__dataclass_fields__
    return tuple(
        Destination(name=name, **{key: value for key, value in figures.items() if key in known})
        for name, figures in stats.items()
    )


def _portal(house: House, name: str, redis_up: bool) -> PortalStatus:
    portal = house.portals[name]
    budget = dict(portal.budget.level()) if redis_up else {}
    installation: Installation | None = _try(portal.installation, None)
    if installation is None:
        return PortalStatus(name=name, state="not_installed", budget=budget)
    mark: Mark = _try(lambda: mark_of(house.journal, name), Mark())
    return PortalStatus(
        name=name,
        state=installation.state,
        reason=installation.reason,
        budget=budget,
        found=mark.last_day(house.clock()),
        unreadable=mark.unreadable,
        blind=mark.blind(house.clock(), BLIND),
        by="app" if portal.connector_prefix else "webhook",
    )


def _portal_problems(portal: PortalStatus, now: datetime) -> list[Text]:
    if portal.state == "not_installed":
        return [_NOT_INSTALLED.with_(name=portal.name)]
    if portal.state != "active":
        why = reason_in_words(portal.reason, now)
        return [_STOPPED.with_(name=portal.name, state=in_words(portal.state), reason=why)]
    blind = [_BLIND.with_(name=portal.name, age=_age(portal.blind, now))] if portal.blind else []
    return blind + ([_UNREADABLE.with_(name=portal.name, count=portal.unreadable)] if portal.unreadable else [])


def _silent(one: Silence, now: datetime) -> Text:
    name = one.name.removeprefix("account:")
    return _SILENT.with_(name=name, age=_age(one.since, now), missed=one.missed)


def _age(since: datetime, now: datetime) -> Text:
    return age(max(0.0, (now - since).total_seconds()))


def _configured(house: House, destination: str) -> bool:
    side, _, name = destination.partition(":")
    return name in {"portal": house.portals, "account": house.accounts}.get(side, {})


def _stale(destination: Destination) -> Text:
    return _STALE.with_(name=destination.name, seconds=round(destination.oldest))


def _stuck(house: House, destination: Destination, now: datetime) -> list[Text]:
    """Why the oldest of an account's replies waits, when a try of it has said so; portals tell of themselves."""
    if not destination.name.startswith("account:") or destination.oldest <= STUCK:
        return []
    lanes = _try(lambda: house.journal.waiting_lanes(destination.name), [])
    tried = sorted((lane.head for lane in lanes if lane.head.hint), key=lambda head: head.created_at)
    return [
        _STUCK.with_(name=destination.name.removeprefix("account:"), age=_age(head.created_at, now), why=head.hint)
        for head in tried[:1]
        if (now - head.created_at).total_seconds() > STUCK
    ]


def _redis_up(house: House) -> bool:
    try:
        return bool(house.redis.ping())
    except Exception:  # whatever the client raises, nobody can be woken through it now
        return False


def _try(look: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return look()
    except TransientError:
        return otherwise
