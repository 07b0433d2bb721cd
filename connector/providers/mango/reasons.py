"""Why a call ended, by Mango's number of it (facts/providers.md §3.2; single codes from the vendor's list [K])."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.domain.calls import Cause

#: By code; what is not here goes by its class.
CODES: Mapping[int, Cause] = MappingProxyType(
    {
        1110: "cancelled",  # the caller hung up
        1111: "missed",  # nobody answered in time
        1121: "busy",
        1122: "refused",
        1123: "refused",  # do not disturb
        1130: "forbidden",
        1131: "unreachable",
        1132: "unreachable",
        1133: "invalid",
        1140: "forbidden",
        1150: "forbidden",
        1151: "forbidden",
        1152: "forbidden",
        1163: "missed",  # waited too long in a queue
        1164: "missed",  # no operator of the group is there
        1190: "unreachable",
        1191: "after_hours",  # switched off by the schedule
        1192: "unreachable",
    }
)
CLASSES: Mapping[int, Cause] = MappingProxyType(
    {11: "missed", 20: "no_money", 21: "no_money", 22: "no_money", 32: "invalid", 42: "unreachable", 50: "failed"}
)


def cause(code: int, *, talked: bool = False) -> Cause:
    """What ``disconnect_reason`` means for a call or a leg; nothing special once they talked."""
    if talked or not code:
        return ""
    return CODES.get(code) or CLASSES.get(code // 100, "failed")


#: What a single leg may tell: who hung up says nothing there, because it may be after a talk.
_OF_LEGS = frozenset({"busy", "refused", "unreachable", "invalid", "forbidden"})


def leg_cause(code: int) -> Cause:
    """Why it stopped at one employee; empty when the code fits the end of a talk as well."""
    found = CODES.get(code, "")
    return found if found in _OF_LEGS else ""
