"""Rows of the journal, told to a person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.cli.output import Output
from connector.handlers.letters.noting import noted
from connector.speech import Text

Row = Mapping[str, Any]

_DELIVERIES: tuple[Text, ...] = (
    Text("number", "номер"),
    Text("when", "когда"),
    Text("what", "что"),
    Text("to", "куда"),
    Text("lane", "дорожка"),
    Text("state", "состояние"),
    Text("tries", "попыток"),
)
_ENVELOPES: tuple[Text, ...] = (
    Text("trace", "trace"),
    Text("when", "когда"),
    Text("from", "откуда"),
    Text("request", "запрос"),
    Text("state", "состояние"),
)
_NAMES = {
    "id": Text("number", "номер"),
    "trace": Text("trace", "trace"),
    "account": Text("from", "откуда"),
    "destination": Text("to", "куда"),
    "lane": Text("lane", "дорожка"),
    "kind": Text("what", "что"),
    "state": Text("state", "состояние"),
    "attempts": Text("tries", "попыток"),
    "cause": Text("cause", "причина"),
    "detail": Text("in the vendor's words", "словами поставщика"),
    "flagged": Text("note", "заметка"),
    "mapping": Text("mapping", "маппинг"),
    "received_at": Text("received", "получено"),
    "created_at": Text("kept", "сохранено"),
    "due_at": Text("due", "к сроку"),
    "settled_at": Text("settled", "завершено"),
    "method": Text("method", "метод"),
    "path": Text("path", "путь"),
    "remote": Text("sender's address", "адрес отправителя"),
    "dedupe_key": Text("key of repeats", "ключ повторов"),
    "body": Text("body", "тело"),
    "event": Text("event", "событие"),
    "request": Text("request to the portal", "запрос к порталу"),
}
_KINDS = {
    "received": Text("received", "получено"),
    "delivery": Text("to deliver", "к доставке"),
    "planned": Text("planned", "задумано"),
    "call": Text("call", "вызов"),
    "recorded": Text("recorded", "записано"),
    "settled": Text("settled", "завершено"),
    "audit": Text("by a person", "человеком"),
}
_STORY = (
    Text("when", "когда"),
    Text("what happened", "что было"),
    Text("what", "с чем"),
    Text("delivery", "доставка"),
    Text("outcome", "исход"),
    Text("request", "запрос"),
)
_REQUEST = 8  # characters of a request's id, enough to find it in the log; --json has all of it
_HINT = Text("what to do", "что делать")
_CAUSE = Text("  {name}: {cause} {detail}", "  {name}: {cause} {detail}")
_NOTE = Text("  {name}: {note}", "  {name}: {note}")
_ABOUT = Text("      {subject} · {address}", "      {subject} · {address}")
_ADVICE = Text("      → {hint}", "      → {hint}")
_AGAIN = Text(
    'When the reason is mended: connector journal replay {name} --why "…"',
    'Когда причина устранена: connector journal replay {name} --why "…"',
)


def show_rows(out: Output, rows: Sequence[Row], *, envelopes: bool, empty: Text) -> None:
    """A table, and under it the cause and the hint of everything that is parked."""
    columns, name, line = (_ENVELOPES, "trace", _envelope) if envelopes else (_DELIVERIES, "id", _delivery)
    out.table(columns, [line(row) for row in rows], empty=empty)
    for row in rows:
        if row["state"] == "parked":
            out.say(_CAUSE, name=row[name], cause=row["cause"], detail=shortened(row["detail"]))
            _tell_letter(out, row)
            _advise(out, row)
    _again(out, [row[name] for row in rows if row["state"] == "parked"])


def show_row(out: Output, row: Row) -> None:
    """Every value that is there, one per line."""
    out.pairs((title, _value(name, row.get(name))) for name, title in _NAMES.items() if name in row)
    if row.get("hint"):
        out.pairs([(_HINT, _words(out, row["hint"]))])
    if row["state"] == "parked":
        _again(out, [row.get("id", row["trace"])])


def show_story(out: Output, found: Row) -> None:
    """What happened, in order; then what is parked, with its hint."""
    out.table(
        _STORY,
        [
            (
                when(line["at"], exact=True),
                out.words(_KINDS.get(line["kind"], Text(line["kind"], line["kind"]))),
                line["what"],
                line["delivery"],
                shortened(line["outcome"]),
                line["request"][:_REQUEST],
            )
            for line in found["story"]
        ],
        empty=Text("—", "—"),
    )
    for row in found["deliveries"]:
        if row["flagged"]:
            out.say(_NOTE, name=row["id"], note=noted(row["flagged"]))
    parked = [row for row in (found["envelope"], *found["deliveries"]) if row["state"] == "parked"]
    for row in parked:
        out.say(_CAUSE, name=row.get("id", row["trace"]), cause=row["cause"], detail=shortened(row["detail"]))
        _advise(out, row)
    _again(out, [row.get("id", row["trace"]) for row in parked])


def when(moment: str | None, *, exact: bool = False) -> str:
    """An ISO time as local time; ``exact`` with milliseconds."""
    if not moment:
        return ""
    local = datetime.fromisoformat(moment).astimezone()
    return (
        local.strftime("%H:%M:%S.") + f"{local.microsecond // 1000:03}" if exact else local.strftime("%m-%d %H:%M:%S")
    )


def _envelope(row: Row) -> tuple[object, ...]:
    return row["trace"], when(row["received_at"]), row["account"], f"{row['method']} {row['path']}", row["state"]


def _delivery(row: Row) -> tuple[object, ...]:
    first = (row["id"], when(row["created_at"]), row["kind"], row["destination"])
    return *first, row["lane"], row["state"], row["attempts"]


def _tell_letter(out: Output, row: Row) -> None:
    """Subject and sender of a letter: by them it is told from spam."""
    if row.get("kind") == "letter.received" and isinstance(row["event"], dict):
        letter = row["event"]["message"]["letter"] or {}
        out.say(_ABOUT, subject=shortened(letter.get("subject", "")), address=shortened(letter.get("from_address", "")))


def _advise(out: Output, row: Row) -> None:
    if row.get("hint"):
        out.say(_ADVICE, hint=_words(out, row["hint"]))


def _again(out: Output, names: Sequence[object]) -> None:
    """The command beside the hints, with the first of what is parked."""
    if names:
        out.say(_AGAIN, name=names[0])


def _words(out: Output, hint: Mapping[str, str]) -> str:
    return out.words(Text(hint["en"], hint["ru"]))


def _value(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        return when(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


def shortened(text: str) -> str:
    """As much of a long text as a table has room for."""
    return text if len(text) <= 200 else text[:200] + "…"
