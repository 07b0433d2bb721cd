"""What a letter says, as BBCode: the new words alone where they can be told, the whole text where they cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.domain.bbcode import clean, escape
from connector.letters import marks
from connector.letters.html import readable
from connector.letters.quotes import fresh, is_forward
from connector.letters.signatures import unsigned

_GAPS = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[ \t\u00a0]+$", re.MULTILINE)
_STUB = re.compile(r"\S")


@dataclass(frozen=True, kw_only=True)
class Words:
    """``text`` is BBCode, empty only when the letter has no text at all; ``cids`` are the images shown in it."""

    text: str
    shortened: bool = False
    cids: frozenset[str] = frozenset()


def words(text: str, html: str, subject: str) -> Words:
    """The new words of a letter with ``text`` and ``html`` bodies; a forwarded one keeps all it hands on."""
    whole = Words(text="")
    for source in (readable(html) if html.strip() else "", escape(marks.without(text))):
        pictured, cids = marks.images(source)
        if not _STUB.search(marks.without(pictured)) and not cids:
            continue
        found = _new(source, subject)
        if found.text:
            return found
        whole = whole if whole.text else Words(text=_tidy(pictured), cids=cids)
    return whole


def _new(source: str, subject: str) -> Words:
    if is_forward(subject):
        text, cids = marks.images(source)
        return Words(text=_tidy(text), cids=cids)
    kept, was_cut = fresh(source)
    bodied, was_signed = unsigned(kept)
    text, cids = marks.images(bodied)
    return Words(text=_tidy(text), shortened=was_cut or was_signed, cids=cids)


def _tidy(text: str) -> str:
    lines = [line for line in text.split("\n") if not line.strip() or marks.without(line).strip()]
    return _GAPS.sub("\n\n", _SPACES.sub("", clean(marks.without("\n".join(lines))))).strip()
