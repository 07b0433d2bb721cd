"""Fields of CRM items: their names, their values on the wire, and whether two values are the same.

facts/bitrix24-telephony-crm.md §2.2: camelCase names, user fields by their own names (``useOriginalUfNames``),
telephone numbers and addresses in ``fm``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from mappings.people import e164

FM = ("PHONE", "EMAIL", "WEB", "IM")
# Names of the classic methods that do not follow from each other.
_OTHER: Mapping[str, str] = {
    "STATUS_ID": "stageId",
    "STATUS_SEMANTIC_ID": "stageSemanticId",
    "DATE_CREATE": "createdTime",
    "DATE_MODIFY": "updatedTime",
    "CREATED_BY_ID": "createdBy",
    "MODIFY_BY_ID": "updatedBy",
    "MOVED_BY_ID": "movedBy",
    "COMPANY_TYPE": "typeId",
}
_CLASSIC = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_MONEY = re.compile(r"(-?\d+(?:\.\d+)?)\|([A-Z]{3})")
_BREAK = re.compile(r"<br\s*/?>\n?|\r\n")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_YES, _NO = {True, "Y", "1", "true"}, {False, None, "", "N", "0", "false"}


def name_of(name: str) -> str:
    """The name of a field in ``crm.item.*``: ``ASSIGNED_BY_ID`` is ``assignedById``; user fields keep theirs.

    ``PHONE``, ``EMAIL``, ``WEB`` and ``IM`` stay, however they are written: they belong into ``fm``.
    """
    upper = name.upper()
    if upper in FM or upper.startswith("UF_"):
        return upper
    if not _CLASSIC.fullmatch(name):
        return name
    first, *rest = name.lower().split("_")
    return _OTHER.get(name) or first + "".join(part.capitalize() for part in rest)


def wire(value: Any) -> Any:
    """``value`` as a request carries it: ISO texts for times, Y and N."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [wire(item) for item in value]
    return {str(name): wire(item) for name, item in value.items()} if isinstance(value, Mapping) else value


def is_empty(value: Any) -> bool:
    """Whether the CRM has nothing there; a number 0 and a switch that is off are as good as nothing to ``fill``."""
    return value in (None, "", 0, "0", "N", False) or value in ([], {})


def same(have: Any, want: Any) -> bool:
    """Whether writing ``want`` over ``have`` would change nothing; the order of several values means nothing."""
    if isinstance(have, list | tuple) or isinstance(want, list | tuple):
        return Counter(map(_plain, _listed(have))) == Counter(map(_plain, _listed(want)))
    if isinstance(want, bool) or want in ("Y", "N"):
        return bool(_truth(have) == _truth(want))
    if isinstance(want, int | float | Decimal) or isinstance(have, int | float | Decimal):
        return bool(_number(have) == _number(want))
    return bool(_plain(have, want) == _plain(want, want))


def missing(kind: str, have: Any, values: Any, country: str) -> list[dict[str, str]]:
    """Rows to add to ``fm``: those of ``values`` (one, a list, or mappings with VALUE and VALUE_TYPE) not there yet.

    ``have`` is the item's ``fm``; telephone numbers are the same when they are so in E.164.
    """
    known = {_reach(kind, row.get("value"), country) for row in have or [] if row.get("typeId") == kind}
    added = []
    for value in _listed(values):
        row = {str(name).lower().replace("_", ""): item for name, item in value.items()} if _is_row(value) else {}
        text = str(row.get("value", "") if row else value).strip()
        name = _reach(kind, text, country)
        if text and name not in known:
            known.add(name)
            added.append({"typeId": kind, "valueType": str(row.get("valuetype") or "WORK"), "value": text})
    return added


def digest(value: Any) -> str:
    """A short name for what ``value`` says."""
    text = json.dumps(wire(value), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_row(value: Any) -> bool:
    return isinstance(value, Mapping)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [item for item in value if item not in (None, "")]
    return [] if value in (None, "", False) else [value]


def _reach(kind: str, value: Any, country: str) -> str:
    text = str(value or "").strip()
    return (e164(text, country) or text) if kind == "PHONE" else text.casefold().rstrip("/")


def _plain(value: Any, beside: Any = None) -> Any:
    """``value`` as it can be compared; where ``beside`` is a mere day, of a moment only its day counts."""
    if isinstance(value, datetime):
        return value.timestamp() if value.tzinfo else value.isoformat(timespec="seconds")
    if isinstance(value, bool) or value is None:
        return "Y" if value else ""
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return json.dumps(wire(value), sort_keys=True, default=str)
    return _text(str(value).strip(), beside)


def _text(text: str, beside: Any) -> Any:
    if money := _MONEY.fullmatch(text):
        return Decimal(money[1]), money[2]
    if _MOMENT.fullmatch(text):
        day = str(beside) if type(beside) is date or isinstance(beside, str) else ""
        return text[:10] if _DAY.fullmatch(day) else _moment(text)
    if beside is None and (number := _whole(text)) is not None:
        return number
    return _BREAK.sub("\n", text)


def _moment(text: str) -> Any:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found.timestamp() if found.tzinfo else found.isoformat(timespec="seconds")


def _whole(text: str) -> Decimal | None:
    """Ids in lists come as numbers or as texts."""
    return Decimal(text) if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") else None


def _number(value: Any) -> Any:
    try:
        return Decimal(str(value if value not in (None, "", False) else 0).strip())
    except InvalidOperation:
        return str(value)


def _truth(value: Any) -> Any:
    if isinstance(value, str | int | float | bool) or value is None:
        return True if value in _YES else False if value in _NO else str(value)
    return str(value)
