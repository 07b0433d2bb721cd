"""The pages of docs/mappings, taken apart: every piece of YAML, CSV and shell, by the heading it stands under."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "docs" / "mappings"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r"`([\w./-]+\.(?:yaml|csv))`:?\s*$")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """``file`` is the name above it, empty when there is none; ``at`` is its line in the page."""

    page: str
    heading: str
    language: str
    file: str
    text: str
    at: int


def pieces(page: str) -> Iterator[Piece]:
    """Every fenced piece of a page. A line that ends with a file's name in backticks names the piece below it."""
    whole = (PAGES / page).read_text(encoding="utf-8")
    for fence in _FENCE.finditer(whole):
        before = whole[: fence.start()]
        caption = _CAPTION.search(before.rstrip())
        headings = re.findall(r"^## (.+)$", before, re.MULTILINE)
        yield Piece(
            page=page,
            heading=headings[-1] if headings else "",
            language=fence[1],
            file=caption[1] if caption else "",
            text=fence[2],
            at=before.count("\n") + 1,
        )


def commands(page: str) -> Iterator[str]:
    """Every line of its shell pieces that calls ``connector``, without what the shell keeps for itself."""
    for piece in pieces(page):
        if piece.language == "sh":
            lines = piece.text.replace("\\\n", " ").splitlines()
            yield from (line.partition("#")[0].strip(" &") for line in lines if line.startswith("connector "))
