"""Names of attachments that harm nothing: no path, no control or direction signs, never empty."""

from __future__ import annotations

import mimetypes
import unicodedata

LONGEST = 120
_FORBIDDEN = frozenset('<>:"/\\|?*;')
_USUAL = {
    "message/rfc822": "eml", "text/calendar": "ics", "application/ms-tnef": "dat", "image/jpeg": "jpg",
    "text/plain": "txt", "application/pgp-signature": "asc", "application/pkcs7-mime": "p7m",
}  # fmt: skip
_STEMS = {"message/rfc822": "letter", "text/calendar": "invite", "application/ms-tnef": "winmail"}


def attachment(name: str, mime: str) -> str:
    """``name`` made safe, ≤ ``LONGEST`` characters, extension kept; a nameless one is named after ``mime``."""
    leaf = unicodedata.normalize("NFC", name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1])
    clean = "".join("_" if char in _FORBIDDEN else char for char in leaf if not _invisible(char))
    clean = " ".join(clean.split()).strip(". ")
    stem, dot, extension = clean.rpartition(".")
    if not dot or not 0 < len(extension) <= 10 or not extension.isalnum():
        stem, extension = clean, _extension(mime)
    stem = stem.strip(". ") or _STEMS.get(mime, "file")
    if not extension:
        return stem[:LONGEST].rstrip(". ")
    return f"{stem[: LONGEST - 1 - len(extension)].rstrip('. ')}.{extension}"


def _extension(mime: str) -> str:
    if mime == "application/octet-stream":
        return ""
    return _USUAL.get(mime) or (mimetypes.guess_extension(mime) or "").lstrip(".")


def _invisible(char: str) -> bool:
    return unicodedata.category(char).startswith("C") and not char.isspace()
