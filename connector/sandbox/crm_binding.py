"""Dialogs and the CRM: whom a client is bound to, and the activity of a session.

facts/bitrix24-openlines.md §2.1 CRM_CREATE, §2.3 entity_data_2, §3.2b.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox import crm_rows
from connector.sandbox.crm_duplicates import matching
from connector.sandbox.crm_settings import ENTITIES
from connector.sandbox.crm_tables import Row
from connector.sandbox.installing import admin
from connector.sandbox.model import Chat, Line, Session, User
from connector.sandbox.state import Portal

# The one that the dialog is shown under first.
TYPES: Mapping[str, int] = MappingProxyType({"LEAD": 1, "DEAL": 2, "CONTACT": 3, "COMPANY": 4})
CREATES = ("none", "lead", "deal")


def bind(portal: Portal, chat: Chat, session: Session, line: Line) -> None:
    """Bind a new session to whom its client is in the CRM, and open its activity. Group chats have neither."""
    if not line.crm or portal.connectors[chat.connector].group:
        return
    if not chat.crm:
        chat.crm = _owners(portal, portal.users[chat.user_id], chat, line)
    if chat.crm:
        session.activity = portal.crm["activity"].add(_activity(portal, chat, session, line))


def main_owner(chat: Chat) -> tuple[str, int]:
    """The first of the bindings: ``("LEAD", 5)``, or ``("NONE", 0)``."""
    return next(((kind, chat.crm[kind]) for kind in TYPES if chat.crm.get(kind)), ("NONE", 0))


def _owners(portal: Portal, user: User, chat: Chat, line: Line) -> dict[str, int]:
    found = _known(portal, user)
    if line.crm_create == "none" or (found and line.crm_create == "lead") or found.keys() & {"DEAL", "LEAD"}:
        return found
    fields: Row = {"NAME": user.name, "LAST_NAME": user.last_name, "SOURCE_ID": f"{chat.line}|{chat.connector}"}
    fields |= {kind: [{"VALUE": value}] for kind, value in _reach(user).items() if value}
    if line.crm_create == "lead":
        return {"LEAD": _new(portal, "lead", fields | {"TITLE": chat.name})}
    if not found:
        found = {"CONTACT": _new(portal, "contact", fields)}
    links = {f"{kind}_ID": str(number) for kind, number in found.items()}
    deal = {"TITLE": chat.name, "CATEGORY_ID": str(line.crm_category), "SOURCE_ID": fields["SOURCE_ID"], **links}
    return {**found, "DEAL": _new(portal, "deal", deal)}


def _new(portal: Portal, table: str, fields: Row) -> int:
    entity = next(held for held in ENTITIES.values() if held.table == table)
    number = crm_rows.insert(portal, entity, fields, admin(portal))
    crm_rows.tell(portal, entity, "ADD", number, 0)
    return number


def _reach(user: User) -> Mapping[str, Any]:
    return {"PHONE": user.fields.get("phone"), "EMAIL": user.fields.get("email")}


def _known(portal: Portal, user: User) -> dict[str, int]:
    """Contact, company and open lead with the client's number or address, and the open deal of contact or company."""
    found: dict[str, int] = {}
    for table in ("contact", "company", "lead"):
        rows = portal.crm[table].rows
        for kind, value in _reach(user).items():
            numbers = [number for number in matching(portal, table, kind, [value or ""]) if _is_open(rows[number])]
            if numbers and table.upper() not in found:
                found[table.upper()] = numbers[0]
    if "CONTACT" in found and "COMPANY" not in found:
        company = int(portal.crm["contact"].rows[found["CONTACT"]].get("COMPANY_ID") or 0)
        found |= {"COMPANY": company} if company in portal.crm["company"].rows else {}
    for number, deal in portal.crm["deal"].rows.items():
        people = deal.get("CONTACT_IDS") or []
        if _is_open(deal) and (
            str(found.get("CONTACT")) in people or deal.get("COMPANY_ID") == str(found.get("COMPANY"))
        ):
            found["DEAL"] = number
    return found


def _is_open(row: Row) -> bool:
    return (row.get("STATUS_SEMANTIC_ID") or row.get("STAGE_SEMANTIC_ID") or "P") == "P"


def _activity(portal: Portal, chat: Chat, session: Session, line: Line) -> Row:
    kind, owner = main_owner(chat)
    return {
        "OWNER_TYPE_ID": TYPES[kind],
        "OWNER_ID": owner,
        "BINDINGS": [{"OWNER_TYPE_ID": str(TYPES[kind]), "OWNER_ID": str(owner)} for kind, owner in chat.crm.items()],
        "PROVIDER_ID": "IMOPENLINES_SESSION",
        "PROVIDER_TYPE_ID": line.id,
        "PROVIDER_PARAMS": {"USER_CODE": chat.code},
        "ASSOCIATED_ENTITY_ID": session.id,
        "ORIGIN_ID": f"IMOL_{session.id}",
        "RESULT_SOURCE_ID": chat.connector,
        "RESULT_STATUS": "1",
        "RESULT_MARK": "0",
        "SUBJECT": chat.name,
        "START_TIME": portal.now_text(),
        "END_TIME": "",
        "COMPLETED": "N",
        "DIRECTION": "1",
        "RESPONSIBLE_ID": session.operator,
    }
