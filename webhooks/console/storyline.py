"""The story of one envelope, line by line, from the provider's request to the result; never heavier than a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.handlers.letters.noting import noted
from connector.journal import Envelope
from connector.logs import mask_credentials
from connector.speech import Text
from webhooks.console.audit import DEEDS
from webhooks.console.kinds import STANDS, kind_of, state_of
from webhooks.console.masking import Seen, filled, pretty, seen
from webhooks.console.purse import Purse

Row = Mapping[str, Any]

_BODY, _HEADERS, _EVENT, _RESULT = 9_000, 4_000, 3_000, 2_000  # bytes of one raw view
_RAW, _WORDS = 20_000, 14_000  # bytes of all raw views, of all other texts
HEAD, TAIL = 25, 35  # lines shown of a longer story
_EMITTED = 0.0005  # seconds after the envelope was kept from which a delivery came of another one

_RECEIVED = Text("request received", "получен запрос")
_READ, _GAVE = Text("read as", "прочитано как"), Text("gave rise to", "повлекло за собой")
_EFFECT, _CALL = Text("effect", "действие"), Text("call", "вызов")
_AGAIN = Text("put back to wait", "возвращено в очередь")
_TURN, _NEXT = Text("waits for its turn", "ждёт своей очереди"), Text("next try", "следующая попытка")
_LEDGER = {
    "done": ("good", Text("done", "сделано")),
    "planned": ("warn", Text("planned, not confirmed", "запланировано, не подтверждено")),
    "unknown": ("warn", Text("outcome unknown", "исход неизвестен")),
}
_FORMS = {
    "empty": Text("Body: empty", "Тело: пустое"),
    "json": Text("Body: JSON", "Тело: JSON"),
    "form": Text("Body: form", "Тело: форма"),
    "text": Text("Body", "Тело"),
    "binary": Text("Body: not a text", "Тело: не текст"),
}


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A raw view under its title. ``size`` is bytes as received, when it is known."""

    title: Text
    text: str
    cut: bool = False
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """What happened at a moment. ``mark`` is ``good``, ``warn``, ``bad`` or empty; ``took`` is seconds."""

    at: datetime
    title: Text
    mark: str = ""
    what: str = ""
    kind: Text | None = None
    where: str = ""
    outcome: Text | str = ""
    took: float | None = None
    note: str = ""
    hint: Text | None = None
    delivery: int | None = None
    request: str = ""
    raws: tuple[Raw, ...] = ()


