"""What attributes say, as JSON values. A directory tells bytes alone, so it is the name and the look that decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from uuid import UUID

from connector.providers.ldap.settings import ActiveRule, PeopleSettings

GUIDS = frozenset({"objectguid", "mail-guid", "msexchmailboxguid"})
SIDS = frozenset({"objectsid"})
_BINARY = frozenset(
    {"jpegphoto", "thumbnailphoto", "photo", "audio", "usercertificate", "usersmimecertificate", "userpassword"}
)
# Tenths of microseconds since 1601 (MS-ADTS §2.2); 0 and the largest number mean never.
_TICKS = frozenset(
    {"accountexpires", "lastlogon", "lastlogontimestamp", "pwdlastset", "badpasswordtime", "lockouttime"}
)
_NEVER = (0, 2**63 - 1)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}(?:\d{2})?)")
_DISABLED = 2  # ADS_UF_ACCOUNTDISABLE
_LOCKED_FOR_GOOD = "000001010000z"  # any other time is a lock that passes (draft-behera-ldap-password-policy §5.3.3)

Attributes = Mapping[str, Sequence[bytes]]
"""Names in lower case, without options."""

MARKS: Mapping[str, Any] = MappingProxyType(
    {
        "useraccountcontrol": lambda told: told.lstrip("-").isdecimal() and bool(int(told) & _DISABLED),
        "nsaccountlock": lambda told: told.casefold() == "true",
        "pwdaccountlockedtime": lambda told: told.casefold() == _LOCKED_FOR_GOOD,
        "logindisabled": lambda told: told.casefold() == "true",
    }
)
"""What tells that somebody may not come in any more."""


def text_of(name: str, raw: bytes) -> str | None:
    """One value as text: GUIDs and SIDs canonical, times ISO 8601 with their offset; ``None``: binary, or never."""
    low = name.lower()
    if low in GUIDS and len(raw) == 16:
        return str(UUID(bytes_le=raw))
    if low in SIDS and len(raw) >= 8 and raw[0] == 1:
        return _sid(raw)
    if low in _BINARY or ";binary" in low:
        return None
    try:
        told = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if any(sign < " " and sign not in "\t\r\n" for sign in told):
        return None
    if low in _TICKS and told.isdecimal():
        return None if int(told) in _NEVER else (_EPOCH + timedelta(microseconds=int(told) // 10)).isoformat()
    return _time(told)


def every(entry: Attributes, name: str) -> list[str]:
    """All values of an attribute, in the order in which they were told."""
    found = (text_of(name, raw) for raw in entry.get(name.lower(), ()))
    return [told for told in found if told is not None]


def first(entry: Attributes, name: str) -> str:
    """The first value, or nothing."""
    return next(iter(every(entry, name)), "").strip()


def values_of(entry: Attributes, people: PeopleSettings) -> dict[str, Any]:
    """The columns of a person: one value plain, several as a list, none as ``None``."""
    always = {name.lower() for name in people.lists}
    told = {name: every(entry, name) for name in people.columns}
    return {
        name: found if name.lower() in always or len(found) > 1 else next(iter(found), None)
        for name, found in told.items()
    }


def active(entry: Attributes, rule: str | ActiveRule) -> bool:
    """Whether a person works here, as far as the directory says it."""
    if isinstance(rule, ActiveRule):
        wanted = {value.casefold() for value in rule.values}
        return any(told.casefold() in wanted for told in every(entry, rule.attribute))
    return not any(MARKS[name](told) for name in marks_of(rule) for told in _told(entry, name))


def marks_of(rule: str | ActiveRule) -> Iterable[str]:
    """The attributes that :func:`active` looks at."""
    if isinstance(rule, ActiveRule):
        return (rule.attribute,)
    return {"auto": tuple(MARKS), "all": ()}.get(rule, (rule.lower(),))


def _told(entry: Attributes, name: str) -> list[str]:
    return [raw.decode("ascii", "replace").strip() for raw in entry.get(name, ())]


def _sid(raw: bytes) -> str:
    parts = [int.from_bytes(raw[at : at + 4], "little") for at in range(8, 8 + 4 * raw[1], 4)]
    return "-".join(["S-1", str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])


def _time(told: str) -> str:
    """GeneralizedTime (RFC 4517 §3.3.13) as ISO 8601; what only looks like one stays as it is."""
    if (found := _TIME.fullmatch(told)) is None:
        return told
    *parts, fraction, zone = found.groups()
    year, month, day, hour, minute, second = map(int, parts)
    try:
        told_at = datetime(
            year, month, day, hour, minute, second, int((fraction or "0")[:6].ljust(6, "0")), _zone(zone)
        )
    except ValueError:
        return told
    return told_at.isoformat()


def _zone(told: str) -> timezone:
    if told == "Z":
        return UTC
    away = timedelta(hours=int(told[1:3]), minutes=int(told[3:5] or 0))
    return timezone(-away if told[0] == "-" else away)
