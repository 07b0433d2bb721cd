"""Whether everything that a mapping set names exists on a live portal; nothing is written.

facts/bitrix24-telephony-crm.md §2.1-2.9, §3.1, §3.4; facts/bitrix24-openlines.md §2.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from connector.errors import PermanentError
from connector.handlers.case import GONE
from connector.handlers.fields import FM, name_of
from connector.handlers.processes import is_short
from connector.portal import Portal
from connector.rulebook.described import is_described, own_name
from connector.rulebook.fitting import Fit, Info, misfit, no_user, wrong_shape
from connector.rulebook.known import Ask, Look, Unseen, rows, together
from connector.rulebook.named import Name, NamedField, NamedNumber, NamedType, Spot, named
from connector.rulebook.unseen import unseen
from connector.rulebook.wording import Words, known_words, near, plain
from mappings.engine import MappingSet
from mappings.faults import Fault, Said

_COMMUNICATING = frozenset({"lead", "contact", "company"})
_ADDED = ("entityTypeId", "fm")  # crm.item.get tells these besides
_OWN_FIELD = re.compile(r"UF_CRM_[A-Z0-9_]+")
_OWNERS: Mapping[str, Said] = {
    "contact": ("A contact has", "У контакта"),
    "company": ("A company has", "У компании"),
    "lead": ("A lead has", "У лида"),
    "deal": ("A deal has", "У сделки"),
}


def differences(mappings: MappingSet, portal: Portal) -> list[Fault]:
    """What is named and is not there, each with the nearest name; and, once for each reason, what the portal gave no
    sight of. Raises ``Stopped`` and ``TransientError``.
    """
    names = named(mappings)
    told = together(portal, [_LOOKS[type(name)](name) for name in names])
    faults: list[Fault] = []
    hidden: list[tuple[Spot, Unseen]] = []
    for name, seen in zip(names, told, strict=True):
        if isinstance(seen, Unseen):
            hidden.append((name.spot, seen))
        else:
            faults += seen
    return sorted({*faults, *unseen(hidden, portal)})


def _field(name: NamedField) -> Look[list[Fault]]:
    fields = yield from _fields(name)
    if fields is None:
        return []
    if name.use == "tags":
        return (yield from _tag_field(name, fields))
    known_as = name.name if name.use == "read" else name_of(name.name)
    if known_as in FM and name.use != "read":
        return [] if name.entity in _COMMUNICATING and name.use == "write" else [_no_reach(name, known_as)]
    called = own_name(name, known_as, fields)
    info = fields.get(called)
    if info is None and (is_described(name, known_as) or (name.use == "read" and known_as in _ADDED)):
        return []
    if info is None:
        return [_no_field(name, fields)]
    if name.use == "write" and info.get("isReadOnly") in (True, "Y"):
        said = f"{name.name} is read-only", f"Поле {name.name} доступно только для чтения"
        return [name.spot.fault(said, ("Delete this line", "Удалите эту строку"))]
    if wrong := wrong_shape(name, info):
        return [name.spot.fault(*wrong)]
    faults = []
    for value in name.values:
        wrong = yield from misfit(Fit(field=name, info=info, value=value.value, called=called))
        faults += [value.spot.fault(*wrong)] if wrong else []
    return faults


def _fields(name: NamedField) -> Look[Mapping[str, Info] | None]:
    """All fields of the entity; ``None`` for a smart process that is not there: its own fault says so."""
    try:
        answer = yield Ask(method="crm.item.fields", params={"entityTypeId": name.type_id, "useOriginalUfNames": "Y"})
    except PermanentError as error:
        if error.cause in GONE and name.entity == "item":
            return None
        raise
    fields = answer.get("fields") if isinstance(answer, Mapping) else None
    return {str(key): info for key, info in (fields or {}).items() if isinstance(info, Mapping)}


def _owner(name: NamedField) -> Said:
    number = name.type_id
    return _OWNERS.get(name.entity, (f"An item of {number} has", f"У элемента {number}"))


def _no_field(name: NamedField, fields: Mapping[str, Info]) -> Fault:
    known = {field: str(info.get("title") or "") for field, info in fields.items()}
    if name.use != "read":
        known |= dict.fromkeys(FM if name.entity in _COMMUNICATING else (), "")
    alike = {plain(str(info.get("upperName") or "")): field for field, info in fields.items()}
    mend = near(alike.get(plain(name.name), name.name), known)
    en, ru = _owner(name)
    if mend == known_words(known):
        mend = "Look its name up in the CRM, or delete it here", "Уточните его имя в CRM или удалите его здесь"
    return name.spot.fault((f"{en} no field {name.name}", f"{ru} нет поля {name.name}"), mend)


def _no_reach(name: NamedField, kind: str) -> Fault:
    if name.use == "match":
        said = f"Nobody can be found by field {kind}", f"По полю {kind} искать нельзя"
        return name.spot.fault(said, ("Write the way phone or email", "Укажите способ phone или email"))
    en, ru = _owner(name)
    mend = "Write it into the contact or the company", "Запишите его в контакт или компанию"
    return name.spot.fault((f"{en} no {kind}", f"{ru} нет поля {kind}"), mend)


def _tag_field(name: NamedField, fields: Mapping[str, Info]) -> Look[list[Fault]]:
    """A field that is missing is made when the first tag comes; so only what cannot become one is wrong."""
    info = fields.get(own_name(name, name.name, fields))
    if info is None and name.process and is_short(name.name):
        return []
    if info is None:
        return (yield from _unmakeable(name, fields))
    if info.get("type") in ("enumeration", "string") and info.get("isMultiple") in (True, "Y", 1, "1"):
        return []
    said = (
        f"{name.name} cannot bear tags: it is no list or text of several values",
        f"Поле {name.name} не подходит для тегов: это не множественный список и не множественная строка",
    )
    mend = "Name another; one that is not there yet is made", "Укажите другое; если его ещё нет, оно будет создано"
    return [name.spot.fault(said, mend)]


def _unmakeable(name: NamedField, fields: Mapping[str, Info]) -> Look[list[Fault]]:
    begins = "UF_CRM_"
    if name.entity == "item":
        number = yield from _own_number(name.type_id)
        begins = f"UF_CRM_{number}_" if number else begins
    if name.name.startswith(begins) and _OWN_FIELD.fullmatch(name.name):
        return []
    en, ru = _owner(name)
    own = {field: str(info.get("title") or "") for field, info in fields.items() if field.startswith("UF_")}
    alike = next((field for field in own if plain(field) == plain(name.name)), "")
    mend = f"Name one that begins with {begins}", f"Укажите поле, имя которого начинается с {begins}"
    mend = near(alike, own) if alike else mend
    return [name.spot.fault((f"{en} no field {name.name}", f"{ru} нет поля {name.name}"), mend)]


def _own_number(type_id: int) -> Look[int | None]:
    """The number of a smart process that its fields are called by (§2.1); ``None`` where we may not know."""
    try:
        answer = yield Ask(method="crm.type.list", params={"filter": {"entityTypeId": type_id}})
    except PermanentError:
        return None
    return next((int(row["id"]) for row in rows(answer, "types") if row.get("id")), None)


def _type(name: NamedType) -> Look[list[Fault]]:
    """Administrators alone see the list of smart processes (§4.2); its fields tell everybody whether there is one."""
    try:
        yield Ask(method="crm.item.fields", params={"entityTypeId": name.type_id, "useOriginalUfNames": "Y"})
    except PermanentError as error:
        if error.cause not in GONE:
            raise
    else:
        return []
    known: dict[str, str] = {}
    try:
        answer = yield Ask(method="crm.type.list")
        known = {str(row.get("entityTypeId")): str(row.get("title") or "") for row in rows(answer, "types")}
    except PermanentError:
        known = {}
    said = f"There is no smart process {name.type_id}", f"Смарт-процесса {name.type_id} нет"
    mend = (
        "Its number stands in the address of its list: /crm/type/<number>/",
        "Номер виден в адресе: /crm/type/<номер>/",
    )
    return [name.spot.fault(said, near(name.type_id, known) if known else mend)]


def _number(name: NamedNumber) -> Look[list[Fault]]:
    wrong = yield from _NUMBERS[name.kind](name.number)
    return [name.spot.fault(*wrong)] if wrong else []


def _no_line(number: int) -> Look[Words | None]:
    asked = {"select": ["ID", "LINE_NAME", "ACTIVE"], "limit": 200}
    answer = yield Ask(method="imopenlines.config.list.get", params={"PARAMS": asked})
    lines = {str(row.get("ID")): row for row in rows(answer)}
    known = {line: str(row.get("LINE_NAME") or "") for line, row in lines.items() if row.get("ACTIVE") != "N"}
    row = lines.get(str(number))
    if row is None:
        return (f"There is no open line {number}", f"Открытой линии {number} нет"), known_words(known)
    if row.get("ACTIVE") == "N":
        title = row.get("LINE_NAME")
        said = f"Open line {number} ({title}) is switched off", f"Открытая линия {number} ({title}) выключена"
        return said, known_words(known)
    return None


def _no_group(number: int) -> Look[Words | None]:
    row = yield Ask(method="sonet_group.get", params={"IS_ADMIN": "Y"}, one=number)
    if row is not None:
        return None
    said = (
        f"There is no workgroup {number}, or this authorization may not see it",
        f"Рабочей группы {number} нет или у этой авторизации нет к ней доступа",
    )
    return said, (
        "The id stands in the address of the group: /workgroups/group/<id>/",
        "Номер виден в адресе группы: /workgroups/group/<номер>/",
    )


_NUMBERS: Mapping[str, Callable[[int], Look[Words | None]]] = {
    "user": no_user,
    "line": _no_line,
    "group": _no_group,
}
_LOOKS: Mapping[type[Name], Callable[[Any], Look[list[Fault]]]] = {
    NamedField: _field,
    NamedType: _type,
    NamedNumber: _number,
}