class Storyline:
    """Lines of ``found`` (as ``journal.trace`` tells it) within what a page can carry: ``share`` of it."""

    def __init__(self, found: Row, envelope: Envelope, *, share: float = 1) -> None:
        self._found, self._envelope = found, envelope
        self._raw, self._words = Purse(int(share * _RAW)), Purse(int(share * _WORDS))
        self._tellers: Mapping[str, Callable[[Row], dict[str, Any]]] = {
            "received": self._received,
            "delivery": self._delivery,
            "effect": self._effect,
            "call": self._call,
            "again": self._again,
            "settled": self._settled,
            "audit": self._audit,
            "next": self._next,
        }

    def lines(self) -> tuple[list[Line], int]:
        """The lines in order of time, and how many were left out between the first 25 and the last 35."""
        told = sorted(self._plots(), key=lambda plot: plot[0])
        left = max(0, len(told) - HEAD - TAIL)
        kept = told if not left else told[:HEAD] + told[-TAIL:]
        return [Line(at=at, **self._tellers[kind](row)) for at, _, kind, row in kept], left

    def _plots(self) -> Iterator[tuple[datetime, int, str, Row]]:
        """``(moment, order within it, what kind of line, row)``."""
        places: tuple[tuple[str, str, Sequence[Row]], ...] = (
            ("received", "received_at", (self._found["envelope"],)),
            ("delivery", "created_at", self._found["deliveries"]),
            ("effect", "planned_at", self._found["ledger"]),
            ("call", "started_at", self._found["calls"]),
            ("again", "replayed_at", self._found["deliveries"]),
            ("settled", "settled_at", self._found["deliveries"]),
            ("audit", "at", self._found["audit"]),
            ("next", "due_at", [row for row in self._found["deliveries"] if row["state"] == "waiting"]),
        )
        for order, (kind, moment, rows) in enumerate(places):
            for row in rows:
                if row[moment]:
                    yield datetime.fromisoformat(row[moment]), order, kind, row

    def _word(self, text: str, most: int) -> str:
        return self._words.word(mask_credentials(text[: 4 * most]), most)

    def _received(self, row: Row) -> dict[str, Any]:
        request = seen(self._envelope)
        return {
            "title": _RECEIVED,
            "what": self._word(request.line, 400),
            "note": self._word(row["remote"], 60),
            "raws": (self._headers(request), self._body(request)),
        }

    def _headers(self, request: Seen) -> Raw:
        shown = self._raw.take(request.head, _HEADERS)
        return Raw(title=Text("Headers", "Заголовки"), text=shown.text, cut=shown.cut)

    def _body(self, request: Seen) -> Raw:
        shown = self._raw.take(request.body.text, _BODY)
        cut = shown.cut or request.body.cut
        return Raw(title=_FORMS[request.body.form], text=shown.text, cut=cut, size=request.body.size)

    def _delivery(self, row: Row) -> dict[str, Any]:
        kept = datetime.fromisoformat(self._found["envelope"]["created_at"])
        later = (datetime.fromisoformat(row["created_at"]) - kept).total_seconds()
        return {
            "title": _GAVE if later > _EMITTED else _READ,
            "kind": kind_of(self._word(row["kind"], 60)),
            "where": self._word(row["destination"], 80),
            "delivery": row["id"],
            "raws": (self._json(Text("Event", "Событие"), filled(row["event"]), _EVENT),),
        }

    def _effect(self, row: Row) -> dict[str, Any]:
        mark, outcome = _LEDGER.get(row["state"], ("", Text(row["state"], row["state"])))
        took = datetime.fromisoformat(row["done_at"] or row["planned_at"]) - datetime.fromisoformat(row["planned_at"])
        shown = [self._json(Text("Result", "Результат"), row["result"], _RESULT)] if row["result"] is not None else []
        return {
            "title": _EFFECT,
            "mark": mark,
            "what": self._word(row["what"], 80),
            "outcome": outcome,
            "took": took.total_seconds() if row["done_at"] else None,
            "note": self._word(" · ".join(part for part in (row["key"], row["note"]) if part), 300),
            "delivery": row["delivery_id"] or None,
            "request": self._word(row["request_id"], 64),
            "raws": tuple(shown),
        }

    def _call(self, row: Row) -> dict[str, Any]:
        good = row["outcome"] == "ok"
        return {
            "title": _CALL,
            "mark": "good" if good else "bad",
            "what": self._word(row["what"], 80),
            "outcome": Text("ok", "успешно") if good else self._word(row["outcome"], 200),
            "took": row["seconds"],
            "delivery": row["delivery_id"],
            "request": self._word(row["request_id"], 64),
        }

    def _settled(self, row: Row) -> dict[str, Any]:
        mark, word = STANDS.get(state_of(row["state"], row["cause"]), ("", Text(row["state"], row["state"])))
        parked = row["state"] == "parked"
        told = [row["cause"], row["detail"], row["flagged"] if parked else ""]
        return {
            "title": word,
            "mark": mark,
            "where": self._word(row["destination"], 80),
            "delivery": row["id"],
            "note": self._word(" · ".join(part for part in told if part), 400),
            "hint": self._hint(row) if parked else self._both(noted(row["flagged"]), 400),
        }

    def _again(self, row: Row) -> dict[str, Any]:
        return {"title": _AGAIN, "where": self._word(row["destination"], 80), "delivery": row["id"]}

    def _next(self, row: Row) -> dict[str, Any]:
        return {
            "title": _NEXT if row["attempts"] else _TURN,
            "where": self._word(row["destination"], 80),
            "delivery": row["id"],
            "note": self._word(row["cause"], 200),
            "hint": self._hint(row),
        }

    def _audit(self, row: Row) -> dict[str, Any]:
        return {
            "title": DEEDS.get(row["what"]) or Text(*[self._word(row["what"], 60)] * 2),
            "outcome": self._word(row["who"], 80),
            "note": self._word(row["why"], 300),
        }

    def _hint(self, row: Row) -> Text | None:
        return Text(*(self._word(row["hint"][one], 600) for one in ("en", "ru"))) if row["hint"] else None

    def _both(self, words: Text, most: int) -> Text | None:
        return Text(*(self._word(one, most) for one in words)) if words.en else None

    def _json(self, title: Text, value: Any, most: int) -> Raw:
        shown = self._raw.take(pretty(value), most)
        return Raw(title=title, text=shown.text, cut=shown.cut)
