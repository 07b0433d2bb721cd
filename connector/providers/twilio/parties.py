"""Who is who in a call of Twilio: it knows addresses, not employees (facts/providers.md §3.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.calls import Direction
from connector.providers.numbers import bare
from connector.providers.twilio.settings import TwilioSettings

# What Twilio writes instead of a hidden number: the words on a telephone's keys.
_HIDDEN = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253", "464"})


@dataclass(frozen=True, kw_only=True)
class Parties:
    """One leg as our calls know it. ``at_employee``: it is the employee's telephone that this leg rings."""

    direction: Direction = ""
    client: str = ""
    line: str = ""
    employee: str = ""
    at_employee: bool = False


def parties(leg: Mapping[str, str], settings: TwilioSettings, *, child: bool) -> Parties:
    """``leg`` has ``From``, ``To`` and ``Direction`` as Twilio tells them; an address that is not an employee's is a
    client's, or our number where it called or was called."""
    caller, called = employee_of(leg.get("From", ""), settings), employee_of(leg.get("To", ""), settings)
    source, target = number(leg.get("From", "")), number(leg.get("To", ""))
    if caller and called:
        return Parties(direction="internal", client=caller, employee=called, at_employee=True)
    if caller:
        return Parties(direction="outgoing", client=target, employee=caller)
    if called and not child and leg.get("Direction") == "outbound-api":
        return Parties(direction="outgoing", line=source, employee=called, at_employee=True)
    if called:
        return Parties(direction="incoming", client=source, employee=called, at_employee=True)
    if child:  # a client, or an employee whose telephone nobody told us: its parent tells the rest
        return Parties()
    if leg.get("Direction") == "inbound":
        return Parties(direction="incoming", client=source, line=target)
    return Parties(direction="outgoing", client=target, line=source)


def employee_of(address: str, settings: TwilioSettings) -> str:
    """The extension of an employee's address, else an empty string. Telephones of software are employees too."""
    known = {_key(told): extension for extension, told in settings.employees.items()}
    if _key(address) in known:
        return known[_key(address)]
    if not address.lower().startswith(("sip:", "sips:", "client:")):
        return ""
    user = bare(address)
    # sip:+79001112233@acme.sip.twilio.com is how an employee's telephone dials a client.
    return "" if len(re.sub(r"\D", "", user)) >= 7 and not re.search(r"[A-Za-z]", user) else user


def number(address: str) -> str:
    """The bare number; empty for a hidden one."""
    found = bare(address)
    return "" if found.lstrip("+") in _HIDDEN else found


def _key(address: str) -> str:
    text = address.strip().lower()
    if text.startswith(("sip:", "sips:", "client:")):
        return text.removeprefix("sips:").removeprefix("sip:").partition(";")[0].partition("?")[0]
    return re.sub(r"\D", "", text) or text
