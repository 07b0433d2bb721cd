"""What the portal would say to a write that is not made: numbers below zero stand for what would be new.

Only what later steps of the same plan look at is there (facts/bitrix24-telephony-crm.md §2.2, §2.5-2.9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Params = Mapping[str, Any]

_COMMUNICATING = {"LEAD": "1", "CONTACT": "3", "COMPANY": "4"}
_READS = ("get", "list", "fields", "findbycomm")


def is_read(method: str) -> bool:
    """Whether a call of ``method`` changes nothing: by its last part, as all methods that rules lead to are named."""
    return method.lower().rpartition(".")[2] in _READS


class Pretence:
    """A portal in which the writes so far took place, as far as their own plan can tell."""

    def __init__(self) -> None:
        self._last = 0
        self._items: dict[tuple[str, str], dict[str, Any]] = {}
        self._fields: dict[tuple[str, str], dict[str, Any]] = {}
        self._configs: dict[str, dict[str, Any]] = {}

    def write(self, method: str, params: Params) -> Any:
        """The result of a write that is only pretended."""
        answer = _WRITES.get(method) or _WRITES.get(
            method.rpartition(".userfield.")[2] if ".userfield." in method else ""
        )
        return answer(self, method, params) if answer else True

    def read(self, method: str, params: Params) -> Any | None:
        """The result of a read that concerns only what is pretended; ``None``: the portal itself is to be asked."""
        if method == "crm.item.get":
            return _item(self._items.get(_place(params)))
        if method == "userfieldconfig.get" and _is_new(params.get("id")):
            return {"field": self._configs[str(params["id"])]}
        if any(_is_new(value) for value in _values(params)):
            return self.amended(method, params, {"items": []} if method == "crm.item.list" else [])
        return None

    def amended(self, method: str, params: Params, answer: Any) -> Any:
        """The portal's answer to a read, with what was pretended since."""
        if ".userfield." in method:
            return self._fields_amended(method, answer)
        amend = _AMENDED.get(method)
        return amend(self, params, answer) if amend else answer

    def _fields_amended(self, method: str, answer: Any) -> Any:
        entity, _, verb = method.partition(".userfield.")
        if verb == "list":
            made = [field for (of, _), field in self._fields.items() if of == entity and "FIELD_NAME" in field]
            return [*(self._with_options(entity, row) for row in answer or []), *made]
        return self._with_options(entity, answer) if isinstance(answer, Mapping) else answer

    def item_got(self, params: Params, answer: Any) -> Any:
        """``crm.item.get`` of something that was changed."""
        changed = self._items.get(_place(params))
        return {"item": {**_mapping(_mapping(answer).get("item")), **changed}} if changed else answer

    def items_listed(self, params: Params, answer: Any) -> Any:
        """``crm.item.list`` by equality, as plans ask: with what would be new."""
        kind, wanted = str(params.get("entityTypeId")), _mapping(params.get("filter"))
        new = [item for (of, _), item in self._items.items() if of == kind and _is_new(item.get("id"))]
        return {"items": [*(_mapping(answer).get("items") or []), *(item for item in new if _fits(item, wanted))]}

    def people_found(self, params: Params, answer: Any) -> Any:
        """``crm.duplicate.findbycomm``: with whom a number or an address was given since."""
        kind, values = str(params.get("entity_type", "")), {str(value) for value in params.get("values") or []}
        type_id = _COMMUNICATING.get(kind, "")
        has = [
            item.get("id", number)
            for (of, number), item in self._items.items()
            if of == type_id and values & {str(part.get("value")) for part in _parts(item)}
        ]
        found = [*(_mapping(answer).get(kind) or []), *(int(number) for number in has)]
        return {**_mapping(answer), kind: list(dict.fromkeys(found))} if has else answer

    def configs_listed(self, params: Params, answer: Any) -> Any:
        """``userfieldconfig.list`` by the name of a field."""
        name = _mapping(params.get("filter")).get("fieldName")
        new = [field for field in self._configs.values() if _is_new(field.get("id")) and field["fieldName"] == name]
        return {"fields": [*(_mapping(answer).get("fields") or []), *new]}

    def config_got(self, params: Params, answer: Any) -> Any:
        """``userfieldconfig.get`` of a field whose options were changed."""
        changed = self._configs.get(str(params.get("id")), {})
        return {"field": {**_mapping(_mapping(answer).get("field")), **changed}}

    def config_add(self, method: str, params: Params) -> Any:
        """``userfieldconfig.add``."""
        field = {**_mapping(params.get("field")), "id": self.number()}
        self._configs[str(field["id"])] = field | {"enum": self._enum(field)}
        return {"field": self._configs[str(field["id"])]}

    def config_update(self, method: str, params: Params) -> Any:
        """``userfieldconfig.update``: the options that are sent are all of them."""
        changed = self._configs.setdefault(str(params.get("id")), {})
        changed["enum"] = self._enum(_mapping(params.get("field")))
        return {"field": {**changed, "id": params.get("id")}}

    def _enum(self, field: Params) -> list[dict[str, Any]]:
        return [{"id": self.number(), **option} for option in field.get("enum") or []]

    def number(self) -> int:
        """The next number of what would be new."""
        self._last -= 1
        return self._last

    def _with_options(self, entity: str, field: Mapping[str, Any]) -> dict[str, Any]:
        added = self._fields.get((entity, str(field.get("ID"))), {})
        return {**field, "LIST": [*(field.get("LIST") or []), *added["LIST"]]} if added else dict(field)

    def item_add(self, method: str, params: Params) -> Any:
        """``crm.item.add``."""
        item = {**_mapping(params.get("fields")), "id": self.number()}
        self._items[str(params.get("entityTypeId")), str(item["id"])] = item
        return {"item": item}

    def item_update(self, method: str, params: Params) -> Any:
        """``crm.item.update``."""
        item = self._items.setdefault(_place(params), {})
        item.update(_mapping(params.get("fields")))
        return {"item": {**item, "id": params.get("id")}}

    def field_add(self, method: str, params: Params) -> Any:
        """``crm.<entity>.userfield.add``: the prefix is added to the name."""
        given = _mapping(params.get("fields"))
        number, name = self.number(), str(given.get("FIELD_NAME", ""))
        name = name if name.startswith("UF_CRM_") else f"UF_CRM_{name}"
        made = {**given, "ID": str(number), "FIELD_NAME": name, "LIST": self._options(given)}
        self._fields[method.partition(".userfield.")[0], str(number)] = made
        return number

    def field_update(self, method: str, params: Params) -> Any:
        """``crm.<entity>.userfield.update``: options without an id are added."""
        place = method.partition(".userfield.")[0], str(params.get("id") or params.get("ID"))
        added = self._fields.setdefault(place, {"LIST": []})
        added["LIST"] = [*added["LIST"], *self._options(_mapping(params.get("fields")))]
        return True

    def _options(self, given: Params) -> list[dict[str, Any]]:
        fresh = [option for option in given.get("LIST") or [] if isinstance(option, Mapping) and "ID" not in option]
        return [{**option, "ID": str(self.number())} for option in fresh]


