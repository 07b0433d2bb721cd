"""``connector status``."""

from __future__ import annotations

from datetime import datetime

import click

from connector import status as status_room
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.words import say
from connector.domain.mailing import QUARANTINE
from connector.domain.states import in_words
from connector.listening.health import Standing, state_in_words
from connector.listening.mailboxes import Mailbox
from connector.speech import Text
from connector.sync.health import Standing as Source
from connector.telephony.health import Pbx

_COLUMNS = (
    Text("destination", "направление"),
    Text("waiting", "ждёт"),
    Text("lanes", "дорожек"),
    Text("oldest", "старейшее"),
    Text("parked", "отложено"),
    Text("done/hour", "за час"),
    Text("pump", "насос"),
)
_PORTAL_COLUMNS = (
    Text("portal", "портал"),
    Text("state", "состояние"),
    Text("budget used", "бюджет занят"),
    Text("replies found late/day", "ответов найдено/сутки"),
)
_PBX_COLUMNS = (
    Text("PBX", "АТС"),
    Text("stream", "поток"),
    Text("heard", "слышна"),
    Text("open calls", "звонков сейчас"),
    Text("history read", "история до"),
)
_MAIL_COLUMNS = (
    Text("mailbox", "почтовый ящик"),
    Text("stream", "поток"),
    Text("heard", "на связи"),
    Text("last letter", "последнее письмо"),
    Text("read up to letter", "прочитано до письма"),
    Text("in quarantine", "в карантине"),
)
_SOURCE_COLUMNS = (
    Text("source", "источник"),
    Text("state", "состояние"),
    Text("last good run", "последний удачный"),
    Text("next run", "следующий"),
    Text("waiting", "ждёт"),
    Text("parked", "отложено"),
)
_DUE, _IN, _AGO = Text("now", "сейчас"), Text("in {age}", "через {age}"), Text("{age} ago", "{age} назад")
_RECORDS = Text(
    "Records parked by sync jobs: {count}. See them: connector sync rows SOURCE",
    "Отложено записей синхронизацией: {count}. Посмотреть: connector sync rows SOURCE",
)
_HELD = Text(
    "Letters in quarantine, taken for spam: {count}. See them: connector journal list --state parked --cause {cause}",
    "Писем в карантине, приняты за спам: {count}. Посмотреть: connector journal list --state parked --cause {cause}",
)
_HOOKS = Text("webhooks", "вебхуки")
_QUIET = Text("Nothing has come in yet.", "Ещё ничего не приходило.")
_NO_PORTALS = Text("The portals cannot be seen now.", "Порталы сейчас не видны.")
_PARKED = Text(
    "Parked, waiting for your decision: {count}. See them: connector journal list --state parked",
    "Отложено и ждёт вашего решения: {count}. Посмотреть: connector journal list --state parked",
)
_UNREAD = Text(
    "Unread requests parked: {count}. See them: connector journal list --envelopes --state parked",
    "Отложено непрочитанных запросов: {count}. Посмотреть: connector journal list --envelopes --state parked",
)
_WEBHOOK = Text(
    "{name} works by a webhook alone: CRM, tasks, users and sync; no open lines, events or pages. More: "
    "connector check --portal {name}",
    "{name} работает через один вебхук: CRM, задачи, пользователи, синхронизация; без открытых линий, событий и "
    "страниц. Подробнее: connector check --portal {name}",
)
_FINE = Text("Nothing needs you.", "Вмешательства не требуется.")


@click.command(
    help=say(
        "What waits, what is parked, who works, what is wrong.",
        "Что ждёт, что отложено, кто работает и что неладно.",
    )
)
@answering
def status(out: Output) -> None:
    """Leaves with 1 when something needs a person now."""
    house = tools(click.get_current_context()).connector()
    seen, now = status_room.overview(house), house.clock()
    out.table(
        _COLUMNS,
        [
            (row.name, row.waiting, row.lanes, _age(row.oldest), row.parked, row.done_last_hour, row.leased)
            for row in seen.destinations
        ],
        empty=_QUIET,
    )
    out.say(Text("", ""))
    out.table(
        _PORTAL_COLUMNS,
        [(row.name, out.words(in_words(row.state)), _used(row), row.found) for row in seen.portals],
        empty=_NO_PORTALS,
    )
    _streams(out, seen, now)
    if seen.held:
        out.say(_HELD, count=seen.held, cause=QUARANTINE)
    parked, records = (sum(row.parked for row in rows) for rows in (seen.destinations, seen.sources))
    for what, count in ((_PARKED, parked), (_UNREAD, seen.parked_envelopes), (_RECORDS, records)):
        if count:
            out.say(what, count=count)
    for row in seen.portals:
        if row.by == "webhook":
            out.say(_WEBHOOK, name=row.name)
    for problem in seen.problems:
        out.say(Text(f"! {problem.en}", f"! {problem.ru}"))
    if not (seen.problems or parked or records or seen.parked_envelopes):
        out.say(_FINE)
    out.document(_document(out, seen))
    finish(not seen.problems)


