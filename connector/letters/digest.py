"""A letter read once: its files go to the store, and a small plain *digest* remains, of which all else is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.letters.charsets import one_line, settled
from connector.letters.headers import Headers, decoded, first, split
from connector.letters.names import attachment
from connector.letters.parts import Part, Walk
from connector.letters.reports import REPORTS, report

Keep = Callable[[str, str, bytes], str]

VERSION = 1
TEXT, HTML, FILES = 300_000, 600_000, 100
_BODIES = ("text/plain", "text/html")
_KINDS = {"eml": "message/rfc822", "dat": "application/ms-tnef"}


def digest(raw: bytes, keep: Keep, *, where: Mapping[str, Any], received: datetime) -> dict[str, Any]:
    """The digest of a letter: plain JSON data, whatever the bytes are.

    ``keep(name, mime, data)`` stores a file and gives its key; it gets the whole letter as ``.eml`` and every
    attachment, never what is inside an archive. Only what ``keep`` itself raises comes out of here. ``where`` is
    ``{"folder", "uidvalidity", "uid"}`` or ``{"webhook"}``, ``received`` the server's own time, aware.
    """
    headers, body = split(raw)
    walk = Walk()
    leaves = list(walk.leaves(headers, body))
    texts = {mime: [leaf.text() for leaf in leaves if _is_body(leaf, mime)] for mime in _BODIES}
    text = "\n".join(texts["text/plain"])
    told = report(headers, leaves, text)
    files = [leaf for leaf in leaves if _is_file(leaf, told["kind"])]
    subject = decoded(first(headers, "subject"))
    return {
        **_frame(headers, len(raw), where, received),
        "raw": keep(attachment(f"{subject[:60] or 'letter'}.eml", "message/rfc822"), "message/rfc822", raw),
        "text": text[:TEXT],
        "html": "\n".join(texts["text/html"])[:HTML],
        "parts": [_kept(leaf, data, keep) for leaf, data in _filled(files)],
        "left_out": walk.left_out + max(0, len(files) - FILES),
        "report": told,
    }


def digest_headers(head: bytes, *, size: int, where: Mapping[str, Any], received: datetime) -> dict[str, Any]:
    """The digest of a letter too large to be fetched, of which only the headers were read; ``size`` is in bytes."""
    headers, _ = split(head)
    return {**_frame(headers, size, where, received), "cut": True}


def _frame(headers: Headers, size: int, where: Mapping[str, Any], received: datetime) -> dict[str, Any]:
    return {
        "v": VERSION,
        "raw": "",
        "size": size,
        "cut": False,
        "headers": [list(pair) for pair in headers],
        "text": "",
        "html": "",
        "parts": [],
        "left_out": 0,
        "report": {"kind": "", "original": "", "recipients": []},
        "where": dict(where),
        "received": received.isoformat(),
    }


def _is_body(leaf: Part, mime: str) -> bool:
    return leaf.mime == mime and leaf.disposition != "attachment" and not leaf.name


def _is_file(leaf: Part, report_kind: str) -> bool:
    if any(_is_body(leaf, mime) for mime in _BODIES):
        return False
    return not report_kind or (leaf.mime not in REPORTS and leaf.mime != "message/rfc822")


def _filled(files: Sequence[Part]) -> list[tuple[Part, bytes]]:
    pairs = ((leaf, leaf.data()) for leaf in files[:FILES])
    return [(leaf, data) for leaf, data in pairs if data]


def _kept(leaf: Part, data: bytes, keep: Keep) -> dict[str, Any]:
    name = attachment(leaf.name or _titled(leaf, data), leaf.mime)
    mime = _KINDS.get(name.rpartition(".")[2].lower(), leaf.mime) if leaf.mime.endswith("octet-stream") else leaf.mime
    return {
        "name": name,
        "mime": mime,
        "size": len(data),
        "key": keep(name, mime, data),
        "cid": settled(one_line(leaf.cid)),
        "inline": leaf.disposition == "inline" or bool(leaf.cid and leaf.disposition != "attachment"),
    }


def _titled(leaf: Part, data: bytes) -> str:
    """A letter within a letter is named after its subject."""
    if leaf.mime != "message/rfc822":
        return ""
    subject = decoded(first(split(data)[0], "subject"))[:60]
    return f"{subject}.eml" if subject else ""
