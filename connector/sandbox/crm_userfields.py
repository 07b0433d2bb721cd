"""``crm.<lead|deal|contact|company>.userfield.*``: a sent LIST adds and changes options, what it omits stays.

facts/bitrix24-telephony-crm.md §2.8. An administrator of the CRM is needed for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connector.sandbox import user_fields
from connector.sandbox.answers import ApiError, Page, Params, is_yes, upper, whole
from connector.sandbox.crm_settings import ENTITIES, UserField
from connector.sandbox.crm_tables import PAGE, matcher
from connector.sandbox.methods import Call, Method


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Whose user fields: their ENTITY_ID, what every name begins with, the scope that is needed."""

    uf: str
    prefix: str
    scope: str

    def full(self, name: str) -> str:
        """The whole name of a field; those of employees are folded, and ``UF_`` alone is no part of them."""
        if name.startswith(self.prefix):
            return name
        return self.prefix + (name.upper().removeprefix("UF_") if self.uf == user_fields.PEOPLE else name)


Action = Callable[[Call, Kind, Params], Any]


def row(held: UserField, language: str, whole_one: bool) -> dict[str, Any]:
    """A field as ``list`` shows it (labels are texts), or ``get`` (labels by language)."""
    label: Any = {language: held.label or held.name} if whole_one else held.label or held.name
    told: dict[str, Any] = {
        "ID": str(held.id),
        "ENTITY_ID": held.entity,
        "FIELD_NAME": held.name,
        "USER_TYPE_ID": held.type,
        "XML_ID": held.xml_id or None,
        "SORT": str(held.sort),
        "MULTIPLE": "Y" if held.multiple else "N",
        "MANDATORY": "Y" if held.mandatory else "N",
        "SHOW_FILTER": held.filter,
        "SHOW_IN_LIST": "Y",
        "EDIT_IN_LIST": "Y",
        "IS_SEARCHABLE": "N",
        "SETTINGS": dict(held.settings),
        "EDIT_FORM_LABEL": label,
        "LIST_COLUMN_LABEL": label,
        "LIST_FILTER_LABEL": label,
        "ERROR_MESSAGE": None,
        "HELP_MESSAGE": None,
    }
    if held.type == "enumeration":
        told["LIST"] = [
            {
                "ID": str(option.id),
                "SORT": str(option.sort),
                "VALUE": option.value,
                "DEF": "Y" if option.default else "N",
                "XML_ID": option.xml_id,
            }
            for option in user_fields.sorted_options(held)
        ]
    return told


def _given(params: Params) -> Params:
    fields = params.get("FIELDS")
    if not isinstance(fields, dict):
        raise ApiError("", "Parameter 'fields' must be array.", 400)
    return upper(fields)


def _held(call: Call, kind: Kind, params: Params) -> UserField:
    number = whole(params.get("ID"))
    if number <= 0:
        raise ApiError("", "ID is not defined or invalid.", 400)
    held = call.portal.settings.fields.get(number)
    if held is None:
        raise ApiError("ERROR_NOT_FOUND", f"The entity with ID '{number}' is not found.", 404)
    if held.entity != kind.uf:
        raise ApiError("", "Access denied.", 400)
    return held


def _add(call: Call, kind: Kind, params: Params) -> int:
    given = _given(params)
    name = str(given.get("FIELD_NAME") or "")
    if not name:
        raise ApiError("", "The 'FIELD_NAME' field is not found.", 400)
    return user_fields.create(call.portal.settings, kind.uf, kind.full(name), given).id


def _update(call: Call, kind: Kind, params: Params) -> bool:
    held, given = _held(call, kind, params), _given(params)
    added, gone = [], []
    for sent in user_fields.options_in(given):
        option = held.options.get(whole(sent.get("ID")))
        if option is None:
            added.append(sent)
        elif is_yes(sent.get("DEL")):
            gone.append(option.id)
        else:
            user_fields.change_option(held, option, sent)
    user_fields.add_options(call.portal.settings, held, added)
    user_fields.drop_options(call.portal, held, gone)
    user_fields.describe(held, given)
    return True


def _get(call: Call, kind: Kind, params: Params) -> dict[str, Any]:
    return row(_held(call, kind, params), call.portal.config.language, whole_one=True)


def _list(call: Call, kind: Kind, params: Params) -> Page:
    for name in ("ORDER", "FILTER"):
        if not isinstance(params.get(name) or {}, dict | list):
            raise ApiError("", f"Parameter '{name.lower()}' must be array.", 400)
    asked = params.get("FILTER")
    fits = matcher(upper(asked) if isinstance(asked, dict) else {})
    language = call.portal.config.language
    fields = sorted(call.portal.settings.fields_of(kind.uf).values(), key=lambda held: (held.sort, held.id))
    rows = [shown for held in fields if fits(shown := row(held, language, whole_one=False))]
    begin = max(call.start, 0) // PAGE * PAGE
    following = begin + PAGE if begin + PAGE < len(rows) else None
    return Page(rows=rows[begin : begin + PAGE], total=len(rows), next=following)


def _delete(call: Call, kind: Kind, params: Params) -> bool:
    user_fields.remove(call.portal, _held(call, kind, params))
    return True


def methods(family: str, kind: Kind) -> dict[str, Method]:
    """``<family>.add|update|get|list|delete`` for these fields."""
    return {f"{family}.{name}": _method(kind, action) for name, action in ACTIONS.items()}


def _method(kind: Kind, action: Action) -> Method:
    def run(call: Call, params: Params) -> Any:
        if not call.is_admin:
            raise ApiError("", "Access denied.", 400)
        return action(call, kind, upper(params))

    return Method(run=run, scope=kind.scope)


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {"add": _add, "update": _update, "get": _get, "list": _list, "delete": _delete}
)
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        name: method
        for entity in ENTITIES.values()
        for name, method in methods(
            f"crm.{entity.table}.userfield", Kind(uf=entity.uf, prefix="UF_CRM_", scope="crm")
        ).items()
    }
)
