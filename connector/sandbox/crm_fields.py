"""The fields of CRM items under their names of ``crm.item.*``, the classic ones, and the user fields.

facts/bitrix24-telephony-crm.md §2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from connector.sandbox.crm_settings import ENTITIES, Entity, Settings, UserField, dictionary

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLAIN = re.compile(r"[A-Z_]+|UF_CRM_\d{1,4}_(?:[\d_]+|[A-Z_]+)")
_APART = re.compile(r"_(?!(?<=\d_)\d)")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: ``name`` as ``crm.item.*`` says it, ``column`` as the rows keep it, ``kind`` its type.

    ``flag`` is what a smart process must have switched on for it.
    """

    name: str
    column: str
    kind: str
    read_only: bool = False
    multiple: bool = False
    flag: str = ""
    user_field: UserField | None = None


# ``name:type``; ``!`` read-only, ``[]`` multiple, ``=COLUMN`` where the classic name is another.
_COMMON = """
    id:integer! createdTime:datetime!=DATE_CREATE updatedTime:datetime!=DATE_MODIFY createdBy:user!=CREATED_BY_ID
    updatedBy:user!=MODIFY_BY_ID assignedById:user opened:boolean lastActivityBy:user! lastActivityTime:datetime!
    webformId:integer utmSource:string utmMedium:string utmCampaign:string utmContent:string utmTerm:string
"""
_NAMED = """
    name:string lastName:string secondName:string post:string birthdate:date honorific:crm_status hasPhone:boolean!
    hasEmail:boolean! hasImol:boolean!
"""
_MONEY = "opportunity:double currencyId:crm_currency isManualOpportunity:boolean"
_CLIENT = "companyId:crm_company contactId:crm_contact contactIds:crm_contact[]"
_SOURCE = "sourceId:crm_status sourceDescription:text"
_ORIGIN = "originatorId:string originId:string"
_STAGE = "stageId:crm_status stageSemanticId:string! movedBy:user! movedTime:datetime!"
_LEAD_STAGE = (
    "stageId:crm_status=STATUS_ID stageSemanticId:string!=STATUS_SEMANTIC_ID movedBy:user! movedTime:datetime!"
)
_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "lead": f"""title:string {_NAMED} companyTitle:string comments:text statusDescription:text dateClosed:datetime!
            {_LEAD_STAGE} {_MONEY} {_CLIENT} {_SOURCE} {_ORIGIN} observers:user[]""",
        "deal": f"""title:string categoryId:crm_category {_STAGE} closed:boolean! typeId:crm_status leadId:crm_lead
            quoteId:crm_quote {_MONEY} taxValue:double probability:integer comments:text begindate:date closedate:date
            isNew:boolean! isReturnCustomer:boolean! isRepeatedApproach:boolean! {_CLIENT} {_SOURCE} {_ORIGIN}
            additionalInfo:string observers:user[]""",
        "contact": f"""{_NAMED} typeId:crm_status comments:text leadId:crm_lead export:boolean companyId:crm_company
            companyIds:crm_company[] categoryId:crm_category {_SOURCE} {_ORIGIN} originVersion:string
            observers:user[]""",
        "company": f"""title:string typeId:crm_status=COMPANY_TYPE industry:crm_status employees:crm_status
            revenue:double currencyId:crm_currency comments:text leadId:crm_lead isMyCompany:boolean
            hasPhone:boolean! hasEmail:boolean! hasImol:boolean! contactIds:crm_contact[] categoryId:crm_category
            {_ORIGIN} originVersion:string observers:user[]""",
        "item": f"""title:string xmlId:string categoryId:crm_category {_STAGE} previousStageId:crm_status!
            begindate:date closedate:date {_CLIENT} {_MONEY} taxValue:double mycompanyId:crm_company {_SOURCE}
            observers:user[]""",
    }
)
_FLAGS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("stageId", "stageSemanticId", "previousStageId", "movedBy", "movedTime"), "isStagesEnabled"),
        **dict.fromkeys(("begindate", "closedate"), "isBeginCloseDatesEnabled"),
        **dict.fromkeys(("companyId", "contactId", "contactIds"), "isClientEnabled"),
        **dict.fromkeys(("opportunity", "currencyId", "isManualOpportunity", "taxValue"), "isLinkWithProductsEnabled"),
        **dict.fromkeys(("sourceId", "sourceDescription"), "isSourceEnabled"),
        "mycompanyId": "isMycompanyEnabled",
        "observers": "isObserversEnabled",
    }
)
_DICTIONARIES: Mapping[str, str] = MappingProxyType(
    {"sourceId": "SOURCE", "honorific": "HONORIFIC", "industry": "INDUSTRY", "employees": "EMPLOYEES"}
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {"deal": "DEAL_TYPE", "contact": "CONTACT_TYPE", "company": "COMPANY_TYPE"}
)


