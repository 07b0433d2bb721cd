"""A client as Open Lines wants to see them (facts/bitrix24-openlines.md §1.7, §7.1 rule 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import phonenumbers

_EMAIL = re.compile(r"[^@\s|]+@[^@\s|]+\.[^@\s|]{2,}")
_NOT_IN_NAMES = re.compile(r"[^\w\s'’-]|[\d_]")
NAME_LIMIT = 25


def user_block(client: Mapping[str, Any], *, slug: str, country: str = "RU") -> dict[str, Any]:
    """The ``user`` of one message. The same client always gives the same block: any difference makes the portal
    update the user again (§1.7). A doubtful address or number is dropped, since a bad e-mail fails the message.
    """
    first, last = _name(client.get("first_name", "")), _name(client.get("last_name", ""))
    block = {
        "id": f"{slug}.{client['id']}".replace("|", "_"),
        "name": first or last or _name(client.get("username", "")) or str(client.get("username", ""))[:NAME_LIMIT],
        "last_name": last if first else "",
        "url": client.get("profile_url", ""),
        "email": _email(client.get("email", "")),
        "phone": e164(client.get("phone", ""), country),
    }
    picture = client.get("picture_url", "")
    return {name: value for name, value in block.items() if value} | ({"picture": {"url": picture}} if picture else {})


def e164(number: str, country: str = "RU") -> str:
    """``number`` in E.164, or an empty string when it is not a possible number. ``country`` is ISO 3166 alpha-2."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _name(text: str) -> str:
    return " ".join(_NOT_IN_NAMES.sub(" ", text).split())[:NAME_LIMIT].strip()


def _email(text: str) -> str:
    text = text.strip()
    return text if _EMAIL.fullmatch(text) and len(text) <= 254 else ""
