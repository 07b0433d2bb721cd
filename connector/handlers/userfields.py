"""User fields of the portal: what they are, and texts as the ids of their options.

facts/bitrix24-telephony-crm.md §2.8. What a field is never changes there, so it is remembered; options are looked at
again when one is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connector.domain.effects import Call, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.case import FORBIDDEN, Case, Place
from connector.speech import Text
from mappings.faults import nearest

FIELD = "field"  # link by <portal>.<entityTypeId>.<name>: {"id", "type", "multiple", "options": [[id, value, xml id]]}
Field = Mapping[str, Any]

NO_OPTION = Text(
    "Field {field} has no option {value} (rule {rule}). {nearest} Correct the mapping or add the option in Bitrix24, "
    "then try it again.",
    "У поля {field} нет варианта {value} (правило {rule}). {nearest} Исправьте маппинг или добавьте вариант в "
    "Битрикс24 и попробуйте снова.",
)
NO_FIELD = Text(
    "There is no field {field} in Bitrix24 (rule {rule}): it would be passed over in silence. Correct the mapping or "
    "make the field, then try it again.",
    "В Битрикс24 нет поля {field} (правило {rule}): значение молча пропало бы. Исправьте маппинг или создайте поле и "
    "попробуйте снова.",
)


def written(case: Case, place: Place, name: str, value: Any, rule: str) -> Plan:
    """``value`` as the field takes it: texts of an enumeration become ids of its options.

    Raises ``PermanentError`` (``mapping.option``, ``mapping.field``) for what the portal does not have.
    """
    if not name.startswith("UF_") or not any(_is_text(item) for item in _listed(value)):
        return value
    field = yield from defined(case, place, name)
    if field is None:
        raise PermanentError("mapping.field", hint=NO_FIELD.with_(field=name, rule=rule))
    if field["type"] != "enumeration":
        return value
    texts = [item for item in _listed(value) if item not in (None, "")]
    if any(option_of(field, item) is None for item in texts):
        field = yield from defined(case, place, name, again=True)
    ids = [_option(field or {}, name, item, rule) for item in texts]
    return ids if isinstance(value, list | tuple) else ids[0]


def defined(case: Case, place: Place, name: str, *, again: bool = False) -> Plan:
    """The field, or ``None`` when the portal has none. Who may not look is told that it is a ``string``."""
    key = field_key(case, place, name)
    known = None if again else (yield Recall(FIELD, key))
    if known and known.get("type"):
        return known
    try:
        field = yield from (_of_item(name) if place.entity == "item" else _of_entity(place.entity, name))
    except PermanentError as error:
        if error.cause not in FORBIDDEN:
            raise
        return {"id": "", "type": "string", "multiple": True, "options": [], "unseen": True}
    yield Remember(FIELD, key, field)
    return field


def field_key(case: Case, place: Place, name: str) -> str:
    """The name of its link."""
    return f"{case.portal}.{place.type_id}.{name}"


def option_of(field: Field, value: Any, *, by_id: bool = True) -> int | None:
    """The id of an option by its XML_ID, by its value, or by its own id."""
    if isinstance(value, int):
        return value
    text = str(value).strip()
    options = field.get("options") or []
    fitting = [
        *(option for option in options if option[2] == text),
        *(option for option in options if str(option[1]).casefold() == text.casefold()),
        *(option for option in options if by_id and str(option[0]) == text),
    ]
    return int(fitting[0][0]) if fitting else None


def of_config(field: Any) -> Field | None:
    """A field as ``userfieldconfig.*`` tells it."""
    if not isinstance(field, Mapping) or not field.get("id"):
        return None
    options = [(option.get("id"), option.get("value"), option.get("xmlId")) for option in field.get("enum") or []]
    return _field(field["id"], field.get("userTypeId"), field.get("multiple"), options)


def _of_entity(entity: str, name: str) -> Plan:
    rows = yield Call(f"crm.{entity}.userfield.list", {"filter": {"FIELD_NAME": name}})
    row = next((row for row in rows or [] if isinstance(row, Mapping) and row.get("FIELD_NAME") == name), None)
    if row is None:
        return None
    if row.get("USER_TYPE_ID") == "enumeration" and "LIST" not in row:
        row = yield Call(f"crm.{entity}.userfield.get", {"id": row["ID"]})
    options = [(option.get("ID"), option.get("VALUE"), option.get("XML_ID")) for option in row.get("LIST") or []]
    return _field(row["ID"], row.get("USER_TYPE_ID"), row.get("MULTIPLE"), options)


def _of_item(name: str) -> Plan:
    answer = yield Call("userfieldconfig.list", {"moduleId": "crm", "filter": {"fieldName": name}})
    rows = answer.get("fields") if isinstance(answer, Mapping) else None
    row = next((row for row in rows or [] if row.get("fieldName", name) == name), None)
    if row is None:
        return None
    if row.get("userTypeId") == "enumeration":
        answer = yield Call("userfieldconfig.get", {"moduleId": "crm", "id": row["id"]})
        row = answer["field"]
    return of_config(row)


def _field(number: Any, kind: Any, multiple: Any, options: Iterable[tuple[Any, Any, Any]]) -> Field:
    rows = [[int(option), str(value or ""), str(xml_id or "")] for option, value, xml_id in options]
    return {"id": str(number), "type": str(kind or ""), "multiple": multiple in ("Y", True), "options": rows}


def _option(field: Field, name: str, value: Any, rule: str) -> int:
    number = option_of(field, value)
    if number is None:
        known = [word for option in field.get("options") or [] for word in (option[2] or option[1],)]
        words = (
            Text(*nearest(str(value), known)).ended() if known else Text("It has no options.", "Вариантов у него нет.")
        )
        raise PermanentError("mapping.option", hint=NO_OPTION.with_(field=name, value=value, rule=rule, nearest=words))
    return number


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
