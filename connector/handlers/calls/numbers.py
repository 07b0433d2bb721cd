"""Telephone numbers in the one way that we compare them: those of clients, and our own lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connector.domain.telephony import LineSettings, PbxSettings
from connector.handlers.rules import Rules
from mappings.people import e164

_NOT_DIALLED = re.compile(r"[^0-9*#+]")
_SHORT = 5  # what has fewer digits is an extension, or 112


def dialled(number: str, rules: Rules) -> str:
    """A number as PBXs and clients write it: E.164 by the country of the rules, else its digits; empty for a hidden
    one.
    """
    digits = _NOT_DIALLED.sub("", number.partition("@")[0].removeprefix("sip:").removeprefix("tel:"))
    if len(digits) < _SHORT:
        return digits
    return e164(digits, rules.mappings.config.country) or digits


def line_in(lines: Iterable[str], line: str, rules: Rules) -> str:
    """The one of ``lines`` that ``line`` is, however either is written; empty: none."""
    known = list(lines)
    told = dialled(line, rules)
    return line if line in known else next((one for one in known if told and dialled(one, rules) == told), "")


def line_settings(pbx: PbxSettings | None, line: str, rules: Rules) -> LineSettings:
    """What the account says of one of its lines, however its number is written."""
    lines = pbx.lines if pbx else {}
    return lines.get(line_in(lines, line, rules), LineSettings())
