"""``/ops/trace``: find a request; ``/ops/trace/<trace>``: its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request, url_for

from connector.bootstrap import Connector
from connector.errors import PermanentError
from connector.journal import Envelope
from connector.journal.finding import Page, Wish
from connector.journal.seeking import Hit
from connector.logs import mask_credentials
from connector.speech import Text
from webhooks.answers import see_other
from webhooks.console.kinds import STANDS, kind_of, stands, state_of
from webhooks.console.purse import Purse
from webhooks.console.reading import Reader, reader
from webhooks.console.rulings import Ruling, Rulings
from webhooks.console.showing import Shows
from webhooks.console.storyline import Storyline

_ROWS = 200  # rows of each kind that a page reads
_TABLE, _WORDS = 20, 6_000  # deliveries in the table, bytes of their texts
_BESIDE = 0.5  # of what the story may weigh is left to it beside the rulings
_HINT = 3_000  # bytes of a hint in both languages
_FILTERS = ("account", "state", "lane", "since", "until")
STATES = {
    "accepted": Text("read", "прочитанные"),
    "ignored": Text("needing no action", "не требующие действий"),
    "parked": Text("that could not be read", "непрочитанные"),
}
HOW = {
    "trace": Text("trace", "трасса"),
    "tail": Text("end of the trace", "конец трассы"),
    "dedupe": Text("the sender's id of the request", "id запроса у отправителя"),
    "request": Text("request to Bitrix24", "запрос в Битрикс24"),
    "key": Text("message", "сообщение"),
    "reply": Text("operator's message", "сообщение оператора"),
    "number": Text("number of a delivery", "номер доставки"),
    "lane": Text("conversation", "диалог"),
}


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""
    journal = connector.journal

    @rooms.get("/trace")
    def traces() -> Response:
        words = request.args.get("q", "").strip()[:200]
        if not words:
            return shows.page("traces.html", **_all(connector), **_common(connector))
        hits = journal.seek(words, list(connector.accounts), list(connector.portals))
        if len(hits) == 1:
            return see_other(_place(hits[0]))
        named = {row.trace: row for row in journal.envelopes_named([hit.trace for hit in hits])}
        found = [(hit, named[hit.trace], _place(hit)) for hit in hits if hit.trace in named]
        return shows.page("traces.html", words=words, hits=found, how=HOW, **_common(connector))

    @rooms.get("/trace/<trace>")
    def trace(trace: str) -> Response:
        try:
            found, envelope = journal.trace(trace, most=_ROWS), journal.envelope(trace)
        except PermanentError as error:
            return shows.page("fault.html", 404, hint=error.hint)
        rulings = Rulings(connector.rulebook, reader(request, connector.clock())).of(found["deliveries"])
        return shows.page("trace.html", **_story(found, envelope, rulings))


def _all(connector: Connector) -> dict[str, Any]:
    """The list as it was filtered."""
    wish, before = _wish(reader(request, connector.clock())), request.args.get("before", "")[:64] or None
    page = connector.journal.envelopes_page(wish, before=before)
    return {"words": "", "page": page, "wish": wish, "paged": before is not None, "older": _older(page)}


def _common(connector: Connector) -> dict[str, Any]:
    return {
        "senders": [*connector.accounts, *(f"portal:{name}" for name in connector.portals)],
        "states": STATES,
        "stands": lambda row: STANDS[stands(row.state, [state_of(fate.state, fate.cause) for fate in row.fates])],
        "kinds": lambda row: list(dict.fromkeys(kind_of(fate.kind) for fate in row.fates)),
    }


def _story(found: Mapping[str, Any], envelope: Envelope, rulings: Sequence[Ruling]) -> dict[str, Any]:
    lines, left = Storyline(found, envelope, share=_BESIDE if rulings else 1).lines()
    begun = envelope.request.received_at
    return {
        "trace": found["trace"],
        "envelope": found["envelope"],
        "received": begun,
        "whole": _whole(found, begun),
        "stand": STANDS[stands(envelope.state, [state_of(row["state"], row["cause"]) for row in found["deliveries"]])],
        "repair": _repair(found),
        "deliveries": _deliveries(found["deliveries"]),
        "rulings": rulings,
        "more": max(0, len(found["deliveries"]) - _TABLE),
        "lines": lines,
        "left": left,
    }


def _place(hit: Hit) -> str:
    return url_for("ops.traces", lane=hit.lane) if hit.lane else url_for("ops.trace", trace=hit.trace)


def _wish(read: Reader) -> Wish:
    asked = request.args
    state = asked.get("state", "")
    return Wish(
        account=asked.get("account", "")[:200],
        state=state if state in STATES else "",
        lane=asked.get("lane", "")[:500],
        since=read.typed(asked.get("since", "")),
        until=read.typed(asked.get("until", "")),
    )


def _older(page: Page) -> str | None:
    if page.after is None:
        return None
    kept: dict[str, Any] = {name: request.args.get(name) or None for name in _FILTERS}
    return url_for("ops.traces", **kept, before=page.after)


def _whole(found: Mapping[str, Any], begun: datetime) -> tuple[Text, float] | None:
    """How long the whole way took, once all of it is done: to Bitrix24, or back to the client."""
    outwards = found["envelope"]["account"].startswith("portal:")
    side = "account:" if outwards else "portal:"
    mine = [row for row in found["deliveries"] if row["destination"].startswith(side)]
    if not mine or any(row["state"] != "done" or not row["settled_at"] for row in mine):
        return None
    title = (
        Text("time to the client", "время до клиента") if outwards else Text("time to Bitrix24", "время до Битрикс24")
    )
    return title, (max(datetime.fromisoformat(row["settled_at"]) for row in mine) - begun).total_seconds()


def _repair(found: Mapping[str, Any]) -> tuple[Text, str, str] | None:
    """What to do about the first thing that is parked, where, and how it stands."""
    places = [(found["envelope"], "ops.parked_envelope", {"trace": found["trace"]})]
    places += [(row, "ops.parked_item", {"number": row["id"]}) for row in found["deliveries"]]
    for row, endpoint, values in places:
        if row["state"] == "parked":
            hint, purse = row["hint"] or {"en": row["cause"], "ru": row["cause"]}, Purse(_HINT)
            words = (purse.word(mask_credentials(hint[one]), _HINT // 2) for one in ("en", "ru"))
            return Text(*words), url_for(endpoint, **values), state_of(row["state"], row["cause"])
    return None


def _deliveries(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first rows with texts that fit the page."""
    purse = Purse(_WORDS)
    return [
        {
            **row,
            "kind": kind_of(purse.word(row["kind"], 60)),
            "destination": purse.word(row["destination"], 100),
            "shown": purse.word(row["lane"], 150),
            "cause": purse.word(row["cause"], 100),
            "mapping": purse.word(row["mapping"] or "", 20),
            "held": state_of(row["state"], row["cause"]) == "quarantine",
            "stand": STANDS.get(state_of(row["state"], row["cause"]), ("", Text(row["state"], row["state"]))),
        }
        for row in rows[:_TABLE]
    ]
