"""One parked thing as a person looks at it: the request, the event, the cause and the tries, secrets masked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.journal import Journal
from connector.journal.sieve import Of
from connector.logs import mask_credentials
from connector.speech import Text
from webhooks.console.gist import gist
from webhooks.console.kinds import stands, state_of
from webhooks.console.letters import Sighted, sighted
from webhooks.console.masking import Body, filled, pretty, seen
from webhooks.console.purse import Cut, Purse

_TRIES = 50  # calls and ledger lines on a page
_LEFT = 60_000  # bytes of strangers' texts on a page


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A parked delivery (``name`` is its number) or envelope (its trace). Texts are cut to fit a page.

    ``stand`` is a key of ``kinds.STANDS``. ``parked`` is false when it is parked no more. ``lines`` are the request's
    headers, ``said`` the words of the event, ``letter`` what a letter says. ``calls`` and ``keys`` are rows of the
    journal.
    """

    of: Of
    name: int | str
    trace: str
    stand: str
    parked: bool
    kind: str
    place: str
    lane: str
    account: str
    attempts: int
    cause: str
    detail: str
    hint: Text | None
    arrived: datetime
    settled: datetime | None
    request: str
    lines: str
    body: Body
    body_text: Cut
    said: str
    letter: Sighted | None
    event: Cut | None
    calls: Sequence[Mapping[str, Any]]
    keys: Sequence[Mapping[str, Any]]


def sight(journal: Journal, name: int | str) -> Sight:
    """Everything about one of them. Raises ``PermanentError`` when it is not there."""
    row = journal.show(name) if isinstance(name, int) else None
    trace = row["trace"] if row else str(name)
    envelope = journal.envelope(trace)
    story = journal.trace(trace) if row else {"calls": [], "ledger": []}
    purse, request = Purse(_LEFT), seen(envelope)
    of: Of = "deliveries" if row else "envelopes"
    told = row or {"cause": envelope.cause, "detail": envelope.detail, "state": envelope.state, "attempts": 0}
    settled = row["settled_at"] if row else None
    return Sight(
        of=of,
        name=name,
        trace=trace,
        stand=state_of(row["state"], row["cause"]) if row else stands(envelope.state, ()),
        parked=told["state"] == "parked",
        kind=purse.word(row["kind"] if row else ""),
        place=purse.word(row["destination"] if row else envelope.account),
        lane=purse.word(row["lane"] if row else envelope.dedupe_key, 400),
        account=purse.word(envelope.account),
        attempts=told["attempts"],
        cause=purse.word(told["cause"]),
        detail=purse.word(mask_credentials(told["detail"]), 1000),
        hint=_hint(row) if row else envelope.hint,
        arrived=envelope.request.received_at,
        settled=datetime.fromisoformat(settled) if settled else None,
        said=purse.word(gist(json.dumps(row["event"])), 600) if row else "",
        letter=_letter(row, purse) if row else None,
        event=purse.take(pretty(filled(row["event"])), 16_000) if row else None,
        request=purse.word(request.line, 2000),
        lines=purse.word(request.head, 8000),
        body=request.body,
        body_text=purse.take(request.body.text, 24_000),
        calls=[_call(one, purse) for one in _of(story["calls"], name)],
        keys=[_key(one, purse) for one in _of(story["ledger"], name)],
    )


def _of(rows: Sequence[Mapping[str, Any]], name: int | str) -> list[Mapping[str, Any]]:
    """The last of the rows that belong to a delivery."""
    return [row for row in rows if row["delivery_id"] == name][-_TRIES:]


def _letter(row: Mapping[str, Any], purse: Purse) -> Sighted | None:
    if row["kind"] != "letter.received":
        return None
    told = sighted(json.dumps(row["event"]))
    return Sighted(
        subject=purse.word(told.subject, 600),
        address=purse.word(told.address, 300),
        name=purse.word(told.name, 200),
        text=purse.word(told.text, 8000),
        files=told.files,
    )


def _call(row: Mapping[str, Any], purse: Purse) -> dict[str, Any]:
    return {
        "at": datetime.fromisoformat(row["started_at"]),
        "what": purse.word(row["what"]),
        "seconds": row["seconds"],
        "outcome": purse.word(row["outcome"]),
        "request": purse.word(row["request_id"], 64),
    }


def _key(row: Mapping[str, Any], purse: Purse) -> dict[str, Any]:
    return {
        "what": purse.word(row["what"]),
        "key": purse.word(row["key"]),
        "state": row["state"],
        "note": purse.word(row["note"]),
        "result": purse.word(pretty(row["result"]), 400) if row["result"] is not None else "",
    }


def _hint(row: Mapping[str, Any]) -> Text | None:
    return Text(row["hint"]["en"], row["hint"]["ru"]) if row["hint"] else None