def _place(params: Params) -> tuple[str, str]:
    return str(params.get("entityTypeId")), str(params.get("id"))


def _item(item: Mapping[str, Any] | None) -> Any | None:
    return {"item": dict(item)} if item is not None and _is_new(item.get("id")) else None


def _parts(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    fm = item.get("fm") or []
    return [_mapping(part) for part in (fm.values() if isinstance(fm, Mapping) else fm)]


def _fits(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(_holds(item.get(name.lstrip("=@")), value) for name, value in wanted.items())


def _holds(value: Any, wanted: Any) -> bool:
    have = {str(one) for one in (value if isinstance(value, list) else [value])}
    return bool(have & {str(one) for one in (wanted if isinstance(wanted, list) else [wanted])})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_new(value: Any) -> bool:
    return isinstance(value, int) and value < 0


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _values(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _values(inner)
    else:
        yield value


_WRITES: Mapping[str, Callable[[Pretence, str, Params], Any]] = {
    "crm.item.add": Pretence.item_add,
    "crm.item.update": Pretence.item_update,
    "add": Pretence.field_add,
    "update": Pretence.field_update,
    "userfieldconfig.add": Pretence.config_add,
    "userfieldconfig.update": Pretence.config_update,
    "crm.timeline.comment.add": lambda self, method, params: self.number(),
    "crm.activity.todo.add": lambda self, method, params: {"id": self.number()},
    "crm.activity.todo.update": lambda self, method, params: {"id": params.get("id")},
    "crm.activity.add": lambda self, method, params: self.number(),
    "tasks.task.add": lambda self, method, params: {"task": {"id": str(self.number())}},
    "tasks.task.update": lambda self, method, params: {"task": {"id": str(params.get("taskId"))}},
    "im.notify.system.add": lambda self, method, params: self.number(),
}
_AMENDED: Mapping[str, Callable[[Pretence, Params, Any], Any]] = {
    "crm.item.get": Pretence.item_got,
    "crm.item.list": Pretence.items_listed,
    "crm.duplicate.findbycomm": Pretence.people_found,
    "userfieldconfig.list": Pretence.configs_listed,
    "userfieldconfig.get": Pretence.config_got,
}
