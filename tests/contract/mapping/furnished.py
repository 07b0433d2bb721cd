"""A portal with something of everything, and rules looked at against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.portal import Portal
from connector.rulebook.checking import differences
from connector.rulebook.folder import packaged
from connector.rulebook.kinds import KINDS
from mappings.faults import Fault
from mappings.loading import load

CONTENTS: Mapping[str, Any] = {
    "users": [{"id": 3, "name": "Олег", "last_name": "Ким", "active": False}],
    "types": [{"entityTypeId": 1036, "title": "Отгрузки", "isStagesEnabled": "Y"}],
    "categories": [{"entityTypeId": 2, "name": "Опт"}],
    "groups": [{"NAME": "Отдел продаж"}],
    "fields": [
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_SHOP_ID", "userTypeId": "string"},
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_AGE", "userTypeId": "integer"},
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_TAGS", "userTypeId": "string", "multiple": "Y"},
        {
            "entityId": "CRM_CONTACT",
            "fieldName": "UF_CRM_CHANNEL",
            "userTypeId": "enumeration",
            "multiple": "Y",
            "enum": [{"value": "Телеграм", "xmlId": "telegram"}, {"value": "Сайт", "xmlId": "site"}],
        },
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_HEAD", "userTypeId": "employee"},
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_DUE", "userTypeId": "date"},
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_SUM", "userTypeId": "money"},
        {
            "entityId": "CRM_1",
            "fieldName": "UF_CRM_1_CARRIER",
            "userTypeId": "enumeration",
            "enum": [{"value": "СДЭК", "xmlId": "cdek"}],
        },
    ],
}
OPENED = 2  # the second funnel of deals: smart process 1036 has got number 1


def check(portal: Portal, rule: str, settings: str = "") -> list[Fault]:
    files: dict[str, str | bytes] = {**packaged(), "shop.yaml": f"on: message.received\n{rule}"}
    if settings:
        files["_settings.yaml"] = settings
    return differences(load(files, KINDS), portal)


def contact(fields: str) -> str:
    return f"crm: {{contact: {{match: [phone], set: {{{fields}}}}}}}"


def deal(fields: str) -> str:
    return f"crm: {{contact: {{match: [phone]}}, deal: {{match: [open], set: {{{fields}}}}}}}"


def item(fields: str, number: int = 1036) -> str:
    known = "external: {system: s, id: '{{ event.message_id }}'}"
    return f"crm: {{item: {{type: {number}, {known}, set: {{{fields}}}}}}}"
