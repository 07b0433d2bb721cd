"""Finding people and business in the CRM: by the chat, numbers, addresses, external ids, fields. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connector.domain.effects import Call, Plan, Recall
from connector.errors import PermanentError
from connector.handlers.case import GONE, Case, Place, fetched, ids_in, listed, place_of, type_of
from connector.handlers.processes import named, staged
from connector.handlers.userfields import written
from mappings.outcome import Key, Wish
from mappings.people import e164

SYSTEM = "connector"  # originatorId of what we make of our own accord
FOUND = ("contact", "company", "lead", "deal")
_COMMUNICATING = frozenset({"lead", "contact", "company"})
_VALUES = 20  # crm.duplicate.findbycomm takes no more (facts/bitrix24-telephony-crm.md §2.3)
_OPEN: Mapping[str, Mapping[str, str]] = {"deal": {"=closed": "N"}, "lead": {"=stageSemanticId": "P"}, "item": {}}
_ENDS = (":SUCCESS", ":FAIL", ":WON", ":LOSE")


def found(case: Case, needs: Iterable[str]) -> Plan:
    """``found`` for the rules: of each of ``needs`` the row as the CRM has it, or ``None``; the others are ``None``.

    By the chat's own binding, else the only contact with the client's number or address, and their company.
    """
    wanted = set(needs)
    rows: dict[str, Any] = dict.fromkeys(FOUND)
    for entity in FOUND:
        if entity in wanted:
            number = yield from _number(case, entity)
            rows[entity] = (yield from fetched(case, type_of(entity), number)) if number else None
    return rows


def person(case: Case, entity: str) -> Plan:
    """The id of the contact or company of this event: what the rules came to, else whoever is found; or ``None``."""
    known = case.id_of(entity)
    return known or (yield from _number(case, entity))


def bound(case: Case) -> Plan:
    """What the chat is bound to: entity → id (facts/bitrix24-openlines.md §2.3, ``entity_data_2``); or the call."""
    if case.bound is None and case.about.get("entity_id"):
        case.bound = {str(case.about["entity"]).lower(): int(case.about["entity_id"])}
    if case.bound is None:
        case.bound = {}
        chat = (yield Recall("chat", case.lane)) if case.lane else None
        if chat and chat.get("chat_id"):
            case.bound = yield from binding(str(chat["chat_id"]))
    return case.bound


def candidates(case: Case, wish: Wish, key: Key) -> Plan:
    """The ids of rows that ``key`` finds, the oldest first."""
    numbers: list[int] = yield from _WAYS[key.kind](case, wish, key)
    return sorted(set(numbers))


def external(case: Case, wish: Wish) -> tuple[str, str]:
    """How the row is known outside: as the rules say; else whose contact it is, or which event made it."""
    if wish.external:
        return wish.external
    client = (case.about.get("client") or {}).get("id") or case.about.get("conversation")
    account = case.about.get("account")
    if wish.entity in ("contact", "company") and account and client:
        return SYSTEM, f"{account}.{client}"
    return SYSTEM, case.identity


def by_external(place: Place, known_as: tuple[str, str]) -> Plan:
    """The ids of rows with that external id (§2.4)."""
    system, number = known_as
    filters = {"=originatorId": system, "=originId": number}
    if place.entity == "item":
        filters = {"=xmlId": f"{system}:{number}"}
    return ids_in((yield from listed(place, filters)))


def is_open(place: Place, item: Mapping[str, Any]) -> bool:
    """Whether a deal, lead or item is still under way, as far as its own fields tell."""
    if item.get("closed") == "Y" or item.get("stageSemanticId") in ("S", "F"):
        return False
    return place.entity != "item" or not str(item.get("stageId") or "").endswith(_ENDS)


def _number(case: Case, entity: str) -> Plan:
    there = yield from bound(case)
    if entity in there:
        return there[entity]
    if entity == "contact":
        return (yield from _only_contact(case))
    if entity == "company":
        contact = yield from person(case, "contact")
        row = (yield from fetched(case, type_of("contact"), contact)) if contact else None
        return int(row.get("companyId") or 0) or None if row else None
    return None


def _only_contact(case: Case) -> Plan:
    """The one contact that has the client's number, else their address; of several nobody is taken for the client."""
    client = case.about.get("client") or {}
    phone = e164(str(client.get("phone") or ""), case.settings.country)
    email = str(client.get("email") or "").strip().lower()
    for kind, value, own in (
        ("PHONE", phone, phone in case.settings.own_phones),
        ("EMAIL", email, bool({email, email[email.find("@") :]} & case.settings.own_emails)),
    ):
        if value and not own:
            numbers = yield from _by_communication("contact", kind, [value])
            if numbers:
                return numbers[0] if len(numbers) == 1 else None
    return None


