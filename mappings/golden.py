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
      chat: false                           # not shown in Open Lines
      acknowledge: {text: Got it}           # the automatic letter, or only its text; null is none
      signature: Anna                       # under a reply (on: reply.written)
      calls:                                # the writes, all of them, in their order; [] is none
        - crm.item.update: {id: 7, fields: {NAME: Анна}}      # what stands here must be in the call
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mappings.comparing import lacking
from mappings.documents import Document
from mappings.documents import read as read_documents
from mappings.faults import Fault, Said, nearest
from mappings.minimal import INNER
from mappings.minimal import MINIMAL as MINIMAL
from mappings.nodes import Path
from mappings.tidying import PRIORITIES, UnfitError, moment

_ZONE = "Europe/Moscow"


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
    def moment(self) -> datetime | None:
        """When the event came, aware; ``None`` for a record."""
        return None if self.event is None else moment(self.event["at"], _ZONE)

    @property
    def scope(self) -> dict[str, Any]:
        """What rules see of it, as ``MappingSet.decide`` wants it."""
        if self.event is not None:
            return {"event": {**self.event, "at": self.moment}, "found": {**_NOBODY, **self.found}}
        return {"record": self.record, "source": self.kind.partition(".")[2], "found": {**_NOBODY, **self.found}}


_NOBODY: Mapping[str, None] = {"contact": None, "company": None, "lead": None, "deal": None}


def read(file: str, content: str | bytes, *, expecting: bool = True) -> tuple[list[Example], list[Fault]]:
    """The examples of one file and all that is wrong with it. Never raises. An event to be tried expects nothing."""
    documents, faults = read_documents(file, content)
    examples = []
    for document in documents:
        wrong = list(_wrong(document, expecting))
        faults += wrong
        if not wrong:
            examples.append(_example(document))
    return examples, sorted(faults)


def answer(example: Example, method: str, params: Mapping[str, Any]) -> Any:
    """What the portal answers to a read; ``None``: the example does not say."""
    given = example.answers.get(method)
    if not (isinstance(given, list) and all(isinstance(each, dict) and each.keys() == _ASKED for each in given)):
        return given
    return next((each["result"] for each in given if not any(lacking(each["params"], params, ""))), None)


_ASKED = {"params", "result"}


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
    """``given`` over ``minimal``; the fields of a client, a letter, an operator one by one."""
    whole = {**minimal, **given}
    for name, inner in _inner(minimal):
        if isinstance(given.get(name), Mapping):
            whole[name] = {**inner, **given[name]}
    return whole


def _inner(minimal: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What in an event of this kind has fields of its own, and those fields."""
    for name, value in minimal.items():
        if isinstance(value, Mapping) or name in INNER:
            yield name, value if isinstance(value, Mapping) else INNER[name]


def _wrong(document: Document, expecting: bool) -> Iterator[Fault]:
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
        yield from _wrong_event(document, value.get("event", {}), MINIMAL[kind])
    yield from _strangers(document, ("found",), value.get("found", {}), _NOBODY)
    if expecting and "expect" not in value:
        said = "The example expects nothing", "Пример ничего не ожидает"
        mend = (
            "Add expect: with line, category, tags or calls",
            "Добавьте expect: и в нём line, category, tags или calls",
        )
        yield document.fault((), said, mend)
    yield from _expected(document, value.get("expect", {}))


def _wrong_event(document: Document, event: Mapping[str, Any], minimal: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _strangers(document, ("event",), event, minimal)
    for name, inner in _inner(minimal):
        given = event.get(name, {})
        if isinstance(given, dict):
            yield from _strangers(document, ("event", name), given, inner)
        elif given is not None or name == "client":
            said = f"{name} is a mapping", f"{name} — это отображение (ключ: значение)"
            yield document.fault(("event", name), said, _AS_IN[name])
    try:
        moment(event.get("at"), _ZONE)
    except UnfitError as error:
        yield document.fault(("event", "at"), error.said, error.mend)


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


def _is_call(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), dict | None)
    )


def _is_letter(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() <= {"text", "subject"}


_AS_IN: Mapping[str, Said] = {
    "client": ("Write client: {first_name: Anna}", "Напишите client: {first_name: Анна}"),
    "letter": ("Write letter: {subject: An order}", "Напишите letter: {subject: Заказ}"),
    "operator": ("Write operator: {name: Olga}", "Напишите operator: {name: Ольга}"),
}
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
_WORDS: Said = ("Write its text", "Запишите её текст")
_WHOLE: Said = ("Write a whole number", "Запишите целое число")
_ANYTHING: tuple[Callable[[Any], bool], Said] = (lambda value: True, _WHOLE)
_EXPECTED: Mapping[str, tuple[Callable[[Any], bool], Said]] = {
    "line": (lambda value: value is None or type(value) is int, _WHOLE),
    "category": (lambda value: value is None or isinstance(value, str), ("Write its key", "Запишите её ключ")),
    "priority": (lambda value: value is None or value in PRIORITIES, nearest("", PRIORITIES)),
    "owner": (lambda value: value is None or type(value) is int, _WHOLE),
    "tags": (lambda value: isinstance(value, list), ("Write a list: [vip]", "Запишите списком: [vip]")),
    "score": (lambda value: type(value) is int, _WHOLE),
    "chat": (lambda value: isinstance(value, bool), ("Write true or false", "Запишите true или false")),
    "signature": (lambda value: value is None or isinstance(value, str), _WORDS),
    "acknowledge": (lambda value: value is None or isinstance(value, str) or _is_letter(value), _WORDS),
    "calls": (
        lambda value: isinstance(value, list) and all(map(_is_call, value)),
        ("Write a list of method: {params}", "Запишите список: метод: {параметры}"),
    ),
}
