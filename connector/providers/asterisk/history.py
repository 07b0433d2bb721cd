"""Finished calls from Asterisk's CSV file of CDRs, for catching up (facts/providers.md §3.1)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from connector.domain.calls import CallEnded, Cause, Direction
from connector.domain.events import Event
from connector.domain.provider import Http
from connector.errors import PermanentError, TransientError
from connector.providers.asterisk.channels import Party, party, telephone
from connector.providers.asterisk.inbound import recorded
from connector.providers.asterisk.outbound import basic
from connector.providers.asterisk.settings import AsteriskSettings, CdrPlace
from connector.providers.asterisk.telling import Telling
from connector.providers.asterisk.wire import Block
from connector.providers.asterisk.words import DISPOSITION, VOICEMAIL_APPS
from connector.providers.transport import send
from connector.speech import Text

# cdr.conf's [csv]; uniqueid and userfield come with loguniqueid and loguserfield, the last three with newcdrcolumns.
_COLUMNS = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"),
    *("peeraccount", "linkedid", "sequence"),
)
_READ = 64 * 2**20  # bytes from the end of the file: months of a busy office
_NEEDED = 17  # up to uniqueid
_LONGEST = timedelta(hours=24)  # a call that began so long before the span can hardly end in it

_NO_FILE = Text(
    "The CDR file of account {account} cannot be read: check `cdr.url` and the right to read it",
    "Файл CDR аккаунта {account} не читается: проверьте `cdr.url` и право на чтение",
)
_NO_UNIQUEID = Text(
    "The CDR file of account {account} has no call ids: set loguniqueid=yes and loguserfield=yes in cdr.conf",
    "В файле CDR аккаунта {account} нет идентификаторов: включите loguniqueid=yes и loguserfield=yes в cdr.conf",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One CDR: what one channel tells of itself."""

    told: Mapping[str, str]
    start: datetime
    answer: datetime | None
    end: datetime

    @property
    def call(self) -> str:
        return self.told.get("linkedid") or self.told["uniqueid"]

    @property
    def talked(self) -> int:
        seconds = self.told["billsec"]
        return int(seconds) if seconds.isdigit() and self.told["disposition"] == "ANSWERED" else 0


def history(since: datetime, until: datetime, settings: AsteriskSettings, http: Http) -> Iterable[Event]:
    """Calls that began in the span, as far as the file of the account tells; none without one.

    Raises ``TransientError`` or ``PermanentError``.
    """
    if settings.cdr is None:
        return []
    rows = list(_rows(_lines(settings.cdr, settings, http), settings, since - _LONGEST))
    calls: dict[str, list[Row]] = {}
    for row in rows:
        calls.setdefault(row.call, []).append(row)
    return [
        event
        for call, told in calls.items()
        if since <= min(row.start for row in told) < until
        for event in _call(call, told, settings)
    ]


def _lines(place: CdrPlace, settings: AsteriskSettings, http: Http) -> Iterable[str]:
    if place.url.startswith("file:"):
        try:
            return _tail(Path(unquote(urlsplit(place.url).path)))
        except OSError as error:
            hint = _NO_FILE.with_(account=settings.account)
            raise TransientError("asterisk.no_cdr", hint=hint, detail=type(error).__name__) from None
    answer = send(http, "asterisk", "GET", place.url, headers=basic(place.username, place.password))
    if answer.status_code != 200:
        kind = TransientError if answer.status_code >= 500 else PermanentError
        raise kind("asterisk.no_cdr", hint=_NO_FILE.with_(account=settings.account), detail=str(answer.status_code))
    return answer.content.decode("utf-8", "replace").splitlines()


def _tail(file: Path) -> list[str]:
    """The last lines of a file that grows for years."""
    with file.open("rb") as opened:
        skipped = max(0, file.stat().st_size - _READ)
        opened.seek(skipped)
        lines = opened.read(_READ).decode("utf-8", "replace").splitlines()
    return lines[1:] if skipped else lines


def _rows(lines: Iterable[str], settings: AsteriskSettings, since: datetime) -> Iterator[Row]:
    assert settings.cdr is not None
    zone = ZoneInfo(settings.cdr.zone)
    for values in csv.reader(line.replace("\0", "\ufffd") for line in lines):
        if not values:
            continue
        if len(values) < _NEEDED:
            raise PermanentError("asterisk.cdr_columns", hint=_NO_UNIQUEID.with_(account=settings.account))
        told = dict(zip(_COLUMNS, values, strict=False))
        start, end = _moment(told["start"], zone), _moment(told["end"], zone)
        if start and end and start >= since:
            yield Row(told=told, start=start, answer=_moment(told["answer"], zone), end=end)


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _call(call: str, rows: list[Row], settings: AsteriskSettings) -> Iterator[Event]:
    first = min(rows, key=lambda row: (row.start, row.told["uniqueid"]))
    talk = max(rows, key=lambda row: (row.talked, row.start))
    caller, called = _ends(first, settings), _ends(talk, settings)
    direction, client, line = _sides(first, caller[0], caller[1], settings)
    end = max(row.end for row in rows)
    machine = talk.told["lastapp"].lower() in VOICEMAIL_APPS
    talked = 0 if machine or not _employee(direction, called) else talk.talked
    tell = Telling(account=settings.account, at=end)
    yield tell.of(
        CallEnded,
        call,
        direction=direction,
        client=client,
        line=line,
        employee=_employee(direction, called) if talked or direction != "incoming" else "",
        cause="" if talked else _cause(rows, machine),
        talk=talked,
        started_at=first.start,
        answered_at=talk.answer if talked else None,
        past=True,
    )
    for name in dict.fromkeys(row.told.get("userfield", "") for row in rows):
        yield from recorded(tell, call, name, settings)


def _ends(row: Row, settings: AsteriskSettings) -> tuple[Party | None, Party | None]:
    """The two channels of a CDR, read as a block's."""
    said = {"Uniqueid": row.told["uniqueid"], "Context": row.told["dcontext"], "CallerIDNum": row.told["src"]}
    near = party(Block([("Channel", row.told["channel"]), *said.items()]), settings)
    far = party(Block([("Channel", row.told["dstchannel"]), ("Uniqueid", row.told["uniqueid"])]), settings)
    return near, far


def _sides(row: Row, near: Party | None, far: Party | None, settings: AsteriskSettings) -> tuple[Direction, str, str]:
    """(direction, client, line) of a call by its first CDR."""
    dialled = row.told["dst"].removeprefix(settings.outside)
    if near is not None and near.role == "extension":
        if settings.is_extension(dialled):
            return "internal", dialled, ""
        return "outgoing", telephone(dialled) or dialled, ""
    line = dialled if not settings.is_extension(dialled) and telephone(dialled) else ""
    return "incoming", row.told["src"], line


def _employee(direction: Direction, ends: tuple[Party | None, Party | None]) -> str:
    near, far = ends
    wanted = far if direction == "incoming" else near
    return wanted.number if wanted is not None and wanted.role == "extension" else ""


def _cause(rows: list[Row], machine: bool) -> Cause:
    if machine:
        return "voicemail"
    last = max(rows, key=lambda row: row.end)
    return DISPOSITION.get(last.told["disposition"], "failed") or "missed"
