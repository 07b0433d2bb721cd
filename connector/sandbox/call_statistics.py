"""``voximplant.statistic.get`` (facts/bitrix24-telephony-crm.md §1.11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import Page, Params, upper
from connector.sandbox.crm_tables import OPERATORS, Row
from connector.sandbox.crm_values import ZONE, moment
from connector.sandbox.methods import Call, Method

FIELDS = frozenset(
    {
        "ID",
        "CALL_ID",
        "EXTERNAL_CALL_ID",
        "CALL_CATEGORY",
        "PORTAL_USER_ID",
        "PORTAL_NUMBER",
        "PHONE_NUMBER",
        "CALL_TYPE",
        "CALL_DURATION",
        "CALL_START_DATE",
        "CALL_LOG",
        "CALL_RECORD_URL",
        "CALL_VOTE",
        "COST",
        "COST_CURRENCY",
        "CALL_FAILED_CODE",
        "CALL_FAILED_REASON",
        "CRM_ENTITY_TYPE",
        "CRM_ENTITY_ID",
        "CRM_ACTIVITY_ID",
        "REST_APP_ID",
        "REST_APP_NAME",
        "TRANSCRIPT_ID",
        "TRANSCRIPT_PENDING",
        "SESSION_ID",
        "REDIAL_ATTEMPT",
        "COMMENT",
        "RECORD_DURATION",
    }
)
UNSORTED = frozenset({"CALL_TYPE"})
_KEY = re.compile(r"([^A-Za-z]*)(.*)", re.DOTALL)
_Check = Callable[[Any, Any], bool]
_KNOWN: Mapping[str, _Check] = MappingProxyType(dict(OPERATORS))


def _between(have: Any, want: Any) -> bool:
    low, high = (list(want.values()) if isinstance(want, Mapping) else list(want))[:2]
    return _KNOWN[">="](have, low) and _KNOWN["<="](have, high)


# Any prefix but these drops its condition without a word.
_OPERATORS: Mapping[str, _Check] = MappingProxyType(
    {name: _KNOWN[name] for name in ("", "!", "<", "<=", ">", ">=", "=", "!=", "%", "!%")}
    | {"?": _KNOWN["%"], "><": _between, "!><": lambda have, want: not _between(have, want)}
)


def _conditions(filters: Any) -> list[tuple[str, _Check, Any]]:
    """The conditions that the portal understands; unknown fields and operators are dropped silently."""
    given = upper(filters) if isinstance(filters, Mapping) else {}
    known: list[tuple[str, _Check, Any]] = []
    for key, want in given.items():
        found = _KEY.fullmatch(key)
        prefix, name = (found[1], found[2]) if found else ("", "")
        if name not in FIELDS or prefix not in _OPERATORS or (isinstance(want, list | Mapping) and not want):
            continue
        known.append((name, _OPERATORS[prefix], _moments(want) if name == "CALL_START_DATE" else _plain(want)))
    return known


def _plain(want: Any) -> Any:
    return list(want.values()) if isinstance(want, Mapping) else want


def _moments(want: Any) -> Any:
    if isinstance(want, list | Mapping):
        return [_moments(item) for item in _plain(want)]
    at = moment(want)
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else want


def get(call: Call, params: Params) -> Page:
    """Finished calls; SORT and ORDER count only together, ``start=-1`` does not count the rows."""
    given = upper(params)
    conditions = _conditions(given.get("FILTER"))

    def fits(row: Row) -> bool:
        return all(check(row.get(name), want) for name, check, want in conditions)

    sort, way = str(given.get("SORT") or ""), str(given.get("ORDER") or "")
    order = {sort: way} if sort in FIELDS - UNSORTED and way in ("ASC", "DESC") else {}
    table = call.portal.exchange.statistics
    page = table.page({}, order, ["*"], call.start, fits)
    rows = [{name: value for name, value in row.items() if name != "CALL_STATUS"} for row in page.rows]
    return Page(rows=rows, total=page.total, next=page.next)


METHODS: Mapping[str, Method] = MappingProxyType({"voximplant.statistic.get": Method(run=get, scope="telephony")})
