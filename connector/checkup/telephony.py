"""What is right and wrong with an account of telephony beyond its provider's own check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connector.domain.provider import Finding
from connector.domain.telephony import PbxSettings
from connector.domain.values import File
from connector.errors import ConnectorError
from connector.listening.health import CONNECTED, REFUSED, state_in_words
from connector.recordings import Place, probed
from connector.repair import House
from connector.speech import Text
from connector.telephony.health import Pbx, pbxs
from connector.telephony.renewal import renews, subscription_of

LINES = "telephony.externalLine.get"
KNOWN = "phone.user"  # links by <portal>/<extension>: {"user", "at"} (connector/handlers/calls/people.py)
_OWN = ("#", "@")  # what no extension begins with
_LONGEST = 50  # characters of a line's number that Bitrix24 keeps (facts/bitrix24-telephony-crm.md §1.1)
_NAMED, _ASKED = 10, 2000

_UNSEEN = Text("What is known of the calls can be read", "Сведения о звонках читаются")
_STREAM = Text("The stream of the PBX: {state}", "Поток событий АТС: {state}")
_CALLS = Text("Calls that go on: {count}", "Звонков сейчас: {count}")
_HISTORY = Text("The history of the PBX is read", "История звонков АТС читается")
_READ_SOON = Text(
    "Not read yet: `connector clock` does it within ten minutes",
    "Ещё не читалась: `connector clock` сделает это за десять минут",
)
_SUBSCRIBED = Text("The PBX holds our subscription to its calls", "АТС держит нашу подписку на звонки")
_SUBSCRIBES_SOON = Text(
    "Not subscribed yet: `connector clock` does it within a minute",
    "Подписки ещё нет: `connector clock` сделает её за минуту",
)
_LINES = Text("Bitrix24 knows the lines of this account", "Битрикс24 знает линии этого аккаунта")
_LINES_HINT = Text(
    "Not there yet: {names}. Users cannot choose them for calls by a click. Run `{mend}`.",
    "Пока нет: {names}. Пользователи не могут выбрать их для звонков по клику. Выполните `{mend}`.",
)
_PEOPLE = Text("Every extension that took part in calls has a user", "У всех внутренних номеров есть пользователь")
_PEOPLE_HINT = Text(
    "Nobody has these: {names}. Put the number into the user's profile in Bitrix24 (internal number), or into the "
    "table `extensions` of the mappings; until then their calls are kept under whoever is responsible for the line.",
    "Ни у кого нет номеров: {names}. Впишите номер в профиль пользователя в Битрикс24 (внутренний телефон) или в "
    "таблицу `extensions` маппинга; до этого звонки попадают к ответственному за линию.",
)
_CLOCK = Text("The clock of the PBX agrees with ours", "Часы АТС совпадают с нашими")
_CLOCK_HINT = Text(
    "Its calls end {minutes} minutes {way} they do. Durations are right, but Bitrix24 shows these calls at the wrong "
    "time. Have the PBX take its time from the network (NTP) and tell it with its time zone.",
    "Её звонки заканчиваются на {minutes} мин {way}, чем на самом деле. Длительность верна, но в Битрикс24 время этих "
    "звонков неверное. Настройте на АТС синхронизацию времени (NTP) и передачу часового пояса.",
)
_BEFORE, _AFTER = Text("before", "раньше"), Text("after", "позже")
_CLOCK_CALLS, _CLOCK_SLACK = 20, 600.0  # calls that are looked at; seconds between an end and its handling
_NO_RECORDING = "connector-check.wav"  # a name that no PBX gives
_MORE = Text("{names} and {more} more", "{names} и ещё {more}")


def phone_findings(house: House, name: str) -> Iterator[Finding]:
    """The stream, the history, the place of recordings, the lines in Bitrix24 and the extensions of the account
    ``name``. Never raises.
    """
    try:
        yield from _stream(next(seen for seen in pbxs(house) if seen.name == name))
        yield from _subscription(house, name)
        yield from _recordings(house, name)
        yield from _lines(house, name)
        yield from _people(house, name)
        yield from _clock(house, name)
    except ConnectorError as error:
        yield Finding(_UNSEEN, "bad", error.hint, "telephony.unseen")


def _stream(one: Pbx) -> Iterator[Finding]:
    if one.state:
        yield _judged(one)
    if one.history:
        doubt = _unread(one)
        yield Finding(_HISTORY, "warn" if doubt else "ok", doubt, "telephony.history")
    yield Finding(_CALLS.with_(count=one.calls), "ok", code="telephony.calls")


def _judged(one: Pbx) -> Finding:
    """One that was lost a moment ago is nobody's trouble yet; a refusal does not go by itself."""
    what = _STREAM.with_(state=state_in_words(one.state))
    if one.state == CONNECTED:
        return Finding(what, "ok", code="telephony.stream")
    bad = bool(one.problems) or one.state == REFUSED
    why = one.why if any(one.why) else next(iter(one.problems), None)
    return Finding(what, "bad" if bad else "warn", why, "telephony.stream")


