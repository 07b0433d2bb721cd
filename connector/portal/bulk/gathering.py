"""Many small reads as few: what differs in one value only is asked for in one list (facts §2.2, §2.3).

Plans of records each ask for their own row. ``crm.item.list`` takes up to fifty values of one field at once
(``@field``), so fifty plans cost one command, and fifty commands one request. Each read gets what it would
have got alone, whatever the portal's database takes for the same: what looks alike is never asked for together.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.errors import PermanentError, TransientError
from connector.portal.batch import LIMIT, Outcome
from connector.portal.hints import HINTS

Read = tuple[str, Mapping[str, Any]]
Write = Callable[[Iterable[tuple[Any, str, Mapping[str, Any]]]], Iterator[tuple[Any, Outcome]]]

_LIST, _GET = "crm.item.list", "crm.item.get"
_BY_ID = ({"id": "ASC"}, {"ID": "ASC"})
_NO_REACH = frozenset({"1", "3", "4"})  # their telephone numbers and addresses come with crm.item.get alone
# What is said of the kind of rows or of us, whatever the value; of all else one bad value may be the cause.
_OF_ALL = frozenset(
    f"bitrix24.{name}"
    for name in ("not_found", "access_denied", "scope", "needs_application", "plan", "no_such_method")
)
_FLAGS = frozenset({"=closed", "=stageSemanticId"})
_AGAIN = 3
_LONG = 8_000  # characters of the values of one command
_MOST_DIGITS = 30
_BLANKS = dict.fromkeys([*range(33), 127])


@dataclass(kw_only=True)
class _Group:
    """Reads that differ in the value of ``name`` only. ``asked`` is value → places in the list of reads."""

    params: Mapping[str, Any]
    name: str
    single: bool
    asked: dict[str, list[int]] = field(default_factory=dict)


class Gathering:
    """One round of reads."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._found: dict[int, Any] = {}

    def answers(self, reads: Sequence[Read]) -> list[Any]:
        """As :meth:`Bulk.gather`."""
        alone: dict[str, list[int]] = {}
        groups: dict[str, _Group] = {}
        for place, read in enumerate(reads):
            split = _split(read)
            if split is None:
                alone.setdefault(_named(read), []).append(place)
                continue
            group, value = split
            named = _named((f"{group.name} {group.single}", group.params))
            groups.setdefault(named, group).asked.setdefault(value, []).append(place)
        chunks = [(group, values) for group in groups.values() for values in _slices(_unlike(group))]
        together = {group.asked[value][0] for group, values in chunks for value in values}
        apart = [places for group in groups.values() for places in group.asked.values() if places[0] not in together]
        self._apart(reads, [*alone.values(), *apart, *self._together(chunks)])
        return [self._found[place] for place in range(len(reads))]

    def _apart(self, reads: Sequence[Read], named: list[list[int]]) -> None:
        """Each of these as a command of its own, those that are the same once."""
        asked = {str(number): (reads[places[0]], places) for number, places in enumerate(named)}
        for key, outcome in self._asked([(key, *read) for key, (read, _) in asked.items()]):
            for place in asked[key][1]:
                self._found[place] = outcome.error or outcome.result

    def _together(self, chunks: list[tuple[_Group, list[str]]]) -> list[list[int]]:
        """Fifty values a command; where more rows than a page fit, or one value is refused, half as many at a time. The
        places of those that are left to be asked alone.
        """
        left: list[list[int]] = []
        while chunks:
            commands = [(index, _LIST, _listing(*chunk)) for index, chunk in enumerate(chunks)]
            cut: list[tuple[_Group, list[str]]] = []
            for index, outcome in self._asked(commands):
                group, values = chunks[index]
                missed = self._dealt(group, values, outcome)
                if missed is None:
                    middle = len(values) // 2
                    cut += [(group, values[:middle]), (group, values[middle:])]
                else:
                    left += [group.asked[value] for value in missed]
            left += [group.asked[values[0]] for group, values in cut if len(values) == 1]
            chunks = [(group, values) for group, values in cut if len(values) > 1]
        return left

    def _dealt(self, group: _Group, values: list[str], outcome: Outcome) -> list[str] | None:
        """To each read the rows that have its value, as if it had asked alone; the values that have to. ``None``: the
        command is to be cut, also when some row has none of them, because the portal compares otherwise than we do.
        """
        if _is_too_much(outcome):
            return None
        if outcome.error is not None:
            for value in values:
                self._give(group, value, outcome.error)
            return []
        rows: dict[str, list[Any]] = {_plain(value): [] for value in values}
        for row in _items(outcome):
            fitting = _fitting(row.get(group.name), rows, values)
            if not fitting:
                return None
            for value in fitting:
                rows[value].append(row)
        # Of a single row that is not among them only it itself can tell whether it is gone or kept from us.
        missed = [value for value in values if group.single and len(rows[_plain(value)]) != 1]
        for value in values:
            if value not in missed:
                found = rows[_plain(value)]
                self._give(group, value, {"item": found[0]} if group.single else {"items": found})
        return missed

    def _give(self, group: _Group, value: str, answer: Any) -> None:
        for place in group.asked[value]:
            self._found[place] = answer

    def _asked(self, commands: Sequence[tuple[Any, str, Mapping[str, Any]]]) -> Iterator[tuple[Any, Outcome]]:
        """Reads may be repeated: those whose answer was lost, or that were never run, are asked once more."""
        left = list(commands)
        for attempt in range(_AGAIN):
            lost: list[tuple[Any, str, Mapping[str, Any]]] = []
            known = {command[0]: command for command in left}
            for key, outcome in self._write(left):
                doubtful = isinstance(outcome.error, TransientError) and outcome.error.maybe_done
                if (doubtful or outcome.state == "not_run") and attempt + 1 < _AGAIN:
                    lost.append(known[key])
                else:
                    yield key, _settled(outcome)
            left = lost
            if not left:
                return


