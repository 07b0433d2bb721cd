"""Text with Telegram's entities, cut into pieces of one look each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

LOOKS: Mapping[str, str] = {
    "bold": "bold",
    "italic": "italic",
    "underline": "underline",
    "strikethrough": "strike",
    "code": "code",
    "pre": "code",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of text; ``looks`` are values of ``LOOKS``."""

    text: str
    looks: frozenset[str] = field(default=frozenset())

    def told(self) -> dict[str, Any]:
        """For the page: ``{"text": …, "bold": true}``."""
        return {"text": self.text, **dict.fromkeys(sorted(self.looks), True)}


def parts(text: str, entities: Iterable[Mapping[str, Any]]) -> tuple[Part, ...]:
    """The pieces in order. Offsets and lengths are UTF-16 units (facts/providers.md §2.1)."""
    known = [
        (int(entity["offset"]), int(entity["offset"]) + int(entity["length"]), LOOKS[entity["type"]])
        for entity in entities
        if entity["type"] in LOOKS
    ]
    raw = text.encode("utf-16-le")
    edges = sorted({0, len(raw) // 2, *(edge for begin, end, _ in known for edge in (begin, end))})
    return tuple(
        Part(
            text=raw[2 * begin : 2 * end].decode("utf-16-le", "replace"),
            looks=frozenset(look for first, last, look in known if first <= begin and end <= last),
        )
        for begin, end in pairwise(edges)
    )
