"""How a channel is set up: that part of the README in its provider's folder."""

from __future__ import annotations

import functools
from importlib import resources

_PARTS = {"en": "## Set up", "ru": "## По-русски"}


@functools.cache
def guide(slug: str, language: str) -> str:
    """The set-up in Markdown, the other language's when there is none in this one; empty without a README."""
    file = resources.files("connector.providers") / slug / "README.md"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    other = "en" if language == "ru" else "ru"
    return next((part for known in (language, other) if (part := _part(text, _PARTS.get(known, "")))), "")


def _part(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one."""
    _, found, rest = text.partition(f"{heading}\n")
    return rest.partition("\n## ")[0].strip() if found and heading else ""