def _subscription(house: House, name: str) -> Iterator[Finding]:
    if not renews(house.accounts[name]):
        return
    kept = subscription_of(house, name)
    if kept.why:
        yield Finding(_SUBSCRIBED, "bad", Text(*kept.hint), "telephony.subscription")
    else:
        waits = None if kept.id else _SUBSCRIBES_SOON
        yield Finding(_SUBSCRIBED, "warn" if waits else "ok", waits, "telephony.subscription")


def _recordings(house: House, name: str) -> Iterator[Finding]:
    """Where the account itself says where they lie; other PBXs give each its own address."""
    account = house.accounts[name]
    place, telephony = getattr(account.settings, "recordings", None), account.provider.telephony
    if not isinstance(place, Place) or telephony is None or (recording := telephony.recording) is None:
        return
    yield probed(place, account.http, lambda: recording(File(ref=_NO_RECORDING), account.settings, account.http))


def _unread(one: Pbx) -> Text | None:
    if not one.unread:
        return None if one.read else _READ_SOON
    return one.hint if any(one.hint) else Text(one.unread, one.unread)


def _lines(house: House, name: str) -> Iterator[Finding]:
    account = house.accounts[name]
    settings, portal = account.settings, house.portals[account.portal]
    if not isinstance(settings, PbxSettings):
        return
    try:
        answer = portal.call(LINES)
    except ConnectorError as error:
        yield Finding(_LINES, "bad", error.hint, "telephony.lines")
        return
    known = {str(row.get("NUMBER")) for row in answer if isinstance(row, dict)} if isinstance(answer, list) else set()
    missing = [number for number in settings.lines or (name,) if number[:_LONGEST] not in known]
    mend = f"connector portal rebind {account.portal}"
    hint = _LINES_HINT.with_(names=_some(missing), mend=mend) if missing else None
    yield Finding(_LINES, "warn" if missing else "ok", hint, "telephony.lines", mend if missing else "")


def _people(house: House, name: str) -> Iterator[Finding]:
    """Extensions are looked up when calls are handled; whom nobody has is known since."""
    portal = house.accounts[name].portal
    table = house.rulebook.current().config.tables.get("extensions", {})
    rows = house.journal.links_like(KNOWN, f"{portal}/", limit=_ASKED)
    unknown = [row.key.partition("/")[2] for row in rows if isinstance(row.value, dict) and not row.value.get("user")]
    nobodys = sorted(number for number in unknown if not number.startswith(_OWN) and number not in table)
    hint = _PEOPLE_HINT.with_(names=_some(nobodys)) if nobodys else None
    yield Finding(_PEOPLE, "warn" if nobodys else "ok", hint, "telephony.extensions")


def _clock(house: House, name: str) -> Iterator[Finding]:
    """A few calls may have been told late: what most of the latest ones say counts."""
    page = house.journal.calls_page(account=name, limit=_CLOCK_CALLS, depth=50 * _CLOCK_CALLS)
    told = [(row.at, datetime.fromisoformat(row.event["ended_at"])) for row in page.rows if not row.event["past"]]
    behind = sorted((handled - ended).total_seconds() for handled, ended in told)
    if not behind:
        return
    off = behind[len(behind) // 2]
    if abs(off) < _CLOCK_SLACK:
        yield Finding(_CLOCK, "ok", code="telephony.clock")
        return
    hint = _CLOCK_HINT.with_(minutes=round(abs(off) / 60), way=_BEFORE if off > 0 else _AFTER)
    yield Finding(_CLOCK, "warn", hint, "telephony.clock")


def _some(names: list[str]) -> Text:
    told = ", ".join(name[:_LONGEST] for name in names[:_NAMED])
    return _MORE.with_(names=told, more=len(names) - _NAMED) if len(names) > _NAMED else Text(told, told)
