"""What a deed will do, said before it is done: how many, where, in which order, and what will not go as hoped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from connector import repair
from connector.bootstrap import Connector
from connector.delivery.retry import CHAT
from connector.domain.states import in_words
from connector.journal.foreseeing import Foreseen, Part
from connector.journal.sieve import Sieve
from connector.speech import Text

_TRIED = 50  # requests that are read for trial

_GONE = Text(
    "{name} is no longer in connector.yaml: these will park again. Put it back first, or discard them.",
    "{name} больше нет в connector.yaml: эти доставки снова будут отложены. Сначала верните его или отбросьте их.",
)
_STOPPED = Text(
    "{name} is stopped ({state}): these will wait until it works again.",
    "{name} остановлен ({state}): эти доставки будут ждать, пока он не заработает.",
)
_OLD = Text(
    "{count} chat messages are older than {hours:g} h: they arrive that late. What has not gone out {hours:g} h after "
    "the replay is parked again. Discard what makes no sense any more.",
    "Сообщений чата старше {hours:g} ч: {count}, они придут с таким опозданием. Что не уйдёт за {hours:g} ч после "
    "повтора, снова будет отложено. Отбросьте то, что уже потеряло смысл.",
)
_LATE = Text(
    "In {count} conversations newer messages have been delivered already: there the order of the talk will be broken.",
    "Диалогов, где более новые сообщения уже доставлены: {count}. В них порядок разговора нарушится.",
)
_MORE = Text(
    "This is the most that one deed takes, the oldest first; do the rest afterwards.",
    "Больше за один раз не берётся, сначала старейшие; остальное — следующим разом.",
)
_UNREAD = Text(
    "Of the first {tried} requests {unread} still cannot be read: they will stay parked.",
    "Из первых {tried} запросов по-прежнему не читаются: {unread}. Они останутся отложенными.",
)
_READABLE = Text(
    "Of the first {tried} requests {good} can be read now.",
    "Из первых {tried} запросов теперь читаются: {good}.",
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A destination (or sender) and how much of the deed concerns it. ``trouble`` when it will not go through."""

    name: str
    count: int
    lanes: int
    trouble: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """``good`` tells what is promising."""

    foreseen: Foreseen
    places: tuple[Place, ...]
    warnings: tuple[Text, ...]
    good: Text | None = None


def preview(connector: Connector, sieve: Sieve, *, replay: bool) -> Preview:
    """What will happen; changes nothing."""
    stale = connector.clock() - timedelta(hours=connector.settings.limits.message_hours)
    foreseen = connector.journal.foresee(sieve, stale=stale)
    return _requests(connector, foreseen, replay) if sieve.of == "envelopes" else _works(connector, foreseen, replay)


def _works(connector: Connector, foreseen: Foreseen, replay: bool) -> Preview:
    counts: Counter[str] = Counter()
    for part in foreseen.parts:
        counts[part.destination] += part.many
    places = tuple(
        Place(
            name=name,
            count=count,
            lanes=foreseen.lane_counts[name],
            trouble=_trouble(connector, name) if replay else None,
        )
        for name, count in counts.most_common()
    )
    warnings = _warnings(connector, foreseen) if replay else ([_MORE] if foreseen.more else [])
    return Preview(foreseen=foreseen, places=places, warnings=tuple(warnings))


def _warnings(connector: Connector, foreseen: Foreseen) -> list[Text]:
    hours = connector.settings.limits.message_hours
    old = sum(part.old for part in foreseen.parts if part.kind in CHAT)
    # Letters of an account wait in one lane until each has found its conversation: it tells nothing of a talk's order.
    talks = any(part.kind != "letter.received" for part in foreseen.parts)
    senders = sorted({_sender(part) for part in foreseen.parts} - {""} - connector.accounts.keys())
    return [
        *([_OLD.with_(count=old, hours=hours)] if old else []),
        *([_LATE.with_(count=foreseen.late)] if foreseen.late and talks else []),
        *(_GONE.with_(name=f"account:{name[:60]}") for name in senders[:5]),
        *([_MORE] if foreseen.more else []),
    ]


def _sender(part: Part) -> str:
    """The account that a client's delivery to a portal is about: its lane begins with it."""
    of_client = part.kind.startswith(("message.", "letter.", "button.", "conversation."))
    return part.begins if of_client and part.destination.startswith("portal:") else ""


def _trouble(connector: Connector, destination: str) -> Text | None:
    side, _, name = destination.partition(":")
    known = connector.portals if side == "portal" else connector.accounts
    if name not in known:
        return _GONE.with_(name=destination[:80])
    if side != "portal":
        return None
    installation = connector.portals[name].installation()
    state = installation.state if installation else "not_installed"
    if state == "active":
        return None
    return _STOPPED.with_(name=destination, state=in_words(state))


def _vanished(connector: Connector, sender: str) -> Text | None:
    side, _, portal = sender.partition(":")
    known = portal in connector.portals if side == "portal" and portal else sender in connector.accounts
    return None if known else _GONE.with_(name=sender[:80])


def _requests(connector: Connector, foreseen: Foreseen, replay: bool) -> Preview:
    tried = foreseen.traces[:_TRIED]
    envelopes = [connector.journal.envelope(trace) for trace in tried] if replay else []
    good = sum(repair.readable(connector, envelope) for envelope in envelopes)
    bad = _UNREAD.with_(tried=len(tried), unread=len(tried) - good) if good < len(envelopes) else None
    places = [
        Place(name=name, count=count, lanes=0, trouble=_vanished(connector, name) if replay else None)
        for name, count in foreseen.senders
    ]
    return Preview(
        foreseen=foreseen,
        places=tuple(places),
        warnings=tuple(text for text in (bad, _MORE if foreseen.more else None) if text),
        good=_READABLE.with_(tried=len(tried), good=good) if good else None,
    )
