"""What a browser sent, made fit for the databases."""

from __future__ import annotations

HIGHEST = 2**62  # no row has a higher number


def cleaned(text: str, most: int) -> str:
    """At most so many characters, without NUL and lone surrogates."""
    return text.replace("\0", "").encode(errors="ignore").decode().strip()[:most]


def whole(text: str) -> int | None:
    """A number of at most 18 digits; ``None`` for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
