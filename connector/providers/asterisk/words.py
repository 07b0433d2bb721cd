"""Asterisk's vocabulary, one table for each of its dialects (facts/providers.md §3.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from connector.domain.calls import Cause

# What Asterisk did itself. What the other side did, the Hangup that follows says better, by Q.850: a declined call is
# BUSY here and 21 there, a number that does not exist CONGESTION here and 1 there.
DIAL_STATUS: Mapping[str, Cause] = MappingProxyType(
    {
        "ANSWER": "",
        "BUSY": "",
        "NOANSWER": "missed",
        "CANCEL": "cancelled",
        "CHANUNAVAIL": "",
        "CONGESTION": "",
        "DONTCALL": "refused",
        "TORTURE": "refused",
        "INVALIDARGS": "failed",
        "ABORT": "cancelled",
        "CONTINUE": "",
        "GOTO": "",
    }
)

_Q850: Mapping[int, Cause] = MappingProxyType(
    {
        0: "",
        1: "invalid",
        2: "unreachable",
        3: "unreachable",
        5: "invalid",
        6: "unreachable",
        7: "",
        16: "",
        17: "busy",
        18: "missed",
        19: "missed",
        20: "unreachable",
        21: "refused",
        22: "invalid",
        26: "cancelled",
        27: "unreachable",
        28: "invalid",
        29: "forbidden",
        31: "",
        34: "unreachable",
        38: "unreachable",
        41: "unreachable",
        42: "unreachable",
        44: "unreachable",
        47: "unreachable",
        50: "forbidden",
        52: "forbidden",
        54: "forbidden",
        55: "forbidden",
        57: "forbidden",
        102: "unreachable",
        127: "",
    }
)
# SIP's own word, where Q.850 has one for several (402, 403 and 603 are all 21): `TechCause` since Asterisk 20.
_SIP: Mapping[str, Cause] = MappingProxyType({"402": "no_money", "403": "forbidden"})
_SIP_CODE = re.compile(r"\b([3-6]\d\d)\b")

DISPOSITION: Mapping[str, Cause] = MappingProxyType(
    {"ANSWERED": "", "NO ANSWER": "missed", "BUSY": "busy", "FAILED": "failed", "CONGESTION": "unreachable"}
)
VOICEMAIL_APPS = frozenset(("voicemail", "vm", "comedian", "minivmrecord"))


def dial_cause(status: str) -> Cause:
    """Why a dial ended."""
    return DIAL_STATUS.get(status.upper(), "failed")


def hangup_cause(number: str, tech: str = "") -> Cause:
    """Why a channel ended, by its Q.850 number and the technology's own word."""
    code = _SIP_CODE.search(tech)
    told = _SIP.get(code[1]) if code else None
    if told is not None:
        return told
    return _Q850.get(int(number), "failed") if number.isascii() and number.isdigit() else ""
