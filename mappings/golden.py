"""Golden examples: an event or a record, what the portal would answer, and what must come of it.

One file holds one or more of them, separated by ``---``::

    name: Returns go to line 3
    on: message.received                    # the default; or record.<source>
    event: {text: "Как оформить возврат?"}  # over MINIMAL[kind]; a record instead: record: {…}
    found: {contact: {typeId: VIP}}         # what the CRM has, as rules see it
    answers:                                # what the portal answers to reads, by method; to others: nothing found
      crm.item.get: {item: {id: 7}}         # or a list of {params: …, result: …}: the first whose params are asked
    expect:
      line: 3                               # only what stands here is compared
      category: information
      priority: low
      owner: 12
      tags: [information]
      score: 5
      calls:                                # the writes, all of them, in their order; [] is none
        - crm.item.update: {id: 7, fields: {NAME: Анна}}      # what stands here must be in the call
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mappings.documents import Document
from mappings.documents import read as read_documents
from mappings.faults import Fault, Said, nearest
from mappings.nodes import Path
from mappings.outcome import Outcome
from mappings.tidying import PRIORITIES

Call = tuple[str, Mapping[str, Any]]

_CLIENT: Mapping[str, Any] = {
    "id": "1001",
    **dict.fromkeys(
        ("first_name", "last_name", "username", "phone", "email", "language", "profile_url", "picture_url"), ""
    ),
}
_WHERE: Mapping[str, Any] = {
    "account": "shop",
    "conversation": "1001",
    "position": 0,
    "channel": "telegram",
    "portal": "main",
    "at": "2026-03-10T12:00:00+03:00",
}
_DIALOG = {**_WHERE, "connector": "telegram", "line": "1", "session_id": "1"}
MINIMAL: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "message.received": {
            **_WHERE,
            "message_id": "1",
            "client": _CLIENT,
            **dict.fromkeys(("text", "reply_to", "quote", "forwarded_from", "album"), ""),
            "files": [],
            **dict.fromkeys(("location", "contact", "sent_at", "page")),
        },
        "button.pressed": {**_WHERE, "press_id": "1", "data": "", "label": "", "client": _CLIENT, "sent_at": None},
        "conversation.blocked": {**_WHERE, "client": _CLIENT},
        "conversation.unblocked": {**_WHERE, "client": _CLIENT},
        "dialog.started": {name: value for name, value in _DIALOG.items() if name != "position"},
        "dialog.finished": {name: value for name, value in _DIALOG.items() if name != "position"},
    }
)
"""What an example's event has where it says nothing: Tuesday noon in Moscow, a client without a name."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One golden example; ``at`` is its first line in ``file``. ``event`` is whole; it is ``None`` for a record."""

    name: str
    file: str
    at: int
    kind: str
    event: Mapping[str, Any] | None = None
    record: Mapping[str, Any] | None = None
    found: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scope(self) -> dict[str, Any]:
        """What rules see of it, as ``MappingSet.decide`` wants it."""
        if self.record is None:
            return {"event": self.event, "found": {**_NOBODY, **self.found}}
        return {"record": self.record, "source": self.kind.partition(".")[2], "found": {**_NOBODY, **self.found}}


_NOBODY: Mapping[str, None] = {"contact": None, "company": None, "lead": None, "deal": None}


def read(file: str, content: str | bytes) -> tuple[list[Example], list[Fault]]:
    """The examples of one file and all that is wrong with it. Never raises."""
    documents, faults = read_documents(file, content)
    examples = []
    for document in documents:
        wrong = list(_wrong(document))
        faults += wrong
        if not wrong:
            examples.append(_example(document))
    return examples, sorted(faults)


def answer(example: Example, method: str, params: Mapping[str, Any]) -> Any:
    """What the portal answers to a read; ``None``: the example does not say."""
    given = example.answers.get(method)
    if not (isinstance(given, list) and all(isinstance(each, dict) and each.keys() == _ASKED for each in given)):
        return given
    return next((each["result"] for each in given if not list(_missing(each["params"], params, ""))), None)


def compare(example: Example, calls: Sequence[Call], outcome: Outcome) -> list[Said]:
    """What came otherwise than ``example`` expects; empty when all is well. ``calls`` are the writes in their order."""
    got = {name: getattr(outcome, name) for name in ("line", "category", "priority", "owner", "score")}
    got["tags"] = sorted(outcome.tags)
    differences: list[Said] = []
    for name, wanted in example.expect.items():
        if name == "calls":
            differences += _calls(wanted, calls)
        elif not _same(wanted := sorted(map(str, wanted)) if name == "tags" else wanted or _NONE.get(name), got[name]):
            differences.append(_other(name, wanted, got[name]))
    return differences


_ASKED = {"params", "result"}
_NONE: Mapping[str, Any] = {"category": "", "priority": "", "score": 0}


def _example(document: Document) -> Example:
    value = document.value
    kind = value.get("on", "message.received")
    event = None if kind.startswith("record.") else _over(MINIMAL[kind], value.get("event", {}))
    return Example(
        name=value.get("name") or f"{document.file} {document.number}",
        file=document.file,
        at=document.mark(())[0],
        kind=kind,
        event=event,
        record=value.get("record", {}) if event is None else None,
        **{name: value[name] for name in ("found", "answers", "expect") if name in value},
    )


