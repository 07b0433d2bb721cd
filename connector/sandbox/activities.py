"""Activities that are added whole: calls, meetings, letters (facts/bitrix24-telephony-crm.md §2.5).

A letter of ours is really sent when it is ``TYPE_ID`` 4, ``DIRECTION`` 2 and ``COMPLETED`` (gotcha 14): here its
``SETTINGS`` then say ``SENT``.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Params, upper, whole
from connector.sandbox.crm_settings import Entity
from connector.sandbox.crm_tables import Row
from connector.sandbox.events import emit
from connector.sandbox.methods import Call, Method

KINDS: Mapping[str, str] = MappingProxyType({"1": "", "2": "PHONE", "4": "EMAIL", "6": ""})
PROVIDERS: Mapping[str, str] = MappingProxyType({"1": "CRM_MEETING", "2": "CRM_CALL", "4": "CRM_EMAIL"})
_NOBODY = "The field COMMUNICATIONS is not defined or invalid."


def add(call: Call, params: Params) -> int:
    """One activity of a CRM row; its number. No double is ever noticed."""
    given = upper(params).get("FIELDS")
    fields: Row = upper(given) if isinstance(given, dict) else {}
    kind = str(fields.get("TYPE_ID", ""))
    entity = call.portal.settings.entity(whole(fields.get("OWNER_TYPE_ID")))
    owner = whole(fields.get("OWNER_ID"))
    if entity is None or owner not in call.portal.crm[entity.table].rows:
        raise ApiError("", "Could not build binding. Please ensure that owner fields are defined correctly.")
    if kind not in KINDS:
        raise ApiError("", "The field TYPE_ID is not defined or invalid.")
    if not str(fields.get("SUBJECT") or "").strip():
        raise ApiError("", "The field SUBJECT is not defined or empty.")
    with_whom = list(_communications(fields, KINDS[kind]))
    if not with_whom and kind != "6":
        raise ApiError("", _NOBODY)
    if len(with_whom) > 1 and kind in ("1", "2"):
        raise ApiError("", "The only one communication is allowed for this activity type.")
    whole_row = _row(call, entity, fields) | {"COMMUNICATIONS": with_whom, "FILES": list(_files(call, fields))}
    number = call.portal.crm["activity"].add(whole_row)
    emit(call.portal, "ONCRMACTIVITYADD", {"FIELDS": {"ID": number}}, actor=call.who.user_id)
    return number


def _communications(fields: Row, kind: str) -> Iterator[dict[str, str]]:
    """Without a row of its own one is of the owner; one of another type is dropped."""
    given = fields.get("COMMUNICATIONS")
    for each in given if isinstance(given, list) else []:
        row = upper(each) if isinstance(each, dict) else {}
        if row.get("VALUE") and row.get("TYPE", kind) == kind:
            yield {
                "TYPE": kind,
                "VALUE": str(row["VALUE"]),
                "ENTITY_TYPE_ID": str(row.get("ENTITY_TYPE_ID") or fields["OWNER_TYPE_ID"]),
                "ENTITY_ID": str(row.get("ENTITY_ID") or fields["OWNER_ID"]),
            }


def _files(call: Call, fields: Row) -> Iterator[dict[str, Any]]:
    """``fileData`` is a name and base64 (§2.5)."""
    given = fields.get("FILES")
    for each in given if isinstance(given, list) else []:
        pair = each.get("fileData") if isinstance(each, dict) else None
        if isinstance(pair, list) and len(pair) == 2:
            held = call.portal.store(str(pair[0]), "", b64decode(str(pair[1])))
            yield {"id": held.id, "name": held.name, "url": call.portal.file_url(held)}


def _row(call: Call, entity: Entity, fields: Row) -> Row:
    owner = call.portal.crm[entity.table].rows[whole(fields["OWNER_ID"])]
    person, kind = str(call.who.user_id), str(fields["TYPE_ID"])
    direction, done = str(fields.get("DIRECTION") or "0"), str(fields.get("COMPLETED") or "N")
    settings = dict(fields["SETTINGS"]) if isinstance(fields.get("SETTINGS"), dict) else {}
    sent = {"SENT": "Y"} if (kind, direction, done) == ("4", "2", "Y") else {}
    now = call.portal.now_text()
    return {
        "START_TIME": now,
        "END_TIME": now,
        "DESCRIPTION": "",
        "DESCRIPTION_TYPE": "1",
        "ORIGINATOR_ID": "",
        "ORIGIN_ID": "",
        "PROVIDER_ID": PROVIDERS.get(kind, ""),
        "RESPONSIBLE_ID": str(owner.get("ASSIGNED_BY_ID") or person),
        **{name: value for name, value in fields.items() if name not in ("ID", "COMMUNICATIONS", "FILES")},
        "DIRECTION": direction,
        "COMPLETED": done,
        "STATUS": "2" if done == "Y" else "1",
        "SETTINGS": settings | sent,
        "AUTHOR_ID": person,
        "BINDINGS": [{"OWNER_TYPE_ID": str(fields["OWNER_TYPE_ID"]), "OWNER_ID": str(fields["OWNER_ID"])}],
    }


METHODS: Mapping[str, Method] = MappingProxyType({"crm.activity.add": Method(run=add, scope="crm")})
