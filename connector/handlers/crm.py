"""What rules want of the CRM, done: found or made, and written only where it differs (facts §2.2-2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from connector.domain.effects import Call, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.case import Case, Item, Place, fetched, place_of
from connector.handlers.fields import FM, digest, is_empty, missing, name_of, same, wire
from connector.handlers.finding import by_external, candidates, external, is_open
from connector.handlers.processes import named, staged
from connector.handlers.userfields import written
from connector.speech import Text
from mappings.outcome import Key, Wish

MADE = "made"  # link by the key of what was made: {"id", "hash" of what was said then}
ORDER = ("company", "contact", "lead", "deal", "item")
# Ways that lead to people: whoever is made for one conversation is known by it in the next message.
_PERSONAL = frozenset({"chat", "phone", "email", "open"})
_LINKED: Mapping[str, tuple[str, ...]] = {
    "contact": ("company",),
    "lead": ("contact", "company"),
    "deal": ("contact", "company"),
    "item": ("contact", "company", "deal"),
}
_PARENTS: Mapping[str, str] = {"deal": "parentId2"}  # §4.2: of an item, where its type has that relation
ENTITIES: Mapping[str, Text] = {
    "contact": Text("contacts", "контакты"),
    "company": Text("companies", "компании"),
    "lead": Text("leads", "лиды"),
    "deal": Text("deals", "сделки"),
    "item": Text("items", "элементы"),
}
SEVERAL = Text(
    "Several {entity} fit by {way}: {ids} (rule {rule}). Nothing was written. Merge or correct them in Bitrix24, or "
    "say `several: oldest` in the rule, then try it again.",
    "Подходят сразу несколько: {entity} {ids}, ключ {way} (правило {rule}). Ничего не записано. Объедините или "
    "исправьте их в Битрикс24 либо задайте в правиле `several: oldest` и попробуйте снова.",
)
CLIENT = Text("Client", "Клиент")
MADE_GONE = Text(
    "Row {id} of {entity}, which the connector made, was deleted in Bitrix24. Restore it and try again, or discard.",
    "Запись {id} ({entity}), созданная коннектором, удалена в Битрикс24. Восстановите её и попробуйте снова или "
    "откажитесь от неё.",
)


def carried_out(case: Case, wishes: tuple[Wish, ...]) -> Plan:
    """Every wish in its turn; ``case.ids`` then has the rows."""
    for wish in sorted(wishes, key=lambda wish: ORDER.index(wish.entity)):
        number = yield from _settled(case, wish)
        if number is not None:
            case.ids[place_of(wish)] = number


def written_over(case: Case, place: Place, number: int, fields: Mapping[str, Any]) -> Plan:
    """Write ``fields`` and know of it."""
    yield Call(
        "crm.item.update",
        {"entityTypeId": place.type_id, "id": number, "fields": dict(fields), "useOriginalUfNames": "Y"},
    )
    before = case.items.get((place.type_id, number), {})
    case.learned(place.type_id, number, {**before, **{name: fields[name] for name in fields if name != "fm"}})


def _settled(case: Case, wish: Wish) -> Plan:
    """The row that the wish comes to, or ``None``. What this event made before comes first of all."""
    key = f"map:{case.own}:{wish.entity}:{wish.type_id}"
    made = yield Recall(case.kept(MADE), key)
    if made and (yield from _differences(case, wish, int(made["id"]))):
        return int(made["id"])
    number, several = yield from _found(case, wish)
    if number is None and not several:
        if wish.create and not case.again:
            return (yield from _created(case, wish, key))
        case.unfound = case.unfound or any(way.values for way in wish.match)
    if number is None or not (yield from _differences(case, wish, number)):
        return None
    if made:
        yield Remember(case.kept(MADE), key, {"id": number, "hash": ""})
    return number


def _found(case: Case, wish: Wish) -> Plan:
    """``(id, whether several fit and nobody is to be taken)``: the first key that finds somebody decides."""
    for key in wish.match:
        numbers = yield from candidates(case, wish, key)
        if numbers:
            return _chosen(wish, key, numbers)
    if wish.create and wish.external is None and any(key.kind in _PERSONAL for key in wish.match):
        return (yield from _known_here(case, wish)), False
    if not case.lane and not any(key.kind == "external" for key in wish.match):
        # A record is looked for by its own external id before it is made: what is known of it here may have been lost.
        kept: list[int] = yield from by_external(place_of(wish), external(case, wish))
        return (kept[0] if kept else None), False
    return None, False


def _chosen(wish: Wish, key: Key, numbers: list[int]) -> tuple[int | None, bool]:
    if len(numbers) == 1:
        return numbers[0], False
    if wish.several == "quarantine":
        told = {"way": key.field or key.kind, "ids": ", ".join(map(str, numbers)), "rule": wish.rule}
        raise PermanentError("mapping.several", hint=SEVERAL.with_(entity=ENTITIES[wish.entity], **told))
    return {"oldest": numbers[0], "newest": numbers[-1]}.get(wish.several), True


def _known_here(case: Case, wish: Wish) -> Plan:
    """Whom we made for this client before: a person by our own external id, business as long as it is open."""
    place = place_of(wish)
    if wish.entity in ("contact", "company"):
        numbers: list[int] = yield from by_external(place, external(case, wish))
        return numbers[0] if numbers else None
    last = (yield Recall(MADE, _of_lane(case, place))) if case.lane else None
    if not last:
        return None
    item = yield from fetched(case, place.type_id, int(last["id"]))
    return int(last["id"]) if item and is_open(place, item) else None


def _of_lane(case: Case, place: Place) -> str:
    return f"lane:{case.portal}:{case.lane}:{place.entity}:{place.type_id}"


def _created(case: Case, wish: Wish, key: str) -> Plan:
    """Make it, once for each person or outside id: of two events that both found nobody the second takes the first's.

    When that row is not found any more (deleted, or it has lost the number), this event makes one of its own.
    """
    made = yield from _added(case, wish, _by_value(case, wish) or key)
    if made["by"] != case.identity:
        number, several = yield from _found(case, wish)
        if several:
            return None
        if number is not None and (yield from _differences(case, wish, number)):
            return number
        made = yield from _added(case, wish, key)
    number, place = int(made["id"]), place_of(wish)
    if made["hash"] != made["said"] and not (yield from _differences(case, wish, number)):
        raise PermanentError("mapping.gone", hint=MADE_GONE.with_(id=number, entity=ENTITIES[wish.entity]))
    yield Remember(case.kept(MADE), key, {"id": number, "hash": made["said"]})
    if case.lane and wish.entity not in ("contact", "company"):
        yield Remember(MADE, _of_lane(case, place), {"id": number})
    return number


def _added(case: Case, wish: Wish, key: str) -> Plan:
    """What the ledger has of ``key`` after this, and what is ``said`` now."""
    place, known_as = place_of(wish), external(case, wish)
    fields = yield from _prepared(case, wish, {})
    origin = {"originatorId": known_as[0], "originId": known_as[1]}
    fields = {**_links(case, wish), **(origin if wish.entity != "item" else {"xmlId": ":".join(known_as)}), **fields}
    if reach := _reached_by(case, wish, fields.get("fm") or []):
        fields["fm"] = [*(fields.get("fm") or []), *reach]
    if wish.entity == "contact" and is_empty(fields.get("name")) and is_empty(fields.get("lastName")):
        fields["name"] = _called(case, wish)
    said = digest(fields)
    made = yield Call(
        "crm.item.add",
        {"entityTypeId": place.type_id, "fields": fields, "useOriginalUfNames": "Y"},
        key=key,
        proof=partial(_seen, place, known_as, case.identity),
        judge=partial(_made, said, case.identity),
    )
    return {**made, "said": said}


def _reached_by(case: Case, wish: Wish, have: list[dict[str, str]]) -> list[dict[str, str]]:
    """A new row gets the numbers and addresses it was looked for by: the next event has to find it by them."""
    ways = [(way.kind.upper(), way.values) for way in wish.match if way.kind in ("phone", "email")]
    return [row for kind, values in ways for row in missing(kind, have, values, case.settings.country)]


def _called(case: Case, wish: Wish) -> str:
    """A contact has to have a name (§2.2): without one it is called by what it is known by."""
    client = case.about.get("client") or {}
    known = [*(value for way in wish.match for value in way.values), client.get("username")]
    return str(next(filter(None, known), CLIENT.say(case.language)))


def _by_value(case: Case, wish: Wish) -> str:
    """The name of what would be made by what it will be found by; empty when that is only its own event."""
    for kind in ("phone", "email", "external", "field"):
        for way in wish.match:
            values = wish.external if kind == "external" else way.values
            if way.kind == kind and values:
                return f"map:{case.portal}:{wish.type_id}:{kind}{way.field}:{':'.join(values)}"[:400]
    return ""


def _made(said: str, event: str, answer: Any) -> dict[str, Any]:
    return {"id": int(answer["item"]["id"]), "hash": said, "by": event}


def _seen(place: Place, known_as: tuple[str, str], event: str) -> Plan:
    """Proof of a row that was made: it has our external id. What was written then is not known."""
    numbers = yield from by_external(place, known_as)
    return {"id": numbers[0], "hash": "", "by": event} if numbers else None


def _differences(case: Case, wish: Wish, number: int) -> Plan:
    """Write what differs, nothing when nothing does; ``False`` when there is no such row."""
    links = _followed(case, wish)
    if not (links or ((wish.set or wish.fill or wish.external) and not case.again)):
        return True
    place = place_of(wish)
    item = yield from fetched(case, place.type_id, number)
    if item is None:
        return False
    apart = {name: link for name, link in links.items() if not _belongs(item, name, link)}
    if case.again:
        if apart:
            yield from written_over(case, place, number, apart)
        return True
    fields = {**(yield from _prepared(case, wish, item)), **apart}
    if wish.external and wish.entity != "item" and not item.get("originId") and not item.get("originatorId"):
        fields.update(originatorId=wish.external[0], originId=wish.external[1])
    if wish.external and wish.entity == "item" and not item.get("xmlId"):
        fields["xmlId"] = ":".join(wish.external)
    if fields:
        yield from written_over(case, place, number, fields)
    return True


def _prepared(case: Case, wish: Wish, item: Item) -> Plan:
    """The fields to write into ``item``, which is empty for a new row."""
    fields: dict[str, Any] = {}
    rows: list[dict[str, str]] = []
    place = place_of(wish)
    for filling, values in ((False, wish.set), (True, wish.fill)):
        for written_as, value in values.items():
            name = yield from named(case, place, written_as, wish.rule)
            if name in FM:
                rows += _reach(case, item, name, value, filling)
            elif not filling or is_empty(item.get(name)):
                value = yield from staged(case, place, name, value, wish.rule)
                value = wire((yield from written(case, place, name, value, wish.rule)))
                if not same(item.get(name), value):
                    fields[name] = value
    if rows:
        fields["fm"] = {f"n{index}": row for index, row in enumerate(rows)} if item else rows
    return fields


def _reach(case: Case, item: Item, kind: str, value: Any, filling: bool) -> list[dict[str, str]]:
    have = [row for row in item.get("fm") or [] if row.get("typeId") == kind and row.get("value")]
    return [] if filling and have else missing(kind, have, value, case.settings.country)


def _links(case: Case, wish: Wish) -> dict[str, int]:
    """A new row belongs to the contact and the company of this event, an item to its deal too."""
    numbers = {_PARENTS.get(entity, f"{entity}Id"): case.id_of(entity) for entity in _LINKED.get(wish.entity, ())}
    return {name: number for name, number in numbers.items() if number}


def _followed(case: Case, wish: Wish) -> dict[str, int]:
    """The links of an item that are kept as its record leads to them, unless the rule writes them itself."""
    if case.lane or wish.entity != "item":
        return {}
    said = {name_of(name) for name in (*wish.set, *wish.fill)}
    return {name: number for name, number in _links(case, wish).items() if name not in said}


def _belongs(item: Item, name: str, number: int) -> bool:
    """Whether the link is there; of several contacts it may be any."""
    return same(item.get(name), number) or (name == "contactId" and number in (item.get("contactIds") or []))
