"""Words about what a portal has and has not, and the nearest of what it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from mappings.faults import Said

Words = tuple[Said, Said]
"""What is wrong, and how to mend it."""

_MOST = 12


def near(word: object, known: Mapping[str, str]) -> Said:
    """``Did you mean …?`` with the code whose own letters or whose title come near ``word``; else what there is."""
    meant: dict[str, str] = {}
    for code, title in known.items():
        meant.setdefault(plain(title), code)
    meant |= {plain(code): code for code in known}
    close = get_close_matches(plain(str(word)), [each for each in meant if each], n=1, cutoff=0.6)
    if not close:
        return known_words(known)
    code = meant[close[0]]
    told = _titled(code, known[code])
    return f"Did you mean {told}?", f"Возможно, имелось в виду {told}?"


def known_words(known: Mapping[str, str]) -> Said:
    """The first few of what there is."""
    few = ", ".join(_titled(code, title) for code, title in list(known.items())[:_MOST])
    more = " …" if len(known) > _MOST else ""
    return f"Known: {few}{more}", f"Известны: {few}{more}"


def plain(word: str) -> str:
    """Small letters without ``_`` and spaces: ``ASSIGNED_BY_ID`` is ``assignedById``."""
    return "".join(word.casefold().replace("_", "").split())


def joined(words: Iterable[Said]) -> Said:
    """Several one after another."""
    told = list(dict.fromkeys(words))
    return ", ".join(en for en, _ in told), ", ".join(ru for _, ru in told)


def _titled(code: str, title: str) -> str:
    return f"{code} ({title})" if title and plain(title) != plain(code) else code