def binding(chat_id: str) -> Plan:
    """What a chat is bound to: entity → id; nothing when nobody may say."""
    try:
        chat = yield Call("imopenlines.dialog.get", {"CHAT_ID": chat_id})
    except PermanentError as error:
        # ACCESS_ERROR is also how a chat that is gone answers (§2.3); an old portal has no such method.
        if error.cause not in GONE | {"bitrix24.access_denied", "bitrix24.no_such_method"}:
            raise
        return {}
    parts = str((chat or {}).get("entity_data_2") or "").split("|")
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return {name.lower(): int(number) for name, number in pairs if number.isdigit() and int(number)}


def _by_communication(entity: str, kind: str, values: list[str]) -> Plan:
    """One type at a time: twenty hits in one would hide those of the next (§2.3)."""
    if entity not in _COMMUNICATING or not values:
        return []
    params = {"type": kind, "values": values[:_VALUES], "entity_type": entity.upper()}
    answer = yield Call("crm.duplicate.findbycomm", params)
    numbers = answer.get(entity.upper()) if isinstance(answer, Mapping) else None
    return sorted({int(number) for number in numbers or []})


def _chat(case: Case, wish: Wish, key: Key) -> Plan:
    there = yield from bound(case)
    return [there[wish.entity]] if wish.entity in there else []


def _phone(case: Case, wish: Wish, key: Key) -> Plan:
    return (yield from _by_communication(wish.entity, "PHONE", list(key.values)))


def _email(case: Case, wish: Wish, key: Key) -> Plan:
    return (yield from _by_communication(wish.entity, "EMAIL", list(key.values)))


def _external(case: Case, wish: Wish, key: Key) -> Plan:
    return (yield from by_external(place_of(wish), wish.external)) if wish.external else []


def _field(case: Case, wish: Wish, key: Key) -> Plan:
    name = yield from named(case, place_of(wish), key.field, wish.rule)
    values = []
    for value in key.values:
        values.append((yield from staged(case, place_of(wish), name, value, wish.rule)))
    values = yield from written(case, place_of(wish), name, values, wish.rule)
    found_rows = yield from listed(place_of(wish), {f"={name}": values[0] if len(values) == 1 else values})
    return ids_in(found_rows)


def _open(case: Case, wish: Wish, key: Key) -> Plan:
    """What is under way with the contact of this event, or else with their company."""
    place = place_of(wish)
    for entity, name in (("contact", "contactId"), ("company", "companyId")):
        number = yield from person(case, entity)
        if not number:
            continue
        filters = {f"={name}": number, **_OPEN.get(wish.entity, {})}
        rows = yield from listed(place, filters, *(("stageId",) if wish.entity == "item" else ()))
        if there := [row for row in rows if is_open(place, row)]:
            return ids_in(there)
    return []


_WAYS: Mapping[str, Callable[[Case, Wish, Key], Plan]] = {
    "chat": _chat,
    "phone": _phone,
    "email": _email,
    "external": _external,
    "field": _field,
    "open": _open,
}