def _settled(outcome: Outcome) -> Outcome:
    if outcome.state != "not_run" or outcome.error is not None:
        return outcome
    return Outcome(state="failed", error=TransientError("bitrix24.not_run", hint=HINTS["server"]))


def _split(read: Read) -> tuple[_Group, str] | None:
    """The group of a read and its own value; ``None`` where it can only be asked as it is."""
    method, params = read
    if method == _GET and set(params) == {"entityTypeId", "id", "useOriginalUfNames"}:
        if str(params["entityTypeId"]) in _NO_REACH:
            return None
        asked = {"entityTypeId": params["entityTypeId"], "useOriginalUfNames": params["useOriginalUfNames"]}
        return _Group(params=asked | {"select": ["*"], "filter": {}}, name="id", single=True), str(params["id"])
    if method != _LIST or not isinstance(params.get("filter"), Mapping) or not params.get("select"):
        return None
    return _of_list(params)


def _of_list(params: Mapping[str, Any]) -> tuple[_Group, str] | None:
    """By the last equality of the filter that has one value: external ids differ in their second part, and what is open
    differs in whose it is.
    """
    filters = dict(params["filter"])
    own = [name for name, value in filters.items() if name.startswith("=") and _is_one(value)]
    plain = isinstance(params["select"], list | tuple) and params.get("order") in _BY_ID
    if not own or not plain or "start" in params or not all(name.startswith("=") for name in filters):
        return None
    name = next((name for name in reversed(own) if name not in _FLAGS), own[-1])
    value = str(filters.pop(name))
    return _Group(params={**params, "filter": filters}, name=name[1:], single=False), value


def _is_one(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != 0 and _plain(value) != ""


def _listing(group: _Group, values: list[str]) -> dict[str, Any]:
    filters = {**group.params["filter"], f"@{group.name}": values}
    select = list(dict.fromkeys((*group.params["select"], group.name)))
    return {**group.params, "select": select, "filter": filters, "order": {"id": "ASC"}}


def _items(outcome: Outcome) -> list[Mapping[str, Any]]:
    items = outcome.result.get("items") if isinstance(outcome.result, Mapping) else None
    return [item for item in items or [] if isinstance(item, Mapping)]


def _is_too_much(outcome: Outcome) -> bool:
    error = outcome.error
    return outcome.next is not None or (isinstance(error, PermanentError) and error.cause not in _OF_ALL)


def _fitting(have: Any, looks: Collection[str], values: Collection[str]) -> set[str]:
    """The looks among ``looks`` for whose sake a row is there that has ``have``; none when that cannot be told."""
    every = [] if have is None else have if isinstance(have, list) else [have]
    fitting = {_plain(each) for each in every} & set(looks)
    if len(fitting) > 1 and not {str(each) for each in every if _plain(each) in looks} <= set(values):
        return set()  # it is there for one of its values; whether the portal takes the other for the same, who knows
    return fitting


def _unlike(group: _Group) -> list[str]:
    """Its values that look like no other one of them: rows can be told apart by them, however the portal compares."""
    looks = [_plain(value) for value in group.asked]
    taken = {look for look, count in Counter(looks).items() if count > 1}
    return [value for value, look in zip(group.asked, looks, strict=True) if look not in taken]


def _plain(value: Any) -> str:
    """How it looks to the most lenient of databases: whatever its case, accents and blanks; a number is what it is
    worth (MySQL's collations, §2.2).
    """
    text = str(value).casefold()
    if text.isascii():
        text = text.translate(_BLANKS)
    else:
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(char for char in text if unicodedata.category(char)[0] not in "MZC")
    if not text[:1].isdigit() and text[:1] not in {"+", "-", "."}:
        return text
    try:
        number = Decimal(text) if len(text) <= _MOST_DIGITS else Decimal("nan")
    except InvalidOperation:
        return text
    return str(number.normalize()) if number.is_finite() else text


def _named(read: tuple[str, Mapping[str, Any]]) -> str:
    return json.dumps(read, sort_keys=True, default=str)


def _slices(values: list[str]) -> Iterator[list[str]]:
    """As many as a command takes, two at least."""
    some: list[str] = []
    for value in values:
        if len(some) == LIMIT or sum(map(len, some)) + len(value) > _LONG:
            if len(some) > 1:
                yield some
            some = []
        some.append(value)
    if len(some) > 1:
        yield some