def _over(minimal: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` over ``minimal``, the client's fields one by one."""
    whole = {**minimal, **given}
    if isinstance(given.get("client"), Mapping):
        whole["client"] = {**_CLIENT, **given["client"]}
    return whole


def _wrong(document: Document) -> Iterator[Fault]:
    value = document.value
    if not isinstance(value, dict):
        mend = "Begin it with name: …", "Начните его с name: …"
        yield document.fault((), ("An example is needed here", "Здесь нужен пример"), mend)
        return
    yield from _strangers(document, (), value, _KEYS)
    for name, held in value.items():
        if name in _KEYS and not isinstance(held, _KEYS[name]):
            wanted = _KEYS[name]
            said = f"{name} is a {_KIND[wanted][0]}", f"{name} — это {_KIND[wanted][1]}"
            yield document.fault((name,), said, ("Write it so", "Запишите так"))
            return
    kind = value.get("on", "message.received")
    if kind not in MINIMAL and not kind.startswith("record."):
        yield document.fault(("on",), (f"Unknown kind {kind}", f"Неизвестный вид {kind}"), nearest(kind, MINIMAL))
        return
    given, other = ("record", "event") if kind.startswith("record.") else ("event", "record")
    if other in value:
        said = f"An example on {kind} has no {other}", f"В примере на {kind} не бывает {other}"
        yield document.fault((other,), said, (f"Write {given}:", f"Напишите {given}:"), key=True)
    if given == "event":
        yield from _strangers(document, ("event",), value.get("event", {}), MINIMAL[kind])
    yield from _strangers(document, ("found",), value.get("found", {}), _NOBODY)
    if "expect" not in value:
        said = "The example expects nothing", "Пример ничего не ожидает"
        mend = (
            "Add expect: with line, category, tags or calls",
            "Добавьте expect: и в нём line, category, tags или calls",
        )
        yield document.fault((), said, mend)
    yield from _expected(document, value.get("expect", {}))


def _strangers(document: Document, path: Path, value: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Fault]:
    for name in value:
        if name not in known:
            said = f"Unknown key {name}", f"Неизвестный ключ {name}"
            yield document.fault((*path, name), said, nearest(str(name), known), key=True)


def _expected(document: Document, expect: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _strangers(document, ("expect",), expect, _EXPECTED)
    for name, value in expect.items():
        fits, mend = _EXPECTED.get(name, _ANYTHING)
        if not fits(value):
            said = f"{value!r} is no {name}"[:120], f"{value!r} не подходит для {name}"[:120]
            yield document.fault(("expect", name), said, mend)


def _calls(wanted: Sequence[Any], calls: Sequence[Call]) -> Iterator[Said]:
    expected = [next(iter(each.items())) if isinstance(each, dict) else (each, {}) for each in wanted]
    for number, (method, params) in enumerate(expected, start=1):
        if number > len(calls):
            yield f"call {number}, {method}, was not made", f"вызова {number}, {method}, не было"
        elif method != calls[number - 1][0]:
            yield _other(f"call {number}", method, calls[number - 1][0], f"вызов {number}")
        else:
            for path, want, got in _missing(params or {}, calls[number - 1][1], method):
                yield _other(f"call {number}, {path}", want, got, f"вызов {number}, {path}")
    for number, (method, params) in enumerate(calls[len(expected) :], start=len(expected) + 1):
        shown = _shown(params)
        yield f"call {number} was not expected: {method} {shown}", f"вызова {number} не ожидали: {method} {shown}"


def _missing(wanted: Any, got: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Where ``got`` has not all that is ``wanted``: mappings may have more, lists may not."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for name, value in wanted.items():
            yield from _missing(value, got.get(name), f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(got, list | tuple) and len(wanted) == len(got):
        for index, value in enumerate(wanted):
            yield from _missing(value, got[index], f"{path}.{index}")
    elif not _same(wanted, got):
        yield path, wanted, got


def _same(wanted: Any, got: Any) -> bool:
    """Equal, or the same as text: the portal makes no difference between 7 and "7"."""
    if isinstance(got, bool) or isinstance(wanted, bool) or wanted is None or got is None:
        return wanted is got
    plain = isinstance(wanted, str | int | float) and isinstance(got, str | int | float)
    return wanted == got or (plain and str(wanted) == str(got))


def _other(name: str, wanted: Any, got: Any, russian: str = "") -> Said:
    want, have = _shown(wanted), _shown(got)
    return f"{name}: expected {want}, got {have}", f"{russian or name}: ожидали {want}, получили {have}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _is_call(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), dict | None)
    )


_KEYS: Mapping[str, type] = {
    "name": str,
    "about": str,
    "on": str,
    "event": dict,
    "record": dict,
    "found": dict,
    "answers": dict,
    "expect": dict,
}
_KIND: Mapping[type, Said] = {str: ("text", "текст"), dict: ("mapping", "отображение (ключ: значение)")}
_WHOLE: Said = ("Write a whole number", "Запишите целое число")
_ANYTHING: tuple[Callable[[Any], bool], Said] = (lambda value: True, _WHOLE)
_EXPECTED: Mapping[str, tuple[Callable[[Any], bool], Said]] = {
    "line": (lambda value: value is None or type(value) is int, _WHOLE),
    "category": (lambda value: value is None or isinstance(value, str), ("Write its key", "Запишите её ключ")),
    "priority": (lambda value: value is None or value in PRIORITIES, nearest("", PRIORITIES)),
    "owner": (lambda value: value is None or type(value) is int, _WHOLE),
    "tags": (lambda value: isinstance(value, list), ("Write a list: [vip]", "Запишите списком: [vip]")),
    "score": (lambda value: type(value) is int, _WHOLE),
    "calls": (
        lambda value: isinstance(value, list) and all(map(_is_call, value)),
        ("Write a list of method: {params}", "Запишите список: метод: {параметры}"),
    ),
}
