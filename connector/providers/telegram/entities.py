"""Telegram's message entities ⇄ BBCode; Telegram counts in UTF-16 code units (facts/providers.md §2.1)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from connector.domain.bbcode import Node, Piece, escape, parse, safe_url, words
from connector.domain.markup import code

_TO_TAG = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "code",
    "text_link": "url",
    "blockquote": "quote",
    "expandable_blockquote": "quote",
}
_TO_ENTITY = {"b": "bold", "i": "italic", "u": "underline", "s": "strikethrough", "code": "pre", "quote": "blockquote"}


@dataclass(frozen=True, kw_only=True)
class Span:
    """A formatted stretch, in code points of the text it belongs to."""

    start: int
    end: int
    type: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Rich:
    """Text with spans, as Telegram sends and takes it."""

    text: str
    spans: tuple[Span, ...] = ()

    def entities(self) -> list[dict[str, Any]]:
        """The spans as the Bot API wants them: offsets and lengths in UTF-16 code units."""
        at = [0, *accumulate(units(char) for char in self.text)]
        return [
            {"type": span.type, "offset": at[span.start], "length": at[span.end] - at[span.start]}
            | ({"url": span.url} if span.url else {})
            for span in self.spans
        ]


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text)


def to_bbcode(text: str, entities: Sequence[Mapping[str, Any]]) -> str:
    """Client text as BBCode, its literal brackets neutralised. Entities that cross or overrun are clipped."""
    if not entities:
        return escape(text)
    at = [0, *accumulate(units(char) for char in text)]
    spans = [
        Span(
            start=_point(at, int(entity["offset"])),
            end=_point(at, int(entity["offset"]) + int(entity["length"])),
            type=_TO_TAG[entity["type"]],
            url=str(entity.get("url", "")),
        )
        for entity in entities
        if entity.get("type") in _TO_TAG
    ]
    ordered = sorted((span for span in spans if span.start < span.end), key=lambda span: (span.start, -span.end))
    return _wrap(text, ordered, 0, len(text))


def _point(at: Sequence[int], offset: int) -> int:
    """The code point that holds UTF-16 ``offset``, inside the text whatever the offset is."""
    return min(max(bisect_right(at, offset) - 1, 0), len(at) - 1)


def _wrap(text: str, spans: list[Span], start: int, end: int) -> str:
    """``text[start:end]`` with the spans that begin inside it; ``spans`` is consumed."""
    out: list[str] = []
    while spans and spans[0].start < end:
        span = spans.pop(0)
        span = replace(span, start=max(span.start, start), end=min(span.end, end))
        if span.start >= span.end:
            continue
        out.append(escape(text[start : span.start]))
        inner = _wrap(text, spans, span.start, span.end)
        newline = span.start > 0 and text[span.start - 1] != "\n"
        out.append(_tagged(span, text[span.start : span.end], inner, newline))
        start = span.end
        if span.type == "quote" and text[start : start + 1] not in ("", "\n"):
            out.append("\n")
    return "".join([*out, escape(text[start:end])])


def _tagged(span: Span, raw: str, inner: str, newline: bool) -> str:
    if span.type == "code":
        return code(raw)
    if span.type == "quote":
        return ("\n" if newline else "") + "\n".join(f">>{line}" for line in inner.split("\n"))
    if span.type == "url":
        address = safe_url(span.url)
        return f"[url={address}]{inner}[/url]" if address else inner
    return f"[{span.type}]{inner}[/{span.type}]"


def from_bbcode(text: str) -> Rich:
    """Operator text as Telegram shows it (§7.4, the HTML column)."""
    writer = _Writer()
    writer.write(parse(text))
    written = "".join(writer.parts)
    start, end = len(written) - len(written.lstrip()), len(written.rstrip())
    return _slice(Rich(text=written, spans=tuple(writer.spans)), start, max(start, end))


@dataclass(kw_only=True)
class _Writer:
    parts: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    length: int = 0

    def write(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self.say(piece)
            else:
                _WRITE.get(piece.kind, _write_styled)(self, piece)

    def say(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def mark(self, node: Node, kind: str, url: str = "") -> None:
        start = self.length
        self.write(node.children)
        if self.length > start:
            self.spans.append(Span(start=start, end=self.length, type=kind, url=url))


def _write_styled(writer: _Writer, node: Node) -> None:
    writer.mark(node, _TO_ENTITY[node.kind])
    if node.kind == "quote":
        writer.say("\n")


def _write_url(writer: _Writer, node: Node) -> None:
    if node.value.startswith("http") and words(node.children).strip() != node.value:
        writer.mark(node, "text_link", node.value)
        return
    # Telegram takes only web links in entities; mail and phone addresses it finds in the text by itself.
    address = node.value.partition(":")[2] if not node.value.startswith("http") else node.value
    writer.write(node.children)
    if address not in words(node.children):
        writer.say(f" ({address})")


def _write_call(writer: _Writer, node: Node) -> None:
    writer.write(node.children)
    if node.value not in words(node.children):
        writer.say(f" {node.value}")


_WRITE: dict[str, Callable[[_Writer, Node], None]] = {
    "url": _write_url,
    "call": _write_call,
    "img": lambda writer, node: writer.say(node.value),
    "file": lambda *_: None,
    "rating": lambda *_: None,
}


def split(rich: Rich, limit: int) -> list[Rich]:
    """Parts of at most ``limit`` UTF-16 units, cut at a newline, else a space, and outside spans where one fits."""
    parts: list[Rich] = []
    rest = rich
    while units(rest.text) > limit:
        cut = _cut(rest, limit)
        parts.append(_slice(rest, 0, cut))
        rest = _slice(rest, cut, len(rest.text))
    return [part for part in [*parts, rest] if part.text]


def _cut(rich: Rich, limit: int) -> int:
    at = list(accumulate(units(char) for char in rich.text[:limit]))
    room = bisect_right(at, limit)
    cut = max(rich.text.rfind("\n", 1, room + 1), 0) or max(rich.text.rfind(" ", 1, room + 1), 0) or room
    for span in sorted(rich.spans, key=lambda span: span.start, reverse=True):
        fits = units(rich.text[span.start : span.end]) <= limit
        if 0 < span.start < cut < span.end and fits and rich.text[: span.start].strip():
            cut = span.start
    return cut


def _slice(rich: Rich, start: int, end: int) -> Rich:
    """A stretch without the blanks at its ends, its spans clipped and moved."""
    raw = rich.text[start:end]
    start += len(raw) - len(raw.lstrip())
    end = max(start, end - (len(raw) - len(raw.rstrip())))
    clipped = (
        replace(span, start=max(span.start, start) - start, end=min(span.end, end) - start) for span in rich.spans
    )
    return Rich(text=rich.text[start:end], spans=tuple(span for span in clipped if span.start < span.end))
