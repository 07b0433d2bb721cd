"""A letter's parts, by our own reader of boundaries.

The standard library's parser recurses: a thousand nested parts end it with ``RecursionError``, and ten thousand flat
ones cost more than they tell. This one reads at most ``DEEPEST`` levels and ``MOST`` parts and counts the rest.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connector.letters.charsets import text_of
from connector.letters.headers import Headers, first, head, ids, params, unbased

DEEPEST, MOST = 50, 500
_AFTER_MARK = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_TEXT = 2_000_000  # bytes of a body that are decoded: more than a digest keeps


@dataclass(frozen=True, kw_only=True)
class Part:
    """A leaf: ``body`` is still encoded; ``name`` is as the sender wrote it."""

    mime: str
    body: bytes
    charset: str = ""
    name: str = ""
    disposition: str = ""
    cid: str = ""
    encoding: str = ""
    flowed: bool = False

    def data(self) -> bytes:
        """The content with its transfer encoding undone, as far as it can be."""
        if self.encoding == "base64":
            return unbased(self.body)
        return quopri.decodestring(self.body) if self.encoding == "quoted-printable" else self.body

    def text(self) -> str:
        """The content as text with ``\\n`` ends; soft breaks of ``format=flowed`` undone, at most ``_TEXT`` bytes."""
        text = text_of(self.data()[:_TEXT], self.charset).replace("\r\n", "\n").replace("\r", "\n")
        return _unflowed(text) if self.flowed else text


@dataclass
class Walk:
    """One reading of a letter: ``left_out`` counts the parts that were not read."""

    left_out: int = 0
    seen: int = field(default=0, init=False)

    def leaves(self, headers: Headers, body: bytes) -> Iterator[Part]:
        """All leaves in their order; ``multipart`` beyond ``DEEPEST`` levels is one part left out.

        Leaves alone are copied: what lies deep is not held once for each level.
        """
        yield from self._leaves(headers, body, (0, len(body)))

    def _leaves(self, headers: Headers, raw: bytes, span: tuple[int, int], depth: int = 0) -> Iterator[Part]:
        told = params(first(headers, "content-type") or "text/plain")
        mime = _mime(told.get("", ""))
        boundary = told.get("boundary", "")
        if not mime.startswith("multipart/"):
            yield _leaf(headers, told, mime, raw[slice(*span)])
            return
        if depth >= DEEPEST:
            self.left_out += 1
            return
        pieces = _pieces(raw, span, boundary) if boundary else []
        if not pieces:
            yield Part(mime="text/plain", body=raw[slice(*span)], charset=told.get("charset", ""))
            return
        for number, (start, end) in enumerate(pieces):
            if self.seen >= MOST:
                self.left_out += len(pieces) - number
                return
            self.seen += 1
            inner, at = head(raw, start, end)
            yield from self._leaves(inner, raw, (at, end), depth + 1)


def _pieces(raw: bytes, span: tuple[int, int], boundary: str) -> list[tuple[int, int]]:
    """Where in ``raw`` the parts lie of a container that takes ``span`` of it."""
    found = list(_delimiters(raw, span, b"--" + boundary.encode("utf-8", errors="replace")))
    stop = span[1]
    pieces = []
    for number, (_, end_of_line, last) in enumerate(found):
        if last:
            break
        start = raw.find(b"\n", end_of_line, stop) + 1 or stop
        end = found[number + 1][0] if number + 1 < len(found) else stop
        end -= raw[end - 1 : end] == b"\r"
        pieces.append((start, max(start, end)))
    return pieces


def _delimiters(raw: bytes, span: tuple[int, int], mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """``(where what is before it ends, its own end, whether it is the last)`` of each line that is a delimiter."""
    start, stop = span
    at = raw.find(mark, start, stop)
    while at >= 0:
        line = _AFTER_MARK.match(raw, at + len(mark), stop) if at == start or raw[at - 1 : at] == b"\n" else None
        if line:
            yield max(start, at - 1), line.end(), bool(line[1])
        at = raw.find(mark, at + 1, stop)


def _leaf(headers: Headers, told: dict[str, str], mime: str, body: bytes) -> Part:
    placed = params(first(headers, "content-disposition"), "content-disposition")
    return Part(
        mime=mime,
        body=body,
        charset=told.get("charset", ""),
        name=placed.get("filename") or told.get("name") or "",
        disposition=placed.get("", "").lower(),
        cid=next(iter(ids([first(headers, "content-id")])), first(headers, "content-id").strip()[:200]),
        encoding=_encoding(first(headers, "content-transfer-encoding")),
        flowed=told.get("format", "").lower() == "flowed",
    )


def _encoding(told: str) -> str:
    found = re.match(r"[\w-]+", told.strip(' "'))
    return found[0].lower() if found else ""


def _mime(told: str) -> str:
    mime = told.lower().strip()
    return mime if re.fullmatch(r"[\w.+-]+/[\w.+-]+", mime, re.ASCII) else "text/plain" if not mime else _unknown(mime)


def _unknown(mime: str) -> str:
    return "text/plain" if mime.startswith("text") else "application/octet-stream"


def _unflowed(text: str) -> str:
    out: list[str] = []
    for line in text.split("\n"):
        before = out[-1] if out else ""
        if before.endswith(" ") and before != "-- " and _depth(before) == _depth(line) and line.strip():
            out[-1] = before + line.lstrip("> ")
        else:
            out.append(line[1:] if line.startswith(" ") else line)
    return "\n".join(out)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(">"))
