"""Writing CRM rows whole: defaults, stages, links, who and when (facts/bitrix24-telephony-crm.md §2.2).

Everything here speaks the columns of the tables. Callers hold the portal's lock.
"""

from __future__ import annotations

from typing import Any

from connector.sandbox.crm_fields import Field, declared
from connector.sandbox.crm_settings import DEAL, Entity, dictionary
from connector.sandbox.crm_tables import Row
from connector.sandbox.crm_values import invalid
from connector.sandbox.events import emit
from connector.sandbox.state import Portal

STAMPS = frozenset({"DATE_MODIFY", "MODIFY_BY_ID"})


def insert(portal: Portal, entity: Entity, columns: Row, actor: int) -> int:
    """A new row with what every row has; its id."""
    fields = {"OPENED": "N", "ASSIGNED_BY_ID": str(actor), **columns}
    fields |= {"CREATED_BY_ID": str(actor), "MODIFY_BY_ID": str(actor)}
    if "categoryId" in declared(entity.table):
        fields["CATEGORY_ID"] = fields.get("CATEGORY_ID") or str(portal.settings.default_category(entity.type_id))
    if _stage_column(entity):
        fields = _moved(portal, entity, fields, {}, actor)
    fields = _linked(entity, fields, {})
    table = portal.crm[entity.table]
    number = table.add(fields)
    row = table.rows[number]
    reach = _reach(row)
    if "title" in declared(entity.table) and not row.get("TITLE"):
        reach["TITLE"] = f"{portal.settings.word(entity.title)} #{number}"
    table.amend(number, reach)
    return number


def change(portal: Portal, entity: Entity, row: Row, columns: Row, actor: int) -> bool:
    """Change a row; false, and nothing is saved, when everything already was so."""
    # Lists and maps of a row are never changed in place: a new one takes their place.
    before, number, table = dict(row), int(row["ID"]), portal.crm[entity.table]
    fields = dict(columns)
    if _stage_column(entity):
        fields = _moved(portal, entity, fields, row, actor)
    table.update(number, _linked(entity, fields, row))
    table.amend(number, _reach(row))
    if all((row.get(name) or "") == (before.get(name) or "") for name in row.keys() - STAMPS):
        table.restore(number, before)
        return False
    table.amend(number, {"MODIFY_BY_ID": str(actor)})
    return True


def check_stage(portal: Portal, entity: Entity, columns: Row, row: Row) -> None:
    """Refuse a funnel or a stage that is not there: ``CRM_FIELD_ERROR_VALUE_NOT_VALID``."""
    settings, column = portal.settings, _stage_column(entity)
    category = int(columns.get("CATEGORY_ID") or row.get("CATEGORY_ID") or settings.default_category(entity.type_id))
    if settings.categories_of(entity.type_id) and (entity.type_id, category) not in settings.categories:
        raise invalid(declared(entity.table)["categoryId"])
    if not column or not columns.get(column):
        return
    known = {status["STATUS_ID"] for status in settings.statuses_of(dictionary(entity.type_id, category))}
    if columns[column] not in known:
        raise invalid(declared(entity.table)["stageId"])


def tell(portal: Portal, entity: Entity, act: str, number: int, actor: int) -> None:
    """``ONCRM…ADD``, ``…UPDATE`` or ``…DELETE`` for this row; smart processes have one event for them all."""
    if entity.table.startswith("dynamic_"):
        told: dict[str, Any] = {"ID": number, "ENTITY_TYPE_ID": entity.type_id}
        emit(portal, f"ONCRMDYNAMICITEM{act}", {"FIELDS": told}, actor=actor)
        return
    emit(portal, f"ONCRM{entity.table.upper()}{act}", {"FIELDS": {"ID": number}}, actor=actor)


def _stage_column(entity: Entity) -> str:
    field: Field | None = declared(entity.table).get("stageId")
    return field.column if field else ""


def _moved(portal: Portal, entity: Entity, fields: Row, row: Row, actor: int) -> Row:
    """The fields with the stage they lead to, its group, and who moved the row when."""
    settings, column = portal.settings, _stage_column(entity)
    category = str(fields.get("CATEGORY_ID") or row.get("CATEGORY_ID") or "0")
    known = settings.statuses_of(dictionary(entity.type_id, int(category)))
    elsewhere = row and category != str(row.get("CATEGORY_ID") or "0")
    stage = fields.get(column) or ("" if elsewhere else row.get(column)) or (known[0]["STATUS_ID"] if known else "")
    if stage == row.get(column) and not elsewhere:
        return fields
    group = next((status["SEMANTICS"] for status in known if status["STATUS_ID"] == stage), None) or "P"
    now = portal.now_text()
    fields = fields | {column: stage, declared(entity.table)["stageSemanticId"].column: group}
    fields |= {"MOVED_BY": str(actor), "MOVED_TIME": now}
    if entity.type_id == DEAL:
        first = [status["STATUS_ID"] for status in known[:1]]
        fields |= {"CLOSED": "N" if group == "P" else "Y", "IS_NEW": "Y" if stage in first else "N"}
    elif entity.table == "lead":
        fields["DATE_CLOSED"] = "" if group == "P" else now
    elif row:
        fields["PREVIOUS_STAGE_ID"] = row.get(column) or ""
    return fields


def _linked(entity: Entity, fields: Row, row: Row) -> Row:
    """CONTACT_ID is the first of CONTACT_IDS, COMPANY_ID of COMPANY_IDS; writing either writes both."""
    own = {field.column for field in declared(entity.table).values()}
    for one, many in (("CONTACT_ID", "CONTACT_IDS"), ("COMPANY_ID", "COMPANY_IDS")):
        if not {one, many} <= own:
            continue
        if many in fields:
            sent = fields[many] if isinstance(fields[many], list) else [fields[many]]
            numbers = [str(number) for number in sent]
            fields = fields | {one: numbers[0] if numbers else "0", many: numbers}
        elif one in fields:
            first = str(fields[one] or "0")
            others = [number for number in row.get(many, []) if number not in (first, row.get(one))]
            fields = fields | {one: first, many: [first, *others] if first != "0" else []}
    return fields


def _reach(row: Row) -> Row:
    return {f"HAS_{kind}": "Y" if row.get(kind) else "N" for kind in ("PHONE", "EMAIL")}
