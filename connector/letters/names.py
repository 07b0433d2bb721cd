"""Names of attachments that harm nothing: no path, no control or direction signs, never empty."""

from __future__ import annotations

import unicodedata

LONGEST = 120
_FORBIDDEN = frozenset('<>:"/\\|?*;')
_OFFICE = "application/vnd.openxmlformats-officedocument"
_USUAL = {
    "message/rfc822": "eml", "text/calendar": "ics", "application/ms-tnef": "dat", "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s", "application/pgp-signature": "asc", "application/pgp-encrypted": "asc",
    "text/plain": "txt", "text/html": "html", "text/csv": "csv", "text/vcard": "vcf", "text/xml": "xml",
    "application/xml": "xml", "application/json": "json", "application/pdf": "pdf", "application/rtf": "rtf",
    "application/zip": "zip", "application/msword": "doc", "application/vnd.ms-excel": "xls",
    f"{_OFFICE}.wordprocessingml.document": "docx", f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}.presentationml.presentation": "pptx", "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif",
    "image/webp": "webp", "image/heic": "heic", "image/tiff": "tif", "image/bmp": "bmp", "audio/mpeg": "mp3",
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/ogg": "ogg", "video/mp4": "mp4", "video/quicktime": "mov",
}  # fmt: skip
# What no folder of Windows takes, whatever stands behind the first point.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³")})
_STEMS = {"message/rfc822": "letter", "text/calendar": "invite", "application/ms-tnef": "winmail"}


def attachment(name: str, mime: str) -> str:
    """``name`` made safe, ≤ ``LONGEST`` characters, extension kept; a nameless one is named after ``mime``."""
    leaf = unicodedata.normalize("NFC", name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1])
    clean = "".join("_" if char in _FORBIDDEN else char for char in leaf if not _invisible(char))
    clean = " ".join(clean.split()).strip(". ")
    stem, dot, extension = clean.rpartition(".")
    if not dot or not 0 < len(extension) <= 10 or not extension.isalnum():
        stem, extension = clean, _USUAL.get(mime, "")
    stem = stem.strip(". ") or _STEMS.get(mime, "file")
    stem = f"_{stem}" if stem.partition(".")[0].strip().lower() in _DEVICES else stem
    if not extension:
        return stem[:LONGEST].rstrip(". ")
    return f"{stem[: LONGEST - 1 - len(extension)].rstrip('. ')}.{extension}"


def _invisible(char: str) -> bool:
    return unicodedata.category(char).startswith("C") and not char.isspace()
