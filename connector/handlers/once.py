"""Something is made once per event (facts §2.5-2.6).

Link ``made`` of each is ``{"id", "hash" of its contents}``: said again it is nothing new, said otherwise it is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from connector.domain.effects import Call, Plan, Recall, Remember
from connector.domain.values import StoredFile
from connector.errors import PermanentError
from connector.handlers.case import GONE, Case, Place
from connector.handlers.crm import MADE
from connector.handlers.fields import digest
from connector.speech import Text
from mappings.outcome import Making

NO_BEARER = Text(
    "Rule {rule} makes something on {on}, and this event has none: it was left out.",
    "Правило {rule} создаёт запись для {on}, а у этого события такой записи нет: пропущено.",
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """One thing to be made by ``add`` (method, parameters). ``change`` says all of it that may change later, to what is
    there already under ``id_name``; without an id by its own tag. ``seen`` is a plan that finds what was made unheard.
    ``says`` is what of it counts as said otherwise, all of ``change`` when it is not given. ``files`` go with ``add``.
    """

    name: str
    add: tuple[str, Mapping[str, Any]]
    change: tuple[str, Mapping[str, Any]]
    id_name: str = ""
    seen: Callable[[], Plan] | None = None
    says: Any = None
    files: tuple[StoredFile, ...] = ()


def once(case: Case, thing: Made) -> Plan:
    """Make ``thing`` if it was not made yet, change it if something else is said of it now."""
    key, said = f"make:{case.own}:{thing.name}", digest(thing.change if thing.says is None else thing.says)
    before = yield Recall(case.kept(MADE), key)
    known = before
    if known is None:
        method, params = thing.add
        known = yield Call(method, params, key=key, proof=thing.seen, judge=partial(_known, said), files=thing.files)
    if known["hash"] != said:
        yield from _change(thing, str(known["id"]))
    if before is None or known["hash"] != said:
        yield Remember(case.kept(MADE), key, {"id": known["id"], "hash": said})


def _change(thing: Made, known: str) -> Plan:
    method, params = thing.change
    place = {thing.id_name: int(known)} if thing.id_name and known.isdigit() else {}
    try:
        yield Call(method, {**place, **params})
    except PermanentError as error:
        # Whoever deleted or completed it meant it.
        if error.cause not in GONE and "completed" not in error.cause:
            raise


def _known(said: str, answer: Any) -> dict[str, str]:
    number = answer
    if isinstance(answer, Mapping):
        task = answer.get("task")
        number = task.get("id") if isinstance(task, Mapping) else answer.get("id")
    return {"id": str(number or ""), "hash": said}


def bearer(case: Case, making: Making) -> Sequence[tuple[Place, int]]:
    """The row that bears it, or none: then a note says so."""
    there = [(place, number) for place, number in case.ids.items() if place.entity == making.on]
    if not there:
        case.notes.append(NO_BEARER.with_(rule=making.name, on=making.on).say(case.language))
    return there[:1]


def text_of(making: Making, name: str) -> str:
    """A field as text, empty when the rule does not say it."""
    value = making.fields.get(name)
    return "" if value is None else str(value)


def first(rows: Any, fits: Callable[[Mapping[str, Any]], bool]) -> dict[str, str] | None:
    """The first row that fits, as what was made unheard; what it says is not known."""
    found = next((row for row in rows or [] if isinstance(row, Mapping) and fits(row)), None)
    return {"id": str(found.get("ID") or found.get("id")), "hash": ""} if found else None
