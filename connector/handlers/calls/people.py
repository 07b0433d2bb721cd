"""Who is who: extensions of the PBX as users of Bitrix24, and who is responsible for a number.

Both are asked of the portal (facts/bitrix24-telephony-crm.md §1.2, §1.6, §3.1) and kept as links, so that a call that
comes in costs no look-up. When the portal refuses, what was known holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from connector.domain.effects import Call, Plan, Recall, Remember
from connector.domain.telephony import Found
from connector.errors import PermanentError
from connector.handlers.calls.numbers import line_settings
from connector.handlers.rules import Rules

KNOWN = "phone.user"  # by <portal>/<extension>: {"user", "at"}; <portal>/#<user>: {"extension", "at"}
OWNER = "phone.owner"  # by <portal>/<E.164>: Found, but for the phone, and "at"
TABLE = "extensions"  # a mapping table: extension → {"user"}
INSTALLER = "@installer"  # as if it were an extension: whoever installed the application
OURS = ("#", "@")  # no extension begins so: such keys are our own
FRESH = timedelta(hours=12)
FRESH_NOBODY = timedelta(minutes=10)  # whoever is new gets their extension soon
LONGEST = 50  # of an extension or login that is asked for
ENTITIES = ("CONTACT", "LEAD", "COMPANY")
ABSENT = ("CLOSED", "PAUSED", "EXPIRED")


def user_of(portal: str, extension: str, rules: Rules) -> Plan:
    """The Bitrix24 user with that extension, or 0: as their profile says, else as the table ``extensions`` does."""
    wanted = extension.strip()
    if not wanted or len(wanted) > LONGEST or wanted.startswith(OURS):
        return 0
    known, in_table = (yield Recall(KNOWN, f"{portal}/{wanted}")) or {}, _in_table(wanted, rules)
    if _fresh(known, rules.at, somebody=bool(_number(known.get("user")) or in_table)):
        return _number(known.get("user")) or in_table
    try:
        user = yield from _by_profile(wanted)
    except PermanentError:
        return _number(known.get("user")) or in_table
    yield from _keep(portal, wanted, {"user": user}, rules)
    return user or in_table


def extension_of(portal: str, user: int, rules: Rules) -> Plan:
    """The extension of a Bitrix24 user, or an empty text: as their profile says, else as the table ``extensions``."""
    if user <= 0:
        return ""
    known, in_table = (yield Recall(KNOWN, f"{portal}/#{user}")) or {}, _in_table_of(user, rules)
    if _fresh(known, rules.at, somebody=bool(known.get("extension") or in_table)):
        return str(known.get("extension") or in_table)
    try:
        rows = yield Call("user.get", {"FILTER": {"ID": user}})
    except PermanentError:
        return str(known.get("extension") or in_table)
    extension = next((_inner(row) for row in _rows(rows) if str(row.get("ID")) == str(user)), "")
    yield from _keep(portal, f"#{user}", {"extension": extension}, rules)
    return extension or in_table


def default_user(portal: str, account: str, line: str, rules: Rules) -> Plan:
    """Whom a call that reached nobody is kept under, or 0 when nobody is known: who is responsible for the line, for
    the account, else whoever installed the application.
    """
    pbx = rules.accounts[account].pbx if account in rules.accounts else None
    said = line_settings(pbx, line, rules).responsible or (pbx.responsible if pbx else None)
    if said:
        return said
    known = (yield Recall(KNOWN, f"{portal}/{INSTALLER}")) or {}
    if _fresh(known, rules.at, somebody=bool(_number(known.get("user")))):
        return _number(known.get("user"))
    try:
        answer = yield Call("profile")
    except PermanentError:
        return _number(known.get("user"))
    user = _number(answer.get("ID")) if isinstance(answer, Mapping) else 0
    yield from _keep(portal, INSTALLER, {"user": user}, rules)
    return user


def owner_of(portal: str, phone: str, rules: Rules) -> Plan:
    """Who is responsible for ``phone`` (E.164) as a ``Found``, or ``None`` when we have no copy of it. The portal is
    not asked. Our own numbers are nobody's (trap 9).
    """
    if not phone or phone in rules.mappings.config.own_phones:
        return None
    kept = yield Recall(OWNER, f"{portal}/{phone}")
    if not kept:
        return None
    return Found(
        phone=phone,
        name=str(kept.get("name") or ""),
        user=_number(kept.get("user")),
        extension=str(kept.get("extension") or ""),
        entity=str(kept.get("entity") or ""),
        entity_id=_number(kept.get("entity_id")),
    )


def learned(portal: str, found: Found, rules: Rules, *, present: bool = True) -> Plan:
    """Keep who is responsible for a number, so that the next call from it is routed without asking. ``present``:
    whether their working day is open.
    """
    if not found.phone or found.phone in rules.mappings.config.own_phones:
        return
    value = {name: value for name, value in asdict(found).items() if name != "phone"}
    yield Remember(OWNER, f"{portal}/{found.phone}", {**value, "present": present, **_at(rules)})


def looked_up(portal: str, phone: str, rules: Rules, *, patient: bool = False) -> Plan:
    """Ask the CRM who is responsible for ``phone`` (E.164), and keep it; ``None``: nobody has that number there.
    ``patient``: it is about the past, and all talk goes before it.

    One request. Contacts come before leads, those before companies (§1.6), and rows that somebody is responsible for
    before others. Raises ``PermanentError``.
    """
    if not phone or phone in rules.mappings.config.own_phones:
        return None
    answer = yield Call("telephony.externalCall.searchCrmEntities", {"PHONE_NUMBER": phone}, patient=patient)
    rows = sorted(_owned(answer), key=lambda row: not _responsible(row))
    if not rows:
        return None
    found = _found(phone, rows[0])
    yield from learned(portal, found, rules, present=_manager(rows[0]).get("TIMEMAN_STATUS") not in ABSENT)
    return found


def _owned(answer: Any) -> Iterator[Mapping[str, Any]]:
    for row in _rows(answer):
        if str(row.get("CRM_ENTITY_TYPE")) in ENTITIES and _number(row.get("CRM_ENTITY_ID")):
            yield row


def _found(phone: str, row: Mapping[str, Any]) -> Found:
    return Found(
        phone=phone,
        name=str(row.get("NAME") or "")[:200],
        user=_responsible(row),
        extension=str(_manager(row).get("USER_PHONE_INNER") or "")[:LONGEST],
        entity=str(row["CRM_ENTITY_TYPE"]),
        entity_id=_number(row["CRM_ENTITY_ID"]),
    )


def _responsible(row: Mapping[str, Any]) -> int:
    return _number(row.get("ASSIGNED_BY_ID")) or _number(_manager(row).get("ID"))


def _manager(row: Mapping[str, Any]) -> Mapping[str, Any]:
    manager = row.get("ASSIGNED_BY")
    return manager if isinstance(manager, Mapping) else {}


def _by_profile(extension: str) -> Plan:
    """A filter that a portal does not know lets everybody through, so the row has to say it itself."""
    rows = yield Call("user.get", {"FILTER": {"UF_PHONE_INNER": extension, "ACTIVE": True}})
    users = [_number(row.get("ID")) for row in _rows(rows) if _inner(row) == extension]
    return min(filter(None, users), default=0)


def _in_table(extension: str, rules: Rules) -> int:
    row = rules.mappings.config.tables.get(TABLE, {}).get(extension, {})
    return _number(row.get("user"))


def _in_table_of(user: int, rules: Rules) -> str:
    rows = rules.mappings.config.tables.get(TABLE, {})
    return next((extension for extension, row in rows.items() if _number(row.get("user")) == user), "")


def _keep(portal: str, key: str, value: Mapping[str, Any], rules: Rules) -> Plan:
    yield Remember(KNOWN, f"{portal}/{key}", {**value, **_at(rules)})


def _at(rules: Rules) -> dict[str, str]:
    return {"at": rules.at.isoformat(timespec="seconds") if rules.at else ""}


def _fresh(known: Mapping[str, Any], now: datetime | None, *, somebody: bool) -> bool:
    """Whether it need not be asked again. Without a time to compare with, what is known holds."""
    if not known or now is None:
        return bool(known)
    told = str(known.get("at") or "")
    return bool(told) and now - datetime.fromisoformat(told) < (FRESH if somebody else FRESH_NOBODY)


def _inner(row: Mapping[str, Any]) -> str:
    return str(row.get("UF_PHONE_INNER") or "").strip()


def _rows(answer: Any) -> list[Mapping[str, Any]]:
    return [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, list) else []


def _number(value: Any) -> int:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
