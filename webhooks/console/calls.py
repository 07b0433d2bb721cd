"""``/ops/calls``: the calls that go on, and those that were finished in Bitrix24."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request, url_for

from connector.bootstrap import Connector
from connector.handlers.calls.story import Story
from connector.journal.called import Called, CallPage, Recording
from connector.journal.links import Link, moment_in
from connector.listening.health import state_in_words
from connector.speech import Text
from connector.telephony.health import Pbx, pbxs
from connector.telephony.ongoing import STORY, open_calls
from webhooks.console.call_words import DIRECTIONS, HELD, RINGS, TALKS, outcome, recorded
from webhooks.console.purse import Purse
from webhooks.console.showing import Shows, insider
from webhooks.console.typed import HIGHEST, whole

_PAGE, _OPEN = 50, 20
_WORDS = 18_000  # bytes of strangers' texts on a page
_TAIL = 4  # digits of a number that a viewer sees


@dataclass(frozen=True, kw_only=True)
class Row:
    """One finished call. What is a client's is cut short for viewers; ``recording`` is (mark, word, delivery)."""

    at: datetime
    account: str
    direction: Text
    phone: str
    name: str
    line: str
    employee: str
    user: int
    talk: int
    wait: int
    mark: str
    status: Text
    recording: tuple[str, Text, int] | None
    past: bool
    trace: str


@dataclass(frozen=True, kw_only=True)
class Open:
    """One call that goes on."""

    account: str
    since: datetime
    direction: Text
    phone: str
    employee: str
    mark: str
    state: Text


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The route."""

    @rooms.get("/calls")
    def calls() -> Response:
        phones = pbxs(connector)
        account, missed = _account(phones), request.args.get("missed") == "yes"
        before = whole(request.args.get("before", ""))
        before = before if before is not None and before < HIGHEST else None
        page = connector.journal.calls_page(account=account, missed=missed, limit=_PAGE, before=before)
        purse, going = Purse(_WORDS), open_calls(connector, account)
        return shows.page(
            "calls.html",
            phones=phones,
            account=account,
            missed=missed,
            going=_going(connector, going, purse) if before is None else [],
            more=max(0, len(going) - _OPEN),
            rows=_rows(connector, page, purse),
            short=page.short,
            older=_older(page, account, missed),
            newest=url_for("ops.calls", account=account or None, missed="yes" if missed else None),
            paged=before is not None,
            insider=insider(),
            state_in_words=state_in_words,
        )


def _account(phones: Sequence[Pbx]) -> str:
    asked = request.args.get("account", "")
    return asked if asked in {one.name for one in phones} else ""


def _older(page: CallPage, account: str, missed: bool) -> str | None:
    if page.after is None:
        return None
    return url_for("ops.calls", account=account or None, missed="yes" if missed else None, before=page.after)


def _rows(connector: Connector, page: CallPage, purse: Purse) -> list[Row]:
    names = [(str(row.event.get("account")), str(row.event.get("call"))) for row in page.rows]
    found = connector.journal.recordings(names)
    return [_row(row, found.get(name, []), purse) for row, name in zip(page.rows, names, strict=True)]


def _row(row: Called, found: Sequence[Recording], purse: Purse) -> Row:
    event, inside = row.event, insider()
    mark, status = outcome(event)
    return Row(
        at=moment_in(event.get("started_at")) or row.at,
        account=purse.word(str(event.get("account") or ""), 60),
        direction=DIRECTIONS.get(str(event.get("direction") or ""), DIRECTIONS[""]),
        phone=purse.word(masked(str(event.get("phone") or ""), inside=inside), 60),
        name=purse.word(str(event.get("name") or ""), 120) if inside else "",
        line=purse.word(str(event.get("line") or ""), 60),
        employee=purse.word(str(event.get("employee") or ""), 60),
        user=int(event.get("user") or 0),
        talk=int(event.get("talk") or 0),
        wait=int(event.get("wait") or 0),
        mark=mark,
        status=status,
        recording=recorded(found),
        past=bool(event.get("past")),
        trace=row.trace,
    )


def _going(connector: Connector, links: Sequence[Link], purse: Purse) -> list[Open]:
    """The newest of the calls that go on."""
    newest = sorted(links, key=lambda link: link.at, reverse=True)[:_OPEN]
    stories = connector.journal.recall_all([(STORY, link.key) for link in newest])
    return [_open(link, stories.get((STORY, link.key)), purse) for link in newest]


def _open(link: Link, kept: Any, purse: Purse) -> Open:
    story, account = _story(kept), link.key.partition(".")[0]
    talker, ringing = story.talker(), story.ringing()
    mark, state = ("", HELD) if story.over else ("good", TALKS) if talker else ("", RINGS)
    told = link.value.get("at") if isinstance(link.value, Mapping) else None
    return Open(
        account=purse.word(account, 60),
        since=moment_in(told) or link.at,
        direction=DIRECTIONS.get(story.direction, DIRECTIONS[""]),
        phone=purse.word(masked(story.word("client"), inside=insider()), 60),
        employee=purse.word(talker or ", ".join(ringing[:5]), 120),
        mark=mark,
        state=state,
    )


def _story(kept: Any) -> Story:
    """An empty one for what an older or newer version wrote in another shape."""
    try:
        return Story.read(kept if isinstance(kept, Mapping) else None)
    except TypeError:
        return Story()


def masked(phone: str, *, inside: bool) -> str:
    """A number; a viewer sees its end only."""
    return phone if inside or len(phone) <= _TAIL else f"…{phone[-_TAIL:]}"
