"""What both families of user field methods share: checks, options, values (facts/bitrix24-telephony-crm.md §2.8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connector.sandbox.answers import ApiError, is_yes, whole
from connector.sandbox.crm_settings import Option, Settings, UserField
from connector.sandbox.crm_tables import Table
from connector.sandbox.state import Portal

TYPES = frozenset(
    {
        "string",
        "integer",
        "double",
        "boolean",
        "date",
        "datetime",
        "money",
        "url",
        "address",
        "enumeration",
        "file",
        "employee",
        "crm_status",
        "iblock_section",
        "iblock_element",
        "crm",
    }
)
MAX_NAME = 50
# ENTITY_ID of the user fields of employees.
PEOPLE = "USER"
_NAME = re.compile(r"[A-Z0-9_]+")
Given = Mapping[str, Any]


def create(settings: Settings, entity: str, name: str, given: Given) -> UserField:
    """A new field from UPPER_CASE settings and ``LIST``. Raises errors with an empty code, as Bitrix24 does."""
    kind = str(given.get("USER_TYPE_ID") or "")
    if not kind:
        raise ApiError("", "The 'USER_TYPE_ID' field is not found.", 400)
    if len(name) > MAX_NAME:
        raise ApiError("", f"Field name is too long (more than {MAX_NAME} characters).", 400)
    if not _NAME.fullmatch(name):
        text = "Field name contains invalid characters. Allowed characters are: A-Z, 0-9 and _."
        raise ApiError("", text, 400)
    if kind not in TYPES and not kind.startswith("rest_"):
        raise ApiError("", "Incorrect custom type specified.", 400)
    if name in settings.fields_of(entity):
        raise ApiError("", f"Field {name} already exists.", 400)
    held = UserField(id=0, entity=entity, name=name, type=kind, multiple=is_yes(given.get("MULTIPLE")))
    add_options(settings, held, options_in(given))
    held.id = settings.next_id("field")
    settings.fields[held.id] = held
    describe(held, given)
    return held


def describe(held: UserField, given: Given) -> None:
    """Change what may be changed later: not the type, the name or whether it is multiple."""
    held.mandatory = is_yes(given.get("MANDATORY"), held.mandatory)
    held.sort = whole(given.get("SORT"), held.sort)
    held.xml_id = str(given.get("XML_ID") or held.xml_id)
    held.filter = str(given.get("SHOW_FILTER") or held.filter)
    label = given.get("EDIT_FORM_LABEL") or given.get("LABEL") or held.label
    held.label = str(next(iter(label.values()), "")) if isinstance(label, Mapping) else str(label)
    if isinstance(given.get("SETTINGS"), Mapping):
        held.settings = dict(given["SETTINGS"])


def options_in(given: Given) -> list[Given]:
    """The sent LIST of an enumeration, each option with keys in upper case."""
    sent = given.get("LIST")
    rows = sent.values() if isinstance(sent, Mapping) else sent if isinstance(sent, list) else ()
    return [{str(key).upper(): value for key, value in row.items()} for row in rows if isinstance(row, Mapping)]


def add_options(settings: Settings, held: UserField, sent: Iterable[Given]) -> None:
    """Add options to an enumeration. Raises ``ERROR_CORE`` for an XML_ID that the field has already."""
    if held.type != "enumeration":
        return
    for row in sent:
        xml_id, value = str(row.get("XML_ID") or ""), str(row.get("VALUE") or "")
        if not value:
            continue
        _check_xml_id(held, xml_id, 0)
        place = whole(row.get("SORT"), 100 * (len(held.options) + 1))
        option = settings.option(value, place, is_yes(row.get("DEF")), xml_id)
        held.options[option.id] = option


def change_option(held: UserField, option: Option, row: Given) -> None:
    """Change one option by what is sent of it."""
    _check_xml_id(held, str(row.get("XML_ID") or ""), option.id)
    option.value = str(row.get("VALUE") or option.value)
    option.sort = whole(row.get("SORT"), option.sort)
    option.default = is_yes(row.get("DEF"), option.default)
    option.xml_id = str(row.get("XML_ID") or option.xml_id)


def _check_xml_id(held: UserField, xml_id: str, own: int) -> None:
    if xml_id and any(option.xml_id == xml_id and option.id != own for option in held.options.values()):
        raise ApiError("ERROR_CORE", f"A list item with XML_ID={xml_id} already exists", 400)


def drop_options(portal: Portal, held: UserField, numbers: Iterable[int]) -> None:
    """Delete options; the rows lose these values."""
    gone = {str(number) for number in numbers}
    for number in gone:
        held.options.pop(int(number), None)
    table = _table(portal, held)
    if table is None:
        for user in portal.users.values():
            user.profile |= {name: _without(value, gone) for name, value in user.profile.items() if name == held.name}
        return
    for row_id, row in table.rows.items():
        if row.get(held.name):
            table.amend(row_id, {held.name: _without(row[held.name], gone)})


def _without(value: Any, gone: set[str]) -> Any:
    if isinstance(value, list):
        return [option for option in value if option not in gone]
    return "" if value in gone else value


def _table(portal: Portal, held: UserField) -> Table | None:
    """The rows that have the field; None for a field of employees."""
    entity = next((entity for entity in portal.settings.entities() if entity.uf == held.entity), None)
    return portal.crm[entity.table] if entity else None


def remove(portal: Portal, held: UserField) -> None:
    """Delete a field with all its values."""
    del portal.settings.fields[held.id]
    table = _table(portal, held)
    if table is not None:
        table.drop(held.name)
        return
    for user in portal.users.values():
        user.profile.pop(held.name, None)


def sorted_options(held: UserField) -> list[Option]:
    """The options in their order."""
    return sorted(held.options.values(), key=lambda option: (option.sort, option.id))
