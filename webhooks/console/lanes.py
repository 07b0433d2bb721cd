"""``/ops/lanes``: what waits, lane by lane; ``/ops/lanes/<number>``: the lane of one delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.journal.waiting import COUNTED, IN_LANE, Queue, Waiter, WaitingLane
from connector.logs import mask_credentials
from connector.speech import Text
from connector.status import STALE
from webhooks.console.gist import gist
from webhooks.console.kinds import kind_of
from webhooks.console.masking import visible
from webhooks.console.purse import Purse
from webhooks.console.showing import Shows, insider
from webhooks.console.typed import HIGHEST, cleaned

_PAGE, _FEW = 50, 10
_WORDS = 18_000  # bytes of strangers' texts on a page
_OPEN = 6  # destinations whose first lanes are shown at once
_TAIL = 4  # letters of a conversation's id that a viewer sees


@dataclass(frozen=True, kw_only=True)
class Line:
    """One lane by its head, or one delivery of a lane. What is a client's is empty for viewers."""

    number: int
    trace: str
    lane: str
    kind: Text
    gist: str
    waiting: int
    more: bool
    attempts: int
    since: datetime
    due: datetime
    cause: str
    detail: str
    hint: Text | None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A destination and its first lanes; ``all_of_it`` leads to the others."""

    queue: Queue
    more: bool
    lines: tuple[Line, ...]
    all_of_it: str | None


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/lanes")
    def lanes() -> Response:
        queues = connector.journal.queues()
        chosen = request.args.get("destination", "").replace("\0", "")[:100]
        # Whoever may not see clients' numbers must not guess them letter by letter either.
        begins = cleaned(request.args.get("begins", ""), 100) if insider() else ""
        after = _after(connector)
        named = [queue for queue in queues if queue.name == chosen] if chosen else queues
        purse = Purse(_WORDS)
        sections = [
            _section(connector, queue, purse, begins=begins, after=after, whole=bool(chosen)) for queue in named[:_OPEN]
        ]
        return shows.page(
            "lanes.html",
            queues=queues,
            chosen=chosen,
            begins=begins,
            insider=insider(),
            sections=sections,
            rest=named[_OPEN:],
            paged=after is not None,
            counted=COUNTED,
            stale=STALE,
            newest=url_for("ops.lanes", destination=chosen or None, begins=begins or None),
        )

    @rooms.get("/lanes/<int:number>")
    def lane(number: int) -> Response:
        place = connector.journal.lane_of(number) if number < HIGHEST else None
        if place is None:
            raise NotFound
        return _lane(connector, shows, number, place)


def _lane(connector: Connector, shows: Shows, number: int, place: tuple[str, str]) -> Response:
    journal = connector.journal
    waiters = journal.waiting_in(*place, limit=_PAGE + 1, after=_place())
    last = waiters[_PAGE - 1] if len(waiters) > _PAGE else None
    queue = next((queue for queue in journal.queues() if queue.name == place[0]), None)
    return shows.page(
        "lane.html",
        number=number,
        stale=STALE,
        destination=visible(place[0]),
        lane=visible(_named(place[1])),
        leased=queue.leased if queue else False,
        lines=_lines([WaitingLane(head=waiter, waiting=1) for waiter in waiters[:_PAGE]], Purse(_WORDS)),
        parked=journal.lane_parked(*place) if insider() else [],
        further=url_for("ops.lane", number=number, after=f"{last.position}.{last.id}") if last else None,
        newest=url_for("ops.lane", number=number) if "after" in request.args else None,
    )


def _section(
    connector: Connector, queue: Queue, purse: Purse, *, begins: str, after: str | None, whole: bool
) -> Section:
    most = _PAGE if whole else _FEW
    lanes = connector.journal.waiting_lanes(queue.name, limit=most + 1, after=after or _before(begins))
    lanes = [lane for lane in lanes if lane.head.lane.startswith(begins)]
    more = len(lanes) > most
    further = lanes[most - 1].head.id if more and whole else None
    link = url_for("ops.lanes", destination=queue.name, begins=begins or None, after=further) if more else None
    return Section(queue=queue, more=queue.waiting > COUNTED, lines=tuple(_lines(lanes[:most], purse)), all_of_it=link)


def _before(begins: str) -> str:
    """The name after which those that begin so come, in the order of code points."""
    if not begins:
        return ""
    former = max(0x20, ord(begins[-1]) - 1)
    last = "\ud7ff" if 0xD800 <= former <= 0xDFFF else chr(former)
    return f"{begins[:-1]}{last}\U0010fffd"


def _lines(lanes: Sequence[WaitingLane], purse: Purse) -> list[Line]:
    return [_line(lane.head, lane.waiting, purse) for lane in lanes]


def _line(waiter: Waiter, waiting: int, purse: Purse) -> Line:
    inside = insider()
    return Line(
        number=waiter.id,
        trace=waiter.trace,
        lane=purse.word(_named(waiter.lane), 120),
        kind=kind_of(purse.word(waiter.kind, 60)),
        gist=purse.word(gist(waiter.event), 280) if inside else "",
        waiting=min(waiting, IN_LANE),
        more=waiting > IN_LANE,
        attempts=waiter.attempts,
        since=waiter.created_at,
        due=waiter.due_at,
        cause=purse.word(waiter.cause, 80),
        detail=purse.word(mask_credentials(waiter.detail[:500]), 200) if inside else "",
        hint=_hint(waiter, purse) if inside else None,
    )


def _hint(waiter: Waiter, purse: Purse) -> Text | None:
    return Text(*(purse.word(words, 400) for words in waiter.hint)) if waiter.hint else None


def _named(lane: str) -> str:
    """A lane's name; a viewer sees whose account it is and the end of the conversation's id, which may be a number."""
    if insider():
        return lane[:150]
    head, dot, rest = lane.partition(".")
    if head in ("reply", "session", "call", "recording", "transcript", "reached"):
        account, dot, rest = rest.partition(".")
        head = f"{head}.{account}"
    return f"{head}.…{rest[-_TAIL:]}" if len(rest) > _TAIL else f"{head}{dot}{rest}"


def _after(connector: Connector) -> str | None:
    """The lane of the last head seen: names of lanes stay out of addresses, they may be clients' numbers."""
    number = request.args.get("after", type=int)
    place = connector.journal.lane_of(number) if number is not None and 0 < number < HIGHEST else None
    return place[1] if place else None


def _place() -> tuple[int, int] | None:
    position, _, number = request.args.get("after", "")[:60].partition(".")
    try:
        place = int(position), int(number)
    except ValueError:
        return None
    return place if all(abs(value) < 2**63 for value in place) else None
