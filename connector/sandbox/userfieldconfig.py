"""``userfieldconfig.*``: user fields of smart processes too; a sent ``enum`` is the whole set, the rest is deleted.

facts/bitrix24-telephony-crm.md §2.8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox import user_fields
from connector.sandbox.answers import ApiError, Page, Params, whole
from connector.sandbox.crm_fields import classic
from connector.sandbox.crm_settings import UserField
from connector.sandbox.crm_tables import PAGE, matcher
from connector.sandbox.methods import Call, Method

Action = Callable[[Call, Params], Any]
UNDELETABLE = "You cannot delete the user field"


def view(held: UserField, language: str, options: bool) -> dict[str, Any]:
    """A field in camelCase; ``list`` shows no options."""
    label = {language: held.label or held.name}
    told: dict[str, Any] = {
        "id": str(held.id),
        "entityId": held.entity,
        "fieldName": held.name,
        "userTypeId": held.type,
        "xmlId": held.xml_id or None,
        "sort": str(held.sort),
        "multiple": "Y" if held.multiple else "N",
        "mandatory": "Y" if held.mandatory else "N",
        "showFilter": held.filter,
        "showInList": "Y",
        "editInList": "Y",
        "isSearchable": "N",
        "settings": dict(held.settings),
        "languageId": {language: language},
        "editFormLabel": label,
        "listColumnLabel": label,
        "listFilterLabel": label,
        "errorMessage": None,
        "helpMessage": None,
    }
    if options and held.type == "enumeration":
        told["enum"] = [
            {
                "id": str(option.id),
                "userFieldId": str(held.id),
                "value": option.value,
                "def": "Y" if option.default else "N",
                "sort": str(option.sort),
                "xmlId": option.xml_id,
            }
            for option in user_fields.sorted_options(held)
        ]
    return told


def _given(params: Params) -> Params:
    field = params.get("field")
    if not isinstance(field, dict):
        raise ApiError("100", "Could not find value for parameter {field}", 400)
    given = {classic(str(name)): value for name, value in field.items()}
    rows = given.pop("ENUM", None)
    rows = list(rows.values()) if isinstance(rows, dict) else rows
    if isinstance(rows, list):
        given["LIST"] = [
            {classic(str(key)): value for key, value in row.items()} for row in rows if isinstance(row, dict)
        ]
    return given


def _held(call: Call, params: Params, refusal: str) -> UserField:
    held = call.portal.settings.fields.get(whole(params.get("id")))
    if held is None:
        raise ApiError("", refusal, 400)
    return held


def _add(call: Call, params: Params) -> dict[str, Any]:
    given, settings = _given(params), call.portal.settings
    entity, name = str(given.get("ENTITY_ID") or ""), str(given.get("FIELD_NAME") or "")
    if not name:
        raise ApiError("", "The 'FIELD_NAME' field is not found.", 400)
    known = {held.uf for held in settings.entities()}
    # The fields of leads, deals, contacts and companies begin with UF_CRM_ alone.
    prefix = f"UF_{entity}_" if entity.removeprefix("CRM_").isdigit() else "UF_CRM_"
    if entity not in known or not name.startswith(prefix):
        raise ApiError("", "You cannot create custom fields", 400)
    held = user_fields.create(settings, entity, name, given)
    return {"field": view(held, call.portal.config.language, options=True)}


def _update(call: Call, params: Params) -> dict[str, Any]:
    held = _held(call, params, "You cannot change the settings of the user field")
    given = _given(params)
    # Without the type the options are ignored.
    if given.get("USER_TYPE_ID") == "enumeration" == held.type and "LIST" in given:
        _replace(call, held, user_fields.options_in(given))
    user_fields.describe(held, given)
    return {"field": view(held, call.portal.config.language, options=True)}


def _replace(call: Call, held: UserField, sent: list[Mapping[str, Any]]) -> None:
    kept = {whole(option.get("ID")) for option in sent} & held.options.keys()
    user_fields.drop_options(call.portal, held, held.options.keys() - kept)
    for option in sent:
        if whole(option.get("ID")) in kept:
            user_fields.change_option(held, held.options[whole(option.get("ID"))], option)
    user_fields.add_options(call.portal.settings, held, [row for row in sent if whole(row.get("ID")) not in kept])


def _get(call: Call, params: Params) -> dict[str, Any]:
    held = _held(call, params, "You do not have permission to view user field settings")
    return {"field": view(held, call.portal.config.language, options=True)}


def _delete(call: Call, params: Params) -> None:
    user_fields.remove(call.portal, _held(call, params, UNDELETABLE))


def _list(call: Call, params: Params) -> Page:
    asked, select = params.get("filter"), params.get("select")
    fits = matcher(asked if isinstance(asked, dict) else {})
    language = call.portal.config.language
    rows = [
        shown for held in call.portal.settings.fields.values() if fits(shown := view(held, language, options=False))
    ]
    wanted = {str(name) for name in select} if isinstance(select, list) else set()
    if wanted - {"*"} and "*" not in wanted:
        rows = [{name: value for name, value in shown.items() if name in wanted or name == "id"} for shown in rows]
    begin = max(call.start, 0) // PAGE * PAGE
    following = begin + PAGE if begin + PAGE < len(rows) else None
    return Page(rows={"fields": rows[begin : begin + PAGE]}, total=len(rows), next=following)


def _method(action: Action, refusal: str) -> Method:
    def run(call: Call, params: Params) -> Any:
        if params.get("moduleId") != "crm":
            raise ApiError("", "No settings for UserFieldAccess", 400)
        if "crm" not in call.who.scope:
            raise ApiError("", "The current method required more scopes. (crm)", 400)
        if not call.is_admin:
            raise ApiError("", refusal, 400)
        return action(call, params)

    return Method(run=run, scope="userfieldconfig")


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "userfieldconfig.add": _method(_add, "Access denied"),
        "userfieldconfig.update": _method(_update, "You cannot change the settings of the user field"),
        "userfieldconfig.delete": _method(_delete, UNDELETABLE),
        "userfieldconfig.get": _method(_get, "You do not have permission to view user field settings"),
        "userfieldconfig.list": _method(_list, "You do not have permission to view user field settings"),
    }
)
