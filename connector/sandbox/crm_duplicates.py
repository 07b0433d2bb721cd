"""Finding CRM rows by a telephone number or an address (facts/bitrix24-telephony-crm.md §2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from connector.sandbox.answers import ApiError, Params, upper
from connector.sandbox.methods import Call, Method
from connector.sandbox.state import Portal

TABLES = ("lead", "contact", "company")
MAX_VALUES = 20
ENOUGH = 20
_EXTENSION = re.compile(r"(доб|ext|[,;xх#]).*", re.IGNORECASE | re.DOTALL)
_RUSSIAN = re.compile(r"8(\d{10})")


def reduced(kind: str, value: object) -> str:
    """A number as its digits without an extension, ``8…`` of Russia as ``7…``; an address in small letters."""
    text = str(value).strip()
    if kind != "PHONE":
        return text.lower()
    digits = re.sub(r"\D", "", _EXTENSION.sub("", text))
    return _RUSSIAN.sub(r"7\1", digits) if len(digits) == 11 else digits


def matching(portal: Portal, table: str, kind: str, values: Iterable[object]) -> list[int]:
    """Ids of the rows that have one of the values as ``kind`` PHONE or EMAIL."""
    wanted = {reduced(kind, value) for value in values} - {""}
    rows = portal.crm[table].rows.items() if wanted else ()
    return [
        number
        for number, row in rows
        if any(reduced(kind, part.get("VALUE", "")) in wanted for part in row.get(kind) or [])
    ]


def find(call: Call, params: Params) -> dict[str, list[int]]:
    """Rows of leads, contacts, companies by ``type`` and at most 20 ``values``; after 20 hits in one no other is asked.

    Nothing found is an empty map, which goes over the wire as ``[]``.
    """
    given = upper(params)
    kind, values = str(given.get("TYPE") or "").upper(), given.get("VALUES")
    if not kind:
        raise ApiError("", "Communication type is not defined", 400)
    if kind not in ("PHONE", "EMAIL"):
        raise ApiError("", f"Communication type '{kind}' is not supported in current context", 400)
    if isinstance(values, Mapping):
        values = list(values.values())
    if not isinstance(values, list) or not values:
        raise ApiError("", "Communication values is not defined", 400)
    asked = str(given.get("ENTITY_TYPE") or "").lower()
    found: dict[str, list[int]] = {}
    for table in TABLES if asked not in TABLES else (asked,):
        numbers = matching(call.portal, table, kind, values[:MAX_VALUES])
        if numbers:
            found[table.upper()] = numbers
        if len(numbers) >= ENOUGH:
            break
    return found


METHODS: Mapping[str, Method] = MappingProxyType({"crm.duplicate.findbycomm": Method(run=find, scope="crm")})