def _document(out: Output, seen: status_room.Overview) -> dict[str, object]:
    return {
        "ok": not seen.problems,
        "database": seen.database,
        "redis": seen.redis,
        "spool": seen.spool,
        "parked_envelopes": seen.parked_envelopes,
        "destinations": seen.destinations,
        "portals": seen.portals,
        "silences": seen.silences,
        "pbxs": [_plain(out, row) for row in seen.pbxs],
        "mailboxes": [_plain(out, row) for row in seen.mailboxes],
        "quarantine": seen.held,
        "sources": [_told(out, row) for row in seen.sources],
        "problems": [problem.say(out.language) for problem in seen.problems],
    }


def _streams(out: Output, seen: status_room.Overview, now: datetime) -> None:
    """The PBXs, the mailboxes and the sources, where there are any."""
    held = {row.name: row.held for row in seen.destinations}
    boxes = [_mailbox(out, row, held.get(f"account:{row.name}", 0), now) for row in seen.mailboxes]
    phones, sources = [_pbx(out, row, now) for row in seen.pbxs], [_source(out, row, now) for row in seen.sources]
    for columns, lines in ((_PBX_COLUMNS, phones), (_MAIL_COLUMNS, boxes), (_SOURCE_COLUMNS, sources)):
        if lines:
            out.say(Text("", ""))
            out.table(columns, lines, empty=_QUIET)


def _pbx(out: Output, row: Pbx, now: datetime) -> tuple[object, ...]:
    """One line about a PBX; times are ages."""
    state = out.words(state_in_words(row.state) if row.state else _HOOKS)
    heard, read = (_age((now - at).total_seconds()) if at else "" for at in (row.heard, row.read))
    return row.name, state, heard, row.calls, read


def _mailbox(out: Output, row: Mailbox, held: int, now: datetime) -> tuple[object, ...]:
    """One line about a mailbox; times are ages."""
    state = out.words(state_in_words(row.state) if row.state else _HOOKS)
    heard, letter = (_age((now - at).total_seconds()) if at else "" for at in (row.heard, row.letter))
    read = ", ".join(f"{folder.name} {folder.uid}" for folder in row.folders)
    return row.name, state, heard, letter, read, held


def _source(out: Output, row: Source, now: datetime) -> tuple[object, ...]:
    """One line about a source; times are ages."""
    good = out.words(_AGO, age=_age(row.lag)) if row.lag is not None else ""
    ahead = (row.next_at - now).total_seconds() if row.next_at is not None else None
    following = "" if ahead is None else out.words(_IN, age=_age(ahead)) if ahead > 0 else out.words(_DUE)
    return row.name, out.words(row.words), good, following, row.waiting, row.parked


def _told(out: Output, row: Source) -> dict[str, object]:
    """A source for JSON."""
    alarms = [{"kind": alarm.kind, "words": out.words(alarm.words)} for alarm in row.alarms]
    same = ("name", "provider", "portal", "state", "good_at", "lag", "next_at", "paused_at", "waiting", "parked")
    return {**{name: getattr(row, name) for name in same}, "words": out.words(row.words), "alarms": alarms}


def _plain(out: Output, row: Standing) -> dict[str, object]:
    """A PBX or mailbox for JSON: what is said of it in the reader's language."""
    return {**vars(row), "why": out.words(row.why), "problems": [out.words(problem) for problem in row.problems]}


def _age(seconds: float) -> str:
    """``95.2`` → ``1m35s``; nothing for nothing."""
    if not seconds:
        return ""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def _used(portal: status_room.PortalStatus) -> str:
    if not portal.budget:
        return ""
    return f"{portal.budget['used']:.0f}/{portal.budget['burst']:.0f}"
