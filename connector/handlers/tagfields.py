"""The user field that bears tags: its values for them, and the field and its options made where they are missing.

facts/bitrix24-telephony-crm.md §2.8-2.9: an enumeration of several values, its options known by XML_ID and never
deleted; where it is of texts, the tags stand in it as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connector.domain.effects import Call, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.case import FORBIDDEN, Case, Place
from connector.handlers.fields import digest
from connector.handlers.userfields import Field, defined, field_key, option_of
from connector.speech import Text

REFUSED = "tags.refused"  # link by field: {"at"}: we may not make what is missing; asked again after a day
_AGAIN = timedelta(days=1)
_TRIES = 3
_OF_ITEM = re.compile(r"UF_(CRM_(?:\d+|SMART_INVOICE))_\w+")

LABEL = Text("Tags", "Теги")
WRONG_FIELD = Text(
    "Field {field} cannot bear tags: it has to be a list or a text of several values. Name another in `tag_fields`, "
    "then try it again.",
    "Поле {field} не подходит для тегов: нужен множественный список или множественная строка. Укажите другое в "
    "`tag_fields` и попробуйте снова.",
)
NOT_ALLOWED = Text(
    "No tags in {field}: this authorization may not change CRM fields ({what}). Let a CRM administrator open the "
    "application, or make them by hand.",
    "Теги в {field} не записаны: этой авторизации нельзя менять поля CRM ({what}). Пусть приложение откроет "
    "администратор CRM, или создайте их вручную.",
)
NO_OPTIONS = Text(
    "Bitrix24 took the new options of {field}, yet they are not there: {tags}. Add them by hand, then try again.",
    "Битрикс24 принял новые варианты поля {field}, но их там нет: {tags}. Добавьте их вручную и попробуйте снова.",
)


def values_of(case: Case, place: Place, name: str, add: Sequence[str], drop: Sequence[str]) -> Plan:
    """tag → what stands for it in the field; tags that nothing can stand for are left out, and a note says why.

    Raises ``PermanentError`` (``mapping.tag_field``) for a field that cannot bear tags.
    """
    field: Field | None = yield from defined(case, place, name)
    if add and (field is None or field.get("unseen")):
        field = yield from _made(case, place, name, add)
    if field is None or field.get("unseen"):
        return {}
    if field["type"] not in ("enumeration", "string") or not field["multiple"]:
        raise PermanentError("mapping.tag_field", hint=WRONG_FIELD.with_(field=name))
    if field["type"] == "string":
        return {tag: tag for tag in (*add, *drop)}
    if _missing(field, add):
        field = yield from _with_options(case, place, name, field, add)
    known = {tag: option_of(field, tag, by_id=False) for tag in (*add, *drop)}
    return {tag: option for tag, option in known.items() if option is not None}


def _made(case: Case, place: Place, name: str, tags: Sequence[str]) -> Plan:
    """The field, made by us; ``None`` where we may not: then nothing parks, and a note says so."""
    if (yield from _refused_lately(case, place, name)):
        return None
    label = LABEL.say(case.language)
    for kind in ("enumeration", "string"):
        method, params = _new(place, name, kind, tags, label)
        key = f"field:{field_key(case, place, name)}"
        for attempt in (key, ""):  # what was made once and deleted since, is made again
            try:
                yield Call(method, params, key=attempt, proof=partial(_seen, case, place, name), judge=bool)
            except PermanentError as error:
                if error.cause not in FORBIDDEN:
                    raise
                break
            field = yield from defined(case, place, name, again=True)
            if field is not None and not field.get("unseen"):
                return field
    yield from _refuse(case, place, name, name)
    return None


def _new(place: Place, name: str, kind: str, tags: Sequence[str], label: str) -> tuple[str, dict[str, Any]]:
    if place.entity != "item":
        field: dict[str, Any] = {"FIELD_NAME": name.removeprefix("UF_CRM_"), "USER_TYPE_ID": kind, "MULTIPLE": "Y"}
        field |= {"LABEL": label, "SHOW_FILTER": "Y", "XML_ID": name}
        options = [{"VALUE": tag, "XML_ID": tag} for tag in tags]
        return f"crm.{place.entity}.userfield.add", {
            "fields": {**field, **({"LIST": options} if kind == "enumeration" else {})}
        }
    owner = _OF_ITEM.fullmatch(name)
    if owner is None:
        raise PermanentError("mapping.tag_field", hint=WRONG_FIELD.with_(field=name))
    field = {"entityId": owner[1], "fieldName": name, "userTypeId": kind, "multiple": "Y", "showFilter": "Y"}
    field |= {"editFormLabel": {"en": LABEL.en, "ru": LABEL.ru}, "xmlId": name}
    if kind == "enumeration":
        field["enum"] = [{"value": tag, "xmlId": tag} for tag in tags]
    return "userfieldconfig.add", {"moduleId": "crm", "field": field}


def _seen(case: Case, place: Place, name: str) -> Plan:
    """Proof of a field that was made: it is there."""
    field = yield from defined(case, place, name, again=True)
    return True if field and not field.get("unseen") else None


def _with_options(case: Case, place: Place, name: str, field: Field, tags: Sequence[str]) -> Plan:
    """The field with an option for each tag. Nobody's option is lost: whoever read the same options as another event
    has the same key, so only one of both writes, and the other looks again.
    """
    if (yield from _refused_lately(case, place, name)):
        return field
    before = ""
    for _ in range(_TRIES):
        # What is remembered may be old; what is written has to be new.
        field = (yield from defined(case, place, name, again=True)) or field
        wanted = _missing(field, tags)
        if not wanted:
            return field
        seen = digest(sorted(option[0] for option in field["options"]))
        key = f"options:{field_key(case, place, name)}:{seen}" if seen != before else ""
        before = seen
        try:
            yield from _append(place, field, wanted, key, partial(_there, case, place, name, wanted))
        except PermanentError as error:
            if error.cause not in FORBIDDEN:
                raise
            yield from _refuse(case, place, name, ", ".join(wanted))
            return field
    field = (yield from defined(case, place, name, again=True)) or field
    if left := _missing(field, tags):
        raise PermanentError("mapping.tag_option", hint=NO_OPTIONS.with_(field=name, tags=", ".join(left)))
    return field


def _append(place: Place, field: Field, tags: Sequence[str], key: str, proof: Any) -> Plan:
    """``crm.*.userfield.update`` adds; ``userfieldconfig.update`` deletes whatever it is not told (§2.8)."""
    if place.entity != "item":
        fields = {"LIST": [{"VALUE": tag, "XML_ID": tag} for tag in tags]}
        params: dict[str, Any] = {"id": field["id"], "fields": fields}
        yield Call(f"crm.{place.entity}.userfield.update", params, key=key, proof=proof, judge=bool)
        return
    answer = yield Call("userfieldconfig.get", {"moduleId": "crm", "id": field["id"]})
    enum = [dict(option) for option in answer["field"].get("enum") or []]
    if sorted(int(option["id"]) for option in enum) != sorted(option[0] for option in field["options"]):
        return  # somebody was faster: look again
    options = [*enum, *({"value": tag, "xmlId": tag} for tag in tags)]
    params = {"moduleId": "crm", "id": field["id"], "field": {"userTypeId": "enumeration", "enum": options}}
    yield Call("userfieldconfig.update", params, key=key, proof=proof, judge=bool)


def _there(case: Case, place: Place, name: str, tags: Sequence[str]) -> Plan:
    """Proof of options that were added: they are there."""
    field: Mapping[str, Any] | None = yield from defined(case, place, name, again=True)
    return True if field and not _missing(field, tags) else None


def _missing(field: Field, tags: Iterable[str]) -> list[str]:
    return [tag for tag in tags if option_of(field, tag, by_id=False) is None]


def _refused_lately(case: Case, place: Place, name: str) -> Plan:
    refused = yield Recall(REFUSED, field_key(case, place, name))
    at = datetime.fromisoformat(refused["at"]) if refused and refused.get("at") else None
    if not refused or (at and case.at and case.at - at > _AGAIN):
        return False
    case.notes.append(NOT_ALLOWED.with_(field=name, what=refused.get("what", name)).say(case.language))
    return True


def _refuse(case: Case, place: Place, name: str, what: str) -> Plan:
    yield Remember(REFUSED, field_key(case, place, name), {"at": case.at.isoformat() if case.at else "", "what": what})
    case.notes.append(NOT_ALLOWED.with_(field=name, what=what).say(case.language))
