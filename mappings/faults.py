"""What is wrong with a mapping, in words for its writer: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Said = tuple[str, str]
"""The same words in English and in Russian."""


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """One fault of a file. ``line`` and ``column`` begin at 1; ``path`` names the key (``crm.contact.set.NAME``)."""

    file: str
    line: int
    column: int
    path: str
    said: Said
    mend: Said

    def words(self, language: str) -> str:
        """``file:line:column: path: what. How to mend it.`` in that language (``ru``, else English)."""
        number = 1 if language == "ru" else 0
        where = f"{self.file}:{self.line}:{self.column}"
        path = f"{self.path}: " if self.path else ""
        return f"{where}: {path}{self.said[number]}. {self.mend[number]}"


MOST_FAULTS = 200


class BrokenError(Exception):
    """The set cannot be used. ``faults`` are the first 200 by file and line, ``more`` is how many there are besides."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        found = sorted(set(faults))
        self.faults = tuple(found[:MOST_FAULTS])
        self.more = len(found) - len(self.faults)
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """All of them, one a line, in that language (``ru``, else English)."""
        told = [fault.words(language) for fault in self.faults]
        if self.more:
            told.append(f"… и ещё {self.more}" if language == "ru" else f"… and {self.more} more")
        return "\n".join(told)


class RuleError(Exception):
    """A rule failed on one event: ``expression`` as written at ``file:line``, ``said`` is why, ``mend`` what to do."""

    def __init__(self, *, rule: str, file: str, line: int, what: str, expression: str, said: Said, mend: Said) -> None:
        self.rule, self.file, self.line, self.what, self.expression = rule, file, line, what, expression
        self.said, self.mend = said, mend
        super().__init__(f"{file}:{line}: {what} of rule {rule}: {said[0]}. {mend[0]}")


def nearest(word: str, words: Iterable[str]) -> Said:
    """``did you mean …?`` with the nearest of ``words``, else the first few of them."""
    known = sorted(set(words))
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?", f"Возможно, имелось в виду {close[0]}?"
    few = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
    return f"Known: {few}", f"Известны: {few}"