def classic(name: str) -> str:
    """``assignedById`` as ``ASSIGNED_BY_ID``."""
    return _CAPITAL.sub("_", name).upper()


def camel_user_field(name: str) -> str:
    """``UF_CRM_3_DIGIT`` as ``ufCrm3Digit``, ``UF_CRM_3_17`` as ``ufCrm3_17``, ``UF_CRM_3_D10`` as ``ufCrm_3_D10``.

    Names of letters and digits that are neither of the first two keep what follows ``UF_CRM_``.
    """
    if not _PLAIN.fullmatch(name):
        return "ufCrm_" + name.removeprefix("UF_CRM_")
    told = "".join(part.capitalize() for part in _APART.split(name))
    return told[0].lower() + told[1:]


@cache
def declared(table: str) -> Mapping[str, Field]:
    """The fields that every portal has in a table (``item`` for all smart processes), by name."""
    dynamic = table not in _TABLES
    return MappingProxyType(dict(_parsed(f"{_COMMON} {_TABLES['item' if dynamic else table]}", dynamic)))


def _parsed(text: str, dynamic: bool) -> Iterator[tuple[str, Field]]:
    for word in text.split():
        name, _, rest = word.partition(":")
        kind, _, column = rest.partition("=")
        bare = kind.rstrip("![]")
        yield (
            name,
            Field(
                name=name,
                column=column or classic(name),
                kind=bare,
                read_only="!" in kind,
                multiple="[]" in kind,
                flag=_FLAGS.get(name, "") if dynamic else "",
            ),
        )


def fields_of(settings: Settings, entity: Entity, original: bool) -> dict[str, Field]:
    """Every field of an entity on this portal, by the name a caller uses (``original``: user fields as ``UF_…``)."""
    fields = dict(declared(entity.table))
    for held in settings.fields_of(entity.uf).values():
        name = held.name if original else camel_user_field(held.name)
        fields[name] = Field(name=name, column=held.name, kind=held.type, multiple=held.multiple, user_field=held)
    for type_id in sorted({*ENTITIES, *settings.types} - {entity.type_id}):
        parent = f"parentId{type_id}"
        if settings.related(entity.type_id, type_id):
            fields[parent] = Field(name=parent, column=f"PARENT_ID_{type_id}", kind="crm_entity")
    return fields


def named(fields: Mapping[str, Field], name: str) -> Field | None:
    """The field of this name; every field but the user fields answers to ``ASSIGNED_BY_ID`` too."""
    if name in fields or name != name.upper() or name.startswith("UF_"):
        return fields.get(name)
    return next((field for field in fields.values() if classic(field.name) == name), None)


def enabled(settings: Settings, entity: Entity, field: Field) -> bool:
    """Whether a smart process has this field switched on; every other entity has all of its own."""
    held = settings.types.get(entity.type_id)
    return not field.flag or held is None or field.flag in held.on


def described(settings: Settings, entity: Entity, field: Field) -> dict[str, Any]:
    """A field as ``crm.item.fields`` tells it."""
    held = field.user_field
    told: dict[str, Any] = {
        "type": field.kind,
        "isRequired": bool(held and held.mandatory),
        "isReadOnly": field.read_only,
        "isImmutable": False,
        "isMultiple": field.multiple,
        "isDynamic": held is not None,
        "title": (held.label or held.name) if held else classic(field.name),
        "upperName": held.name if held else classic(field.name),
    }
    if field.kind == "crm_status" and not held:
        told["statusType"] = _status_type(settings, entity, field.name)
    if held and held.options:
        options = sorted(held.options.values(), key=lambda option: (option.sort, option.id))
        told["items"] = [{"ID": str(option.id), "VALUE": option.value} for option in options]
    if held:
        told["settings"] = dict(held.settings)
    return told


def _status_type(settings: Settings, entity: Entity, name: str) -> str:
    if name in ("stageId", "previousStageId"):
        return dictionary(entity.type_id, settings.default_category(entity.type_id))
    return _TYPES.get(entity.table, "") if name == "typeId" else _DICTIONARIES.get(name, "")
