"""What a file really is, by its first bytes. Declared types are a hint and never enough."""

from __future__ import annotations

from typing import NamedTuple

from connector.domain.values import FileKind

UNKNOWN = "application/octet-stream"
HEAD = 1024  # bytes that `sniff` wants to see


class Magic(NamedTuple):
    """``marks`` are (offset, bytes) that must all be there."""

    mime: str
    marks: tuple[tuple[int, bytes], ...]


_MAGIC = (
    Magic("image/png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    Magic("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    Magic("image/gif", ((0, b"GIF87a"),)),
    Magic("image/gif", ((0, b"GIF89a"),)),
    Magic("image/webp", ((0, b"RIFF"), (8, b"WEBP"))),
    Magic("image/bmp", ((0, b"BM"), (6, b"\0\0\0\0"))),
    Magic("image/tiff", ((0, b"II*\0"),)),
    Magic("image/tiff", ((0, b"MM\0*"),)),
    Magic("image/heic", ((4, b"ftypheic"),)),
    Magic("image/heic", ((4, b"ftypmif1"),)),
    Magic("image/avif", ((4, b"ftypavif"),)),
    Magic("audio/mp4", ((4, b"ftypM4A"),)),
    Magic("video/quicktime", ((4, b"ftypqt"),)),
    Magic("video/3gpp", ((4, b"ftyp3g"),)),
    Magic("video/mp4", ((4, b"ftyp"),)),
    Magic("video/webm", ((0, b"\x1aE\xdf\xa3"),)),
    Magic("video/x-msvideo", ((0, b"RIFF"), (8, b"AVI "))),
    Magic("audio/wav", ((0, b"RIFF"), (8, b"WAVE"))),
    Magic("audio/ogg", ((0, b"OggS"),)),
    Magic("audio/mpeg", ((0, b"ID3"),)),
    *(Magic("audio/mpeg", ((0, bytes((0xFF, kind))),)) for kind in (0xFA, 0xFB, 0xF2, 0xF3, 0xE2, 0xE3)),
    Magic("audio/aac", ((0, b"\xff\xf1"),)),
    Magic("audio/flac", ((0, b"fLaC"),)),
    Magic("audio/amr", ((0, b"#!AMR"),)),
    Magic("application/pdf", ((0, b"%PDF-"),)),
    Magic("application/zip", ((0, b"PK\x03\x04"),)),
    Magic("application/vnd.rar", ((0, b"Rar!\x1a\x07"),)),
    Magic("application/x-7z-compressed", ((0, b"7z\xbc\xaf\x27\x1c"),)),
    Magic("application/gzip", ((0, b"\x1f\x8b"),)),
    Magic("application/x-ole-storage", ((0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),)),
)

# Containers that hold many kinds of document: the name decides among these and nothing else.
_INSIDE = {
    "application/zip": {
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt": "application/vnd.oasis.opendocument.text",
        "ods": "application/vnd.oasis.opendocument.spreadsheet",
    },
    "application/x-ole-storage": {
        "doc": "application/msword",
        "xls": "application/vnd.ms-excel",
        "ppt": "application/vnd.ms-powerpoint",
        "msg": "application/vnd.ms-outlook",
    },
    "audio/ogg": {"ogv": "video/ogg"},
}

_TEXT = {"txt": "text/plain", "log": "text/plain", "csv": "text/csv", "vcf": "text/vcard", "ics": "text/calendar"}
_TEXT_BY_MIME = {mime: extension for extension, mime in reversed(_TEXT.items())}

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/heic": "heic",
    "image/avif": "avif",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/amr": "amr",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "video/x-msvideo": "avi",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/vnd.rar": "rar",
    "application/x-7z-compressed": "7z",
    "application/gzip": "gz",
    **_TEXT_BY_MIME,
    **{mime: extension for inside in _INSIDE.values() for extension, mime in inside.items()},
}

_KINDS: dict[str, FileKind] = {"image": "image", "audio": "audio", "video": "video"}


def sniff(head: bytes, name: str = "", declared: str = "") -> str:
    """The MIME type by the first ``HEAD`` bytes; ``name`` and ``declared`` only choose inside what the bytes allow.

    HTML, SVG, scripts and programs are ``application/octet-stream``: nothing that a browser would run gets a
    type that it runs by.
    """
    extension = name.rpartition(".")[2].lower()
    for magic in _MAGIC:
        if all(head[at : at + len(mark)] == mark for at, mark in magic.marks):
            return _INSIDE.get(magic.mime, {}).get(extension, magic.mime)
    if not _plain_text(head):
        return UNKNOWN
    wanted = declared.partition(";")[0].strip().lower()
    return _TEXT.get(extension) or (wanted if wanted in _TEXT_BY_MIME else UNKNOWN)


def extension_of(mime: str) -> str:
    """The usual extension of a MIME type without the dot; empty when none is known."""
    return _EXTENSIONS.get(mime.partition(";")[0].strip().lower(), "")


def kind_of(mime: str) -> FileKind:
    """The family of a file: ``image``, ``audio``, ``video`` or ``document``."""
    return _KINDS.get(mime.partition("/")[0], "document")


def _plain_text(head: bytes) -> bool:
    if not head or any(byte < 9 or 13 < byte < 32 for byte in head):
        return False
    start = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return not start.startswith((b"<", b"#!"))
