"""Numbers and addresses as PBXs write them, bare of their wrapping."""

from __future__ import annotations

import re

_WRAPPED = re.compile(r"(?:sips?|tel|client):", re.IGNORECASE)
#: How a hidden number is written instead of a number.
HIDDEN = frozenset(
    {"anonymous", "unknown", "unavailable", "restricted", "private", "blocked", "withheld", "none", "null"}
)


def bare(address: object) -> str:
    """``tel:+79…``, ``sip:101@pbx.example;user=phone``, ``client:anna`` → what is inside; a hidden number → ``""``."""
    text = "" if address is None or isinstance(address, bool) else str(address).strip().strip("<>")
    inner = _WRAPPED.sub("", text, count=1) if _WRAPPED.match(text) else text
    user = re.split(r"[@;?]", inner, maxsplit=1)[0].strip()
    return "" if user.lower() in HIDDEN else user
