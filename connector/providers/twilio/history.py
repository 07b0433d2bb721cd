"""Past calls of Twilio: legs of the list put together (facts/providers.md §3.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.calls import CallEnded, CallRecorded, Cause
from connector.domain.events import Event
from connector.domain.provider import Http
from connector.domain.values import File
from connector.providers.twilio.api import Json, rows
from connector.providers.twilio.inbound import CAUSES, cause, moment
from connector.providers.twilio.parties import Parties, parties
from connector.providers.twilio.settings import TwilioSettings

#: A leg begins later than its call: for so long it is looked for after the end of the span.
LATE = timedelta(hours=2)
Recorded = Mapping[str, list[str]]


def history(since: datetime, until: datetime, settings: TwilioSettings, http: Http) -> Iterable[Event]:
    """Finished calls that began in the span, oldest first, each with its recordings."""
    span = {"StartTime>": _zulu(since), "StartTime<": _zulu(until + LATE)}
    legs = [row for row in rows(http, settings, "Calls", span) if row.get("status") in CAUSES and _began(row)]
    children: dict[str, list[Json]] = defaultdict(list)
    for row in sorted(legs, key=_began_at):
        children[str(row.get("parent_call_sid") or "")].append(row)
    calls = [row for row in children.pop("", ()) if since <= _began_at(row) <= until]
    recorded = _recordings(settings, http, since) if calls else {}
    for row in calls:
        yield from _told(row, children.get(str(row["sid"]), ()), recorded, settings)


def _told(row: Json, children: Sequence[Json], recorded: Recorded, settings: TwilioSettings) -> Iterator[Event]:
    who, talked = _who(row, children, settings), [leg for leg in children if _seconds(leg)]
    straight = not children and row.get("direction") == "outbound-api" and not who.at_employee
    talk = _seconds(row) if straight else sum(_seconds(leg) for leg in talked)
    first = talked[0] if talked else row
    why, detail = _why(row, children, talk)
    about: dict[str, Any] = {
        "account": settings.account,
        "call": str(row["sid"]),
        "at": moment(str(row.get("end_time"))) or _began_at(row) + timedelta(seconds=_seconds(row)),
        "direction": who.direction,
        "client": who.client,
        "line": who.line,
        "employee": who.employee,
    }
    answered = (moment(str(first.get("end_time"))) or about["at"]) - timedelta(seconds=_seconds(first))
    yield CallEnded(
        **about,
        past=True,
        talk=talk,
        cause=why,
        detail=detail,
        started_at=_began(row),
        answered_at=answered if talk else None,
    )
    for sid in (sid for leg in (row, *children) for sid in recorded.get(str(leg["sid"]), ())):
        yield CallRecorded(**about, recording=File(ref=sid, name=f"{sid}.mp3", mime="audio/mpeg", kind="audio"))


def _who(row: Json, children: Sequence[Json], settings: TwilioSettings) -> Parties:
    """The parent tells the direction and the client; the child that talked last, or rang last, the other side."""
    parent = parties(_named(row), settings, child=False)
    last = next((leg for leg in reversed(children) if _seconds(leg)), children[-1] if children else None)
    if last is None:
        return parent
    if parent.at_employee and parent.direction == "outgoing":  # a click: the client is the other leg
        client, line = str(last.get("to") or ""), str(last.get("from") or "")
        return Parties(direction="outgoing", client=client, line=line, employee=parent.employee, at_employee=True)
    told = parties(_named(last), settings, child=True)
    return Parties(
        direction=parent.direction, client=parent.client, line=parent.line, employee=parent.employee or told.employee
    )


def _why(row: Json, children: Sequence[Json], talk: int) -> tuple[Cause, str]:
    """Why nobody talked: the last child of a call that itself was taken by the dial plan, else the call."""
    if talk:
        return "", ""
    leg = children[-1] if children and row.get("status") == "completed" else row
    why, detail = cause({"CallStatus": str(leg["status"])})
    return why or "missed", detail or "completed without a talk"


def _recordings(settings: TwilioSettings, http: Http, since: datetime) -> Recorded:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows(http, settings, "Recordings", {"DateCreated>": _zulu(since)}):
        if row.get("status") == "completed":
            found[str(row.get("call_sid"))].append(str(row.get("sid")))
    return found


def _named(row: Json) -> dict[str, str]:
    names = {"From": "from", "To": "to", "Direction": "direction"}
    return {wanted: str(row.get(name) or "") for wanted, name in names.items()}


def _began(row: Json) -> datetime | None:
    return moment(str(row.get("start_time") or row.get("date_created")))


def _began_at(row: Json) -> datetime:
    began = _began(row)
    assert began is not None
    return began


def _seconds(row: Json) -> int:
    told = str(row.get("duration") or "")
    return int(told) if row.get("status") == "completed" and told.isascii() and told.isdigit() else 0


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
