"""Which texts of rules are BBCode, and how a value stands in one: as typed (facts/bitrix24-openlines.md §7.1.8)."""

from __future__ import annotations

import re

PLACES: frozenset[tuple[str, ...]] = frozenset(
    {
        *((kind, "text") for kind in ("activity", "timeline", "email", "task", "notify")),
        *(("card", key) for key in ("title", "line")),
        ("acknowledge",),
        ("acknowledge", "text"),
        ("signature",),
    }
)
"""The keys of these texts. All else is plain: titles, subjects, fields of the CRM."""
FILTER = "bbcode"
"""The filter of a value that is BBCode itself."""
ALREADY: frozenset[tuple[str, ...]] = frozenset({("event", "text")})
"""Values that are: of a message everything but the client's own formatting was broken when it came."""
BREAK = "\u200b"
"""Invisible; breaks a tag without changing what a person sees."""
_ACCIDENTAL = re.compile(r"\[(?=[/a-z*]|\Z)|\#(?=BR\#)|:(?=f0[0-9a-f]{6}:)", re.IGNORECASE)


def escape(text: str) -> str:
    """Text that Bitrix24 will show as typed, whatever follows it: accidental tags and emoji codes are broken."""
    return _ACCIDENTAL.sub(lambda found: found[0] + BREAK, text)
