"""File names that are safe on disk, in a header and in the portal."""

from __future__ import annotations

import unicodedata

from connector.media.sniffing import extension_of

LONGEST = 50  # the portal keeps the last 50 characters of a name: facts/bitrix24-openlines.md §1.7
_FORBIDDEN = frozenset('<>:"/\\|?*;')


def safe_name(name: str, mime: str = "") -> str:
    """``name`` without path, control or direction characters, at most 50 characters, extension kept.

    A name without an extension gets the usual one of ``mime``. Never empty, never hidden, never ``..``.
    """
    leaf = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    clean = "".join("_" if char in _FORBIDDEN else char for char in leaf if not _invisible(char))
    clean = " ".join(clean.split()).strip(". ")
    stem, dot, extension = clean.rpartition(".")
    if not dot or not 0 < len(extension) <= 10 or not extension.isalnum():
        stem, extension = clean, extension_of(mime)
    stem = stem.strip(". ") or "file"
    if not extension:
        return stem[:LONGEST].rstrip(". ")
    return stem[: LONGEST - 1 - len(extension)].rstrip(". ") + "." + extension


def _invisible(char: str) -> bool:
    """Control, format (right-to-left override), surrogate and unassigned characters; spaces of any kind stay."""
    return unicodedata.category(char).startswith("C") and not char.isspace()
