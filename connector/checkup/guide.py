"""How a channel is set up: that part of the README in its provider's folder."""

from __future__ import annotations

import functools
from importlib import resources

_EN, _RU = "\n## Set up\n", "\n## По-русски\n"


@functools.cache
def guide(slug: str, language: str) -> str:
    """The set-up in Markdown, the other language's when there is none in this one; empty without a README."""
    file = resources.files("connector.providers") / slug / "README.md"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    first, other = (_RU, _EN) if language == "ru" else (_EN, _RU)
    return _part(text, first) or _part(text, other)


def _part(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one."""
    return text.partition(heading)[2].partition("\n## ")[0].strip()
